"""`gather`, `as_completed` and `shield`."""

import asyncio
import gc
import sys

import pytest

import zuki
from tests.aio.together import turns, until

pytestmark = pytest.mark.timeout(240)


async def give(value, count=0):
    await turns(count)
    return value


async def fail(error, count=0):
    await turns(count)
    raise error


def test_gather_keeps_the_order(executor):
    async def main():
        future = zuki.Future()
        executor.submit(future.set_result, "set")
        assert await zuki.gather() == []
        return await zuki.gather(
            give(1, 9), give(2), future, future, executor.submit(int), zuki.sleep(0.001, 3)
        )

    assert executor.run(main()) == [1, 2, "set", "set", 0, 3]


def test_gather_raises_the_first_and_the_others_run_on(executor):
    async def main():
        patient = zuki.Future()
        others = executor.spawn(zuki.shield(patient))
        with pytest.raises(KeyError, match="mine"):
            await zuki.gather(others, fail(KeyError("mine"), 3))
        assert not others.done()
        patient.set_result(1)
        return await others

    assert executor.run(main()) == 1


def test_gather_returns_exceptions(executor):
    async def main():
        cancelled = executor.spawn(zuki.sleep(3600))
        await turns()
        cancelled.cancel()
        found = await zuki.gather(fail(KeyError()), give(1), cancelled, return_exceptions=True)
        assert [type(one) for one in found] == [KeyError, int, asyncio.CancelledError]

    executor.run(main())


def test_gather_is_cancelled_with_all(executor):
    begun = []

    async def begins():
        begun.append(True)
        raise KeyError

    async def main():
        first = executor.spawn(zuki.sleep(3600))
        gathers = executor.spawn(zuki.gather(first, begins(), zuki.sleep(3600), return_exceptions=True))
        await until(lambda: begun)
        gathers.cancel()
        with pytest.raises(asyncio.CancelledError):
            await gathers
        with pytest.raises(asyncio.CancelledError):
            await first

    executor.run(main())


@pytest.mark.parametrize("takes", [zuki.gather, lambda *them: zuki.as_completed(them)])
def test_what_cannot_be_awaited_is_refused(executor, takes, monkeypatch):
    reports = []
    monkeypatch.setattr(sys, "unraisablehook", reports.append)

    async def main():
        future = zuki.Future()
        with pytest.raises(TypeError, match="coroutine is wanted"):
            await takes(future, zuki.sleep(3600), 7, give(1))
        assert not future.done()

    executor.run(main())
    gc.collect()
    assert reports == []


def test_as_completed(executor):
    async def main():
        futures = [zuki.Future() for _ in range(4)]
        seen = []
        futures[2].set_result(2)
        futures[1].set_exception(KeyError("mine"))
        async for future in zuki.as_completed([*futures, futures[0]]):
            seen.append(futures.index(future))
            if len(seen) == 2:
                futures[3].set_result(3)
                futures[0].set_result(0)
            if future is futures[1]:
                with pytest.raises(KeyError, match="mine"):
                    await future
            else:
                assert await future == futures.index(future)
        assert {*seen[:2]} == {1, 2}
        assert seen[2:] == [3, 0]

    executor.run(main())


def test_as_completed_has_a_limit(executor):
    async def main():
        seen, future, over = [], zuki.Future(), zuki.Future()
        over.set_result(1)
        with pytest.raises(TimeoutError):
            async for done in zuki.as_completed([future, over], timeout=0.05):
                seen.append(await done)
        assert seen == [1]
        with pytest.raises(ValueError, match="negative"):
            zuki.as_completed([], timeout=-1)

    executor.run(main())


def test_who_stops_early_is_not_woken(executor):
    async def main():
        future = zuki.Future()
        async for _ in zuki.as_completed([give(1), future]):
            break
        gc.collect()
        assert future._wakers == []

    executor.run(main())


def test_shield(executor):
    async def main():
        inner = zuki.Future()
        outer = executor.spawn(zuki.shield(inner))
        await turns()
        outer.cancel()
        with pytest.raises(asyncio.CancelledError):
            await outer
        assert not inner.cancelled()
        inner.set_result(5)
        assert await inner == 5
        assert await zuki.shield(give(6)) == 6
        with pytest.raises(KeyError):
            await zuki.shield(fail(KeyError()))

    executor.run(main())
