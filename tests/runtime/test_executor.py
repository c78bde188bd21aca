"""The executor: its threads, their number, names and stacks, and its end."""

import gc
import threading
import time
import weakref

import numpy as np
import pytest

import zuki
from tests.runtime.bodies import mark, nothing, spin
from tests.runtime.script import run_script


def threads_of(name):
    return [thread for thread in threading.enumerate() if thread.name.startswith(name)]


def graph_of(count=40, rounds=20_000):
    graph = zuki.Graph()
    graph.add_many(spin, rounds, count=count)
    return graph


def wait_until(condition):
    limit = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < limit
        time.sleep(0.01)


def test_threads_start_when_there_is_work_for_them():
    with zuki.Executor(max_threads=3, name="demand") as executor:
        assert threads_of("demand") == []
        graph_of().submit(executor).result(20)
        workers = [thread for thread in threads_of("demand-") if thread.name != "demand-pulse"]
        assert 1 <= len(workers) <= 3
        assert all(thread.daemon for thread in workers)
    assert threads_of("demand") == []


def test_one_worker_is_the_caller():
    with zuki.Executor(max_threads=1, name="single") as executor:
        names = []
        graph = zuki.Graph()
        graph.add(lambda: names.append(threading.current_thread().name))
        for _ in range(3):
            graph.run(executor)
        assert names == [threading.current_thread().name] * 3
        assert [thread.name for thread in threads_of("single")] in ([], ["single-pulse"])


def test_no_more_bodies_at_once_than_threads():
    with zuki.Executor(max_threads=2) as executor:
        runs = [graph_of(20) for _ in range(6)]
        callers = [threading.Thread(target=graph.run, args=(executor,)) for graph in runs]
        for caller in callers:
            caller.start()
        for caller in callers:
            caller.join(20)
            assert not caller.is_alive()
        report = graph_of(200).run(executor)
        assert 1 <= report.workers <= 2


def test_run_and_submit_of_the_executor():
    with zuki.Executor(max_threads=2) as executor:
        graph = graph_of(5)
        assert executor.run(graph).nodes == 5
        assert executor.run(graph, measure=True).work > 0
        assert executor.submit(graph).result(20).nodes == 5


def test_repr_and_properties():
    executor = zuki.Executor(max_threads=np.int32(2), name="mine")
    assert repr(executor) == "<zuki.Executor 'mine': up to 2 threads>"
    assert (executor.max_threads, executor.name) == (2, "mine")
    executor.shutdown()
    assert "shut down" in repr(executor)
    assert repr(zuki.Executor(1)) == "<zuki.Executor 'zuki': up to 1 thread>"


# ---- values that are not taken -------------------------------------------------------------------


@pytest.mark.parametrize("value", [0, -1, 1_000_000])
def test_max_threads_out_of_range(value):
    with pytest.raises(ValueError, match="max_threads must be between 1 and"):
        zuki.Executor(max_threads=value)


@pytest.mark.parametrize("value", [1.0, "2", True, np.float64(2), [2]])
def test_max_threads_not_an_integer(value):
    with pytest.raises(TypeError, match="max_threads must be an integer"):
        zuki.Executor(max_threads=value)


@pytest.mark.parametrize(("value", "error"), [(1000, ValueError), (-1, ValueError), (1e6, TypeError)])
def test_stack_size_that_is_none(value, error):
    with pytest.raises(error, match="stack_size must be"):
        zuki.Executor(1, stack_size=value)


def test_name_that_is_none():
    with pytest.raises(TypeError, match="name must be a string"):
        zuki.Executor(1, name=3)


@pytest.mark.parametrize("text", ["0", "-3", "many", "1.5", "2 3", "99999"])
def test_number_of_threads_in_the_environment_is_nonsense(monkeypatch, text):
    monkeypatch.setenv("ZUKI_NUM_THREADS", text)
    with pytest.raises(ValueError, match=f"ZUKI_NUM_THREADS must be a number .*{text!r}"):
        zuki.Executor()
    assert zuki.Executor(2).max_threads == 2


def test_number_of_threads_in_the_environment(monkeypatch):
    monkeypatch.setenv("ZUKI_NUM_THREADS", " 3 ")
    assert zuki.Executor().max_threads == 3
    monkeypatch.setenv("ZUKI_NUM_THREADS", "")
    assert zuki.Executor().max_threads >= 1


# ---- stacks --------------------------------------------------------------------------------------


@zuki.task("int64(int64)")
def depth(n):
    if n == 0:
        return 0
    return depth(n - 1) + 1


