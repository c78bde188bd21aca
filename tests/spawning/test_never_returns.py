"""Bodies that never return: what is declared is how their frames are laid out."""

import pytest

import zuki


@zuki.task("float64(int64, float64)")
def falls(depth, value):
    if depth > 0:
        left = zuki.spawn(falls, depth - 1, value / 2)
        zuki.join(zuki.spawn(falls, depth - 1, value * 2))
        zuki.join(left)
    raise ValueError("at the bottom", depth, value)


@zuki.task("float64(int64, float64)")
def spawns_what_falls(depth, value):
    return zuki.join(zuki.spawn(falls, depth, value)) + 1.0


@zuki.task("float64(int64)")
def tick(depth):
    zuki.spawn(tock, depth - 1)
    if depth <= 0:
        raise ValueError("it stops", depth)
    return 1.0


@zuki.task("float64(int64)")
def tock(depth):
    zuki.join(zuki.spawn(tick, depth - 1))
    raise ValueError("it never goes on", depth)


@pytest.fixture(params=[1, 2])
def executor(request):
    with zuki.Executor(request.param) as made:
        yield made


def test_its_result_is_the_declared_one():
    assert str(falls.nopython_signatures[0].return_type) == "float64"


@pytest.mark.parametrize("task", [falls, spawns_what_falls])
def test_what_it_raises_has_the_right_arguments(executor, task):
    for _ in range(20):
        with pytest.raises(ValueError, match="at the bottom") as caught:
            executor.run(task, 4, 3.0)
        _, depth, value = caught.value.args
        assert depth == 0
        assert value in {3.0 * 2.0**power for power in range(-4, 5)}


def test_outside_of_a_pool_and_in_place():
    with pytest.raises(ValueError, match="at the bottom") as caught:
        falls(3, 1.0)
    assert caught.value.args[1] == 0
    with pytest.raises(ValueError, match="at the bottom"):
        spawns_what_falls(0, 1.0)


def test_two_that_spawn_one_another(executor):
    with pytest.raises(ValueError, match=r"it stops|it never goes on"):
        executor.run(tick, 5)
