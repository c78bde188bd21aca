"""Loops that are split while others are hungry: every round once, in all ways of calling them."""

import numpy as np
import pytest
from numba import njit
from numba.core.errors import TypingError

import zuki


@njit
def count(index, counts):
    counts[index] += 1


@njit
def count_slowly(index, counts, steps):
    total = 0.0
    for step in range(steps[index]):
        total += np.sqrt(step)
    counts[index] += 1 if total >= 0 else 2


@njit
def count_cell(row, column, counts):
    counts[row, column] += 1


@njit
def count_part(start, stop, counts):
    for index in range(start, stop):
        counts[index] += 1


@njit
def fails_at(index, place, counts):
    counts[index] += 1
    if index == place:
        raise ValueError("no such place", 7)


@njit
def returns(index):
    return index


@njit
def nothing(index):
    pass


@njit
def many(index, values, a, b, pair, flag):
    values[index] = a * b + pair[0] * pair[1][0] if flag else -1.0


@njit
def count_row(row, counts):
    zuki.parallel_for(count, 0, counts.shape[1], counts[row])


@zuki.task
def count_all(counts):
    zuki.parallel_for(count, 0, len(counts), counts)


@pytest.fixture(params=[1, 2, 8], scope="module")
def executor(request):
    with zuki.Executor(request.param) as made:
        yield made


@pytest.mark.parametrize("length", [0, 1, 2, 3, 1000, 100_003])
def test_every_index_once(executor, length):
    counts = np.zeros(length, np.int64)
    zuki.parallel_for(count, 0, length, counts, executor=executor)
    assert (counts == 1).all()


@pytest.mark.parametrize("grain", [1, 7, 5000, 1 << 60])
def test_every_index_once_with_a_grain(executor, grain):
    counts = np.zeros(5000, np.int64)
    zuki.parallel_for(count, 10, 4000, counts, grain=grain, executor=executor)
    assert counts.sum() == counts[10:4000].sum() == 3990
    assert counts.max() == 1


@pytest.mark.parametrize("slow", [slice(0, 20), slice(480, 500), slice(None), slice(100, 400, 50)])
def test_every_index_once_where_some_rounds_are_slow(executor, slow):
    counts, steps = np.zeros(500, np.int64), np.ones(500, np.int64)
    steps[slow] = 10_000
    for _ in range(3):
        zuki.parallel_for(count_slowly, 0, 500, counts, steps, executor=executor)
    assert (counts == 3).all()


def test_negative_indices_count_from_the_end(executor):
    counts = np.zeros(100, np.int64)
    zuki.parallel_for(count, -60, 40, counts, executor=executor)
    assert (counts == 1).all()


def test_an_empty_range_is_no_call(executor):
    counts = np.zeros(3, np.int64)
    zuki.parallel_for(count, 3, -3, counts, executor=executor)
    zuki.parallel_for(count_cell, (0, 2), (5, 2), np.zeros((5, 5), np.int64), executor=executor)
    zuki.parallel_for_range(count_part, 3, 3, counts, executor=executor)
    assert not counts.any()


@pytest.mark.parametrize("shape", [(1, 1), (1, 5000), (5000, 1), (70, 80)])
def test_every_cell_once(executor, shape):
    counts = np.zeros(shape, np.int64)
    zuki.parallel_for(count_cell, (0, 0), shape, counts, executor=executor)
    assert (counts == 1).all()


def test_a_part_of_the_cells(executor):
    counts = np.zeros((30, 40), np.int64)
    zuki.parallel_for(count_cell, (-3, 4), (20, 31), counts, grain=5, executor=executor)
    assert counts.sum() == 23 * 27
    assert (counts[:20, 4:31] == 1).all()
    assert (counts[-3:, 4:31] == 1).all()


@pytest.mark.parametrize("grain", [None, 1, 64])
def test_parts_make_up_the_range(executor, grain):
    counts = np.zeros(10_000, np.int64)
    zuki.parallel_for_range(count_part, 5, 9_990, counts, grain=grain, executor=executor)
    assert (counts[5:9_990] == 1).all()
    assert counts.sum() == 9_985


