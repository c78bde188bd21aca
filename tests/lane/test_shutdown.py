"""Executors that end while coroutines and calls are under way."""

import concurrent.futures
import threading
import time

import pytest

import zuki
from tests.lane.together import LIMIT, Gate, wait_until

pytestmark = pytest.mark.timeout(90)

MADE = {
    "one": lambda: zuki.Executor(max_threads=1),
    "two": lambda: zuki.Executor(max_threads=2),
    "lanes": lambda: zuki.Executor(max_threads=3, python_lanes=3),
    "single": lambda: zuki.SingleThreadedExecutor(),
}


@pytest.fixture(params=MADE)
def executor(request):
    with MADE[request.param]() as made:
        yield made


@pytest.fixture(params=["one", "two", "lanes"])
def threaded(request):
    with MADE[request.param]() as made:
        yield made


def test_a_coroutine_is_told_that_runs_its_first_step(threaded):
    gate = Gate()

    async def patient():
        gate.wait()
        await zuki.Future()

    task = threaded.spawn(patient())
    wait_until(lambda: gate.waiting)
    threaded.shutdown(wait=False, cancel_futures=True)
    assert not task.done()
    gate.open()
    threaded.shutdown()
    assert task.cancelled()


def test_a_coroutine_is_told_that_lets_others_run_only(threaded):
    gate = Gate()

    async def restless():
        gate.wait()
        while True:
            await zuki.yield_now()

    task = threaded.spawn(restless())
    wait_until(lambda: gate.waiting)
    threaded.shutdown(wait=False, cancel_futures=True)
    gate.open()
    threaded.shutdown()
    assert task.cancelled()


def test_coroutines_are_told_that_have_waited_and_are_ready(executor):
    begun = []

    async def restless(future):
        await future
        begun.append(1)
        while True:
            await zuki.yield_now()

    async def begin(future):
        future.set_result(None)
        while len(begin_all) > len(begun):
            await zuki.yield_now()

    future = zuki.Future()
    begin_all = [executor.spawn(restless(future)) for _ in range(5)]
    executor.run(begin(future))
    executor.shutdown(cancel_futures=True)
    assert all(task.cancelled() for task in begin_all)


def test_what_cleans_up_is_told_once(executor):
    cleaned = []

    async def tidy():
        try:
            await zuki.Future()
        finally:
            for _ in range(100):
                await zuki.yield_now()
            later = zuki.Future()
            threading.Timer(0.02, later.set_result, (7,)).start()
            cleaned.append(await later)

    async def begin():
        for _ in range(20):
            await zuki.yield_now()

    tasks = [executor.spawn(tidy()) for _ in range(5)]
    executor.run(begin())
    executor.shutdown(wait=False, cancel_futures=True)
    executor.shutdown(cancel_futures=True)
    assert cleaned == [7] * 5
    assert all(task.cancelled() for task in tasks)


def test_a_shutdown_waits_for_a_step_that_has_lost_its_lanes(threaded):
    gate, future = Gate(), zuki.Future()

    async def slow():
        gate.wait()
        await future
        return 5

    task = threaded.spawn(slow())
    wait_until(lambda: gate.waiting)
    time.sleep(0.02)  # the watcher takes the lanes away meanwhile, where there is one
    opening = threading.Timer(0.02, gate.open)
    setting = threading.Timer(0.06, future.set_result, (None,))
    opening.start()
    setting.start()
    threaded.shutdown()
    assert task.result(LIMIT) == 5


def test_a_shutdown_in_a_coroutine_does_not_wait_for_it(executor):
    async def main():
        executor.shutdown()
        await zuki.yield_now()
        return 5

    assert executor.run(main()) == 5
    with pytest.raises(zuki.ExecutorShutDownError):
        executor.submit(print)


def test_a_shutdown_in_a_coroutine_of_another_executor(executor):
    async def inner():
        executor.shutdown()
        return 5

    async def outer():
        with zuki.SingleThreadedExecutor() as other:
            return other.run(inner())

    assert executor.run(outer()) == 5


def test_a_coroutine_that_shuts_all_down_is_told_too(executor):
    async def main():
        executor.shutdown(cancel_futures=True)
        await zuki.Future()

    with pytest.raises(concurrent.futures.CancelledError):
        executor.run(main())
