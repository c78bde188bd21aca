"""Calls: submit, map, their futures, threads that are stuck, shutdown."""

import concurrent.futures
import threading
import time
import weakref

import pytest

import zuki
from tests.lane.together import LIMIT, Gate, wait_until
from zuki.lane.priority import NORMAL

pytestmark = pytest.mark.timeout(240)


@pytest.fixture(params=[1, 2, 4])
def executor(request):
    with zuki.Executor(max_threads=request.param, name="calls") as made:
        yield made


def test_submit_and_map(executor):
    assert isinstance(executor, concurrent.futures.Executor)
    assert executor.submit(pow, 2, 10).result(LIMIT) == 1024
    assert executor.submit(pow, 2, exp=3).result() == 8
    assert list(executor.map(pow, range(5), range(5))) == [1, 1, 4, 27, 256]
    futures = [executor.submit(int, number) for number in range(1000)]
    assert [future.result() for future in futures] == list(range(1000))


def test_what_nobody_waits_for_is_called(executor):
    done = threading.Event()
    executor.submit(done.set)
    assert done.wait(LIMIT)


def test_as_completed_and_wait(executor):
    futures = [executor.submit(int, number) for number in range(50)]
    assert sorted(one.result() for one in concurrent.futures.as_completed(futures, LIMIT)) == list(range(50))
    assert len(concurrent.futures.wait(futures, LIMIT).done) == 50


def test_an_exception_is_the_callables_own(executor):
    def fails():
        raise KeyError("mine")

    for limit in (None, LIMIT):
        with pytest.raises(KeyError, match="mine") as found:
            executor.submit(fails).result(limit)
        assert found.traceback[-1].name == "fails"


def test_system_exit_in_a_callable_ends_no_thread(executor):
    future = executor.submit(exit, 3)
    with pytest.raises(SystemExit):
        future.result(LIMIT)
    assert executor.submit(int).result(LIMIT) == 0


def test_nothing_is_kept_alive(executor):
    class Thing:
        def method(self):
            return 1

    thing = Thing()
    gone = weakref.ref(thing)
    future = executor.submit(thing.method)
    del thing
    assert future.result(LIMIT) == 1
    wait_until(lambda: gone() is None)


def test_a_task_that_is_jitted(executor):
    futures = [executor.submit(square, number) for number in range(20)]
    assert [future.result(LIMIT) for future in futures] == [number**2 for number in range(20)]


@zuki.task("int64(int64)")
def square(x):
    return x * x


def test_a_barrier_of_as_many_calls_as_threads():
    with zuki.Executor(max_threads=4) as executor:
        barrier = threading.Barrier(4)
        futures = [executor.submit(barrier.wait, LIMIT) for _ in range(4)]
        assert sorted(future.result(LIMIT) for future in futures) == [0, 1, 2, 3]


def test_calls_that_block_get_a_thread_each_up_to_the_limit():
    with zuki.Executor(max_threads=3) as executor:
        gate = Gate()
        futures = [executor.submit(gate.wait) for _ in range(5)]
        wait_until(lambda: gate.waiting == 3)
        time.sleep(0.05)
        assert gate.waiting == 3
        gate.open()
        concurrent.futures.wait(futures, LIMIT)
        assert gate.waiting == 5


def test_others_go_on_while_a_call_blocks():
    with zuki.Executor(max_threads=2) as executor:
        gate = Gate()
        blocked = executor.submit(gate.wait)
        wait_until(lambda: gate.waiting == 1)
        futures = [executor.submit(int, number) for number in range(100)]
        assert [future.result(LIMIT) for future in futures] == list(range(100))
        gate.open()
        blocked.result(LIMIT)


def test_who_waits_calls_what_has_not_begun():
    with zuki.Executor(max_threads=1) as executor:
        gate = Gate()
        blocked = executor.submit(gate.wait)
        wait_until(lambda: gate.waiting == 1)
        assert executor.submit(threading.get_ident).result() == threading.get_ident()
        with pytest.raises(TimeoutError):
            executor.submit(int).result(0.01)  # with a limit it only waits
        gate.open()
        blocked.result(LIMIT)


