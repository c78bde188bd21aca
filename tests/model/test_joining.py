"""Joins under the model, in any order; whoever waits helps, sleeps and is woken."""

import pytest

from .families import (
    SHARE,
    alone,
    asks,
    does,
    family,
    hear,
    join,
    mount_spawning,
    one_by_one,
    parent_of,
    spawn,
    spawning,
    tell,
)
from .mutants import assert_killed
from .scenario import finders, named
from .spawners import NOT_ITS

MUTANTS = [
    ("join", "state & ~STATES != stamp or", ""),
    ("join", "(GONE, CALLED)", "(CALLED,)"),
    ("join", "(GONE, CALLED)", "(GONE,)"),
    ("join", "take_out(hands, me, block)", "pass"),
    ("join", "store_relaxed(words, 0, STATE, stamp | GONE)", "pass"),
    ("join", "load_relaxed(hands, me, ARENA_TOP) == block + load_relaxed(kind_of(block), 0, SIZE)", "True"),
    ("_join_shared", "while not is_done(block)", "while False"),
    ("_join_shared", "load_relaxed(hands, me, ANCHOR + NEWER)", "load_relaxed(hands, me, NEWEST)"),
    ("_join_shared", "failure = load_relaxed(block_at(block), 0, FAILURE)", "failure = 0"),
    ("_join_shared", "store_relaxed(hands, me, DOOMED, doomed_before)\n    failure = load_relaxed",
     "failure = load_relaxed"),
    ("_join_shared", "forget(workers, me)", "pass"),
    ("_join_shared", "passes = True", "pass"),
    ("_join_shared", "if failure == NOT_BEGUN:", "if False:"),
    ("_enter", "if failed != 0:", "if False:"),
    ("_enter", "store_relaxed(hands, me, ENTERED, entered)", "pass"),
]  # fmt: skip
OF_THE_SLEEP = [
    ("notifier", ("wait_for_work", "is_done(-until) or", "")),
    ("event", ("post", "cas_release", "cas_relaxed")),
    ("event", ("_move", "cas_acquire", "cas_relaxed")),
]
OF_THE_HELP = [
    ("work_until_done", "expect(block)", "True"),
    ("work_until_done", "-block,", "NONE,"),
]
BEYOND_THE_MODEL = {}

IN_ORDER = spawn(0, 1, 2) + join(0, 1, 2)
TWO = spawn(0, 1) + join(0, 1)

SCENARIOS = {
    "alone, in any order": spawning(
        alone(spawn(0, 1, 2) + join(1, 0, 2, 0), (11, 10, 12, NOT_ITS), shares=False)
    ),
    "alone, a handle used again": spawning(
        alone(spawn(0) + join(0) + spawn(1) + join(0, 1), (10, NOT_ITS, 11), shares=False)
    ),
    "alone, a handle used twice": spawning(
        alone(spawn(0) + join(0, 0), (10, NOT_ITS), shares=False)
    ),
    "taken before, and fails": spawning(family(join(0), (-1,), taken=True, failing=(0,))),
    "taken before, a newer one fails": spawning(
        family(spawn(1) + join(0, 1), (10, -2), taken=True, shares=False, failing=(1,))
    ),
    "taken before, asks while a newer one fails": spawning(
        family(
            spawn(1) + join(0, 1), (10, -2),
            taken=True, shares=False, failing=(1,), children={0: asks(0)}, seen=(0,),
        )
    ),
    "taken before, forsaken by who helps it": spawning(
        family(
            (), (), tasks=3, taken=True, raises=True, released=(0,), perhaps=(0, 1, 2), seen=(2,),
            children={
                0: does(spawn(1) + SHARE + hear(1) + join(1)),
                1: one_by_one(tell(1), does(spawn(2) + SHARE + hear(2) + join(2))),
                2: one_by_one(tell(2), asks(2)),
            },
        ),
        preemptions=1,
    ),
    "taken before, of two that are shared one fails": spawning(
        family(
            spawn(1, 2) + SHARE + join(0, 2), (10, -3), released=(1,), dropped=(1,),
            taken=True, shares=False, failing=(2,), raises=True,
        )
    ),
    "taken before, one is passed over and joined after all": spawning(
        family(
            spawn(1, 2) + SHARE + join(0, 2, 1), (10, -3, 11), taken=True, shares=False, failing=(2,),
        )
    ),
    "taken before, one is passed over and left after all": spawning(
        family(
            spawn(1, 2) + SHARE + join(0, 2), (10, -3), released=(1,), taken=True, shares=False, failing=(2,),
        )
    ),
    "left, the newest fails": spawning(
        family(
            spawn(1, 2) + SHARE, ("failed",), released=(0, 1, 2), dropped=(1,), perhaps=(0,),
            taken=True, shares=False, failing=(2,),
        )
    ),
    "taken before, two are in hand": spawning(
        family(
            spawn(1, 2) + join(0, 1, 2), (10, 11, 12),
            tasks=5, taken=True, shares=False, children={1: parent_of(3, 4)},
        )
    ),
    "in the order of spawning": spawning(family(TWO, (10, 11), tries=(2,))),
    "three in the order of spawning, one spawns": spawning(
        family(IN_ORDER, (10, 11, 12), tasks=5, children={1: parent_of(3, 4)}), mutants=None
    ),
    "a worker sleeps": spawning(family(spawn(0) + join(0), (10,), tries=(0,)), preemptions=2, mutants=None),
    "a child is stolen back": spawning(
        family(spawn(0) + join(0), (10,), tasks=2, tries=(0,), children={0: parent_of(1)}),
        preemptions=1, mutants=None,
    ),
    "three workers": spawning(
        family(IN_ORDER, (10, 11, 12), tasks=5, tries=(0, 0), children={0: parent_of(3, 4)}),
        random=60, depth=4, mutants=None,
    ),
}  # fmt: skip


@named(SCENARIOS)
def test_a_join_returns_when_the_task_is_done(scenario):
    scenario.holds()


@pytest.mark.parametrize("mutant", MUTANTS)
def test_each_step_is_needed(mutant):
    assert_killed("joining", mutant, *finders(SCENARIOS), entry=mount_spawning)


@pytest.mark.parametrize("mutant", OF_THE_HELP)
def test_each_step_of_the_help_is_needed(mutant):
    assert_killed("helping", mutant, *finders(SCENARIOS), entry=mount_spawning)


@pytest.mark.parametrize(("kernel", "mutant"), OF_THE_SLEEP)
def test_each_step_of_the_sleep_is_needed(kernel, mutant):
    assert_killed(kernel, mutant, *finders(SCENARIOS), entry=mount_spawning)


def test_a_turn_that_does_not_look_at_the_task_is_found():
    turns = spawning(family(join(0), (10,), taken=True), random=10, steps=1000)
    turns.holds()
    assert_killed("idling", ("reason_to_return", "is_done(-until) or", ""), turns, entry=mount_spawning)
