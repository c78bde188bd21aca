"""Maps, reductions, scans and calls in parallel: their results, to the last bit where it is promised."""

import numpy as np
import pytest
from numba import njit
from numba.core.errors import TypingError

import zuki


@njit
def item(index, values):
    return values[index]


@njit
def add(left, right):
    return left + right


@njit
def join_intervals(left, right):
    """Associative, but left and right may not change places."""
    return left[0], right[1]


@njit
def is_before(left, right):
    return left[0] < right[0]


@njit
def interval(index):
    return index, index + 1


@njit
def scaled(value, factor):
    return value * factor


@njit
def is_even(value):
    return value % 2 == 0


@njit
def fails_at(value, place):
    if value == place:
        raise ValueError("no such value")
    return value


@njit
def fill(values, number):
    values[:] = number


@njit
def one():
    return 1


@njit
def fail(text):
    raise KeyError(text)


@pytest.fixture(params=[1, 2, 8], scope="module")
def executor(request):
    with zuki.Executor(request.param) as made:
        yield made


VALUES = np.random.default_rng(5).random(50_021) * 10.0 ** np.arange(50_021, dtype=float).clip(0, 8)


@njit
def by_hand(values, start, stop, size, low, high):
    """Combine as `parallel_reduce` says that it does."""
    if high - low == 1:
        total = values[start + low * size]
        for index in range(start + low * size + 1, min(stop, start + (low + 1) * size)):
            total += values[index]
        return total
    middle = (low + high) // 2
    left = by_hand(values, start, stop, size, low, middle)
    return left + by_hand(values, start, stop, size, middle, high)


