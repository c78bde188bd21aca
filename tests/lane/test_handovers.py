"""Lanes between two hands: what happens between a look and what follows from it.

The model goes through all such moments (`tests/model/test_lanes.py`); here are those in which it
has found faults.
"""

import numpy as np
import pytest

import zuki
from tests.lane.together import LIMIT, wait_until
from zuki.lane.coroutines import queue_on
from zuki.lane.lanes import Lanes
from zuki.lane.priority import NORMAL
from zuki.lane.serving import Servant
from zuki_kernels.task_life import TASK_FIELDS

pytestmark = pytest.mark.timeout(240)


class Home:
    """Where nobody ever comes; ``meanwhile`` is done when somebody is called."""

    def __init__(self, meanwhile=lambda: None):
        self.meanwhile = meanwhile

    def call_servant(self):
        self.meanwhile()
        return False


def lanes_of(home):
    return Lanes(home, np.zeros((1, 64), np.int64), np.zeros((4, TASK_FIELDS), np.int64), 1)


class Parking:
    woken = False

    def wake(self):
        self.woken = True


def test_nobody_is_said_to_be_called_where_only_callers_serve():
    lanes = lanes_of(Home())
    lanes.only_callers_serve = True
    lanes.coroutines.ready[NORMAL].append("task")
    assert lanes.coroutines.call()
    assert lanes.coroutines.is_left_alone()  # so who waits does not sleep


def test_who_parks_while_another_one_is_called_is_woken():
    lanes, parking = lanes_of(Home()), Parking()
    lane = lanes.coroutines
    lanes.home.meanwhile = lambda: lane.parked.append(parking)
    lane.ready[NORMAL].append("task")
    assert lane.call()
    assert parking.woken


def test_who_waits_leaves_a_lane_that_is_held_to_its_holder():
    lanes = lanes_of(Home())
    lanes.coroutines.ready[NORMAL].append("task")
    assert lanes.coroutines.is_left_alone()
    servant = Servant(lanes)
    servant.enter((lanes.coroutines,))
    assert not lanes.coroutines.is_left_alone()


def test_where_nobody_can_come_the_tasks_of_those_who_rely_on_it_are_cancelled():
    async def nothing():
        pass

    def spawn_another():
        lanes.home.meanwhile = lambda: None
        tasks.append(queue_on(lanes, nothing(), NORMAL, None))

    lanes, tasks = lanes_of(Home(spawn_another)), []
    with pytest.raises(zuki.ZukiError, match="none can be started"):
        queue_on(lanes, nothing(), NORMAL, None)
    assert tasks[0].cancelled()
    assert lanes.is_empty()


def test_a_task_that_is_taken_during_the_look_is_not_missed(monkeypatch):
    lanes = lanes_of(Home())
    lanes.coroutines.ready[NORMAL].append("task")
    servant = Servant(lanes)

    def take():
        servant.enter((lanes.coroutines,))
        lanes.coroutines.ready[NORMAL].popleft()
        return False

    monkeypatch.setattr(lanes.calls, "has_work", take)
    assert not lanes.is_empty()


def test_who_waits_in_a_step_of_another_executor_ends_a_pool_that_was_shut_down():
    with zuki.Executor(max_threads=1) as outer:
        inner = zuki.Executor(max_threads=1)

        async def shut_down():
            inner.shutdown(wait=False)

        async def wait():
            inner.spawn(shut_down()).result(LIMIT)

        outer.run(wait())
        wait_until(lambda: inner._pool.is_ended)
        inner.shutdown()
