"""Many tasks at once, deep ones, and what is left when they have ended."""

import gc
import resource
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from numba import typed
from numba.core.runtime import rtsys

import zuki


@zuki.task("int64(int64)")
def deep(n):
    return 0 if n == 0 else zuki.join(zuki.spawn(deep, n - 1)) + 1


@zuki.task
def one(number):
    return number & 1


@zuki.task
def first_in_first_out(count):
    handles = zuki.spawn(one, 0), zuki.spawn(one, 1)
    result = 0
    for number in range(2, count):
        result += zuki.join(handles[0])
        handles = handles[1], zuki.spawn(one, number)
    return result + zuki.join(handles[0]) + zuki.join(handles[1])


@zuki.task
def many_at_once(count):
    handles = typed.List()
    for number in range(count):
        handles.append(zuki.spawn(one, number))
    result = 0
    for handle in handles:
        result += zuki.join(handle)
    return result


@zuki.task
def count_up(counts, number):
    counts[number] += 1


@zuki.task
def many_unjoined(counts):
    for number in range(len(counts)):
        zuki.spawn(count_up, counts, number)


@zuki.task
def first_of(values):
    return values[0]


@zuki.task
def copied(values):
    return values.copy()


@zuki.task
def fails_with(values):
    if values[0] == 1.0:
        raise ValueError("as told")
    return values


@zuki.task
def passes_arrays(count):
    values = np.ones(3)
    result = 0.0
    for _ in range(count):
        first, second = zuki.spawn(first_of, values), zuki.spawn(copied, values[1:])
        result += zuki.join(first) + zuki.join(second)[0]
    return result


@zuki.task
def leaves_arrays(values):
    zuki.spawn(copied, values)
    zuki.spawn(fails_with, values)
    return values.copy()


@pytest.fixture(params=[1, 2, 4])
def executor(request):
    with zuki.Executor(request.param) as made:
        yield made


OF_THREADS = 4 * 8  # each thread of a pool holds its eight tables while it is in the pool


STATUS = Path("/proc/self/statm")


def resident():
    """Return how much memory the process has, in kilobytes."""
    return int(STATUS.read_text().split()[1]) * resource.getpagesize() >> 10


def in_use():
    gc.collect()  # of graphs that have been run
    statistics = rtsys.get_allocation_stats()
    return statistics.alloc - statistics.free


def test_too_deep_a_recursion_is_an_error(executor):
    assert zuki.run(deep, 1000, executor=executor) == 1000
    with suppress(RecursionError):
        assert zuki.run(deep, 100_000, executor=executor) == 100_000
    with pytest.raises(RecursionError, match="inside of one another"):
        zuki.run(deep, 10_000_000, executor=executor)
    assert zuki.run(deep, 1000, executor=executor) == 1000


def test_a_million_tasks_at_once(executor):
    assert zuki.run(many_at_once, 1_000_000, executor=executor) == 500_000


def test_a_million_tasks_that_nobody_joins(executor):
    counts = np.zeros(1_000_000, np.int8)
    zuki.run(many_unjoined, counts, executor=executor)
    assert (counts == 1).all()


def test_a_million_tasks_take_less_than_256_megabytes(executor):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    zuki.run(many_at_once, 1_000_000, executor=executor)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 256 << 10


def test_an_idle_pool_keeps_little_of_what_a_million_tasks_took(executor):
    if not STATUS.exists():
        pytest.skip("needs /proc")
    zuki.run(many_at_once, 1000, executor=executor)
    before = resident()
    zuki.run(many_at_once, 1_000_000, executor=executor)
    deadline = time.monotonic() + 20
    while resident() - before > 16 << 10:
        assert time.monotonic() < deadline
        time.sleep(0.001)


def test_first_in_first_out_goes_on_for_ever(executor):
    """Before memory between tasks was found again, 4.2 million filled an arena."""
    assert zuki.run(first_in_first_out, 6_000_000, executor=executor) == 3_000_000


def test_jitted_code_in_a_python_body_goes_on_for_ever_too(executor):
    def leaves_some():
        answer = first_in_first_out(500_000)
        counts = np.zeros(5000, np.int8)
        many_unjoined(counts)
        return answer, counts

    graph = zuki.Graph()
    node = graph.add(leaves_some)
    graph.run(executor)
    answer, counts = node.result()
    assert answer == 250_000
    assert (counts == 1).all()


def test_no_array_leaks(executor, counted):
    assert zuki.run(passes_arrays, 10, executor=executor) == 20.0
    before = in_use()
    assert zuki.run(passes_arrays, 200_000, executor=executor) == 400_000.0
    assert in_use() - before <= OF_THREADS


def test_no_array_leaks_from_tasks_that_nobody_joins_or_that_fail(executor, counted):
    ones, twos = np.ones(3), np.full(3, 2.0)
    zuki.run(leaves_arrays, twos, executor=executor)
    before = in_use()
    for _ in range(200):
        assert zuki.run(leaves_arrays, twos, executor=executor)[0] == 2.0
        with pytest.raises(ValueError, match="as told"):
            zuki.run(leaves_arrays, ones, executor=executor)
    assert in_use() - before <= OF_THREADS