def test_a_sum_is_the_same_to_the_last_bit(executor):
    size = -(-len(VALUES) // 2048)
    wanted = by_hand(VALUES, 0, len(VALUES), size, 0, -(-len(VALUES) // size))
    for _ in range(20):
        assert zuki.parallel_reduce(item, add, 0, len(VALUES), VALUES, executor=executor) == wanted
    assert wanted == pytest.approx(VALUES.sum())
    assert wanted != by_hand(VALUES, 0, len(VALUES), len(VALUES), 0, 1)  # it does depend on the order


def test_a_sum_in_jitted_code_is_the_same(executor):
    @zuki.task
    def total(values):
        return zuki.parallel_reduce(item, add, 0, len(values), values)

    assert total(VALUES) == zuki.run(total, VALUES, executor=executor)
    assert total(VALUES) == zuki.parallel_reduce(item, add, 0, len(VALUES), VALUES, executor=executor)


@pytest.mark.parametrize("length", [1, 2, 3, 100, 2048, 2049, 5000])
@pytest.mark.parametrize("grain", [None, 7, 10_000])
def test_the_order_of_the_range_is_kept(executor, length, grain):
    found = zuki.parallel_reduce(
        interval, join_intervals, -5, length - 5, grain=grain, initial=(-7, -6), executor=executor
    )
    assert found == (-7, length - 5)


def test_the_type_of_a_total(executor):
    small, halves = np.full(10, 100, np.int8), np.full(10, 0.5, np.float32)
    assert zuki.parallel_reduce(item, add, 0, 10, small, executor=executor) == 1000
    assert zuki.parallel_reduce(item, add, 0, 10, halves, initial=1, executor=executor) == 6.0
    with pytest.raises(zuki.TaskError, match="'is_before' has to make of two values of one type"):
        zuki.parallel_reduce(interval, is_before, 0, 10)


def test_a_reduction_of_nothing(executor):
    assert zuki.parallel_reduce(item, add, 5, 5, VALUES, initial=2.5, executor=executor) == 2.5
    with pytest.raises(ValueError, match="the range is empty"):
        zuki.parallel_reduce(item, add, 5, 5, VALUES, executor=executor)
    with pytest.raises(ValueError, match="grain is at least 1"):
        zuki.parallel_reduce(item, add, 5, 5, VALUES, grain=0, executor=executor)


@pytest.mark.parametrize("length", [0, 1, 2, 2047, 2048, 2049, 50_021])
def test_a_scan(executor, length):
    whole = np.arange(length, dtype=np.int32)
    found = zuki.parallel_scan(add, whole, executor=executor)
    assert found.dtype == np.int64
    assert (found == whole.cumsum()).all()


def test_a_scan_is_the_same_to_the_last_bit(executor):
    with zuki.Executor(1) as serial:
        wanted = zuki.parallel_scan(add, VALUES, grain=3000, executor=serial)
    for _ in range(10):
        assert (zuki.parallel_scan(add, VALUES, grain=3000, executor=executor) == wanted).all()
    assert np.allclose(wanted, VALUES.cumsum())


@pytest.mark.parametrize("shape", [(0,), (1000,), (30, 40)])
def test_a_map(executor, shape):
    values = np.arange(np.prod(shape)).reshape(shape)
    found = zuki.parallel_map(scaled, values, 2.5, executor=executor)
    assert found.shape == shape
    assert (found == values * 2.5).all()


def test_a_map_of_a_part_of_an_array_and_of_a_list(executor):
    values = np.arange(120).reshape(10, 12)
    for view in (values[::2, 1::3], values[::-1, 2]):
        assert (zuki.parallel_map(scaled, view, 3, executor=executor) == view * 3).all()
    found = zuki.parallel_map(is_even, [1, 2, 4], grain=3, executor=executor)
    assert found.tolist() == [False, True, True]


def test_an_exception_comes_out(executor):
    values = np.arange(5000)
    with pytest.raises(ValueError, match="no such value"):
        zuki.parallel_map(fails_at, values, 4000, executor=executor)
    with pytest.raises(ValueError, match="no such value"):
        zuki.parallel_reduce(fails_at, add, 0, 5000, 4000, executor=executor)


def test_calls(executor):
    values = np.zeros(3)
    found = zuki.parallel_invoke(
        add, (1, 2), one, fill, (values, 4.0), scaled, (np.ones(2), 2), executor=executor
    )
    assert found[:3] == (3, 1, None)
    assert found[3].tolist() == [2.0, 2.0]
    assert values.tolist() == [4.0] * 3
    assert zuki.parallel_invoke(one, executor=executor) == (1,)


def test_a_call_that_fails(executor):
    values = np.zeros(3)
    with pytest.raises(KeyError, match="second"):
        zuki.parallel_invoke(one, fail, ("second",), fail, ("third",), fill, (values, 1.0), executor=executor)
    assert values.tolist() in ([1.0] * 3, [0.0] * 3)  # after a failure what has not begun does not begin


def test_all_of_them_in_jitted_code(executor):
    @njit
    def all_of_them(values):
        return (
            zuki.parallel_map(scaled, values, 2),
            zuki.parallel_reduce(item, add, 0, len(values), values, initial=0.5),
            zuki.parallel_scan(add, values, grain=10),
            zuki.parallel_invoke(add, (1, 2.5), one),
        )

    @zuki.task
    def in_a_pool(values):
        doubled, total, sums, both = all_of_them(values)
        return doubled.sum() + total + sums[-1] + both[0] + both[1]

    values = np.arange(100.0)
    doubled, total, sums, both = all_of_them(values)
    assert (doubled == 2 * values).all()
    assert (sums == values.cumsum()).all()
    assert (total, both) == (4950.5, (3.5, 1))
    assert zuki.run(in_a_pool, values, executor=executor) == 9900 + 4950.5 + 4950 + 4.5


def test_what_cannot_be_done_is_said():
    with pytest.raises(zuki.TaskError, match="an array is made of numbers"):
        zuki.parallel_map(interval, np.arange(3))
    with pytest.raises(zuki.TaskError, match="one dimension"):
        zuki.parallel_scan(add, np.zeros((2, 2)))
    with pytest.raises(zuki.TaskError, match="nothing to call"):
        zuki.parallel_invoke()
    with pytest.raises(zuki.TaskError, match="what is called has to be a task"):
        zuki.parallel_invoke(one, (), (1, 2))
    with pytest.raises(TypingError, match="over an array, not over a float64"):
        njit(lambda: zuki.parallel_map(scaled, 2.0, 3))()
    with pytest.raises(TypingError, match="grain are integers"):
        njit(lambda values: zuki.parallel_scan(add, values, grain=1.5))(VALUES)