def test_loops_nest(executor):
    counts = np.zeros((50, 60), np.int64)
    zuki.parallel_for(count_row, 0, 50, counts, executor=executor)
    assert (counts == 1).all()


def test_in_the_body_of_a_node(executor):
    graph, counts = zuki.Graph(), np.zeros(1000, np.int64)
    for _ in range(5):
        graph.add(count_all, counts)
    graph.run(executor)
    assert (counts == 5).all()


def test_in_jitted_code_outside_of_a_pool():
    @njit
    def all_of_them(counts, cells):
        zuki.parallel_for(count, 0, len(counts), counts, grain=3)
        zuki.parallel_for(nothing, start=0, stop=len(counts), grain=None)
        zuki.parallel_for(count_cell, (0, 0), cells.shape, cells)
        zuki.parallel_for_range(count_part, 0, len(counts), counts, grain=None)

    counts, cells = np.zeros(100, np.int64), np.zeros((4, 5), np.int64)
    all_of_them(counts, cells)
    assert (counts == 2).all()
    assert (cells == 1).all()


def test_without_arguments_and_with_many(executor):
    zuki.parallel_for(nothing, 0, 100, executor=executor)
    values = np.zeros(100)
    zuki.parallel_for(many, 0, 100, values, 2, 3.5, (4.0, np.ones(1)), True, executor=executor)
    assert (values == 11.0).all()


def test_an_exception_of_the_body_comes_out(executor):
    counts = np.zeros(2000, np.int64)
    with pytest.raises(ValueError, match="no such place") as caught:
        zuki.parallel_for(fails_at, 0, 2000, 1234, counts, executor=executor)
    assert caught.value.args == ("no such place", 7)
    assert counts[1234] == 1
    assert counts.max() == 1
    counts[:] = 0
    zuki.parallel_for(fails_at, 0, 2000, -1, counts, executor=executor)
    assert (counts == 1).all()


def test_a_grain_below_one_is_an_error(executor):
    counts = np.zeros(10, np.int64)
    with pytest.raises(ValueError, match=r"zuki\.parallel_for: a grain is at least 1"):
        zuki.parallel_for(count, 0, 10, counts, grain=0, executor=executor)
    with pytest.raises(ValueError, match=r"zuki\.parallel_for_range: a grain is at least 1"):
        njit(lambda counts: zuki.parallel_for_range(count_part, 0, 10, counts, grain=-1))(counts)
    assert not counts.any()


def test_what_cannot_be_a_loop_is_said():
    counts = np.zeros(10, np.int64)
    with pytest.raises(zuki.TaskError, match="'returns' returns a value"):
        zuki.parallel_for(returns, 0, 10)
    with pytest.raises(zuki.TaskError, match=r"zuki\.parallel_for: body has to be a task"):
        zuki.parallel_for(len, 0, 10)
    with pytest.raises(zuki.TaskError, match="integers, not float64"):
        zuki.parallel_for(count, 0.5, 10, counts)
    with pytest.raises(zuki.TaskError, match="both tuples"):
        zuki.parallel_for(count_cell, (0, 0), 10, counts)
    with pytest.raises(zuki.TaskError, match="one dimension"):
        zuki.parallel_for_range(count_part, (0, 0), (10, 10), counts)
    with pytest.raises(zuki.TaskError, match="'count' does not compile"):
        zuki.parallel_for(count, 0, 10, 1.5)
    with pytest.raises(zuki.TaskError, match="'count' takes 2 arguments"):
        zuki.parallel_for(count, 0, 10, counts, counts)


def test_what_cannot_be_a_loop_is_said_in_jitted_code():
    with pytest.raises(TypingError, match="'returns' returns a value"):
        njit(lambda: zuki.parallel_for(returns, 0, 10))()
    with pytest.raises(TypingError, match="no choice of an executor"):
        njit(lambda: zuki.parallel_for(returns, 0, 10, executor=1))()
    with pytest.raises(TypingError, match="'count' takes 2 arguments"):
        njit(lambda: zuki.parallel_for(count, 0, 10))()
    with pytest.raises(TypingError, match="missing a required argument"):
        njit(lambda: zuki.parallel_for(count))()
