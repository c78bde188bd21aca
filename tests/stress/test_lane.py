"""Workers that offer tasks to the lane: one inside at a time, each task once, none left behind."""

import numpy as np
import pytest

from tests.kernels.runs_of import Plan, Running
from tests.kernels.threads_of import run_together
from zuki_kernels import lane, queue
from zuki_kernels._jit import kernel
from zuki_kernels.atomics import load_relaxed, store_relaxed
from zuki_kernels.runs import NONE
from zuki_kernels.search import LANE

INSIDE = 6  # column of the pool's row: written by whoever is inside, without an atomic addition


@kernel
def offer_and_run(pool, workers, queues, runs, me, first, count, taken):
    """Offer tasks one by one, and run what the lane gives, as a worker's turn does; return how many ran."""
    ran = 0
    for offered in range(first, first + count):
        lane.offer(queues, runs, offered)
        task = lane.enter(pool, workers, queues, runs, me, NONE)
        while task >= 0:
            store_relaxed(pool, 0, INSIDE, load_relaxed(pool, 0, INSIDE) + 1)
            taken[ran] = task
            ran += 1
            lane.leave(pool, workers, me)
            task = lane.enter(pool, workers, queues, runs, me, NONE)
    return ran


@pytest.mark.parametrize("threads", [2, 3, 8])
def test_each_task_runs_once_and_alone(threads):
    each = 24_000 // threads
    running = Running(Plan(threads * each), max_threads=threads)
    taken = np.full((threads, threads * each), -1)
    tables = running.pool, running.workers, running.queues, running.runs
    counts = run_together(
        *(lambda me=me: offer_and_run(*tables, me, me * each, each, taken[me]) for me in range(threads))
    )
    everything = np.concatenate([row[:count] for row, count in zip(taken, counts, strict=True)])
    assert (np.sort(everything) == np.arange(threads * each)).all()
    assert running.pool[0, INSIDE] == threads * each
    assert running.pool[0, lane.HOLDER] == 0
    assert queue.acquire(running.queues, LANE) == queue.EMPTY
