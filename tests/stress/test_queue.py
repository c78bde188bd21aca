"""Producers that push lists and consumers that take some: each task once, lists in their order."""

import numpy as np
import pytest

from tests.kernels.runs_of import Plan, Running
from tests.kernels.threads_of import run_together
from zuki_kernels import queue
from zuki_kernels._jit import kernel
from zuki_kernels.atomics import add_acq_rel, load_acquire
from zuki_kernels.node import END, next_of, set_next

ROW = 1
LEFT = 5  # column: producers that are not done


@kernel
def produce(queues, runs, flags, first, count, seed):
    """Push the tasks from ``first`` in lists of 1 to 8, each in ascending order."""
    state, task, stop = seed, first, first + count
    while task < stop:
        state = (state * 1103515245 + 12345) & 0x7FFFFFFF
        last = min(task + (state >> 16 & 7), stop - 1)
        for at in range(task, last):
            set_next(runs, at, at + 1)
        queue.push(queues, ROW, runs, task, last)
        task = last + 1
    add_acq_rel(flags, 0, LEFT, -1)


@kernel
def consume(queues, runs, flags, most, taken):
    """Take up to ``most`` tasks at a time until all producers are done; return how many."""
    count = 0
    while True:
        left = load_acquire(flags, 0, LEFT)
        task = queue.acquire(queues, ROW)
        if task == queue.EMPTY and left == 0:
            return count
        if task < 0:
            continue
        taken[count] = task
        count += 1
        rest, more = next_of(runs, task), 1
        while more < most:
            if rest == END:
                rest = queue.more(queues, ROW)
                if rest == END:
                    break
            taken[count] = rest
            count += 1
            more += 1
            rest = next_of(runs, rest)
        queue.release(queues, ROW, rest)


@pytest.mark.parametrize(
    ("producers", "consumers", "most"), [(1, 1, 1), (2, 2, 3), (1, 4, 100), (4, 2, 7), (4, 4, 1)]
)
def test_each_task_is_taken_once(producers, consumers, most):
    each = 40_000 // producers
    tasks = each * producers
    running = Running(Plan(tasks))
    running.pool[0, LEFT] = producers
    taken = np.full((consumers, tasks), -1)
    calls = [
        lambda row=row: produce(running.queues, running.runs, running.pool, row * each, each, row + 7)
        for row in range(producers)
    ]
    calls += [
        lambda row=row: consume(running.queues, running.runs, running.pool, most, taken[row])
        for row in range(consumers)
    ]
    counts = run_together(*calls)[producers:]
    everything = np.concatenate([row[:count] for row, count in zip(taken, counts, strict=True)])
    assert len(everything) == tasks
    assert (np.sort(everything) == np.arange(tasks)).all()
    assert queue.acquire(running.queues, ROW) == queue.EMPTY


@kernel
def drain(queues, runs, taken):
    count, rest = 1, queue.acquire(queues, ROW)
    taken[0] = rest
    rest = next_of(runs, rest)
    while True:
        if rest == END:
            rest = queue.more(queues, ROW)
            if rest == END:
                break
        taken[count] = rest
        count += 1
        rest = next_of(runs, rest)
    queue.release(queues, ROW, END)
    return count


def test_what_producers_left_comes_last_list_first_in_the_order_of_each():
    running = Running(Plan(2000))
    running.pool[0, LEFT] = 2
    calls = [
        lambda row=row: produce(running.queues, running.runs, running.pool, row * 1000, 1000, row)
        for row in (0, 1)
    ]
    run_together(*calls)
    taken = np.empty(2000, np.int64)
    assert drain(running.queues, running.runs, taken) == 2000
    for of_one in (taken[taken < 1000], taken[taken >= 1000]):
        steps = np.diff(of_one)
        assert (steps <= 1).all()  # within a list by one up, from list to list down
        assert sorted(of_one) == list(range(of_one.min(), of_one.min() + 1000))
