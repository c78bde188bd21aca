"""The end of an executor: by its shutdown, or because nobody knows it any more; and what stays then."""

import gc
import threading
import time
import weakref

import numpy as np
import pytest

import zuki
from tests.runtime.bodies import mark, nothing, spin
from tests.runtime.together import spinning, threads_of, wait_until

pytestmark = pytest.mark.timeout(240)


def test_shutdown_refuses_further_runs():
    executor = zuki.Executor(max_threads=2, name="ended")
    graph = spinning(5)
    graph.run(executor)
    executor.shutdown()
    assert threads_of("ended") == []
    for begin in graph.run, graph.submit:
        with pytest.raises(zuki.ExecutorShutDownError, match="'ended' has been shut down"):
            begin(executor)
    executor.shutdown()
    executor.shutdown(wait=False, cancel_futures=True)
    assert graph.run().nodes == 5


def test_shutdown_before_any_use():
    executor = zuki.Executor(max_threads=2)
    executor.shutdown()
    with pytest.raises(RuntimeError):
        spinning(2).run(executor)


def test_shutdown_waits_for_what_was_taken():
    with zuki.Executor(max_threads=2, name="waits") as executor:
        futures = [spinning(30).submit(executor) for _ in range(5)]
    assert all(future.done() for future in futures)
    assert [future.result().nodes for future in futures] == [30] * 5
    assert threads_of("waits") == []


def test_shutdown_without_waiting():
    executor = zuki.Executor(max_threads=2, name="goes-on")
    futures = [spinning(30).submit(executor) for _ in range(5)]
    executor.shutdown(wait=False)
    with pytest.raises(zuki.ExecutorShutDownError):
        spinning(1).run(executor)
    assert [future.result(20).nodes for future in futures] == [30] * 5
    wait_until(lambda: not threads_of("goes-on"))


def test_shutdown_with_cancel_futures():
    executor = zuki.Executor(max_threads=2, name="cancelled")
    graph = spinning(10_000, rounds=100_000)
    future = graph.submit(executor)
    executor.shutdown(cancel_futures=True)
    assert future.done()
    assert "stopped" in str(future.exception())
    with pytest.raises(zuki.NodeNotRunError):
        graph.nodes[-1].result()
    assert threads_of("cancelled") == []


def test_shutdown_inside_of_a_node():
    for wait in True, False:
        executor = zuki.Executor(max_threads=2, name="inside")
        graph = zuki.Graph()
        node = graph.add(executor.shutdown, wait)
        last = graph.add(len, "abc", after=node)
        graph.submit(executor).result(20)
        assert last.result() == 3
        wait_until(lambda: not threads_of("inside"))


def test_shutdown_by_several_threads():
    executor = zuki.Executor(max_threads=3, name="several")
    future = spinning(50).submit(executor)
    enders = [threading.Thread(target=executor.shutdown) for _ in range(4)]
    for ender in enders:
        ender.start()
    for ender in enders:
        ender.join(20)
        assert not ender.is_alive()
    assert future.done()


def test_a_dropped_executor_ends_its_threads():
    executor = zuki.Executor(max_threads=3, name="dropped")
    spinning(50).run(executor)
    spinning(50).submit(executor).result(20)
    seen = weakref.ref(executor)
    del executor
    gc.collect()
    assert seen() is None
    wait_until(lambda: not threads_of("dropped"))


def test_an_executor_dropped_by_what_it_runs():
    # the run is the last to know the graph, whose node is the last to know the executor
    executor = zuki.Executor(max_threads=2, name="own")
    inner = spinning(3)
    outer = zuki.Graph()
    outer.add(time.sleep, 0.1)
    outer.add(inner.run, executor)
    outer.submit(executor)
    del executor, outer, inner
    wait_until(lambda: not threads_of("own"), collect=True)


def test_graphs_are_freed_with_what_they_hold():
    class Big:
        pass

    with zuki.Executor(max_threads=2) as executor:
        big = Big()
        data = np.zeros(10)
        graph = zuki.Graph()
        graph.add(repr, big)
        graph.add(spin, 10)
        graph.add(mark, np.zeros(5, np.int64), 1)
        graph.add_many(mark, data.view(np.int64), zuki.each(np.arange(10)))
        future = graph.submit(executor)
        future.result(20)
        graph.run(executor)
        seen = [weakref.ref(graph), weakref.ref(graph._state), weakref.ref(big), weakref.ref(data)]
        del graph, big, data, future
        for _ in range(3):
            spinning(2).run(executor)  # a worker's frame may hold the last run
            gc.collect()
        assert [reference() for reference in seen] == [None] * 4


def test_a_graph_dropped_while_it_runs_is_finished():
    with zuki.Executor(max_threads=2) as executor:
        marks = np.zeros(5000, np.int64)
        graph = zuki.Graph()
        slow = graph.add(spin, 5_000_000)
        graph.add_many(mark, marks, zuki.each(np.arange(5000)), after=slow)
        future = graph.submit(executor)
        del graph, slow
        gc.collect()
        assert future.result(20).nodes in (5001, 5002)
        assert marks.tolist() == [1] * 5000


def test_many_executors_leave_no_threads():
    graph = zuki.Graph()
    graph.add_many(nothing, count=100)
    before = threading.active_count()
    for _ in range(30):
        with zuki.Executor(max_threads=3) as executor:
            graph.run(executor)
            graph.submit(executor).result(20)
    wait_until(lambda: threading.active_count() <= before)
