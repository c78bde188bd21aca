"""The executor without threads: everything is run by who asks for it, in one order."""

import threading

import pytest

import zuki
from tests.lane.together import LIMIT
from tests.runtime.bodies import increment

pytestmark = pytest.mark.timeout(240)


@pytest.fixture
def executor():
    with zuki.SingleThreadedExecutor() as made:
        yield made


def test_a_call_is_made_at_once_on_the_calling_thread(executor):
    before = set(threading.enumerate())
    future = executor.submit(threading.get_ident)
    assert future.done()
    assert future.result() == threading.get_ident()
    with pytest.raises(KeyError):
        executor.submit({}.__getitem__, 1).result()
    assert list(executor.map(abs, [-1, 2])) == [1, 2]
    assert set(threading.enumerate()) <= before


def test_the_order_is_the_same_each_time(executor):
    def once():
        seen = []

        async def step(name, times):
            for number in range(times):
                seen.append((name, number))
                await zuki.yield_now()

        async def main():
            tasks = [executor.spawn(step(name, 1 + name % 3)) for name in range(8)]
            for task in tasks:
                await task

        executor.run(main())
        return seen

    first = once()
    assert len(first) == 15
    assert all(once() == first for _ in range(5))


def test_a_graph_is_run(executor):
    graph = zuki.Graph()
    node = graph.add(increment, 4)
    assert executor.run(graph).nodes == 1
    assert node.result() == 5
    assert executor.submit(graph).result(LIMIT).nodes == 1


def test_results_are_waited_for_by_running_coroutines(executor):
    async def give():
        await zuki.yield_now()
        return threading.get_ident()

    assert executor.spawn(give()).result() == threading.get_ident()
    assert executor.spawn(give()).result(LIMIT) == threading.get_ident()


def test_a_result_that_takes_too_long(executor):
    async def patient():
        await future

    future = zuki.Future()
    task = executor.spawn(patient())
    with pytest.raises(TimeoutError):
        task.result(0.01)
    future.set_result(None)
    assert task.result() is None


def test_after_shutdown():
    executor = zuki.SingleThreadedExecutor()
    executor.submit(int)
    executor.shutdown()
    for use in (lambda: executor.submit(int), lambda: executor.spawn(zuki.until_ready(zuki.Future()))):
        with pytest.raises(zuki.ExecutorShutDownError):
            use()
