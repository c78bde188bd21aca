"""Sleep, and limits of time."""

import asyncio
import math
import os
import subprocess
import sys
import threading
import time

import pytest

import zuki
from tests.aio.together import turns, wait_until
from zuki.aio import timers

pytestmark = pytest.mark.timeout(240)


def timer_threads():
    return [thread for thread in threading.enumerate() if thread.name == "zuki-timers"]


def test_sleep_takes_its_time_and_returns_the_result(executor):
    async def main():
        begin = time.monotonic()
        found = await zuki.sleep(0.02, "result")
        return found, time.monotonic() - begin

    found, took = executor.run(main())
    assert found == "result"
    assert took >= 0.02


def test_many_wake_in_the_order_of_their_times(executor):
    woken = []

    async def sleeper(seconds):
        due = time.monotonic() + seconds
        await zuki.sleep(seconds)
        woken.append(due)

    async def main():
        for task in [executor.spawn(sleeper(0.3 - 0.05 * number)) for number in range(6)]:
            await task

    executor.run(main())
    assert woken == sorted(woken)


def test_thousands_sleep_at_once(executor):
    async def main():
        tasks = [executor.spawn(zuki.sleep(number % 7 / 1000, number)) for number in range(3000)]
        return sum([await task for task in tasks])

    assert executor.run(main()) == sum(range(3000))
    assert len(timer_threads()) == 1


def test_rows_are_used_again(executor):
    async def main():
        for _ in range(3000):
            with zuki.timeout(3600):
                await zuki.yield_now()
        before = next(timers.timers()._fresh)
        for _ in range(5000):
            with zuki.timeout(3600):
                await zuki.yield_now()
        return next(timers.timers()._fresh) - before

    assert executor.run(main()) < 5000
    wait_until(lambda: not timers.timers()._set)


def test_rows_of_timers_that_have_fired_are_used_again(executor):
    async def main():
        await zuki.sleep(0.0005)
        before = next(timers.timers()._fresh)
        for _ in range(40):
            await zuki.sleep(0.0005)
        return next(timers.timers()._fresh) - before

    assert executor.run(main()) < 10


def test_no_time_is_a_yield(executor):
    async def main():
        other = executor.spawn(turns(1))
        await zuki.sleep(0)
        await other

    timers.retire()
    executor.run(main())
    assert timer_threads() == []


@pytest.mark.parametrize("seconds", [-1, -0.001, math.nan, -math.inf])
@pytest.mark.parametrize("what", [zuki.sleep, zuki.timeout, zuki.move_on_after])
def test_negative_times_are_refused(what, seconds):
    async def main():
        with pytest.raises(ValueError, match="not negative"):
            await what(seconds)

    zuki.run(main(), executor=zuki.SingleThreadedExecutor())


@pytest.mark.parametrize("seconds", ["1", [], 1j])
def test_what_is_no_time_is_refused(seconds):
    with pytest.raises(TypeError, match="takes seconds"):
        zuki.timeout(seconds)


def test_outside_of_a_coroutine():
    with pytest.raises(zuki.ZukiError, match="coroutine"), zuki.timeout(1):
        pass
    with pytest.raises(zuki.ZukiError, match="coroutine"):
        asyncio.run(zuki.sleep(1))


def test_a_sleep_is_cancelled(executor):
    async def main():
        task = executor.spawn(zuki.sleep(math.inf))
        other = executor.spawn(zuki.sleep(3600))
        await turns()
        task.cancel()
        other.cancel()
        for one in (task, other):
            with pytest.raises(asyncio.CancelledError):
                await one

    executor.run(main())


def test_a_timeout(executor):
    async def main():
        with pytest.raises(TimeoutError, match=r"0\.01 seconds"):
            async with zuki.timeout(0.01) as limit:
                await zuki.sleep(3600)
        assert limit.expired()
        async with zuki.timeout(3600) as limit:
            await zuki.sleep(0.001)
        assert not limit.expired()
        async with zuki.timeout(None):
            await zuki.sleep(0.001)
        with pytest.raises(RuntimeError, match="entered before"):
            async with limit:
                pass

    executor.run(main())


