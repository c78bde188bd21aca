import pytest

from tests.kernels.runs_of import Plan, Running
from zuki_kernels import lane, queue
from zuki_kernels.counters import LANE_DEPTH
from zuki_kernels.runs import NONE
from zuki_kernels.search import LANE


@pytest.fixture
def running():
    return Running(Plan(10))


def enter(running, me):
    return lane.enter(running.pool, running.workers, running.queues, running.runs, me)


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
    assert [enter(running, 0), enter(running, 0)] == [3, 2]
    assert running.workers[0, LANE_DEPTH] == 2
    leave(running, 0)
    assert enter(running, 1) == NONE
    leave(running, 0)
    assert enter(running, 1) == 1


def test_where_another_consumes_the_lane_is_left_free(running):
    offer(running, 1)
    assert queue.acquire(running.queues, LANE) == 1
    assert enter(running, 0) == NONE
    assert running.pool[0, lane.HOLDER] == 0
