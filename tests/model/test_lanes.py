"""Lanes under the model: nobody sleeps while a task waits, each runs once, and so many hold a lane as may."""

import pytest

from .handovers import (
    added,
    alone,
    awaited,
    called_too_late,
    entering,
    handed_over,
    inside,
    last_to_leave,
    looked_for,
    refused,
    rung,
    shut_down,
    shut_down_while_it_waits,
    stuck,
    woken_once,
)
from .interpreted import edits
from .lane_methods import mount_lanes
from .mutants import assert_broken
from .scenario import Scenario, finders, named

MUTANTS = [  # method, what stands there, what is put in its place
    ("queue_on", "lane.ready[level].append(task)\n    if not lane.is_awake and",
     "is_awake = lane.is_awake\n    lane.ready[level].append(task)\n    if not is_awake and"),
    ("Lanes.wake",
     "self.outbox.append(number)\n    if not self.coroutines.is_awake:\n        self.coroutines.call()",
     "if not self.coroutines.is_awake:\n        self.coroutines.call()\n    self.outbox.append(number)"),
    ("Lane.pass_on", "self.is_awake = False\n    if self.has_work():",
     "is_left = self.has_work()\n    self.is_awake = False\n    if is_left:"),
    ("Lanes.exchange", "self.may_be_rung = True",
     "self.may_be_rung = True\n                else:\n                    self.may_be_rung = False"),
    ("Lane.has_work", "or lanes.may_be_rung", ""),
    ("Lane.pass_on", "self.is_awake = False", "pass"),
    ("Lane.has_work", "lanes.outbox or", ""),
    ("Lane.call", "self.is_awake = False", "pass"),
    ("Lane.call", "if not self.parked", "if True"),
    ("Lane.call", "with lanes.lock", "if True"),
    ("_take_out", "with lane._lanes.lock, suppress", "with suppress"),
    ("Lane.enter", "self.holders >= self.limit", "False"),
    ("Servant.enter", "with self._lanes.lock", "if True"),
    ("Servant.enter", "self._lanes.entries += 1", "pass"),
    ("Servant.enter",
     "self.held = [lane for lane in wanted if lane.enter()]\n        self._lanes.away -= self.is_lost\n"
     "        self.is_lost = False\n        self._lanes.entries += 1",
     "self._lanes.entries += 1\n        self.held = [lane for lane in wanted if lane.enter()]\n"
     "        self._lanes.away -= self.is_lost\n        self.is_lost = False"),
    ("Servant.enter", "self._lanes.away -= self.is_lost", "pass"),
    ("Servant.let_go", "with self._lanes.lock", "if True"),
    ("Servant.let_go", "if self.is_lost", "if False"),
    ("Servant.let_go", "self.is_lost = True", "pass"),
    ("Servant.let_go", "self._lanes.away += 1", "pass"),
    ("Servant.let_go", "lane.holders -= 1", "pass"),
    ("Servant.let_go", "lane.pass_on()", "pass"),
    ("Servant.leave", "with self._lanes.lock", "if True"),
    ("Servant.leave", "if self.is_lost", "if False"),
    ("Servant.leave", "self.is_lost = True", "pass"),
    ("Servant.leave", "lane.pass_on()", "pass"),
    ("attend", "any(lane.is_left_alone() for lane in lanes)", "False"),
    ("attend", "lane.parked.append(parking)", "pass"),
    ("attend", "lane.pass_on()", "pass"),
    ("Lanes.refuse", "if not lane.holders", "if False"),
    ("Lane.take_all", "with suppress(IndexError)", "if True"),
    ("Lanes.is_empty", "or self.entries != entries", ""),
    ("Lanes.is_empty", "or self.away", ""),
    ("Lanes.is_empty", "self.calls.holders or self.coroutines.holders or", ""),
    ("Lanes.is_empty", "or self.waiting()", ""),
    ("Closing.end_if_empty", "pool.is_ended = True", "pass"),
    ("Servant.let_go",
     "self._lanes.away += 1\n        for lane in self.held:\n            lane.holders -= 1",
     "for lane in self.held:\n            lane.holders -= 1\n        self._lanes.away += 1"),
    ("PoolHome.wait_for", "self._pool.closing.end_if_empty()", "pass"),
    ("MultiThreadedExecutor._submit_call", "if pool.is_ended or self._broken", "if False"),
]  # fmt: skip


def small(make, **options):
    return Scenario(make, entry=mount_lanes, **options)


SCENARIOS = {
    "a task": small(added, mutants=None),
    "a call": small(lambda methods: added(methods, calls=True), mutants=None),
    "nobody can come": small(refused),
    "entered at once": small(entering, preemptions=2),
    "entered at once, and taken": small(lambda methods: entering(methods, True), preemptions=1),
    "looked for": small(looked_for),
    "looked for, and lost": small(lambda methods: looked_for(methods, True), preemptions=1),
    "two tasks": small(lambda methods: added(methods, 2), preemptions=1),
    "woken": small(woken_once, preemptions=1),
    "rung": small(rung, preemptions=1),
    "stuck": small(stuck, preemptions=0),
    "served by nobody else": small(alone),
    "served by who waits": small(awaited),
    "shut down": small(shut_down, preemptions=1),
    "shut down while it waits": small(shut_down_while_it_waits, preemptions=1),
    "shut down, the last to leave": small(last_to_leave, preemptions=1),
    "called too late": small(called_too_late, preemptions=0),
    "a task is handed over": small(lambda methods: handed_over(methods, tasks=1), preemptions=1),
    "inside of a task": small(inside, preemptions=0),
    "who waits, and a worker": small(lambda methods: awaited(methods, 1, 1), preemptions=1),
    "two tasks are handed over": small(handed_over, preemptions=1, slow=True, mutants=None),
    "inside of a task, preempted": small(inside, preemptions=1, slow=True, mutants=None),
}


@named(SCENARIOS)
def test_tasks_run_once(scenario):
    scenario.holds()


@pytest.mark.parametrize("mutant", MUTANTS)
def test_each_step_is_needed(mutant):
    assert_broken("lanes", mutant, mount_lanes(edits(mutant)), finders(SCENARIOS))
