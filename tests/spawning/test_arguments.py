"""What spawned tasks take and return, and what is said where something does not fit."""

import numpy as np
import pytest
from numba import njit, typed, types

import zuki

POINT = np.dtype([("x", np.float64), ("n", np.int32)])


@zuki.task
def total(values):
    return values.sum()


@zuki.task
def total_of_views(matrix):
    first, second = zuki.spawn(total, matrix[::2, 1:]), zuki.spawn(total, matrix.T)
    return zuki.join(first) + 1000 * zuki.join(second)


@zuki.task
def stretched(pair, factor):
    return pair[0] * factor, pair[1].copy() * factor


@zuki.task
def tuples_and_arrays(values):
    number, longer = zuki.join(zuki.spawn(stretched, (3, values), 2.0))
    return number + longer.sum()


@zuki.task
def read_point(points, index):
    return points[index].x + points[index].n


@zuki.task
def read_record(point):
    return point.x * point.n


@zuki.task
def records(points):
    return zuki.join(zuki.spawn(read_point, points, 1)) + zuki.join(zuki.spawn(read_record, points[0]))


@zuki.task
def new_array(length, number):
    return np.full(length, number)


@zuki.task
def two_new_arrays():
    first, second = zuki.spawn(new_array, 3, 1.5), zuki.spawn(new_array, 2, 2.5)
    return zuki.join(second), zuki.join(first)


@zuki.task
def half(number):
    if number % 2:
        return None
    return number // 2


@zuki.task
def halves(number):
    first, second = zuki.join(zuki.spawn(half, number)), zuki.join(zuki.spawn(half, number + 1))
    return (100 if first is None else first) + 1000 * (100 if second is None else second)


@zuki.task
def nothing_at_all():
    pass


@zuki.task
def joins_nothing():
    return zuki.join(zuki.spawn(nothing_at_all)) is None


@zuki.task
def complains(number, name):
    if number > 2:
        raise ValueError("too much", number * 10, name)
    return number


@zuki.task
def hears_complaints(number):
    handle = zuki.spawn(complains, number, "abc")
    return zuki.join(handle)


@zuki.task
def sum_of_many(count):
    handles = typed.List()
    for number in range(count):
        handles.append(zuki.spawn(complains, number % 2, "x"))
    result = 0
    for handle in handles:
        result += zuki.join(handle)
    return result


@zuki.task
def handles_in_a_tuple(values):
    handles = (zuki.spawn(total, values), zuki.spawn(total, values[:2]))
    return zuki.join(handles[1]) + 100 * zuki.join(handles[0])


@njit
def spawns_from_plain_code(number):
    return zuki.join(zuki.spawn(half, number))


@zuki.task
def calls_plain_code(number):
    return spawns_from_plain_code(number)


@pytest.fixture(params=[1, 3], scope="module")
def executor(request):
    with zuki.Executor(request.param) as made:
        yield made


def test_views(executor):
    matrix = np.arange(24.0).reshape(6, 4)
    expected = matrix[::2, 1:].sum() + 1000 * matrix.sum()
    assert zuki.run(total_of_views, matrix, executor=executor) == expected
    assert total_of_views(matrix) == expected


def test_tuples(executor):
    assert zuki.run(tuples_and_arrays, np.ones(4), executor=executor) == 6 + 8
    assert zuki.run(handles_in_a_tuple, np.ones(4), executor=executor) == 402


def test_records(executor):
    points = np.zeros(2, POINT)
    points["x"], points["n"] = (1.5, 2.5), (4, 5)
    assert zuki.run(records, points, executor=executor) == 7.5 + 6.0


def test_new_arrays(executor):
    second, first = zuki.run(two_new_arrays, executor=executor)
    assert first.tolist() == [1.5] * 3
    assert second.tolist() == [2.5] * 2
    assert first.base is None or first.flags.owndata or first.base is not second.base


def test_none_and_perhaps_none(executor):
    assert zuki.run(halves, 4, executor=executor) == 2 + 100_000
    assert zuki.run(halves, 5, executor=executor) == 100 + 3000
    assert zuki.run(joins_nothing, executor=executor) is True


def test_what_an_exception_says_is_computed(executor):
    assert zuki.run(hears_complaints, 2, executor=executor) == 2
    for number in (3, 4):
        with pytest.raises(ValueError, match="too much") as caught:
            zuki.run(hears_complaints, number, executor=executor)
        assert caught.value.args == ("too much", 10 * number, "abc")


def test_handles_in_a_list(executor):
    assert zuki.run(sum_of_many, 1000, executor=executor) == 500


def test_from_a_plain_jitted_function(executor):
    assert zuki.run(calls_plain_code, 8, executor=executor) == 4
    assert spawns_from_plain_code(8) == 4
    assert spawns_from_plain_code(7) is None


def test_the_wrong_number_of_arguments():
    @zuki.task(cache=False)
    def spawns_wrongly():
        return zuki.join(zuki.spawn(half))

    with pytest.raises(zuki.TaskError, match=r"'half' takes 1 arguments? \(number\), not 0"):
        zuki.run(spawns_wrongly)


def test_what_the_body_cannot_take():
    @zuki.task(cache=False)
    def spawns_wrongly():
        return zuki.join(zuki.spawn(total, "text"))

    with pytest.raises(zuki.TaskError, match="'total' does not compile for"):
        zuki.run(spawns_wrongly)


def test_what_is_no_task():
    @zuki.task(cache=False)
    def spawns_wrongly():
        return zuki.join(zuki.spawn(3, 4))

    with pytest.raises(zuki.TaskError, match=r"zuki\.spawn takes a task"):
        zuki.run(spawns_wrongly)


def test_what_is_no_handle():
    @zuki.task(cache=False)
    def joins_wrongly():
        return zuki.join(3)

    with pytest.raises(zuki.TaskError, match=r"zuki\.join takes one handle"):
        zuki.run(joins_wrongly)


def test_a_handle_is_not_passed_on():
    @zuki.task(cache=False)
    def joins(handles):
        return zuki.join(handles[0])

    @zuki.task(cache=False)
    def passes_on():
        return zuki.join(zuki.spawn(joins, (zuki.spawn(half, 4), 3)))

    with pytest.raises(zuki.TaskError, match="argument 'handles' of task 'joins' holds a handle"):
        zuki.run(passes_on)


def test_recursion_needs_a_signature():
    @zuki.task(cache=False)
    def count(n):
        return 0 if n == 0 else zuki.join(zuki.spawn(count, n - 1))

    with pytest.raises(zuki.TaskError, match="signature has to be declared"):
        zuki.run(count, 3)


def test_an_integer_is_converted_to_what_was_declared(executor):
    @zuki.task("float64(float64)", cache=False)
    def doubled(value):
        return 2 * value

    @zuki.task(cache=False)
    def doubles(n):
        return zuki.join(zuki.spawn(doubled, n))

    assert doubled.nopython_signatures[0].return_type == types.float64
    assert zuki.run(doubles, 3, executor=executor) == 6.0
