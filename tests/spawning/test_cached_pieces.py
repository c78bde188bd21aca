"""What zuki makes of a loop's body is on disk for the next process, and never used when stale."""

import numba
import numpy as np
import pytest

import zuki
from tests.task.test_cache import Scripts
from zuki.spawning.plans import plan_of_values

SCRIPT = """
import json
import numba
import numpy as np
import zuki
import helpers
from zuki.spawning.plans import plan_of_values

@numba.njit
def body(index, values):
    values[index] += helpers.step(index)

@zuki.task
def item(index, values):
    return values[index]

@numba.njit
def negative(value):
    return -value

@numba.njit
def larger(one, other):
    return max(one, other)

calls = [
    (zuki.parallel_for, (body, 0, 5, np.zeros(5)), {}),
    (zuki.parallel_reduce, (item, larger, 0, 5, np.ones(5)), {}),
    (zuki.parallel_map, (negative, np.ones(5)), {}),
    (zuki.parallel_map, (negative, np.ones(5)), {"grain": 2}),
]
for face, arguments, options in calls:
    face(*arguments, **options)
answer = calls[0][1][3].tolist()
hits = [sum(plan_of_values(*call)[0].stats.cache_hits.values()) for call in calls]
print(json.dumps([answer, hits]))
"""
HELPERS = """
import numba
@numba.njit
def step(index):
    return 10 * index
"""


def test_the_next_process_finds_the_pieces_until_something_in_them_changes(tmp_path):
    scripts = Scripts(tmp_path)
    scripts.write("helpers.py", HELPERS)
    assert scripts.run(SCRIPT) == [[0, 10, 20, 30, 40], [0, 0, 0, 0]]
    assert scripts.run(SCRIPT) == [[0, 10, 20, 30, 40], [1, 1, 1, 1]]
    scripts.write("helpers.py", HELPERS.replace("10", "20"))
    assert scripts.run(SCRIPT) == [[0, 20, 40, 60, 80], [0, 1, 1, 1]]


def adds(steps):
    @numba.njit
    def body(index, values):
        values[index] += steps[0] * steps[1](1.5)

    return body


def values_after(*bodies):
    values = np.zeros(3)
    for body in bodies:
        zuki.parallel_for(body, 0, 3, values)
    return values.tolist()


def test_bodies_that_only_differ_in_what_they_close_over_are_told_apart():
    bodies = [adds(steps) for steps in ((1, np.float32), (1, np.float64), (100, np.int64), (100, np.int64))]
    assert values_after(*bodies) == [203.0] * 3
    assert [is_cached(body) for body in bodies] == [True] * 3 + [False]  # the last two look the same


def is_cached(body):
    task, *_ = plan_of_values(zuki.parallel_for, (body, 0, 3, np.zeros(3)), {})
    return hasattr(task._cache, "_variant")


def test_pieces_of_tasks_that_are_not_cached_are_not():
    @zuki.task(cache=False)
    def body(index, values):
        values[index] = index

    assert values_after(body) == [0, 1, 2]
    assert not is_cached(body)


@pytest.mark.parametrize("grain", [None, 2])
def test_a_body_that_does_not_compile_is_named(grain):
    @zuki.task(cache=False)
    def body(index, values):
        values.nonsense(index)

    with pytest.raises(zuki.TaskError, match="task 'body' does not compile"):
        zuki.parallel_for(body, 0, 3, np.zeros(3), grain=grain)
