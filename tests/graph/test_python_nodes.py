"""Python nodes that take long or are coroutines: others go on meanwhile, and nothing of them is lost."""

import asyncio
import threading
import time
from concurrent.futures import CancelledError
from concurrent.futures.thread import BrokenThreadPool

import pytest

import zuki

LIMIT = 30  # seconds


@pytest.fixture
def executor():
    with zuki.Executor(max_threads=4) as executor:
        yield executor


def graph_of(*functions):
    graph = zuki.Graph()
    return graph, [graph.add(function) for function in functions]


def test_coroutines_of_nodes_wait_at_once(executor):
    """None could end if it kept the others waiting."""
    met = []

    async def meet():
        met.append(None)
        while len(met) < 20:
            await zuki.sleep(0.001)
        return len(met)

    graph, nodes = graph_of(*[meet] * 20)
    graph.run(executor)
    assert [node.result() for node in nodes] == [20] * 20


def test_functions_that_took_long_are_called_at_once(executor):
    barrier = threading.Barrier(3)

    def meet():
        if is_told:
            barrier.wait(LIMIT)
        else:
            time.sleep(0.001)

    is_told = False
    graph, _ = graph_of(meet, meet, meet)
    graph.run(executor)
    is_told = True
    graph.run(executor)
    assert not barrier.broken


def test_a_function_that_was_long_and_is_short_again_gives_what_it_returns(executor):
    naps = iter([0.001] * 5 + [0.0] * 100)
    graph, nodes = graph_of(*[lambda: time.sleep(next(naps)) or 7] * 5)
    for _ in range(6):
        graph.run(executor)
        assert [node.result() for node in nodes] == [7] * 5


def test_what_follows_a_coroutine_comes_after_it(executor):
    order = []

    async def first():
        await zuki.sleep(0.01)
        order.append("first")
        return 3

    graph = zuki.Graph()
    node = graph.add(first)
    last = graph.add(lambda value: order.append("last") or value + 1, node)
    for _ in range(3):
        order.clear()
        graph.run(executor)
        assert order == ["first", "last"]
        assert last.result() == 4


@pytest.mark.parametrize("slow", [False, True])
def test_what_a_postponed_node_raises_is_raised(executor, slow):
    """And what follows from it is passed over."""
    passed = []

    async def fails():
        await zuki.sleep(0)
        raise KeyError("of a coroutine")

    def fails_late():
        time.sleep(0.001)
        if is_told:
            raise KeyError("of a function")

    is_told = False
    graph = zuki.Graph()
    node = graph.add(fails_late if slow else fails)
    graph.add(passed.append, 1, after=node)
    if slow:
        graph.run(executor)
        passed.clear()
        is_told = True
    with pytest.raises(KeyError, match="of a function" if slow else "of a coroutine") as caught:
        graph.run(executor)
    assert "in node" in caught.value.__notes__[0]
    assert passed == []


def test_a_coroutine_that_is_cancelled_fails_its_node(executor):
    async def cancels_itself():
        raise asyncio.CancelledError

    graph, _ = graph_of(cancels_itself)
    with pytest.raises((asyncio.CancelledError, CancelledError)):
        graph.run(executor)


def test_shutdown_with_cancel_ends_a_coroutine_that_would_wait_for_ever():
    executor = zuki.Executor(max_threads=2)
    begun = threading.Event()

    async def waits():
        begun.set()
        await zuki.sleep(3600)

    graph, _ = graph_of(waits)
    future = graph.submit(executor)
    assert begun.wait(LIMIT)
    executor.shutdown(cancel_futures=True)
    with pytest.raises((asyncio.CancelledError, CancelledError)):
        future.result(LIMIT)


def test_nodes_that_take_long_run_beside_jitted_ones_and_are_timed(executor):
    graph = zuki.Graph()
    naps = [graph.add(time.sleep, 0.002) for _ in range(4)]
    graph.run(executor)
    report = graph.run(executor, measure=True)
    assert report.work >= 0.008
    assert [node.result() for node in naps] == [None] * 4


def test_a_function_that_runs_a_graph_and_takes_long_is_called_where_it_is_met(executor):
    """Its thread does other work meanwhile, which must not be what waits for the same graph."""
    inner = zuki.Graph()
    for _ in range(3):
        inner.add(time.sleep, 0.001)
    outer, _ = graph_of(*[lambda: inner.run(executor)] * 10)
    for _ in range(4):
        outer.run(executor)


@pytest.mark.parametrize("kind", [zuki.Executor, zuki.SingleThreadedExecutor])
def test_coroutines_of_nodes_know_their_executor(kind):
    async def asks():
        return zuki.spawn(gives())

    async def gives():
        return 5

    graph, (node,) = graph_of(asks)
    with kind() as executor:
        graph.run(executor)
        assert node.result().result(LIMIT) == 5
        assert executor.metrics().tasks.coroutines.run == 2


@pytest.mark.parametrize("awaits", [False, True])
def test_a_coroutine_cannot_run_the_graph_that_runs_it(executor, awaits):
    async def runs_its_own():
        if awaits:
            await zuki.sleep(0)
            await graph
        else:
            graph.run(executor)

    graph, _ = graph_of(runs_its_own)
    with pytest.raises(zuki.GraphError, match="running the node that wants to run it"):
        graph.run(executor)


def test_what_a_coroutine_of_a_node_has_spawned_may_run_the_graph_later(executor):
    async def runs_later():
        while not over:
            await zuki.sleep(0.001)
        await other
        graph.run(executor)
        return len(ran)

    async def spawns():
        ran.append(None)
        return zuki.spawn(runs_later()) if len(ran) == 1 else None

    over, ran, other = [], [], zuki.Graph()
    other.add(len, ())
    graph, (node,) = graph_of(spawns)
    graph.run(executor)
    task = node.result()
    over.append(None)
    assert task.result(LIMIT) == 2


def test_an_executor_on_the_callers_thread_runs_coroutines_one_after_another():
    order = []

    async def notes(number):
        order.append(number)
        await zuki.sleep(0.001)
        order.append(number)

    graph = zuki.Graph()
    for number in range(3):
        graph.add(notes, number)
    with zuki.SingleThreadedExecutor() as executor:
        graph.run(executor)
    assert order == [0, 0, 1, 1, 2, 2]


def test_a_broken_initializer_fails_a_node_that_would_be_called_in_a_lane():
    def initializer():
        raise OSError("no more")

    with zuki.Executor(max_threads=2, initializer=initializer) as executor:
        graph, _ = graph_of(lambda: time.sleep(0.001))
        graph.run(executor)  # where it is met
        with pytest.raises(BrokenThreadPool, match="initializer"):
            graph.run(executor)