def test_what_the_waiting_thread_has_called_leaves_the_queue():
    with zuki.Executor(max_threads=1) as executor:
        gate = Gate()
        blocked = executor.submit(gate.wait)
        wait_until(lambda: gate.waiting == 1)
        queue = executor._pool.lanes.calls.ready[NORMAL]
        calls = [executor.submit(int) for _ in range(5)]
        assert [call.result() for call in calls[:2]] == [0, 0]
        assert list(queue) == calls[2:]
        assert calls[4].result() == 0  # it does not come first: who serves finds that it is over
        assert list(queue) == calls[2:]
        gate.open()
        assert [call.result(LIMIT) for call in calls] == [0] * 5
        blocked.result(LIMIT)
    assert not queue


def test_a_call_waits_for_one_that_it_has_submitted(executor):
    def outer(depth):
        return depth if depth == 0 else executor.submit(outer, depth - 1).result() + 1

    assert executor.submit(outer, 5).result(LIMIT) == 5

    def with_a_limit():
        return executor.submit(int, 3).result(LIMIT)

    assert executor.submit(with_a_limit).result(LIMIT) == 3


def test_a_call_waits_for_a_graph_and_a_coroutine(executor):
    async def coroutine():
        await zuki.yield_now()
        return 4

    def outer():
        graph = zuki.Graph()
        node = graph.add(square, 3)
        graph.submit(executor).result()
        return node.result() + executor.spawn(coroutine()).result() + executor.run(coroutine())

    assert executor.submit(outer).result(LIMIT) == 17


def test_cancelling_what_has_not_begun():
    with zuki.Executor(max_threads=1) as executor:
        gate = Gate()
        blocked = executor.submit(gate.wait)
        wait_until(lambda: gate.waiting == 1)
        future = executor.submit(pytest.fail)
        assert future.cancel()
        assert not blocked.cancel()
        gate.open()
        assert concurrent.futures.wait([future, blocked], LIMIT).done == {future, blocked}
        with pytest.raises(concurrent.futures.CancelledError):
            future.result()


@pytest.mark.parametrize("cancel", [False, True])
@pytest.mark.parametrize("wait", [False, True])
def test_shutdown(cancel, wait):
    executor = zuki.Executor(max_threads=1, name="ending")
    gate = Gate()
    begun = executor.submit(gate.wait)
    wait_until(lambda: gate.waiting == 1)
    later = [executor.submit(int) for _ in range(10)]

    def open_gate():
        time.sleep(0.05)
        wait_until(lambda: not cancel or all(future.cancelled() for future in later))
        gate.open()

    opener = threading.Thread(target=open_gate)
    opener.start()
    executor.shutdown(wait, cancel_futures=cancel)
    with pytest.raises(RuntimeError, match="cannot schedule new futures after shutdown"):
        executor.submit(int)
    begun.result(LIMIT)
    assert len(concurrent.futures.wait(later, LIMIT).done) == 10
    assert {future.cancelled() for future in later} == {cancel}
    opener.join()
    wait_until(lambda: not [one for one in threading.enumerate() if one.name.startswith("ending")])


def test_an_executor_that_is_dropped_does_what_it_has_taken():
    executor = zuki.Executor(max_threads=2, name="dropped")
    futures = [executor.submit(int, number) for number in range(100)]
    del executor
    assert len(concurrent.futures.wait(futures, LIMIT).done) == 100
    wait_until(lambda: not [one for one in threading.enumerate() if one.name.startswith("dropped")])


def test_threads_submit_at_once(executor):
    found = []

    def submit(number):
        found.extend([executor.submit(int, number) for _ in range(300)])

    threads = [threading.Thread(target=submit, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LIMIT)
    assert len(concurrent.futures.wait(found, LIMIT).done) == 1200
    assert sum(one.result() for one in found) == 300 * (0 + 1 + 2 + 3)


def test_an_initializer_is_called_in_each_thread_before_its_first_call():
    here = threading.local()

    def begin(value):
        here.value = value

    with zuki.Executor(max_threads=2, initializer=begin, initargs=(5,)) as executor:
        barrier = threading.Barrier(2)

        def look():
            barrier.wait(LIMIT)
            return here.value

        assert [one.result(LIMIT) for one in [executor.submit(look) for _ in range(2)]] == [5, 5]


def test_names_of_concurrent_futures():
    with zuki.Executor(max_workers=2, thread_name_prefix="prefix") as executor:
        assert (executor.max_threads, executor.name) == (2, "prefix")
    with pytest.raises(ValueError, match="max_workers must be greater than 0"):
        zuki.Executor(max_workers=0)
