"""Conditions and barriers."""

import asyncio
import threading

import pytest

import zuki
from tests.aio.together import LIMIT, turns, until

pytestmark = pytest.mark.timeout(240)


def test_notified_in_the_order_of_coming(executor):
    async def main():
        condition, seen = zuki.Condition(), []

        async def child(number):
            async with condition:
                assert await condition.wait()
                assert condition.locked()
                seen.append(number)

        tasks = []
        for number in range(6):
            tasks.append(executor.spawn(child(number)))
            while len(condition._line) <= number:
                await zuki.yield_now()
        for count, expected in ((1, 1), (0, 1), (2, 3), (None, 6)):
            async with condition:
                if count is None:
                    condition.notify_all()
                else:
                    condition.notify(count)
            while len(seen) < expected:
                await zuki.yield_now()
            await turns()
            assert sorted(seen) == list(range(expected))
            if executor.config.python_lanes == 1:  # else two that are woken come back at once
                assert seen == sorted(seen)
        await zuki.gather(*tasks)
        assert "unlocked" in repr(condition)

    executor.run(main())


def test_wait_for(executor):
    async def main():
        lock = zuki.Lock()
        filled, values = zuki.Condition(lock), []

        async def take():
            async with filled:
                await filled.wait_for(lambda: values)
                return values.pop()

        tasks = [executor.spawn(take()) for _ in range(5)]
        for number in range(5):
            async with filled:
                values.append(number)
                filled.notify()
        assert sorted(await zuki.gather(*tasks)) == list(range(5))

    executor.run(main())


def test_without_the_lock(executor):
    async def main():
        condition = zuki.Condition()
        with pytest.raises(RuntimeError, match="holds its lock"):
            await condition.wait()
        with pytest.raises(RuntimeError, match="holds its lock"):
            condition.notify()
        with pytest.raises(RuntimeError, match="nobody holds"):
            condition.release()
        await condition.acquire()
        with pytest.raises(ValueError, match="n must"):
            condition.notify(-1)

    executor.run(main())
    with pytest.raises(TypeError, match=r"zuki\.Lock"):
        zuki.Condition(threading.Lock())


def test_a_cancelled_waiter_holds_the_lock_again(executor):
    async def main():
        condition, held = zuki.Condition(), []

        async def child():
            async with condition:
                try:
                    await condition.wait()
                finally:
                    held.append(condition.locked())

        tasks = [executor.spawn(child()) for _ in range(2)]
        while len(condition._line) < 2:
            await zuki.yield_now()
        await condition.acquire()
        tasks[0].cancel()
        await turns()
        assert not tasks[0].done()  # it waits for the lock
        tasks[0].cancel()
        condition.release()
        with pytest.raises(asyncio.CancelledError):
            await tasks[0]
        async with condition:
            condition.notify()
        await tasks[1]
        assert held == [True, True]
        assert not condition.locked()

    executor.run(main())


def test_who_is_notified_and_cancelled_passes_it_on(executor):
    async def main():
        condition = zuki.Condition()

        async def child():
            async with condition:
                await condition.wait()

        tasks = [executor.spawn(child()) for _ in range(2)]
        while len(condition._line) < 2:
            await zuki.yield_now()
        first = condition._line._waiters and next(iter(condition._line._waiters)).waker
        order = tasks if tasks[0].waker == first else tasks[::-1]
        async with condition:
            condition.notify()
            order[0].cancel()
            await turns()
        with pytest.raises(asyncio.CancelledError):
            await order[0]
        with zuki.timeout(LIMIT):
            await order[1]

    executor.run(main())


def test_a_waiter_that_nobody_runs_leaves_the_lock_alone():
    async def child(condition):
        async with condition:
            await condition.wait()

    async def main():
        condition = zuki.Condition()
        lost = child(condition)
        lost.send(None)
        async with condition:
            lost.close()
            assert condition.locked()
        assert not condition.locked()
        assert not condition._line

    zuki.run(main(), executor=zuki.SingleThreadedExecutor())


def test_a_barrier_lets_all_go_on_together(executor):
    async def main():
        barrier = zuki.Barrier(4)
        assert barrier.parties == 4
        came = []

        async def child(number):
            places = []
            for phase in range(5):
                came.append(phase)
                places.append(await barrier.wait())
                assert came.count(phase) == 4
            return places

        places = await zuki.gather(*(child(number) for number in range(4)))
        assert [sorted(row) for row in zip(*places, strict=True)] == [[0, 1, 2, 3]] * 5
        assert barrier.n_waiting == 0

    executor.run(main())


def test_who_is_cancelled_has_not_come(executor):
    async def main():
        barrier = zuki.Barrier(2)
        assert "0 of 2" in repr(barrier)
        gone = executor.spawn(barrier.wait())
        await turns()
        gone.cancel()
        with pytest.raises(asyncio.CancelledError):
            await gone
        assert sorted(await zuki.gather(barrier.wait(), barrier.wait())) == [0, 1]

    executor.run(main())


@pytest.mark.parametrize("ends", ["abort", "reset"])
def test_a_broken_barrier(executor, ends):
    async def main():
        barrier = zuki.Barrier(2)
        task = executor.spawn(barrier.wait())
        await until(lambda: barrier.n_waiting)
        getattr(barrier, ends)()
        with pytest.raises(threading.BrokenBarrierError):
            await task
        assert barrier.broken == (ends == "abort")
        if barrier.broken:
            assert "broken" in repr(barrier)
            with pytest.raises(threading.BrokenBarrierError):
                await barrier.wait()
            barrier.reset()
        assert sorted(await zuki.gather(barrier.wait(), barrier.wait())) == [0, 1]

    executor.run(main())


@pytest.mark.parametrize("parties", [0, -1])
def test_impossible_barriers(parties):
    with pytest.raises(ValueError, match="parties"):
        zuki.Barrier(parties)
