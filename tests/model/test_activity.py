"""What a worker is at, under the model: a reader sees all of a turn or nothing of it."""

import pytest

from zuki_kernels.activity import ACTIVITIES, MOVING, PARKED, RUNNING, SEARCHING, SINCE
from zuki_kernels.counters import WORKER_FIELDS

from .mount import Table, atomic, mount_all
from .mutants import assert_killed
from .scenario import Scenario, finders, named

MUTANTS = [
    ("turn_to", "store_relaxed(workers, me, SINCE, MOVING)", "pass"),
    ("turn_to", "store_release(workers, me, SPENT + before, spent)",
     "store_relaxed(workers, me, SPENT + before, spent)"),
    ("turn_to", "store_release(workers, me, ACTIVITY, activity)",
     "store_relaxed(workers, me, ACTIVITY, activity)"),
    ("turn_to", "store_release(workers, me, SINCE, moment)", "store_relaxed(workers, me, SINCE, moment)"),
    ("turn_to", "max(moment, since + 1)", "moment"),
    ("read", "load_acquire(workers, worker, SINCE)", "load_relaxed(workers, worker, SINCE)"),
    ("read", "load_acquire(workers, worker, ACTIVITY)", "load_relaxed(workers, worker, ACTIVITY)"),
    ("read", "load_acquire(workers, worker, SPENT + one)", "load_relaxed(workers, worker, SPENT + one)"),
    ("read", "if since == MOVING", "if False"),
    ("read", "return load_relaxed(workers, worker, SINCE) == since", "return True"),
]  # fmt: skip
BEYOND_THE_MODEL = {}

# What a reader may find at moment 100 of a worker that turns as told: spent at each activity
TURNS = (RUNNING, 10), (PARKED, 30), (SEARCHING, 60)
AT_100 = (100, 0, 0, 0), (10, 90, 0, 0), (10, 20, 0, 70), (10, 20, 40, 30)
AT_ONE_MOMENT = (RUNNING, 10), (PARKED, 10)  # the clock has not moved: the second turn counts as at 11
AT_100_OF_THAT = (100, 0, 0, 0), (10, 90, 0, 0), (10, 1, 0, 89)


def mounted(edit=lambda source, name: source):
    return mount_all(edit, ["activity"])


def read_while(kernels, turns, allowed):
    """A worker turns; a reader reads once, and what it is told to be whole is whole."""
    workers = Table("workers", 1, WORKER_FIELDS)
    times = Table("times", 1, ACTIVITIES)

    def worker():
        for activity, moment in turns:
            yield from kernels.activity.turn_to(workers, 0, activity, moment)

    def reader():
        if not (yield from kernels.activity.read(workers, 0, times, 100)):
            return None
        found = ()
        for one in range(ACTIVITIES):
            found += ((yield from atomic("load_relaxed")(times, 0, one)),)
        return found

    def check(results):
        return results[1] is not None and results[1] not in allowed and f"{results[1]} was never so"

    return [worker, reader], check


def stays(kernels):
    """After the turns a reader is not disturbed, and finds the last."""
    workers, times = Table("workers", 1, WORKER_FIELDS), Table("times", 1, ACTIVITIES)

    def one_thread():
        for activity, moment in AT_ONE_MOMENT:
            yield from kernels.activity.turn_to(workers, 0, activity, moment)
        whole = yield from kernels.activity.read(workers, 0, times, 100)
        return whole, (yield from atomic("load_relaxed")(workers, 0, SINCE))

    return [one_thread], lambda results: results[0] != (True, 11) and f"{results[0]}, {MOVING} for ever"


SCENARIOS = {
    "three turns": Scenario(lambda kernels: read_while(kernels, TURNS, AT_100), entry=mounted),
    "two turns at one moment": Scenario(
        lambda kernels: read_while(kernels, AT_ONE_MOMENT, AT_100_OF_THAT), entry=mounted
    ),
    "nobody disturbs": Scenario(stays, entry=mounted),
}


@named(SCENARIOS)
def test_what_is_read_was_so(scenario):
    scenario.holds()


@pytest.mark.parametrize("mutant", MUTANTS)
def test_each_ordering_is_needed(mutant):
    assert_killed("activity", mutant, *finders(SCENARIOS), entry=mounted)
