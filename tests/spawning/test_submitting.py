"""Jitted tasks that are submitted from Python: as calls of the pool, without Python on the worker."""

import asyncio
import concurrent.futures
import gc
import threading
import time
import weakref

import numba
import numpy as np
import pytest

import zuki
from zuki.runtime import desk
from zuki.spawning.task_call import TaskCall
from zuki_kernels.atomics import load_acquire
from zuki_kernels.clock import spin_hint

pytestmark = pytest.mark.timeout(200)

LIMIT = 60


@zuki.task("int64(int64)")
def increment(number):
    return number + 1


@zuki.task
def half(number, of=2.0):
    if number < 0:
        raise ValueError("negative")
    return number / of


@zuki.task
def total(values):
    return values.sum()


@zuki.task
def ones(count):
    return np.ones(count)


@zuki.task("int64(int64)")
def fib(n):
    if n < 2:
        return n
    left = zuki.spawn(fib, n - 1)
    right = fib(n - 2)
    return zuki.join(left) + right


@zuki.task
def ends(values):
    return values[0] + values[-1]


@zuki.task
def nothing():
    pass


@zuki.task
def spin(flag):
    while load_acquire(flag, 0, 0) == 0:  # a plain load would be made once
        spin_hint()
    return flag[0, 0]


def flag_of(value):
    return np.full((1, 1), value, np.int64)


@pytest.fixture
def executor():
    with zuki.Executor(max_threads=2) as made:
        warm(made, increment, 1)
        yield made


def warm(executor, task, *arguments):
    """Let a task be compiled for arguments, and the desk be there."""
    executor.submit(task, *arguments).result(LIMIT)
    assert type(executor.submit(task, *arguments)) is TaskCall


@pytest.fixture
def busy(executor):
    """An executor whose workers are all in long bodies until the flag is set."""
    flag = flag_of(0)
    warm(executor, spin, flag_of(1))
    futures = [executor.submit(spin, flag) for _ in range(2)]
    while not all(future.running() for future in futures):
        time.sleep(0.001)
    yield executor, flag
    flag[0, 0] = 1
    assert [future.result(LIMIT) for future in futures] == [1, 1]


def test_results_come_in_any_order(executor):
    futures = [executor.submit(increment, number) for number in range(1000)]
    assert [future.result() for future in reversed(futures)] == list(range(1000, 0, -1))
    assert all(future.done() and not future.cancelled() and not future.running() for future in futures)
    assert futures[0].exception() is None


def test_what_a_body_raises_is_the_futures_exception(executor):
    warm(executor, half, 3)
    assert executor.submit(half, 3).result() == 1.5
    failing = executor.submit(half, -1)
    with pytest.raises(ValueError, match="negative"):
        failing.result()
    assert isinstance(executor.submit(half, -1).exception(LIMIT), ValueError)


def test_waiting_with_a_limit(busy):
    executor, _ = busy
    waiting = executor.submit(increment, 1)
    with pytest.raises(TimeoutError):
        waiting.result(0.01)
    assert waiting.result() == 2  # this thread runs it


def test_one_that_has_not_begun_is_cancelled(busy):
    executor, _ = busy
    future, other = executor.submit(increment, 1), executor.submit(increment, 2)
    heard = []
    other.add_done_callback(heard.append)
    assert not future.running()
    assert future.cancel()
    assert other.cancel()
    assert future.cancel()
    assert future.cancelled()
    assert heard == [other]
    with pytest.raises(concurrent.futures.CancelledError):
        future.result()
    done, _ = concurrent.futures.wait([future, other], LIMIT)
    assert done == {future, other}


def test_one_that_runs_is_not_cancelled(executor):
    flag = flag_of(0)
    warm(executor, spin, flag_of(1))
    future = executor.submit(spin, flag)
    while not future.running():
        time.sleep(0.001)
    assert not future.cancel()
    assert not future.done()
    flag[0, 0] = 1
    assert future.result(LIMIT) == 1


