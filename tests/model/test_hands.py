"""Hands under the model: each task runs once, its results are seen, and memory is used again."""

import pytest

from zuki_kernels import hands as columns
from zuki_kernels.runs import NONE

from .families import SHARE, alone, family, join, leaves, mount_spawning, parent_of, spawn, spawning
from .mount import Table, cell_address
from .mutants import assert_killed
from .scenario import Scenario, finders, named
from .spawners import NOT_ITS
from .worlds import World, load_plain, store_plain

MUTANTS = [
    ("is_done", "load_acquire", "load_relaxed"),
    ("is_done", "== FINISHED", ">= AWAITED"),
    ("expect", "return cas_relaxed(words, 0, STATE, state, state & ~_STATES | AWAITED)",
     "store_relaxed(words, 0, STATE, state & ~_STATES | AWAITED)\n        return True"),
    ("finish", "exchange_release", "exchange_relaxed"),
    ("finish", "before & _STATES == AWAITED", "False"),
    ("finish", "return owner if", "return load_relaxed(words, 0, OWNER) if"),
    ("finish", "return owner if", "store_relaxed(words, 0, FAILURE, failure)\n    return owner if"),
    ("finish", "stamp | FINISHED", "FINISHED"),
    ("put", "+ ONE_STAMP", "+ 0"),
    ("take", "load_relaxed(hands, me, NEWEST) != block or", ""),
    ("take", "or load_relaxed(words, 0, STATE) != stamp", ""),
    ("take_out", "store_relaxed(block_at(older), 0, NEWER, newer)", "pass"),
    ("take_out", "store_relaxed(block_at(newer), 0, OLDER, older)", "pass"),
    ("share", "load_relaxed(hands, me, ANCHOR + NEWER)", "load_relaxed(hands, me, NEWEST)"),
    ("share", "store_relaxed(words, 0, STATE, load_relaxed(words, 0, STATE) | SHARED)", "pass"),
    ("share", "store_relaxed(words, 0, OWNER, load_relaxed(hands, me, ROW))", "pass"),
    ("join_left", "load_relaxed(own, 0, ARENA_TOP) != block + size", "False"),
    ("drop_left", "load_relaxed(own, 0, ARENA_TOP) != block + size", "False"),
    ("drop_left", "store_relaxed(own, 0, ARENA_TOP, block)", "pass"),
    ("join_left", "store_relaxed(own, 0, ARENA_TOP, block)", "pass"),
]  # fmt: skip
BEYOND_THE_MODEL = {}
STAMP = columns.ONE_STAMP


class Shared:
    """A block of worker 0 that worker 1 has taken, and the result of its body."""

    def __init__(self, kernels):
        self.kernels, self.world, self.result = kernels, World(workers=2), Table("result", 1, 1)
        words = {(0, columns.STATE): STAMP | columns.SHARED, (0, columns.OWNER): 0}
        self.block = cell_address(Table("block", 1, columns.BLOCK_FIELDS, words), 0, 0)

    def frozen(self):
        return "shared"

    def finisher(self):
        yield from store_plain(self.result, 0, 0, 1)
        owner = yield from self.kernels.hands.finish(self.block, 0)
        if owner >= 0 and (yield from self.kernels.event.post(self.world.workers, owner)):
            yield from self.kernels.waiting.wake(self.world.workers, owner, self.kernels.event.EVENT, 1)


def looked_at(kernels):
    shared = Shared(kernels)

    def owner():
        if (yield from kernels.hands.is_done(shared.block)):
            return (yield from load_plain(shared.result, 0, 0))
        return 1

    return [owner, shared.finisher], lambda results: results[0] != 1 and "no result"


def waited_for(kernels):
    shared = Shared(kernels)
    world = shared.world

    def owner():
        while not (yield from kernels.hands.is_done(shared.block)):
            if (yield from kernels.hands.expect(shared.block)):
                yield from kernels.notifier.wait_for_work(
                    world.pool, world.workers, world.runs, 0, False, -shared.block, NONE, -1
                )
        return (yield from load_plain(shared.result, 0, 0))

    return [owner, shared.finisher], lambda results: results[0] != 1 and "no result"


SCENARIOS = {
    "a look": Scenario(looked_at),
    "a sleep": Scenario(waited_for, timeouts=False),
    "a sleep, woken for no reason": Scenario(
        waited_for, timeouts=False, spurious=True, random=100, mutants=None
    ),
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
def test_a_shared_task_is_seen_to_end(scenario):
    scenario.holds()


@pytest.mark.parametrize("mutant", MUTANTS)
def test_each_ordering_is_needed(mutant):
    assert_killed("hands", mutant, *finders(SCENARIOS), entry=mount_spawning)
