"""Hands under the model: each task runs once, and memory is used again."""

import pytest

from .families import SHARE, alone, family, join, leaves, mount_spawning, parent_of, spawn, spawning
from .mutants import assert_killed
from .scenario import finders, named
from .spawners import NOT_ITS

MUTANTS = [
    ("put", "+ ONE_STAMP", "+ 0"),
    ("take", "load_relaxed(hands, me, NEWEST) != block or", ""),
    ("take", "or is_other != 0", ""),
    ("take_out", "store_relaxed(block_at(older), 0, NEWER, newer)", "pass"),
    ("take_out", "store_relaxed(block_at(newer), 0, OLDER, older)", "pass"),
    ("share", "load_relaxed(hands, me, ANCHOR + NEWER)", "load_relaxed(hands, me, NEWEST)"),
    ("make_shared", "store_relaxed(words, 0, STATE, load_relaxed(words, 0, STATE) | SHARED)", "pass"),
    ("make_shared", "store_relaxed(words, 0, OWNER, load_relaxed(hands, me, ROW))", "pass"),
]  # fmt: skip
OF_THE_END = [
    ("join_left", "load_relaxed(own, 0, ARENA_TOP) != block + size", "False"),
    ("join_left", "call_join(load_relaxed(own, 0, JOIN), hand, block + size, above)",
     "call_join(load_relaxed(own, 0, JOIN), hand, block + size, ALL_ABOVE)"),
    ("join_left", "store_relaxed(own, 0, ARENA_TOP, block)", "pass"),
]  # fmt: skip
BEYOND_THE_MODEL = {}


SCENARIOS = {
    "alone": spawning(alone(spawn(0, 1, 2) + join(1, 0, 2), (11, 10, 12), shares=False)),
    "alone, memory used again": spawning(
        alone(spawn(0) + join(0) + spawn(1) + join(0, 1), (10, NOT_ITS, 11), shares=False)
    ),
    "alone, a child is not joined": spawning(
        alone(spawn(0) + join(0), (10,), released=(1,), shares=False, tasks=2, children={0: leaves(1)})
    ),
    "alone, one fails": spawning(
        alone(
            spawn(0, 1) + join(1, 0), (-2, 10), released=(2,), dropped=(2,),
            shares=False, tasks=3, children={1: leaves(2)}, failing=(1,),
        )
    ),
    "alone, of many some are shared": spawning(
        alone(
            spawn(0, 1, 2, 3, 4) + SHARE + join(0, 4, 3, 2, 1), (10, 14, 13, 12, 11),
            shares=False, tasks=7, children={0: parent_of(5, 6)},
        )
    ),
    "taken before": spawning(
        family(join(0) + spawn(1, 2) + join(2, 1), (10, 12, 11), taken=True, shares=False)
    ),
    "taken before, its handle used again": spawning(
        family(join(0) + spawn(1) + join(0, 1), (10, NOT_ITS, 11), taken=True)
    ),
    "one task, a thief": spawning(family(spawn(0) + join(0), (10,))),
    "two tasks, a thief": spawning(family(spawn(0, 1) + join(1, 0), (11, 10), tries=(2,))),
    "memory used again": spawning(
        family(spawn(0) + join(0) + spawn(1) + join(0, 1), (10, NOT_ITS, 11)), mutants=None
    ),
    "two thieves": spawning(
        family(spawn(0, 1) + join(1, 0), (11, 10), tries=(1, 1)), preemptions=1, mutants=None
    ),
}  # fmt: skip


@named(SCENARIOS)
def test_each_task_runs_once(scenario):
    scenario.holds()


@pytest.mark.parametrize("mutant", MUTANTS)
def test_each_step_is_needed(mutant):
    assert_killed("hands", mutant, *finders(SCENARIOS), entry=mount_spawning)


@pytest.mark.parametrize("mutant", OF_THE_END)
def test_each_step_of_the_end_of_a_body_is_needed(mutant):
    assert_killed("spawning", mutant, *finders(SCENARIOS), entry=mount_spawning)
