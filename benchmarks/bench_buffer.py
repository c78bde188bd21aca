"""What a task costs in a buffer, pushed and popped, or stolen with half of a ring; a row of a free list."""

import numpy as np

from zuki_kernels import buffer, free_list, stealing_buffer
from zuki_kernels._jit import kernel

TASKS = 1024  # whole rings
CAPACITY = 64


def _tables():
    return np.zeros((2, buffer.BUFFER_FIELDS), np.int64), np.zeros((2, CAPACITY), np.int64)


@kernel
def _push_and_pop(buffers, rings, times):
    for task in range(times):
        buffer.push(buffers, rings, 0, task)
        buffer.pop(buffers, rings, 0)


@kernel
def _push_and_steal(buffers, rings, times):
    for task in range(times):
        buffer.push(buffers, rings, 0, task)
        buffer.steal(buffers, rings, 0)


@kernel
def _push_steal_halves_and_pop(buffers, rings, times):
    """Fill a ring, and let a thief take halves until nothing is left."""
    task = 0
    while task < times:
        for _ in range(rings.shape[1]):
            buffer.push(buffers, rings, 0, task)
            task += 1
        while stealing_buffer.steal(buffers, rings, 1, 0) >= 0:
            while buffer.pop(buffers, rings, 1) >= 0:
                pass


@kernel
def _claim_and_give_back(lists, lives, times):
    for _ in range(times):
        free_list.give_back(lists, lives, 0, free_list.claim(lists, lives, 0))


def _measure(benchmark, loop, *tables):
    loop(*tables, 1)
    benchmark.extra_info["operations"] = TASKS
    benchmark(loop, *tables, TASKS)


def test_push_and_pop(benchmark):
    _measure(benchmark, _push_and_pop, *_tables())


def test_push_and_steal(benchmark):
    _measure(benchmark, _push_and_steal, *_tables())


def test_push_steal_halves_and_pop(benchmark):
    _measure(benchmark, _push_steal_halves_and_pop, *_tables())


def test_claim_and_give_back(benchmark):
    lists, lives = np.zeros((1, free_list.FREE_LIST_FIELDS), np.int64), np.zeros((8, 1), np.int64)
    _measure(benchmark, _claim_and_give_back, lists, lives)
