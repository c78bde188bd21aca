"""Shared tasks under the model: each runs once, its results are seen, and who waits for it is woken."""

import pytest

from zuki_kernels import hands as columns
from zuki_kernels.runs import NONE

from .mount import Table, cell_address, mount_all
from .mutants import assert_killed
from .scenario import Scenario, finders, named
from .worlds import World, load_plain, store_plain

MUTANTS = [
    ("is_done", "load_acquire", "load_relaxed"),
    ("expect", "cas_acq_rel", "cas_release"),
    ("finish", "exchange_acq_rel", "exchange_acquire"),
    ("finish", "before & _STATES == AWAITED", "False"),
]
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
    shared, world = Shared(kernels), None
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
}


@named(SCENARIOS)
def test_a_shared_task_is_seen_to_end(scenario):
    scenario.holds()


@pytest.mark.parametrize("mutant", MUTANTS)
def test_each_ordering_is_needed(mutant):
    assert_killed("hands", mutant, *finders(SCENARIOS), entry=mount_all)