def test_a_loop_goes_on_while_it_awaits(executor):
    warm(executor, spin, flag_of(1))

    async def main():
        flag = flag_of(0)
        future = asyncio.ensure_future(asyncio.wrap_future(executor.submit(spin, flag)))
        for _ in range(10):
            await asyncio.sleep(0.001)
        assert not future.done()
        flag[0, 0] = 1
        return await future

    assert asyncio.run(main()) == 1


def test_coroutines_go_on_beside_tasks_that_take_all_workers(busy):
    executor, _ = busy

    async def switch():
        for _ in range(5):
            await zuki.yield_now()
        return 1

    async def main():
        return sum([await task for task in [zuki.spawn(switch()) for _ in range(100)]])

    assert executor.run(main()) == 100


@pytest.mark.parametrize("how", ["wait", "as_completed", "callback"])
def test_who_wants_to_be_told_is_told(executor, how):
    futures = [executor.submit(increment, number) for number in range(50)]
    if how == "wait":
        done, left = concurrent.futures.wait(futures, LIMIT)
        assert (len(done), len(left)) == (50, 0)
    elif how == "as_completed":
        assert len(list(concurrent.futures.as_completed(futures, LIMIT))) == 50
    else:
        told = threading.Semaphore(0)
        for future in futures:
            future.add_done_callback(lambda done: told.release())
        for _ in futures:
            assert told.acquire(timeout=LIMIT)
    assert sum(future.result() for future in futures) == sum(range(51))


def test_coroutines_and_loops_await_them(executor):
    warm(executor, half, 3)

    async def main():
        futures = [executor.submit(increment, number) for number in range(100)]
        with pytest.raises(ValueError, match="negative"):
            await executor.submit(half, -1)
        return sum([await future for future in futures])

    assert executor.run(main()) == asyncio.run(main()) == sum(range(101))

    async def wrapped():
        return await asyncio.wrap_future(executor.submit(increment, 1))

    assert asyncio.run(wrapped()) == 2


def test_many_threads_wait_for_one(busy):
    executor, flag = busy
    late = executor.submit(spin, flag)
    found = []
    threads = [threading.Thread(target=lambda: found.append(late.result(LIMIT))) for _ in range(4)]
    for thread in threads:
        thread.start()
    flag[0, 0] = 1
    for thread in threads:
        thread.join()
    assert found == [1] * 4


def test_a_worker_that_waits_goes_on(executor):
    def outer(number):
        return sum(executor.submit(increment, at).result(LIMIT) for at in range(number))

    futures = [executor.submit(outer, 20) for _ in range(8)]
    assert [future.result(LIMIT) for future in futures] == [210] * 8


def test_arrays_live_until_the_end_and_no_longer(executor):
    warm(executor, total, np.ones(3))
    values = np.ones(1000)
    gone = weakref.ref(values)
    future = executor.submit(total, values)
    del values
    assert future.result() == 1000
    gc.collect()
    assert gone() is None


def test_what_a_dropped_future_keeps_is_let_go(busy):
    executor, flag = busy
    flag[0, 0] = 1
    warm(executor, total, np.ones(3))
    values = np.ones(1000)
    gone = weakref.ref(values)
    executor.submit(total, values)
    del values
    deadline = time.monotonic() + LIMIT
    while gone() is not None:
        assert time.monotonic() < deadline
        time.sleep(0.001)


def test_no_row_is_lost(executor, monkeypatch):
    for _ in range(5):
        for future in [executor.submit(increment, number) for number in range(500)]:
            future.result()
        for _ in range(500):
            executor.submit(increment, 1).result()
        for future in [executor.submit(increment, number) for number in range(100)]:
            future.add_done_callback(id)
            del future
    used = executor._pool.desk
    monkeypatch.setattr(desk, "_FRESH", 0)
    free, deadline = set(), time.monotonic() + LIMIT
    while len(free) < used._made:
        assert time.monotonic() < deadline
        block = used.take_block()
        assert block not in free
        free |= {block} - {None}


