"""`zuki.Future`: the contract of concurrent.futures, polls, and awaits in asyncio."""

import asyncio
import concurrent.futures
import sys
import threading
from unittest.mock import Mock

import pytest

import zuki
from tests.lane.together import LIMIT
from zuki.lane.outcome import DONE

pytestmark = pytest.mark.timeout(240)


def add_waker(future):
    future._add_waker(Mock())


def later(function, *arguments):
    timer = threading.Timer(0.02, function, arguments)
    timer.start()
    return timer


def test_it_is_what_concurrent_futures_knows():
    future = zuki.Future()
    assert isinstance(future, concurrent.futures.Future)
    assert not future.done()
    assert not future.running()
    assert future.set_running_or_notify_cancel()
    assert future.running()
    assert not future.cancel()
    future.set_result(3)
    assert future.done()
    assert (future.result(0), future.exception(0)) == (3, None)
    assert "finished" in repr(future)


def test_one_is_finished_once():
    future = zuki.Future()
    future.set_result(3)
    with pytest.raises(concurrent.futures.InvalidStateError):
        future.set_result(4)
    with pytest.raises(concurrent.futures.InvalidStateError):
        future.set_exception(ValueError())
    with pytest.raises(RuntimeError):
        future.set_running_or_notify_cancel()


@pytest.mark.parametrize("function", ["wait", "as_completed", "result", "callback"])
def test_waiting_on_another_thread(function):
    futures = [zuki.Future() for _ in range(3)]
    heard = []
    futures[2].add_done_callback(lambda done: heard.append(done.result()))
    timers = [later(future.set_result, number) for number, future in enumerate(futures)]
    if function == "wait":
        done, left = concurrent.futures.wait(futures, LIMIT)
        assert (len(done), len(left)) == (3, 0)
    elif function == "as_completed":
        assert {one.result() for one in concurrent.futures.as_completed(futures, LIMIT)} == {0, 1, 2}
    elif function == "result":
        assert [one.result(LIMIT) for one in futures] == [0, 1, 2]
    for timer in timers:
        timer.join()
    assert heard == [2]


def test_many_wait_while_it_is_finished():
    for _ in range(200):
        future = zuki.Future()
        barrier = threading.Barrier(4)
        answers = []

        def look(future=future, barrier=barrier, answers=answers):
            barrier.wait(LIMIT)
            answers.append(next(concurrent.futures.as_completed([future], LIMIT)).result())

        threads = [threading.Thread(target=look) for _ in range(3)]
        for thread in threads:
            thread.start()
        barrier.wait(LIMIT)
        future.set_result(1)
        for thread in threads:
            thread.join(LIMIT)
        assert answers == [1, 1, 1]


def test_a_cancelled_future():
    future = zuki.Future()
    heard = []
    future.add_done_callback(heard.append)
    assert future.cancel()
    assert future.cancel()
    assert heard == [future]
    with pytest.raises(concurrent.futures.CancelledError):
        future.result(0)
    assert not future.set_running_or_notify_cancel()
    assert concurrent.futures.wait([future], 1).done == {future}


def test_of_many_who_would_cancel_or_begin_it_one_does():
    for _ in range(100):
        future = zuki.Future()
        barrier = threading.Barrier(3)
        begun = []

        def begin(future=future, barrier=barrier, begun=begun):
            barrier.wait(LIMIT)
            begun.append(future.set_running_or_notify_cancel())

        thread = threading.Thread(target=begin)
        thread.start()
        other = threading.Thread(
            target=lambda barrier=barrier, future=future: (barrier.wait(LIMIT), future.cancel())
        )
        other.start()
        barrier.wait(LIMIT)
        thread.join(LIMIT)
        other.join(LIMIT)
        assert begun == [not future.cancelled()]


def test_poll_tells_how_it_is():
    woken = []

    class Waker:
        def wake(self):
            woken.append(1)

    future = zuki.Future()
    assert future.poll(Waker()) is zuki.Poll.PENDING
    assert not woken
    future.set_result(8)
    assert woken == [1]
    answer = future.poll(Waker())
    assert (answer.is_ready, answer.value) == (True, 8)
    assert repr(answer) == "Poll.ready(8)"
    assert repr(zuki.Poll.PENDING) == "Poll.PENDING"


