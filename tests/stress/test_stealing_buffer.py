"""Workers that push at different speeds, overflow, and rob one another by halves, with threads in excess."""

import numpy as np
import pytest

from tests.kernels.runs_of import Plan, Running
from tests.kernels.threads_of import run_together
from zuki.runtime.tables import make_table
from zuki_kernels import buffer, stealing_buffer
from zuki_kernels._jit import kernel
from zuki_kernels.atomics import add_acq_rel, load_acquire
from zuki_kernels.clock import give_way, spin_hint

LEFT = 0  # column of a table: what still has to happen
FIRST_QUEUE = 2  # row of worker 0's queue


@kernel
def find(buffers, rings, queues, runs, me, workers):
    """Look everywhere once; return a task, or a verdict."""
    task = buffer.pop(buffers, rings, me)
    if task < 0:
        task = stealing_buffer.consume(queues, FIRST_QUEUE + me, buffers, rings, runs, me)
    for step in range(1, workers):
        if task >= 0:
            break
        victim = (me + step) % workers
        task = stealing_buffer.consume(queues, FIRST_QUEUE + victim, buffers, rings, runs, me)
        if task < 0:
            task = stealing_buffer.steal(buffers, rings, me, victim)
    return task


@kernel
def work(buffers, rings, queues, runs, flags, me, workers, first, count, pause, taken):
    """Push ``count`` tasks with pauses, look for one after every second; then until all are run."""
    got = 0
    for task in range(first, first + count):
        for _ in range(pause):
            spin_hint()
        stealing_buffer.push(buffers, rings, queues, FIRST_QUEUE + me, runs, me, task)
        if task & 1:
            found = find(buffers, rings, queues, runs, me, workers)
            if found >= 0:
                taken[got] = found
                got += 1
    add_acq_rel(flags, 0, LEFT, -got)
    while load_acquire(flags, 0, LEFT) > 0:
        found = find(buffers, rings, queues, runs, me, workers)
        if found >= 0:
            taken[got] = found
            got += 1
            add_acq_rel(flags, 0, LEFT, -1)
        else:
            give_way()
    return got


@pytest.mark.parametrize(("workers", "capacity"), [(2, 2), (2, 256), (4, 8), (8, 16)])
def test_each_task_runs_once(workers, capacity):
    each = 60_000 // workers
    tasks = each * workers
    running = Running(Plan(tasks), max_threads=workers)
    buffers, rings = make_table(workers, buffer.BUFFER_FIELDS), make_table(workers, capacity)
    flags, taken = make_table(1, 16), np.full((workers, tasks), -1)
    flags[0, LEFT] = tasks
    tables = buffers, rings, running.queues, running.runs, flags
    counts = run_together(
        *(
            lambda me=me: work(*tables, me, workers, me * each, each, me * 20, taken[me])
            for me in range(workers)
        )
    )
    everything = np.concatenate([row[:count] for row, count in zip(taken, counts, strict=True)])
    assert len(everything) == tasks
    assert (np.sort(everything) == np.arange(tasks)).all()
    assert (buffers[:, buffer.HEAD] == buffers[:, buffer.TAIL]).all()


@kernel
def serve(buffers, rings, flags, tasks, most, taken):
    """Push tasks for others to steal, pop what does not fit, until none is left or nobody wants more."""
    got = 0
    for task in range(tasks):
        while buffer.push(buffers, rings, 0, task) == buffer.FULL:
            found = buffer.pop(buffers, rings, 0)
            if found >= 0:
                if got < len(taken):
                    taken[got] = found
                got += 1
        if most and load_acquire(flags, 0, LEFT) == 0:
            break
        if most and task & 0xFF == 0:
            give_way()
    if not most:
        add_acq_rel(flags, 0, LEFT, -1)
    return got


@kernel
def rob(buffers, rings, flags, me, most, taken):
    """Steal halves from worker 0 and use them up; until it is done, or ``most`` are taken by each."""
    got = 0
    while True:
        left = load_acquire(flags, 0, LEFT)
        task = stealing_buffer.steal(buffers, rings, me, 0)
        if left == 0 and (most or task == buffer.EMPTY):
            return got
        while task >= 0:
            if got < len(taken):
                taken[got] = task
            got += 1
            if got == most:
                add_acq_rel(flags, 0, LEFT, -1)
            task = buffer.pop(buffers, rings, me)
        if got >= most:
            give_way()


def robbers(thieves, capacity, tasks, most, left):
    """Let threads steal from one that serves; return for each which tasks it had, at most so many."""
    buffers, rings = make_table(thieves + 1, buffer.BUFFER_FIELDS), make_table(thieves + 1, capacity)
    flags, taken = make_table(1, 16), np.full((thieves + 1, min(tasks, 60_000)), -1)
    flags[0, LEFT] = left
    counts = run_together(
        lambda: serve(buffers, rings, flags, tasks, most, taken[0]),
        *(lambda me=me: rob(buffers, rings, flags, me, most, taken[me]) for me in range(1, thieves + 1)),
    )
    return [row[:count] for row, count in zip(taken, counts, strict=True)], buffers, rings


@pytest.mark.parametrize(("thieves", "capacity"), [(1, 64), (3, 8), (7, 1024)])
def test_a_stampede_takes_each_task_once_and_in_order(thieves, capacity):
    tasks = 60_000
    rows, buffers, rings = robbers(thieves, capacity, tasks, most=0, left=1)
    everything = np.concatenate(rows)
    left = []
    while True:
        task = buffer.pop(buffers, rings, 0)
        if task < 0:
            break
        left.append(task)
    assert sorted([*everything, *left]) == list(range(tasks))
    for row in rows:
        assert (np.diff(row) > 0).all()


@pytest.mark.parametrize("thieves", [2, 4, 8])
def test_no_thief_starves(thieves):
    rows, _, _ = robbers(thieves, 64, 10**9, most=100, left=thieves)
    assert min(len(row) for row in rows[1:]) >= 100
