"""Several threads, graphs and executors at once; futures."""

import concurrent.futures
import threading
import time

import numpy as np
import pytest

import zuki
from tests.runtime.bodies import increment, mark, spin


def in_threads(*functions):
    """Call functions in threads of their own and raise what one of them raises."""
    with concurrent.futures.ThreadPoolExecutor(len(functions)) as callers:
        for future in [callers.submit(function) for function in functions]:
            future.result(60)


class Counted:
    """A graph that counts how often each of its bodies has run."""

    def __init__(self, nodes=200, width=10):
        self.marks = np.zeros(nodes, np.int64)
        self.graph = zuki.Graph()
        added = self.graph.add_many(mark, self.marks, zuki.each(np.arange(nodes)))
        self.graph.add_edges(added.ids[:-width], added.ids[width:])
        self.last = self.graph.add(increment, 1, after=added)
        self.runs = 0

    def run(self, executor, times):
        for _ in range(times):
            self.graph.run(executor)
            self.runs += 1
            assert self.marks.tolist() == [self.runs] * len(self.marks)
            assert self.last.result() == 2


def submit_many(executor, graphs, futures):
    for _ in range(2000):
        graphs.append(Counted(2, 1))
        futures.append(graphs[-1].graph.submit(executor))


@pytest.mark.parametrize("workers", [1, 2, 4])
def test_different_graphs_on_one_executor(workers):
    with zuki.Executor(max_threads=workers) as executor:
        graphs = [Counted() for _ in range(12)]  # more than there are seats for callers
        in_threads(*(lambda counted=counted: counted.run(executor, 50) for counted in graphs))


def test_different_graphs_on_several_executors():
    executors = [zuki.Executor(max_threads=2) for _ in range(3)]
    graphs = [Counted() for _ in range(6)]
    in_threads(
        *(
            lambda counted=counted, number=number: [
                counted.run(executors[(number + turn) % 3], 10) for turn in range(4)
            ]
            for number, counted in enumerate(graphs)
        )
    )
    for executor in executors:
        executor.shutdown()


@pytest.mark.parametrize("workers", [1, 3])
def test_one_graph_in_several_threads_takes_turns(workers):
    counted = Counted()
    with zuki.Executor(max_threads=workers) as executor, zuki.Executor(max_threads=2) as other:
        in_threads(
            *(
                lambda chosen=chosen: [counted.graph.run(chosen) for _ in range(40)]
                for chosen in (executor, other, executor)
            )
        )
        futures = [counted.graph.submit(executor) for _ in range(10)]
        for future in futures:
            future.result(20)
    assert counted.marks.tolist() == [130] * 200


def test_many_runs_in_flight():
    with zuki.Executor(max_threads=2) as executor:
        graphs = [Counted(20, 5) for _ in range(500)]
        for times in range(1, 4):
            futures = [counted.graph.submit(executor) for counted in graphs]
            done, rest = concurrent.futures.wait(futures, timeout=60)
            assert not rest
            assert len(done) == 500
            assert all(counted.marks.tolist() == [times] * 20 for counted in graphs)


def test_more_runs_in_flight_than_there_is_room_for():
    with zuki.Executor(max_threads=1) as executor:
        begun, go_on = threading.Event(), threading.Event()
        first = zuki.Graph()
        first.add(begun.set)
        first.add(go_on.wait, 20)
        futures = [first.submit(executor)]
        begun.wait(20)
        graphs = []
        try:
            with pytest.raises(zuki.ZukiError, match="already running"):
                submit_many(executor, graphs, futures)
        finally:
            go_on.set()
        for future in futures:
            future.result(60)
        assert graphs[-1].marks.tolist() == [0, 0]
        graphs[-1].run(executor, 1)  # refused before, taken now


# ---- futures -------------------------------------------------------------------------------------


@pytest.fixture
def executor():
    with zuki.Executor(max_threads=2) as made:
        yield made


def slow_graph():
    """A graph that ends when it is told to."""
    go_on = threading.Event()
    graph = zuki.Graph("slow")
    graph.add(go_on.wait, 20)
    return graph, go_on


def test_result_and_timeout(executor):
    graph, go_on = slow_graph()
    future = graph.submit(executor)
    assert isinstance(future, concurrent.futures.Future)
    for timeout in 0, 0.02:
        with pytest.raises(TimeoutError):
            future.result(timeout)
        with pytest.raises(TimeoutError):
            future.exception(timeout)
    assert future.running()
    assert not future.done()
    go_on.set()
    assert future.result(20).nodes == 1
    assert future.exception() is None
    assert future.result(0).graph == "slow"


def test_cancel_has_no_effect(executor):
    graph, go_on = slow_graph()
    future = graph.submit(executor)
    assert not future.cancel()
    assert not future.cancelled()
    go_on.set()
    assert future.result(20).nodes == 1
    assert not future.cancel()


def test_callbacks(executor):
    graph, go_on = slow_graph()
    future = graph.submit(executor)
    called = []
    future.add_done_callback(called.append)
    go_on.set()
    future.result(20)
    future.add_done_callback(called.append)
    limit = time.monotonic() + 20
    while len(called) < 2 and time.monotonic() < limit:
        time.sleep(0.001)
    assert called == [future, future]


def test_a_callback_that_begins_the_next_run(executor):
    counted = Counted()
    ended = threading.Event()
    left = [20]

    def again(future):
        left[0] -= 1
        if left[0]:
            counted.graph.submit(executor).add_done_callback(again)
        else:
            ended.set()

    counted.graph.submit(executor).add_done_callback(again)
    assert ended.wait(20)
    assert counted.marks.tolist() == [20] * 200


def test_exception(executor):
    graph = zuki.Graph()
    graph.add(divmod, 1, 0)
    future = graph.submit(executor)
    assert isinstance(future.exception(20), ZeroDivisionError)
    with pytest.raises(ZeroDivisionError):
        future.result(20)


def test_wait_and_as_completed(executor):
    slow, go_on = slow_graph()
    first = slow.submit(executor)
    others = [Counted().graph.submit(executor) for _ in range(5)]
    done, rest = concurrent.futures.wait([first, *others], 20, concurrent.futures.FIRST_COMPLETED)
    assert done <= set(others)
    go_on.set()
    ended = {future.result().nodes for future in concurrent.futures.as_completed([first, *others], 20)}
    assert ended == {1, 201}
    assert rest >= {first}


def test_an_empty_graph(executor):
    future = zuki.Graph().submit(executor)
    assert future.done()
    assert future.result(0).nodes == 0
    assert zuki.Graph().run(executor).nodes == 0


def test_run_while_a_submitted_run_goes_on_waits_for_its_turn(executor):
    graph = zuki.Graph()
    graph.add_many(spin, 1_000_000, count=10)
    future = graph.submit(executor)
    assert graph.run(executor).nodes == 10
    assert future.done()
