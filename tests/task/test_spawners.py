"""Which bodies a graph looks at for children that they left."""

import numpy as np
import pytest
from numba import float64, int64, njit
from numba.core.types import FunctionType

import zuki


@zuki.task("int64(int64)")
def count_down(n):
    if n == 0:
        return 0
    handle = zuki.spawn(count_down, n - 1)
    return zuki.join(handle) + 1


@zuki.task("void(int64[:])")
def mark(out):
    out[0] += 1


@njit
def leave_one(out):
    zuki.spawn(mark, out)


@njit(cache=True)
def leave_one_cached(out):
    zuki.spawn(mark, out)


@zuki.task
def through_a_function(out):
    leave_one(out)


@zuki.task
def through_a_cached_function(out):
    leave_one_cached(out)


@zuki.task
def by_a_task(n):
    return count_down(n)


@zuki.task
def plain(x):
    x[0] = np.sum(x)


@zuki.task
def by_address(function, x):
    return function(x)


def may_spawn(task, *kinds):
    found = task.specialise(kinds)
    return found.node_entry != found.entry


@pytest.mark.parametrize(
    ("task", "kinds"),
    [
        (count_down, [int64]),
        (by_a_task, [int64]),
        (through_a_function, [int64[:]]),
        (through_a_cached_function, [int64[:]]),
        (by_address, [FunctionType(int64(int64)), int64]),
    ],
)
def test_whoever_may_leave_children_is_known(task, kinds):
    assert may_spawn(task, *kinds)


def test_others_are_not_asked():
    assert not may_spawn(plain, float64[:])
    assert not may_spawn(mark, int64[:])


@pytest.mark.parametrize("task", [through_a_function, through_a_cached_function])
def test_children_that_a_function_has_left_end_before_the_node(task):
    out = np.zeros(1, np.int64)
    graph = zuki.Graph()
    before = None
    for _ in range(100):
        before = graph.add(task, out, after=before)
    with zuki.Executor(max_threads=2) as executor:
        graph.run(executor)
    assert out[0] == 100
