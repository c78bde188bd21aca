"""Shared tasks under the model: found by one, run once; what a task has not joined is joined at its end."""

import pytest

from .families import SHARE, alone, family, hear, join, leaves, mount_spawning, spawn, spawning, tell
from .mutants import assert_killed
from .scenario import finders, named

MUTANTS = [
    ("find", "if block > 0:\n            count", "if False:\n            count"),
    ("enter", "if load_relaxed(hands, me, ARENA_TOP) != floor", "if False"),
    ("enter", "failure = left", "pass"),
    ("run", "failure = enter(hands, me, block)",
     "failure = 0 if finish(block, 0) else enter(hands, me, block)"),
    ("run", "end_other(hands, me, before)", "pass"),
    ("run", "failure != 0 and failure != NOT_BEGUN", "False"),
    ("enter", "store_relaxed(hands, me, FLOOR, floor_before)", "pass"),
    ("join_all_above", "store_relaxed(hands, me, DOOMED, doomed_before)", "pass"),
    ("join_all_above", "store_relaxed(hands, me, FORSAKEN, forsaken_before)", "pass"),
    ("run", "owner = finish(block, failure)", "owner = finish(block, 0)"),
    ("run", "owner >= 0 and event.post(workers, owner)", "event.post(workers, owner) and False"),
    ("run", "event.post(workers, owner)", "event.claim(workers, owner)"),
    ("join_all_above", "state_of(block) != GONE", "True"),
    ("join_all_above", "load_relaxed(words, 0, STATE) & ~STATES |", "load_relaxed(words, 0, STATE) |"),
    ("join_all_above", "store_relaxed(hands, me, ARENA_TOP, floor)", "pass"),
    ("join_all_above", "call(load_relaxed(kind, 0, RELEASE), block + HEAD_BYTES)", "pass"),
    ("join_all_above", "first, failed = failure, True", "pass"),
    ("join_all_above", "(DROP if failed else IF_CALM)", "(DROP if failed else 0)"),
    ("share_and_notify", "notify(pool, workers, me, False) == START", "False"),
]  # fmt: skip
BEYOND_THE_MODEL = {}


SCENARIOS = {
    "alone, not joined": spawning(
        alone(
            spawn(0, 1) + join(0), (10,), released=(1, 2, 3),
            shares=False, tasks=4, children={0: leaves(2), 1: leaves(3)},
        )
    ),
    "a task that fails": spawning(family(join(0), (-1,), taken=True, failing=(0,))),
    "not joined, one fails": spawning(
        family(spawn(0, 1), ("failed",), released=(0, 1), perhaps=(0,), failing=(1,))
    ),
    "not joined, the newest fails": spawning(
        family(
            spawn(1, 2) + SHARE, ("failed",), released=(0, 1, 2), dropped=(1,), perhaps=(0,),
            taken=True, shares=False, failing=(2,),
        )
    ),
    "one is joined, one is not": spawning(family(spawn(0, 1) + join(0), (10,), released=(1,))),
    "taken, and leaves one that fails": spawning(
        family(
            join(0), (-2,), released=(1,),
            tasks=2, taken=True, shares=False, children={0: leaves(1)}, failing=(1,),
        )
    ),
    "a sleeper is woken": spawning(
        family(spawn(0) + hear(0) + join(0), (10,), tries=(0,), children={0: tell(0)}), preemptions=2
    ),
    "a worker that sleeps": spawning(family(spawn(0) + join(0), (10,), tries=(0,)), preemptions=2),
}  # fmt: skip


@named(SCENARIOS)
def test_each_task_is_run_and_joined_once(scenario):
    scenario.holds()


@pytest.mark.parametrize("mutant", MUTANTS)
def test_each_step_is_needed(mutant):
    assert_killed("spawned", mutant, *finders(SCENARIOS), entry=mount_spawning)
