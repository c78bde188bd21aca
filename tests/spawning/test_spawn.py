"""Tasks that jitted code spawns and joins, on real workers."""

import numpy as np
import pytest
from numba import njit

import zuki
from tests.spawning.interrupted import fib


@zuki.task
def fill(values, number):
    values[:] = number


@zuki.task
def fill_unjoined(values):
    zuki.spawn(fill, values[:5], 1.0)
    zuki.spawn(fill, values[5:], 2.0)


@zuki.task
def fails(number):
    if number > 0:
        raise ValueError("no root", 7)
    return number


@zuki.task
def joins_a_failure(number):
    return zuki.join(zuki.spawn(fails, number))


@zuki.task
def joins_first_in_first_out(number):
    first, second, third = zuki.spawn(fib, number), zuki.spawn(fib, number + 1), zuki.spawn(fib, number + 2)
    return zuki.join(first) + 100 * zuki.join(second) + 10000 * zuki.join(third)


@zuki.task
def joins_twice(number):
    handle = zuki.spawn(fib, number)
    return zuki.join(handle) + zuki.join(handle)


@pytest.fixture(params=[1, 2, 4])
def executor(request):
    with zuki.Executor(request.param) as made:
        yield made


def test_a_tree(executor):
    assert zuki.run(fib, 20, executor=executor) == 6765


def test_outside_of_a_pool_it_runs_in_place():
    assert fib(15) == 610
    assert njit(lambda n: zuki.join(zuki.spawn(fib, n)))(15) == 610


def test_joins_in_the_order_of_spawns(executor):
    assert zuki.run(joins_first_in_first_out, 6, executor=executor) == 8 + 1300 + 210000


def test_what_nobody_joins_has_ended_with_its_spawner(executor):
    values = np.zeros(10)
    zuki.run(fill_unjoined, values, executor=executor)
    assert values.tolist() == [1.0] * 5 + [2.0] * 5


def test_an_exception_comes_out_at_the_join(executor):
    with pytest.raises(ValueError, match="no root") as caught:
        zuki.run(joins_a_failure, 1, executor=executor)
    assert caught.value.args == ("no root", 7)
    assert zuki.run(joins_a_failure, 0, executor=executor) == 0


def test_a_second_join_is_an_error(executor):
    with pytest.raises(zuki.TaskError, match="joined before"):
        zuki.run(joins_twice, 3, executor=executor)


def test_from_python_a_spawn_gives_a_future(executor):
    future = zuki.spawn(fib, 10, executor=executor)
    assert zuki.join(future) == future.result(20) == 55
    with pytest.raises(zuki.TaskError, match=r"what zuki\.spawn returns"):
        zuki.join(3)
    with pytest.raises(TypeError, match=r"must be a zuki\.Executor"):
        zuki.spawn(fib, 10, executor=3)


@zuki.task("int64(int64)")
def count_even(n):
    return 0 if n <= 0 else zuki.join(zuki.spawn(count_odd, n - 1)) + 1


@zuki.task("int64(int64)")
def count_odd(n):
    return 0 if n <= 0 else zuki.join(zuki.spawn(count_even, n - 1)) + 100


def test_tasks_that_spawn_one_another(executor):
    assert zuki.run(count_even, 9, executor=executor) == 5 + 400
    assert zuki.run(count_odd, 4, executor=executor) == 200 + 2
    assert count_even(9) == 405


def _adds(number):
    @zuki.task(cache=False)
    def adds(value):
        return value + number

    @zuki.task(cache=False)
    def spawns(value):
        return zuki.join(zuki.spawn(adds, value))

    return spawns


def test_tasks_of_one_name_are_told_apart(executor):
    assert zuki.run(_adds(1), 1, executor=executor) == 2
    assert zuki.run(_adds(100), 1, executor=executor) == 101