def test_poll_of_a_failure_raises():
    future = zuki.Future()
    future.set_exception(ValueError("no"))
    with pytest.raises(ValueError, match="no"):
        future.poll(None)


# ---- asyncio -------------------------------------------------------------------------------------


def test_an_asyncio_loop_awaits_it():
    async def main():
        futures = [zuki.Future() for _ in range(50)]
        timer = later(lambda: [future.set_result(number) for number, future in enumerate(futures)])
        found = [await future for future in futures]
        timer.join()
        return found + list(await asyncio.gather(*futures))

    assert asyncio.run(main()) == [*range(50)] * 2


def test_asyncio_wraps_it():
    async def main():
        future = zuki.Future()
        timer = later(future.set_result, 5)
        found = await asyncio.wait_for(asyncio.wrap_future(future), LIMIT)
        timer.join()
        return found

    assert asyncio.run(main()) == 5


def test_wake_ups_of_a_loop_come_together():
    async def main():
        loop = asyncio.get_running_loop()
        told = []
        real = loop.call_soon_threadsafe
        loop.call_soon_threadsafe = lambda *call: (told.append(call), real(*call))
        futures = [zuki.Future() for _ in range(100)]
        waiting = [asyncio.ensure_future(_await(future)) for future in futures]
        await asyncio.sleep(0)
        for future in futures:  # the loop, on this thread, cannot look meanwhile
            future.set_result(1)
        assert sum(await asyncio.gather(*waiting)) == 100
        return len(told)

    assert asyncio.run(main()) == 1


async def _await(future):
    return await future


@pytest.mark.parametrize("how", ["fails", "is cancelled"])
def test_an_asyncio_loop_hears_how_it_ends(how):
    async def main():
        future = zuki.Future()
        timer = (
            later(future.cancel) if how == "is cancelled" else later(future.set_exception, ValueError("no"))
        )
        try:
            await future
        finally:
            timer.join()

    with pytest.raises(asyncio.CancelledError if how == "is cancelled" else ValueError):
        asyncio.run(main())


def test_an_asyncio_task_that_is_cancelled_cancels_what_it_awaits():
    async def main():
        future = zuki.Future()
        task = asyncio.ensure_future(_await(future))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return future.cancelled()

    assert asyncio.run(main())


def test_a_loop_that_is_gone_is_told_nothing():
    future = zuki.Future()

    async def main():
        task = asyncio.ensure_future(_await(future))
        await asyncio.sleep(0)
        assert not task.done()

    loop = asyncio.new_event_loop()
    loop.run_until_complete(main())
    tasks = asyncio.all_tasks(loop)
    loop.close()
    future.set_result(1)
    for task in tasks:
        task.get_coro().close()
        task._log_destroy_pending = False


@pytest.mark.parametrize("ends", [lambda future: future.set_result(1), lambda future: future.cancel()])
@pytest.mark.parametrize("prepare", [lambda future: None, lambda future: future._condition, add_waker])
def test_whenever_another_looks_at_an_end_it_hears_of_it_once(ends, prepare):
    """The functions of `concurrent.futures` see under the condition that a future is done, or are told."""

    def follow(frame, event, argument):
        nonlocal calls, seen
        if frame.f_globals["__name__"] == "zuki.lane.outcome":
            calls += 1  # between two calls the interpreter lets no other thread run
            if calls == wanted and (future._made is None or not future._made._is_owned()):
                sys.settrace(None)
                with future._condition:
                    seen = future._state in DONE
                    future._waiters.append(waiter)

    looks = 0
    for wanted in range(1, 30):  # noqa: B007  (`follow` looks)
        future, waiter, calls, seen = zuki.Future(), Mock(), 0, None
        prepare(future)
        before = sys.gettrace()
        sys.settrace(follow)
        try:
            ends(future)
        finally:
            sys.settrace(before)
        if seen is not None:
            looks += 1
            assert waiter.add_result.call_count == int(not seen and not future.cancelled())
    assert looks > 0
