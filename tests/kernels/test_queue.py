from itertools import pairwise

import pytest

from tests.kernels.runs_of import Plan, Running
from zuki_kernels import queue
from zuki_kernels.node import END, next_of, set_next
from zuki_kernels.runs import ROOT_MARKER, task_of

ROW = 2


@pytest.fixture
def running():
    return Running(Plan(20), Plan(20), begin=True)


def push(running, *tasks):
    """Push tasks as one list."""
    for task, following in pairwise(tasks):
        set_next(running.runs, task, following)
    queue.push(running.queues, ROW, running.runs, tasks[0], tasks[-1])


def consume(running, most=100):
    """Consume up to so many tasks, as `search.consume` does."""
    task = queue.acquire(running.queues, ROW)
    if task < 0:
        return task
    taken = [task]
    rest = next_of(running.runs, task)
    while len(taken) < most:
        if rest == END:
            rest = queue.more(running.queues, ROW)
            if rest == END:
                break
        taken.append(rest)
        rest = next_of(running.runs, rest)
    queue.release(running.queues, ROW, rest)
    return taken


def test_the_last_list_comes_first_and_its_first_task(running):
    push(running, 1, 2, 3)
    push(running, 4)
    push(running, 5, 6)
    assert consume(running) == [5, 6, 4, 1, 2, 3]
    assert consume(running) == queue.EMPTY


def test_task_zero_is_a_task(running):
    push(running, 0)
    assert not queue.is_empty(running.queues, ROW)
    assert consume(running) == [0]
    assert queue.is_empty(running.queues, ROW)


def test_what_was_not_used_stays(running):
    push(running, 1, 2, 3)
    assert consume(running, 1) == [1]
    assert not queue.is_empty(running.queues, ROW)
    push(running, 4, 5)
    assert consume(running, 3) == [2, 3, 4]
    assert consume(running, 1) == [5]
    assert consume(running) == queue.EMPTY


def test_one_consumes_at_a_time(running):
    push(running, 1, 2)
    assert queue.acquire(running.queues, ROW) == 1
    assert queue.is_empty(running.queues, ROW)  # for now: another thread is at them
    assert consume(running) == queue.LOST
    push(running, 3)
    assert consume(running) == queue.LOST
    queue.release(running.queues, ROW, 2)
    assert consume(running) == [2, 3]


def test_a_consumer_that_used_all_hears_of_what_came_meanwhile(running):
    push(running, 1)
    assert queue.acquire(running.queues, ROW) == 1
    assert queue.more(running.queues, ROW) == END
    push(running, 2)
    push(running, 3)
    assert queue.more(running.queues, ROW) == 3
    assert next_of(running.runs, 3) == 2
    assert next_of(running.runs, 2) == END
    assert queue.more(running.queues, ROW) == END
    push(running, 4)
    queue.release(running.queues, ROW, END)
    assert consume(running) == [4]


def test_tasks_of_several_runs_and_markers_mix(running):
    marker, other = task_of(0, ROOT_MARKER), task_of(1, 7)
    push(running, other, 3)
    push(running, marker)
    assert consume(running, 2) == [marker, other]
    assert consume(running) == [3]


def test_queues_do_not_touch_one_another(running):
    push(running, 1)
    assert queue.acquire(running.queues, ROW + 1) == queue.EMPTY
    assert consume(running) == [1]
