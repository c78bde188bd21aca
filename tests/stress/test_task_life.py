"""Tasks that are woken, cancelled, awaited and recycled by many threads: each run and each end once."""

import numpy as np
import pytest

from tests.kernels.threads_of import run_together
from zuki.runtime.tables import make_table
from zuki_kernels import awaiting, task_life, task_state
from zuki_kernels._jit import kernel
from zuki_kernels.atomics import (
    add_acq_rel,
    add_relaxed,
    cas_relaxed,
    load_acquire,
    load_relaxed,
    store_relaxed,
    store_release,
)
from zuki_kernels.clock import give_way
from zuki_kernels.task_life import AGAIN, CANCEL, FREE, OVER, PUSH, RUN, TASK_FIELDS, TELL

READY, NEWS, TOLD, FREED, WAKER = 0, 16, 17, 18, 19  # columns of the flags
STEPS, RUNNING, SEEN, RESULT = 0, 1, 2, 3  # columns of the objects, which are plain
LEFT, TWICE = 0, 1  # columns of the counts


@kernel
def push(flags, counts, row):
    if add_relaxed(flags, row, READY, 1) != 0:  # relaxed: the task's word alone orders what a run sees
        add_relaxed(counts, 0, TWICE, 1)


@kernel
def recycle(tasks, flags, row):
    task_life.recycle(tasks, row)
    store_release(flags, row, FREED, load_relaxed(flags, row, FREED) + 1)


@kernel
def run(tasks, flags, objects, counts, needed):
    """Run what is ready until all that push are done; a task ends when it has seen ``needed`` news."""
    row = 0
    while load_acquire(counts, 0, LEFT) > 0:
        row = row + 1 if row + 1 < tasks.shape[0] else 0
        if not cas_relaxed(flags, row, READY, 1, 0):
            give_way()
            continue
        began = task_life.start(tasks, row)
        if objects[row, RUNNING] != 0:
            add_relaxed(counts, 0, TWICE, 1)
        objects[row, RUNNING] = 1
        objects[row, STEPS] += 1
        objects[row, SEEN] = load_relaxed(flags, row, NEWS)
        objects[row, RUNNING] = 0
        if began == RUN and objects[row, SEEN] < needed:
            if task_life.pause(tasks, row) == AGAIN:
                push(flags, counts, row)
            continue
        objects[row, RESULT] = 1 if began == RUN else 2
        answer = task_life.finish(tasks, row, began == CANCEL)
        if answer == TELL:
            waker = awaiting.awaiter_of(tasks, row)
            answer = awaiting.told(tasks, row)
            add_acq_rel(flags, waker, TOLD, 1)
        if answer == FREE:
            recycle(tasks, flags, row)


@kernel
def bring_news(tasks, flags, counts, waker, times):
    """Write news for a task and wake it, many times; return how often that pushed it."""
    pushed, row = 0, task_state.row_of(waker)
    for _ in range(times):
        add_relaxed(flags, row, NEWS, 1)
        if task_life.wake(tasks, waker) == PUSH:
            push(flags, counts, row)
            pushed += 1
    add_acq_rel(counts, 0, LEFT, -1)
    return pushed


@kernel
def wait_until_it_is_over(tasks, counts, row):
    while not task_state.has(awaiting.read(tasks, row), task_state.COMPLETED):
        give_way()
    add_acq_rel(counts, 0, LEFT, -1)


@pytest.mark.parametrize(("wakers", "runners"), [(1, 2), (2, 2), (4, 3)])
def test_no_wake_is_lost_and_no_task_is_run_by_two(wakers, runners):
    each = 60_000 // wakers
    tasks, flags = make_table(1, TASK_FIELDS), make_table(1, 32)
    objects, counts = np.zeros((1, 4), np.int64), make_table(1, 16)
    counts[0, LEFT] = wakers + 1
    waker = task_life.spawn(tasks, 0, True)
    push(flags, counts, 0)
    calls = [lambda: wait_until_it_is_over(tasks, counts, 0)]
    calls += [lambda: bring_news(tasks, flags, counts, waker, each)] * wakers
    calls += [lambda: run(tasks, flags, objects, counts, each * wakers)] * runners
    run_together(*calls)
    assert counts[0, TWICE] == 0
    assert objects[0, SEEN] == each * wakers
    assert flags[0, READY] == 0
    assert awaiting.detach(tasks, 0) == FREE


@kernel
def live(tasks, flags, objects, counts, row, times, seed):
    """Spawn, cancel, await, withdraw, detach; return how many lives went as they should."""
    state, right = seed, 0
    for life in range(times):
        state = (state * 1103515245 + 12345) & 0x7FFFFFFF
        objects[row, STEPS] = objects[row, RESULT] = 0
        store_relaxed(flags, row, NEWS, 0)
        waker = task_life.spawn(tasks, row, True)
        store_release(flags, row, WAKER, waker)
        push(flags, counts, row)
        if state & 0x30000 == 0 and task_life.cancel(tasks, waker) == PUSH:
            push(flags, counts, row)
        told = load_acquire(flags, row, TOLD)
        over = awaiting.wait_for(tasks, row, row) == OVER
        if not over and state & 0xC0000 == 0:
            over = awaiting.withdraw(tasks, row) == OVER
            if over:  # told all the same
                while load_acquire(flags, row, TOLD) == told:
                    give_way()
        elif not over:
            while load_acquire(flags, row, TOLD) == told:
                give_way()
            over = True
        if over:
            word, result = awaiting.read(tasks, row), objects[row, RESULT]
            ended = 2 if task_state.has(word, task_state.CANCELLED) else 1
            right += result == ended and objects[row, STEPS] >= 1
        else:
            right += 1
        if awaiting.detach(tasks, row) == FREE:
            recycle(tasks, flags, row)
        while load_acquire(flags, row, FREED) <= life:
            give_way()
    add_acq_rel(counts, 0, LEFT, -1)
    return right


@kernel
def pester(tasks, flags, counts, seed):
    """Use old and new wakers of all tasks, at any time."""
    state = seed
    while load_acquire(counts, 0, LEFT) > 0:
        state = (state * 1103515245 + 12345) & 0x7FFFFFFF
        row = (state >> 16) % tasks.shape[0]
        waker = load_acquire(flags, row, WAKER)
        if waker < 0 or state & 0x8000:
            give_way()  # let it grow old
        if waker < 0:
            continue  # there was no life yet
        add_relaxed(flags, row, NEWS, 1)
        if task_life.wake(tasks, waker) == PUSH:
            push(flags, counts, row)


@pytest.mark.parametrize(("holders", "runners"), [(1, 1), (2, 2), (5, 2)])
def test_each_life_ends_once_and_old_wakers_do_not_disturb_the_next(holders, runners):
    times = 10_000 // holders
    tasks, flags = make_table(holders, TASK_FIELDS), make_table(holders, 32)
    objects, counts = np.zeros((holders, 4), np.int64), make_table(1, 16)
    counts[0, LEFT], flags[:, WAKER] = holders, -1
    calls = [
        lambda row=row: live(tasks, flags, objects, counts, row, times, row + 1) for row in range(holders)
    ]
    calls += [lambda: run(tasks, flags, objects, counts, 2)] * runners
    calls += [lambda: pester(tasks, flags, counts, 7)]
    right = run_together(*calls)[:holders]
    assert right == [times] * holders
    assert counts[0, TWICE] == 0
    assert (flags[:, FREED] == times).all()
