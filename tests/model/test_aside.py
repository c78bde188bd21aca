"""A worker that stands aside, as a part of the whole pool: what it holds has to reach the others.

In the model it does so after its first node or when it has nothing to do, once, and waits without a limit
where it can be told of the end: then the others must come to it by themselves.
"""

import pytest

from . import pools
from .mutants import assert_killed
from .scenario import Scenario, finders, named
from .test_solo import WAYS, mount_whole

MUTANTS = [
    ("stand_aside", "add_acq_rel(pool, 0, SYNC, ONE_APART)", "add_relaxed(pool, 0, SYNC, ONE_APART)"),
    ("stand_aside", "add_acq_rel(pool, 0, SYNC, -ONE_APART)", "pass"),
    ("stand_aside", "solo.come(pool, workers, me)", "pass"),
]
BEYOND_THE_MODEL = {}
STEPS = [
    ("NONE, 0, last_root, NONE, False, False", "NONE, done, last_root, NONE, False, False"),
    ("NONE, 0, last_root, NONE, False, False", "NONE, 0, root, NONE, False, False"),
    ("runs, hands, me, GO_ON,", "runs, hands, me, RUN_PYTHON,"),
    ("start = notify(pool, workers, me, False) == START or start\nif ended", "if ended"),
]

DIAMOND = (0, 1), (0, 2), (1, 3), (2, 3)

_ONCE = "load_relaxed(workers, me, aside.STAY) == 0"
_EDITS = {
    **pools.SLEEPS_SOON,
    ("aside", "moment - since < span"): "False",
    ("aside", "or not _is_any_running(workers, 0, me)"): "or False",
    ("aside", "elif moment >= load_relaxed(workers, me, UNTIL)"): "elif True",
    ("aside", "wait(workers, me, UNTIL, load_relaxed(workers, me, UNTIL), _NAP)"): "pass",
}


def mount_busy(worker):
    """Mount kernels of whose workers one stands aside after its first node."""

    def mount(edit=lambda source, name: source):
        busy = {
            ("turn", "elif tick >= search.FAIRNESS"): "elif tick >= 1",
            ("turn", "aside.is_due(pool, workers, me)"): f"me == {worker} and {_ONCE}",
            ("turn", "aside.goes_on(pool, workers, me)"): "False",
        }
        return pools.mounted(edit, _EDITS | busy)

    return mount


def mount_idle(worker):
    """Mount kernels of whose workers one stands aside when it has nothing to do, for the first time."""

    def mount(edit=lambda source, name: source):
        idle = {("turn", "aside.goes_on(pool, workers, me)"): f"me == {worker} and {_ONCE}"}
        return pools.mounted(edit, _EDITS | idle)

    return mount


def scenario(make, entry, **options):
    return Scenario(make, entry=entry, timeouts=False, random=24, depth=4, **{"mutants": None, **options})


SCENARIOS = {
    "a caller, until the run ends": scenario(
        lambda kernels: pools.waited_for(kernels, 4, DIAMOND, runs=2), mount_busy(0), mutants=()
    ),
    "a caller with roots in hand": scenario(
        lambda kernels: pools.waited_for(kernels, 8), mount_busy(0), mutants=()
    ),
    "a caller with nodes to report": scenario(
        lambda kernels: pools.waited_for(kernels, 4, DIAMOND, runs=2, batch=3), mount_busy(0), mutants=()
    ),
    "one of three": scenario(lambda kernels: pools.submitted(kernels, 4, DIAMOND, workers=3), mount_busy(1)),
    "one that was woken for nothing": scenario(
        lambda kernels: pools.submitted(kernels, 4, DIAMOND, workers=3), mount_idle(1)
    ),
    "a caller without work": scenario(
        lambda kernels: pools.waited_for(kernels, 3, DIAMOND[:2], workers=3, runs=2), mount_idle(0)
    ),
    "a caller without work, with nodes to report": scenario(
        lambda kernels: pools.waited_for(kernels, 4, DIAMOND, batch=3), mount_idle(0)
    ),
}


@named(SCENARIOS)
def test_what_it_holds_is_run_by_others_or_by_itself(scenario):
    scenario.holds()


@pytest.mark.parametrize(("old", "new"), STEPS)
def test_each_step_is_needed(old, new):
    assert_killed("turn", ("run_tasks", old, new), *finders(SCENARIOS), entry=mount_busy(0))


@pytest.mark.parametrize("mutant", MUTANTS)
def test_who_is_solo_is_told_that_one_goes_and_comes_back(mutant):
    assert_killed("aside", mutant, *finders(WAYS), entry=mount_whole)
