import threading

import numpy as np
import pytest
from numba.core.runtime import rtsys

import zuki
from tests.kernels.threads_of import run_together
from zuki_kernels.clock import now


@zuki.task
def doubled(values, fails):
    if fails:
        raise ValueError("no")
    return values * 2


@zuki.task("int64(int64)")
def meets_others(nanoseconds):
    until = now() + nanoseconds
    while now() < until:
        pass
    return nanoseconds


@zuki.task
def nothing():
    pass


@zuki.task("optional(float64)(float64)")
def root(number):
    return None if number < 0 else number**0.5


@pytest.fixture(scope="module")
def executor():
    with zuki.Executor(2) as made:
        yield made


def run_doubled(executor, number, fails=False):
    return zuki.run(doubled, np.full(100, float(number)), fails, executor=executor)


def test_each_run_has_arguments_and_a_result_of_its_own(executor):
    results = [run_doubled(executor, number) for number in range(5)]
    assert [result.tolist() for result in results] == [[2.0 * number] * 100 for number in range(5)]


def test_results_that_may_be_none_do_not_remain_from_the_run_before(executor):
    assert [zuki.run(root, number, executor=executor) for number in (4.0, -1.0, 9.0)] == [2.0, None, 3.0]


def test_a_task_without_arguments_and_result(executor):
    assert [zuki.run(nothing, executor=executor) for _ in range(3)] == [None] * 3


def test_nothing_is_held_after_a_run(executor, counted):
    def arrays():
        held = rtsys.get_allocation_stats()
        return held.alloc - held.free

    run_doubled(executor, 1)
    before = arrays()
    for number in range(50):
        run_doubled(executor, number)
    assert abs(arrays() - before) < 25  # threads that come or go inside of kernels hold some, too


def test_a_failure_is_told_with_its_task_and_leaves_nothing_to_the_next_run(executor):
    run_doubled(executor, 1)
    for _ in range(3):
        with pytest.raises(ValueError, match="no") as caught:
            run_doubled(executor, 1, fails=True)
        called = "values: float64[100], fails: bool"
        assert caught.value.__notes__ == [
            f"in node 'doubled-0' of graph 'run of doubled', called with {called}"
        ]
        assert run_doubled(executor, 2)[0] == 4.0


def test_arguments_of_the_wrong_number_or_kind_leave_nothing_to_the_next_run(executor):
    run_doubled(executor, 1)
    with pytest.raises(zuki.TaskError, match="takes 2 arguments"):
        zuki.run(doubled, 1, executor=executor)
    with pytest.raises(OverflowError):
        zuki.run(meets_others, 1 << 63, executor=executor)
    with pytest.raises(zuki.TaskError, match="no type for a"):
        zuki.run(doubled, threading.Lock(), False, executor=executor)
    assert run_doubled(executor, 2)[0] == 4.0
    assert zuki.run(meets_others, 1, executor=executor) == 1


def test_threads_run_one_task_at_once(executor):
    times = range(1_000_000, 1_000_012)
    calls = [lambda time=time: zuki.run(meets_others, time, executor=executor) for time in times]
    assert run_together(*calls) == [*times]


def test_an_executor_that_was_shut_down_runs_nothing():
    with zuki.Executor(1) as ended:
        assert run_doubled(ended, 1)[0] == 2.0
    with pytest.raises(zuki.ExecutorShutDownError):
        run_doubled(ended, 1)
    with pytest.raises(TypeError, match="executor must be"):
        run_doubled(1, 1)