def test_move_on_after(executor):
    async def main():
        with zuki.move_on_after(0.01) as limit:
            await zuki.sleep(3600)
        assert limit.expired()
        with zuki.move_on_after(0.01) as limit:
            await zuki.Future()
        assert limit.expired()
        with pytest.raises(KeyError), zuki.move_on_after(3600):
            raise KeyError
        await turns()

    executor.run(main())


def test_limits_around_each_other(executor):
    async def main():
        with zuki.move_on_after(0.01) as outer:
            with zuki.move_on_after(3600) as inner:
                await zuki.sleep(3600)
            raise AssertionError("the outer one is over")
        assert outer.expired()
        assert not inner.expired()
        for first, second in ((0.01, 0.01), (0.01, 0.02), (0.02, 0.01)):
            with zuki.move_on_after(first) as outer, zuki.move_on_after(second) as inner:
                me = zuki.current_task()
                wait_until(lambda me=me: len(me._wish or ()) == 2)  # both are over before the next await
                await zuki.sleep(3600)
            assert outer.expired()
            await zuki.sleep(0.001)

    executor.run(main())


def test_a_limit_that_comes_too_late_cancels_nothing(executor):
    async def main():
        with zuki.move_on_after(0.005) as limit:
            time.sleep(0.03)
        assert not limit.expired()
        await zuki.sleep(0.001)
        await turns()

    executor.run(main())


def test_a_cancellation_by_others_outranks_a_limit(executor):
    async def limited():
        with zuki.move_on_after(0.005):
            zuki.current_task().cancel("mine")
            time.sleep(0.03)
            await zuki.yield_now()

    async def main():
        with pytest.raises(asyncio.CancelledError):
            await executor.spawn(limited())

    executor.run(main())


def test_the_thread_ends_when_no_timer_is_set():
    zuki.run(zuki.sleep(0.001), executor=zuki.SingleThreadedExecutor())
    assert len(timer_threads()) == 1
    wait_until(lambda: not timer_threads())
    assert zuki.run(zuki.sleep(0.001, 1), executor=zuki.SingleThreadedExecutor()) == 1


AT_EXIT = """
import zuki
async def main():
    try:
        await zuki.sleep(3600)
    finally:
        await zuki.sleep(0.01)
        print("closed", flush=True)
zuki.spawn(main())
zuki.run(zuki.sleep(0.01))
print("ends", flush=True)
"""


def test_the_interpreter_ends_while_coroutines_sleep():
    ended = subprocess.run(
        [sys.executable, "-c", AT_EXIT],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.split() == ["ends", "closed"]


FORKS = """
import os, signal, zuki
zuki.run(zuki.sleep(0.01))
child = os.fork()
if child == 0:
    signal.alarm(30)
    os._exit(zuki.run(zuki.sleep(0.01, 7)))
zuki.run(zuki.sleep(0.01))
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_a_forked_child_has_timers_of_its_own():
    ended = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", FORKS],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ended.stdout.split() == ["7"], ended.stderr


def test_what_a_timer_raises_is_reported(monkeypatch):
    reports = []
    monkeypatch.setattr(sys, "unraisablehook", reports.append)

    class Failing:
        def fire(self):
            raise KeyError("mine")

    timer = timers.timers().after(0.001, Failing())
    wait_until(lambda: reports)
    timer.close()
    assert isinstance(reports[0].exc_value, KeyError)
    assert zuki.run(zuki.sleep(0.001, 2), executor=zuki.SingleThreadedExecutor()) == 2


def test_who_sets_a_timer_hears_that_its_thread_cannot_be_made_ready(executor, monkeypatch):
    class Broken:
        def compile(self, kinds):
            raise OSError("no room for the cache")

    async def main():
        await zuki.sleep(0.001)

    timers.retire()
    with monkeypatch.context() as patched:
        patched.setattr(timers, "_WANTED", ((Broken(), ()),))
        with pytest.raises(OSError, match="no room for the cache"):
            executor.run(main())
        assert timer_threads() == []
    assert not timers.timers()._set
    executor.run(main())
    assert len(timer_threads()) == 1


def test_the_thread_of_timers_compiles_nothing(executor):
    async def main():
        await zuki.sleep(0.001)

    executor.run(main())
    assert [len(kernel.overloads) for kernel, _ in timers._WANTED] == [1, 1, 1]
