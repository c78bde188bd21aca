"""Arenas under the model, of chunks that hold one block: what is left is found, what is gone used again."""

from functools import partial

import pytest

from .families import SHARE, alone, does, family, join, leaves, mount_spawning, spawn
from .mutants import assert_killed
from .scenario import Scenario, finders, named

MUTANTS = [
    ("pin", "+ 1", "+ 0"),
    ("unpin", "- 1", "- 0"),
    ("onward", "address == load_relaxed(chunk_at(chunk_of(address)), 0, FILL)", "False"),
    ("advance", "store_relaxed(chunk_at(chunk), 0, FILL, top)", "pass"),
    ("advance", "following == 0", "True"),
    ("_find_chunk", "or fresh >= end", ""),
    ("_find_chunk", "chunk_of(load_relaxed(hands, me, PYTHON_FLOOR))", "0"),
    ("_find_chunk", "store_relaxed(hands, me, ARENA_FRESH, fresh + CHUNK_BYTES)", "pass"),
    ("_insert", "store_relaxed(chunk_at(new), 0, NEXT, following)", "pass"),
    ("_insert", "store_relaxed(chunk_at(new), 0, BEFORE, chunk)", "pass"),
    ("_insert", "store_relaxed(chunk_at(chunk), 0, NEXT, new)", "pass"),
    ("_is_gone", "load_relaxed(words, 0, PINS) != 0", "False"),
    ("_is_gone", "state_of(block) != GONE", "state_of(block) == 0"),
    ("_is_gone", "state_of(block) != GONE", "state_of(block) not in (GONE, 6)"),
]  # fmt: skip
THAT_GO_ROUND = [  # by them lists become rings
    ("_search", "store_relaxed(chunk_at(following), 0, BEFORE, before)", "pass"),
    ("_search", "store_relaxed(chunk_at(before), 0, NEXT, following)", "pass"),
    ("_insert", "store_relaxed(chunk_at(following), 0, BEFORE, new)", "pass"),
]
OF_A_JOIN = [
    ("joining", ("join", "store_relaxed(hands, me, ARENA_TOP, block)", "pass")),
    ("spawned", ("join_all_above", "if load_relaxed(hands, me, ARENA_TOP) == block", "if False")),
    ("spawned", ("enter", "arena.unpin(floor)", "pass")),
]
BEYOND_THE_MODEL = {}

mount_small_chunks = partial(mount_spawning, chunk=128)


def in_order(last, lag=1, left=None):
    """Steps that spawn tasks up to the last, and join each but one when so many were spawned after it."""
    steps = spawn(*range(lag))
    for task in range(lag, last + 1):
        steps += spawn(task) + join(*{task - lag} - {left})
    return steps + join(*range(last + 1 - lag, last + 1))


LATER = spawn(1, 2) + join(1) + spawn(3) + join(2) + spawn(4) + join(3) + spawn(5) + join(4, 5)


def in_chunks(make, **options):
    return Scenario(make, entry=mount_small_chunks, timeouts=False, **options)


SCENARIOS = {
    "alone, last in first out": in_chunks(
        alone(spawn(0, 1, 2) + join(2, 1, 0) + spawn(3, 4) + join(4, 3), (12, 11, 10, 14, 13),
              shares=False, room=3)
    ),
    "alone, room for one": in_chunks(alone(spawn(0) + join(0) + spawn(1) + join(1), (10, 11))),
    "alone, first in first out": in_chunks(
        alone(in_order(9), tuple(range(10, 20)), shares=False, room=4)
    ),
    "alone, a longer queue": in_chunks(
        alone(in_order(12, 3, 5), tuple(range(10, 15)) + tuple(range(16, 23)), released=(5,),
              shares=False, room=8)
    ),
    "alone, some are shared": in_chunks(
        alone(spawn(0, 1, 2, 3) + SHARE + join(2) + spawn(4) + join(4, 3, 1, 0), (12, 14, 13, 11, 10),
              shares=False, room=4)
    ),
    "alone, first in first out, no room for more": in_chunks(
        alone(in_order(4), (10, 11, 12, 13, 14), shares=False, room=3)
    ),
    "alone, one is left": in_chunks(
        alone(spawn(0) + LATER + spawn(6), (11, 12, 13, 14, 15), released=(0, 6), shares=False, room=5)
    ),
    "alone, in a Python body": in_chunks(
        alone(in_order(2), (10, 11, 12), shares=False, room=4, python=True)
    ),
    "alone, below a task that runs": in_chunks(
        alone(spawn(6, 0) + join(0, 6), (10, 16), shares=False, room=5, children={0: does(LATER)})
    ),
    "a thief's": in_chunks(
        family(join(0), (10,), taken=True, shares=False, room=4, tasks=6, children={0: does(LATER)})
    ),
    "a thief's, one is left": in_chunks(
        family(join(0), (10,), taken=True, released=(1, 2), shares=False, room=4, tasks=3,
               children={0: leaves(1, 2)})
    ),
    "in the order of spawning, a thief": in_chunks(
        family(in_order(3), (10, 11, 12, 13), room=3), preemptions=1, mutants=None
    ),
}  # fmt: skip


@named(SCENARIOS)
def test_memory_is_used_again_and_only_then(scenario):
    scenario.holds()


@pytest.mark.parametrize("mutant", MUTANTS)
def test_each_step_is_needed(mutant):
    assert_killed("arena", mutant, *finders(SCENARIOS), entry=mount_small_chunks)


@pytest.mark.parametrize("mutant", THAT_GO_ROUND)
def test_each_change_of_the_list_is_needed(mutant):
    program = alone(in_order(12, 2), tuple(range(10, 23)), shares=False, room=6)
    scenario = in_chunks(program, random=1, steps=5000)
    scenario.holds()
    assert_killed("arena", mutant, scenario, entry=mount_small_chunks)


def test_a_chunk_that_is_used_again_is_not_left_where_it_was():
    """The last is wide: at the first time it did not fit."""
    mount = partial(mount_spawning, chunk=256)
    steps = spawn(0, 1, 2) + join(2, 1, 0) + spawn(3, 4, 5) + join(4, 5)
    program = alone(steps, (12, 11, 10, 14, 15), released=(3,), wide=(2,), shares=False, room=2)
    scenario = Scenario(program, entry=mount)
    scenario.holds()
    assert_killed("arena", ("onward", "chunk_of(address) != last and", ""), scenario, entry=mount)


@pytest.mark.parametrize(("kernel", "mutant"), OF_A_JOIN)
def test_each_step_of_a_join_is_needed(kernel, mutant):
    assert_killed(kernel, mutant, *finders(SCENARIOS), entry=mount_small_chunks)
