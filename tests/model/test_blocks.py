"""Blocks under the model: who waits for a shared task sees its end and its results, asleep or not."""

import pytest

from zuki_kernels import blocks
from zuki_kernels.runs import NONE

from .families import mount_spawning
from .mount import Table, cell_address
from .mutants import assert_killed
from .scenario import Scenario, finders, named
from .test_hands import SCENARIOS as OF_HANDS
from .worlds import World, load_plain, store_plain

MUTANTS = [
    ("is_done", "load_acquire", "load_relaxed"),
    ("is_done", "== FINISHED", ">= AWAITED"),
    ("expect", "return cas_relaxed(words, 0, STATE, state, state & ~STATES | AWAITED)",
     "store_relaxed(words, 0, STATE, state & ~STATES | AWAITED)\n        return True"),
    ("finish", "exchange_release", "exchange_relaxed"),
    ("finish", "before & STATES == AWAITED", "False"),
    ("finish", "return owner if", "return load_relaxed(words, 0, OWNER) if"),
    ("finish", "return owner if", "store_relaxed(words, 0, FAILURE, failure)\n    return owner if"),
    ("finish", "stamp | FINISHED", "FINISHED"),
]  # fmt: skip
BEYOND_THE_MODEL = {}
STAMP = blocks.ONE_STAMP


class Shared:
    """A block of worker 0 that worker 1 has taken, and the result of its body."""

    def __init__(self, kernels):
        self.kernels, self.world, self.result = kernels, World(workers=2), Table("result", 1, 1)
        words = {(0, blocks.STATE): STAMP | blocks.SHARED, (0, blocks.OWNER): 0}
        self.block = cell_address(Table("block", 1, blocks.BLOCK_FIELDS, words), 0, 0)

    def frozen(self):
        return "shared"

    def finisher(self):
        yield from store_plain(self.result, 0, 0, 1)
        owner = yield from self.kernels.blocks.finish(self.block, 0)
        if owner >= 0 and (yield from self.kernels.event.post(self.world.workers, owner)):
            yield from self.kernels.waiting.wake(self.world.workers, owner, self.kernels.event.EVENT, 1)


def looked_at(kernels):
    shared = Shared(kernels)

    def owner():
        if (yield from kernels.blocks.is_done(shared.block)):
            return (yield from load_plain(shared.result, 0, 0))
        return 1

    return [owner, shared.finisher], lambda results: results[0] != 1 and "no result"


def waited_for(kernels):
    shared = Shared(kernels)
    world = shared.world

    def owner():
        while not (yield from kernels.blocks.is_done(shared.block)):
            if (yield from kernels.blocks.expect(shared.block)):
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
}


@named(SCENARIOS)
def test_a_shared_task_is_seen_to_end(scenario):
    scenario.holds()


@pytest.mark.parametrize("mutant", MUTANTS)
def test_each_ordering_is_needed(mutant):
    assert_killed("blocks", mutant, *finders({**SCENARIOS, **OF_HANDS}), entry=mount_spawning)
