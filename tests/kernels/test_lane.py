import pytest

from tests.kernels.runs_of import Plan, Running
from zuki_kernels import lane, queue
from zuki_kernels.counters import LANE_DEPTH
from zuki_kernels.event import EVENT, NOTIFIED
from zuki_kernels.runs import NONE, QUEUED
from zuki_kernels.search import LANE


@pytest.fixture
def running():
    return Running(Plan(10))


def enter(running, me, until=NONE):
    return lane.enter(running.pool, running.workers, running.queues, running.runs, me, until)


def offer(running, *tasks):
    for task in tasks:
        lane.offer(running.queues, running.runs, task)


def leave(running, me):
    lane.leave(running.pool, running.workers, me)


def test_one_worker_at_a_time_is_in(running):
    offer(running, 1, 2)
    assert enter(running, 0) == 2
    assert enter(running, 1) == NONE
    leave(running, 0)
    assert enter(running, 1) == 1
    assert enter(running, 0) == NONE
    leave(running, 1)
    assert running.pool[0, lane.HOLDER] == 0


def test_without_tasks_nobody_gets_in(running):
    assert enter(running, 0) == NONE
    assert running.pool[0, lane.HOLDER] == 0
    assert running.workers[0, LANE_DEPTH] == 0


def test_the_holder_may_enter_deeper(running):
    offer(running, 1, 2, 3)
    assert [enter(running, 0), enter(running, 0, until=0)] == [3, 2]
    assert running.workers[0, LANE_DEPTH] == 2
    leave(running, 0)
    assert enter(running, 1) == NONE
    leave(running, 0)
    assert enter(running, 1) == 1


def test_inside_of_a_body_only_the_awaited_run_is_served(running):
    offer(running, 1, 2)
    assert enter(running, 0) == 2
    assert enter(running, 0) == NONE  # it waits for nothing
    assert enter(running, 0, until=1) == NONE  # nothing of that run is queued
    running.runs[1, QUEUED] = 1
    assert enter(running, 0, until=1) == NONE  # put aside and queued again
    assert enter(running, 0, until=0) == 1
    assert running.runs[0, QUEUED] == 0


def test_the_holder_is_called(running):
    offer(running, 1)
    assert enter(running, 0) == 1
    lane.call_holder(running.pool, running.workers)
    assert running.workers[0, EVENT] == NOTIFIED


def test_where_another_consumes_the_lane_is_left_free(running):
    offer(running, 1)
    assert queue.acquire(running.queues, LANE) == 1
    assert enter(running, 0) == NONE
    assert running.pool[0, lane.HOLDER] == 0