def test_the_stack_is_as_large_as_wanted():
    before = threading.stack_size()
    with zuki.Executor(max_threads=2, stack_size=1 << 29) as executor:
        graph = zuki.Graph()
        node = graph.add(depth, 2_000_000)  # more than a usual stack of 8 MiB bears
        graph.submit(executor).result(20)
        assert node.result() == 2_000_000
    assert threading.stack_size() == before


# ---- shutdown ------------------------------------------------------------------------------------


def test_shutdown_refuses_further_runs():
    executor = zuki.Executor(max_threads=2, name="ended")
    graph = graph_of(5)
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
        graph_of(2).run(executor)


def test_shutdown_waits_for_what_was_taken():
    with zuki.Executor(max_threads=2, name="waits") as executor:
        futures = [graph_of(30).submit(executor) for _ in range(5)]
    assert all(future.done() for future in futures)
    assert [future.result().nodes for future in futures] == [30] * 5
    assert threads_of("waits") == []


def test_shutdown_without_waiting():
    executor = zuki.Executor(max_threads=2, name="goes-on")
    futures = [graph_of(30).submit(executor) for _ in range(5)]
    executor.shutdown(wait=False)
    with pytest.raises(zuki.ExecutorShutDownError):
        graph_of(1).run(executor)
    assert [future.result(20).nodes for future in futures] == [30] * 5
    wait_until(lambda: not threads_of("goes-on"))


def test_shutdown_with_cancel_futures():
    executor = zuki.Executor(max_threads=2, name="cancelled")
    graph = graph_of(10_000, rounds=100_000)
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
    future = graph_of(50).submit(executor)
    enders = [threading.Thread(target=executor.shutdown) for _ in range(4)]
    for ender in enders:
        ender.start()
    for ender in enders:
        ender.join(20)
        assert not ender.is_alive()
    assert future.done()


# ---- the default executor ------------------------------------------------------------------------


def test_the_default_executor_is_one_and_made_anew_after_its_shutdown():
    first = zuki.default_executor()
    assert zuki.default_executor() is first
    graph_of(5).run()
    first.shutdown()
    graph_of(5).run()
    assert zuki.default_executor() is not first
    made = []
    callers = [threading.Thread(target=lambda: made.append(zuki.default_executor())) for _ in range(8)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join(20)
    assert len({id(executor) for executor in made}) == 1


def test_the_default_executor_is_made_at_the_first_run():
    run_script(
        """
graph = zuki.Graph()
graph.add_many(nothing, count=3)
os.environ["ZUKI_NUM_THREADS"] = "nonsense"
try:
    graph.run()
except ValueError as error:
    assert "ZUKI_NUM_THREADS" in str(error)
else:
    raise SystemExit("no error")
os.environ["ZUKI_NUM_THREADS"] = "5"
graph.run()
assert zuki.default_executor().max_threads == 5
"""
    )


# ---- what stays ----------------------------------------------------------------------------------


def test_an_idle_pool_does_not_burn():
    with zuki.Executor(max_threads=4) as executor:
        graph_of(200).run(executor)
        graph_of(200).submit(executor).result(20)
        time.sleep(0.1)
        begun = time.process_time()
        time.sleep(1)
        assert time.process_time() - begun < 0.05  # of a second: a pool that spins takes far more


def test_a_dropped_executor_ends_its_threads():
    executor = zuki.Executor(max_threads=3, name="dropped")
    graph_of(50).run(executor)
    graph_of(50).submit(executor).result(20)
    seen = weakref.ref(executor)
    del executor
    gc.collect()
    assert seen() is None
    wait_until(lambda: not threads_of("dropped"))


def test_an_executor_dropped_by_what_it_runs():
    # the run is the last to know the graph, whose node is the last to know the executor
    executor = zuki.Executor(max_threads=2, name="own")
    inner = graph_of(3)
    outer = zuki.Graph()
    outer.add(time.sleep, 0.1)
    outer.add(inner.run, executor)
    outer.submit(executor)
    del executor, outer, inner
    wait_until(lambda: gc.collect() is None or not threads_of("own"))


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
            graph_of(2).run(executor)  # a worker's frame may hold the last run
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


def test_nothing_is_a_run_of_many_executors():
    graph = zuki.Graph()
    graph.add_many(nothing, count=100)
    before = threading.active_count()
    for _ in range(30):
        with zuki.Executor(max_threads=3) as executor:
            graph.run(executor)
            graph.submit(executor).result(20)
    wait_until(lambda: threading.active_count() <= before)
