import numpy as np

from tests.kernels.runs_of import Plan, Running
from tests.kernels.threads_of import run_together
from zuki_kernels import notifier, queue, release, starting
from zuki_kernels.node import END
from zuki_kernels.runs import (
    BATCH,
    CALLBACK,
    DONE,
    EPOCH,
    FIRST_FAILED,
    LEVELS_USED,
    NONE,
    REMAINING,
    ROOT_MARKER,
    STOPPED,
    WAITER,
    task_of,
)
from zuki_kernels.search import GLOBAL, USED_LEVELS

LONG = 30_000_000_000


def test_a_run_begins_with_a_clean_row_and_its_marker_in_the_queue():
    plan = Plan(5, levels=[0, 1, 2, 0, 0])
    running = Running(Plan(1), plan, begin=False)
    running.runs[1] = 77
    assert running.begin(1, epoch=6, batch=9, waiter=3, callback=1) == 0
    row = running.runs[1]
    assert (row[: LEVELS_USED + 1] == plan.row[0]).all()
    fields = (EPOCH, BATCH, WAITER, CALLBACK, STOPPED, DONE, REMAINING, FIRST_FAILED)
    assert [row[field] for field in fields] == [6, 9, 3, 1, 0, 0, 5, NONE]
    assert running.pool[0, USED_LEVELS] == 3
    assert queue.acquire(running.queues, GLOBAL) == task_of(1, ROOT_MARKER)
    queue.release(running.queues, GLOBAL, END)
    assert not running.runs[0].any()


def test_levels_that_were_used_stay():
    running = Running(Plan(2, levels=[0, 3]), Plan(1))
    assert running.pool[0, USED_LEVELS] == 4


def test_without_a_waiter_somebody_is_notified():
    running = Running(Plan(1), begin=False)
    assert running.begin(0, waiter=NONE) == notifier.START
    running = Running(Plan(1), begin=False)
    assert running.begin(0, waiter=0) == 0


def test_stop_and_outcome():
    running = Running(Plan(3), Plan(3))
    assert not starting.is_stopped(running.runs, 1)
    starting.stop(running.runs, 1)
    assert [starting.is_stopped(running.runs, slot) for slot in (0, 1)] == [False, True]
    assert tuple(starting.outcome(running.runs, 0)) == (0, NONE, False)
    release.mark_failed(running.runs, 0, running.plans[0].nodes, 2, 1234)
    release.mark_failed(running.runs, 0, running.plans[0].nodes, 1, 0)
    assert tuple(starting.outcome(running.runs, 0)) == (2, 2, False)


def test_a_thread_outside_waits_for_the_end():
    running = Running(Plan(3))
    assert not starting.wait_until_over(running.runs, 0, 1000)
    assert starting.remaining(running.runs, 0) == 3

    def end():
        release.settle(running.workers, running.runs, 0, 3)
        return True

    def wait():
        return any(starting.wait_until_over(running.runs, 0, LONG) for _ in range(100))

    assert run_together(wait, end) == [True, True]
    assert starting.is_over(running.runs, 0)
    assert starting.remaining(running.runs, 0) == 0
    assert np.count_nonzero(running.runs[1]) == 0
