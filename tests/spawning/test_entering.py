"""From Python into the pool: by the executor, by the task, by `zuki.run`; what is said where that fails."""

import threading

import numpy as np
import pytest
from numba import njit

import zuki
from tests.spawning.interrupted import fib


@zuki.task
def scaled(values, factor):
    return values * factor


@njit
def plain(number):
    return zuki.join(zuki.spawn(fib, number)) + 1


WAYS = {
    "executor.run": lambda executor, *work: executor.run(*work),
    "task.run": lambda executor, work, *args: zuki.Task.run(work, *args, executor=executor),
    "zuki.run": lambda executor, *work: zuki.run(*work, executor=executor),
}


@pytest.fixture(params=WAYS)
def enter(request):
    return WAYS[request.param]


@pytest.fixture(scope="module")
def executor():
    with zuki.Executor(2) as made:
        yield made


def test_a_task_is_run_with_what_it_spawns(enter, executor):
    assert enter(executor, fib, 15) == 610
    assert enter(executor, scaled, np.ones(3), 2.0).tolist() == [2.0] * 3


def test_without_an_executor_the_default_one_is_used():
    assert fib.run(12) == zuki.run(fib, 12) == zuki.default_executor().run(fib, 12) == 144


def test_functions_that_numba_has_jitted_are_run(executor):
    assert executor.run(plain, 10) == 56
    assert zuki.run(plain, 10, executor=executor) == 56


def test_graphs_are_run(executor):
    graph = zuki.Graph("alone")
    node = graph.add(fib, 10)
    assert executor.run(graph).nodes == zuki.run(graph, executor=executor).nodes == 1
    assert node.result() == 55
    with pytest.raises(zuki.GraphError, match="'alone' is run without arguments"):
        executor.run(graph, 3)


def test_several_threads_enter_at_once(executor):
    results = []
    threads = [threading.Thread(target=lambda: results.append(executor.run(fib, 18))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert results == [2584] * 8


def test_a_python_node_enters_its_own_pool(executor):
    graph = zuki.Graph()
    node = graph.add(lambda: executor.run(fib, 16))
    executor.run(graph)
    assert node.result() == 987


def test_an_executor_that_was_shut_down(enter):
    executor = zuki.Executor(1, name="gone")
    executor.shutdown()
    with pytest.raises(zuki.ExecutorShutDownError, match="'gone' has been shut down"):
        enter(executor, fib, 5)


@pytest.mark.parametrize("arguments", [(), (1, 2)])
def test_the_wrong_number_of_arguments(enter, executor, arguments):
    with pytest.raises(zuki.TaskError, match=rf"'fib' takes 1 argument \(n\), not {len(arguments)}"):
        enter(executor, fib, *arguments)


def test_arguments_of_wrong_types(enter, executor):
    with pytest.raises(
        zuki.TaskError, match=r"'fib' was declared for .*, which cannot take \(unicode_type\)"
    ):
        enter(executor, fib, "five")
    with pytest.raises(zuki.TaskError, match="argument 'factor' of task 'scaled': Numba has no type for"):
        enter(executor, scaled, np.ones(2), object())


@pytest.mark.parametrize("work", [3, None, print, lambda: 3])
def test_what_cannot_be_run(executor, work):
    for run in (executor.run, zuki.run):
        with pytest.raises(zuki.TaskError, match=r"what can be run is a graph, a zuki\.task"):
            run(work)


def test_arguments_by_name(executor):
    assert executor.run(scaled, np.ones(2), factor=3.0).tolist() == [3.0] * 2
    assert zuki.run(scaled, factor=2.0, values=np.ones(2), executor=executor).tolist() == [2.0] * 2
    assert fib.run(n=10, executor=executor) == 55
    with pytest.raises(
        zuki.TaskError, match=r"'fib' cannot be called so: .* unexpected keyword argument 'm'"
    ):
        fib.run(5, m=3)
    with pytest.raises(zuki.TaskError, match="'scaled' cannot be called so: missing a required argument: 'v"):
        zuki.run(scaled, factor=3.0)


def test_options_of_graphs_are_not_for_tasks(executor):
    graph = zuki.Graph()
    graph.add(fib, 5)
    assert zuki.run(graph, executor=executor, measure=True).work > 0
    with pytest.raises(zuki.TaskError, match=r"'fib' cannot be called so: .*'measure'"):
        executor.run(fib, 5, measure=True)
    with pytest.raises(TypeError, match=r"must be a zuki\.Executor, not a int"):
        fib.run(5, executor=3)
