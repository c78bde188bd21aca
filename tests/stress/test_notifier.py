"""Workers that sleep and those that wake them: nobody sleeps while there is work, all end at the end."""

import time

import pytest

from tests.kernels.runs_of import Plan, Running
from tests.kernels.threads_of import run_together
from zuki_kernels import notifier, sync_state
from zuki_kernels._jit import kernel
from zuki_kernels.atomics import add_acq_rel, cas_acq_rel, load_acquire
from zuki_kernels.notifier import DUTY, START, STOP
from zuki_kernels.runs import NONE
from zuki_kernels.sync_state import ONE_SPAWNED, SYNC

WORK = 5  # column of the pool's row: pieces of work that nobody has taken
DONE = 6  # column of the pool's row: pieces of work that were done
FOREVER = -1


@kernel
def work(pool, workers, runs, me):
    """Take pieces of work as a worker's turn does, until the pool ends; return how many."""
    taken, waking = 0, False
    while True:
        left = load_acquire(pool, 0, WORK)
        if left > 0:
            if not cas_acq_rel(pool, 0, WORK, left, left - 1):
                continue
            if waking:
                notifier.notify(pool, workers, me, True)
                waking = False
            taken += 1
            add_acq_rel(pool, 0, DONE, 1)
            continue
        answer = notifier.wait_for_work(pool, workers, runs, me, waking, NONE, NONE, FOREVER)
        waking = answer == DUTY
        if answer == STOP:
            return taken


@kernel
def submit(pool, workers, rounds, burst):
    """Add work in bursts, each when the one before is done: every burst has to wake somebody."""
    started = 0
    for _ in range(rounds):
        goal = load_acquire(pool, 0, DONE) + burst
        for _ in range(burst):
            add_acq_rel(pool, 0, WORK, 1)
            started += notifier.notify(pool, workers, NONE, False) == START
        while load_acquire(pool, 0, DONE) < goal:
            pass
    return started


@kernel
def submit_at_once(pool, workers, count):
    for _ in range(count):
        add_acq_rel(pool, 0, WORK, 1)
        notifier.notify(pool, workers, NONE, False)


def made(threads):
    running = Running(Plan(1), max_threads=threads, begin=False)
    running.pool[0, SYNC] = threads * ONE_SPAWNED
    return running


def workers_of(running, threads):
    tables = running.pool, running.workers, running.runs
    return [lambda me=me: work(*tables, me) for me in range(threads)]


@pytest.mark.parametrize(
    ("threads", "rounds", "burst"), [(1, 1500, 1), (2, 1000, 1), (2, 500, 3), (4, 300, 5)]
)
def test_no_wake_up_is_lost(threads, rounds, burst):
    running = made(threads)

    def submitter():
        started = submit(running.pool, running.workers, rounds, burst)
        notifier.shut_down(running.pool, running.workers)
        return started

    *taken, started = run_together(*workers_of(running, threads), submitter)
    assert sum(taken) == rounds * burst == running.pool[0, DONE]
    assert started == 0
    assert running.pool[0, WORK] == 0


@pytest.mark.parametrize("threads", [2, 8])
def test_submitters_and_sleepers_at_once_leave_no_work(threads):
    running = made(threads)
    each = 5000
    goal = 2 * each

    def submitter():
        submit_at_once(running.pool, running.workers, each)
        deadline = time.monotonic() + 40
        while running.pool[0, DONE] < goal and time.monotonic() < deadline:
            time.sleep(0.001)
        notifier.shut_down(running.pool, running.workers)

    taken = run_together(*workers_of(running, threads), submitter, submitter)[:threads]
    assert sum(taken) == goal
    sync = int(running.pool[0, SYNC])
    assert sync_state.is_shut_down(sync)
    assert sync_state.spawned(sync) == threads


@kernel
def sleep_until_the_end(pool, workers, runs, me):
    return notifier.wait_for_work(pool, workers, runs, me, False, NONE, NONE, FOREVER)


@pytest.mark.parametrize("delay", range(0, 400, 20))
def test_an_end_that_races_with_the_sleep_is_seen(delay):
    running = made(2)

    def end():
        for _ in range(delay):
            pass
        notifier.shut_down(running.pool, running.workers)

    def sleeper(me):
        return sleep_until_the_end(running.pool, running.workers, running.runs, me)

    assert run_together(lambda: sleeper(0), lambda: sleeper(1), end)[:2] == [STOP, STOP]
