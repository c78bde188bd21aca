"""The executor: its threads, their number, names and stacks; values that it does not take."""

import threading
import time

import numpy as np
import pytest

import zuki
from tests.runtime.script import run_script
from tests.runtime.together import spinning, threads_of


def test_threads_start_when_there_is_work_for_them():
    with zuki.Executor(max_threads=3, name="demand") as executor:
        assert threads_of("demand") == []
        spinning().submit(executor).result(20)
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
        runs = [spinning(20) for _ in range(6)]
        callers = [threading.Thread(target=graph.run, args=(executor,)) for graph in runs]
        for caller in callers:
            caller.start()
        for caller in callers:
            caller.join(20)
            assert not caller.is_alive()
        report = spinning(200).run(executor)
        assert 1 <= report.workers <= 2


def test_run_and_submit_of_the_executor():
    with zuki.Executor(max_threads=2) as executor:
        graph = spinning(5)
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


# ---- the default executor ------------------------------------------------------------------------


def test_the_default_executor_is_one_and_made_anew_after_its_shutdown():
    first = zuki.default_executor()
    assert zuki.default_executor() is first
    spinning(5).run()
    first.shutdown()
    spinning(5).run()
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


def test_an_idle_pool_does_not_burn():
    with zuki.Executor(max_threads=4) as executor:
        spinning(200).run(executor)
        spinning(200).submit(executor).result(20)
        time.sleep(0.1)
        begun = time.process_time()
        time.sleep(1)
        assert time.process_time() - begun < 0.05  # of a second: a pool that spins takes far more
