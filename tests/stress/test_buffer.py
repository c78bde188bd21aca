"""An owner that pushes and pops, and thieves that take one at a time: each task once, and in order."""

import numpy as np
import pytest

from tests.kernels.threads_of import run_together
from zuki.runtime.tables import make_table
from zuki_kernels import buffer
from zuki_kernels._jit import kernel
from zuki_kernels.atomics import load_acquire, store_release

DONE = 0  # column of a table: the owner has nothing more to push


@kernel
def own(buffers, rings, flags, seed, tasks, taken):
    """Push all tasks, popping some between; return how many were popped."""
    state, pushed, count = seed, 0, 0
    while pushed < tasks:
        state = (state * 1103515245 + 12345) & 0x7FFFFFFF
        if state & 0x30000 and buffer.push(buffers, rings, 0, pushed) != buffer.FULL:
            pushed += 1
        else:
            task = buffer.pop(buffers, rings, 0)
            if task >= 0:
                taken[count] = task
                count += 1
    while True:
        task = buffer.pop(buffers, rings, 0)
        if task < 0:
            break
        taken[count] = task
        count += 1
    store_release(flags, 0, DONE, 1)
    return count


@kernel
def rob(buffers, rings, flags, taken):
    """Steal until the owner is done and nothing is left; return how many were stolen."""
    count = 0
    while True:
        done = load_acquire(flags, 0, DONE)
        task = buffer.steal(buffers, rings, 0)
        if task >= 0:
            taken[count] = task
            count += 1
        elif task == buffer.EMPTY and done:
            return count


@pytest.mark.parametrize(("seed", "thieves", "capacity"), [(1, 1, 1), (2, 2, 8), (3, 3, 64), (4, 7, 1024)])
def test_each_task_is_taken_once_and_everybody_sees_them_in_order(seed, thieves, capacity):
    tasks = 100_000
    buffers, rings, flags = make_table(1, buffer.BUFFER_FIELDS), make_table(1, capacity), make_table(1, 16)
    taken = np.full((thieves + 1, tasks), -1)
    calls = [lambda: own(buffers, rings, flags, seed, tasks, taken[0])]
    calls += [lambda row=row: rob(buffers, rings, flags, taken[row]) for row in range(1, thieves + 1)]
    counts = run_together(*calls)
    assert sum(counts) == tasks
    everything = np.concatenate([row[:count] for row, count in zip(taken, counts, strict=True)])
    assert (np.sort(everything) == np.arange(tasks)).all()
    for row, count in zip(taken, counts, strict=True):
        assert (np.diff(row[:count]) > 0).all()