def test_results_with_references(executor):
    warm(executor, ones, 3)
    for count in range(1, 50):
        assert executor.submit(ones, count).result().sum() == count
    executor.submit(ones, 5)  # dropped


def test_tasks_that_spawn(executor):
    warm(executor, fib, 5)
    assert [executor.submit(fib, 15).result() for _ in range(20)] == [610] * 20
    futures = [executor.submit(fib, 12) for _ in range(50)]
    concurrent.futures.wait(futures, LIMIT)
    assert {future.result() for future in futures} == {144}


def test_large_frames_and_none(executor):
    values = tuple(range(60))
    assert 8 * len(values) > desk.FRAME_BYTES
    warm(executor, ends, values)
    assert executor.submit(ends, values).result() == 59
    warm(executor, nothing)
    assert executor.submit(nothing).result() is None


def test_defaults_keywords_priorities_and_plain_numba(executor):
    warm(executor, half, 3)
    assert executor.submit(half, 3, of=6.0).result(LIMIT) == 0.5
    assert executor.at(zuki.Priority.LOW).submit(half, 4).result(LIMIT) == 2
    plain = numba.njit(lambda number: number * 2)
    assert executor.submit(plain, 4).result(LIMIT) == 8
    assert executor.submit(plain, 4).result(LIMIT) == 8
    assert type(executor.submit(plain, 5)) is TaskCall


def test_bad_arguments(executor):
    warm(executor, half, 3)
    with pytest.raises(TypeError):
        executor.submit(half).result(LIMIT)
    with pytest.raises(numba.core.errors.TypingError):
        executor.submit(half, "three").result(LIMIT)
    with pytest.raises(OverflowError):
        executor.submit(increment, 1 << 70).result(LIMIT)
    assert executor.submit(increment, 1).result() == 2


def test_no_room_for_one_more(executor, monkeypatch):
    monkeypatch.setattr(desk, "MOST_CALLS", 0)
    with zuki.Executor(max_threads=1) as small:
        assert [small.submit(increment, number).result(LIMIT) for number in range(3)] == [1, 2, 3]
        assert type(small.submit(increment, 1)) is not TaskCall


def test_other_executors():
    with zuki.SingleThreadedExecutor() as single:
        assert [single.submit(increment, number).result() for number in range(3)] == [1, 2, 3]
    begun = []
    with zuki.Executor(max_threads=1, initializer=begun.append, initargs=(1,)) as prepared:
        assert [prepared.submit(increment, number).result(LIMIT) for number in range(3)] == [1, 2, 3]


@pytest.mark.parametrize("cancels", [False, True])
@pytest.mark.parametrize("listens", [False, True])
def test_shutdown_with_calls_in_flight(cancels, listens):
    executor = zuki.Executor(max_threads=1)
    warm(executor, spin, flag_of(1))
    flag, told = flag_of(0), []
    first = executor.submit(spin, flag)
    while not first.running():
        time.sleep(0.001)
    others = [executor.submit(spin, flag) for _ in range(20)]
    if listens:
        for future in others:
            future.add_done_callback(told.append)
    executor.shutdown(wait=False, cancel_futures=cancels)
    with pytest.raises(zuki.ExecutorShutDownError):
        executor.submit(spin, flag)
    flag[0, 0] = 1
    executor.shutdown(wait=True)
    assert first.result(LIMIT) == 1
    assert [future.cancelled() for future in others] == [cancels] * 20
    assert len(told) == 20 * listens
    assert not any(
        thread.name.startswith("zuki") and thread.is_alive() for thread in executor._pool.workers.threads()
    )


def test_a_shutdown_that_does_not_wait_ends_when_the_last_call_is_over():
    executor = zuki.Executor(max_threads=2)
    warm(executor, increment, 1)
    futures = [executor.submit(increment, number) for number in range(100)]
    executor.shutdown(wait=False)
    deadline = time.monotonic() + LIMIT
    while any(thread.is_alive() for thread in executor._pool.workers.threads()):
        assert time.monotonic() < deadline
        time.sleep(0.001)
    assert [future.result() for future in futures] == list(range(1, 101))
