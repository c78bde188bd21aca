"""Detached tasks under the model: each is taken once, as it was filled; who counts the last sees all."""

import pytest

from zuki_kernels import blocks
from zuki_kernels import hands as columns
from zuki_kernels.blocks import NO_BLOCK

from .mount import Table, atomic, cell_address, mount_all
from .mutants import assert_killed
from .scenario import Scenario, finders, named
from .worlds import World, load_plain, store_plain

MUTANTS = [
    ("add", "cas_release", "cas_relaxed"),
    ("add", "store_release", "store_relaxed"),
    ("add", "store_relaxed(words, 0, OLDER, NO_BLOCK)", "pass"),
    ("take", "exchange_acquire", "exchange_relaxed"),
    ("take", "exchange_acquire(hands, victim, DETACHED, NO_BLOCK)", "load_acquire(hands, victim, DETACHED)"),
    ("take", "store_release", "store_relaxed"),
    ("take", "store_release(hands, me, DETACHED, others)", "pass"),
    ("find", "take(hands, me, victim)", "take(hands, me, me)"),
    ("count_in", "cas_acquire", "cas_relaxed"),
    ("count_in", "while left > 0", "while True"),
    ("count_first", "add_acq_rel", "add_relaxed"),
    ("count_out", "add_acq_rel", "add_relaxed"),
]  # fmt: skip
BEYOND_THE_MODEL = {}

SLOT = 5


class Lists:
    """Workers and tasks; the owner, the last worker, fills a cell for each task."""

    def __init__(self, kernels, workers, tasks):
        self.kernels, self.world = kernels, World(workers=workers)
        self.owner_row = workers - 1
        self.filled = Table("filled", 1, tasks)
        self.words = [Table(f"block {task}", 1, blocks.BLOCK_FIELDS) for task in range(tasks)]
        self.blocks = [cell_address(words, 0, 0) for words in self.words]

    def frozen(self):
        return "lists"

    def owner(self):
        for task, block in enumerate(self.blocks):
            yield from store_plain(self.filled, 0, task, 1)
            yield from self.kernels.detached.add(self.world.hands, self.owner_row, block)
        return ()

    def thief(self, me, tries):
        def thief():
            taken = ()
            for _ in range(tries):
                block = yield from self.kernels.detached.find(self.world.pool, self.world.hands, me)
                if block != NO_BLOCK:
                    task = self.blocks.index(block)
                    if not (yield from load_plain(self.filled, 0, task)):
                        return (*taken, "not filled")
                    taken += (task,)
            return taken

        return thief

    def left(self, memory):
        """The tasks in all lists."""
        found = []
        for me in range(self.owner_row + 1):
            block = memory.latest(self.world.hands, me, columns.DETACHED)
            while block != NO_BLOCK:
                found.append(self.blocks.index(block))
                block = memory.latest(self.words[found[-1]], 0, blocks.OLDER)
        return found


def taken_once(workers, tasks, tries):
    def make(kernels):
        lists = Lists(kernels, workers, tasks)
        thieves = [lists.thief(me, tries) for me in range(workers - 1)]

        def check(results, memory):
            taken = [task for some in results.values() for task in some]
            return sorted(taken + lists.left(memory), key=str) != list(range(tasks)) and f"taken: {taken}"

        return [lists.owner, *thieves], check

    return make


def found_by_another(kernels):
    lists = Lists(kernels, workers=3, tasks=1)

    def first_one_then_the_other():
        yield from lists.owner()
        return (yield from lists.thief(0, 1)())

    return [first_one_then_the_other], lambda results: results[0] != (0,) and "not found"


def counted(kernels):
    world, detached = World(workers=2), kernels.detached
    done = Table("done", 1, 2)
    load, store = atomic("load_relaxed"), atomic("store_relaxed")

    def end(me):
        yield from store(done, 0, me, 1)
        if not (yield from detached.count_out(world.pool)):
            return "not the last"
        return (yield from load(done, 0, 1 - me))

    def first():
        yield from detached.count_first(world.pool, SLOT)
        return (yield from end(0))

    def second():
        if not (yield from detached.count_in(world.pool)):
            return "not counted"
        if (yield from load(world.pool, 0, detached.SLOT)) != SLOT:
            return "no slot"
        return (yield from end(1))

    def check(results):
        found = results[0], results[1]
        return found not in ((0, "not counted"), ("not the last", 1), (1, "not the last")) and f"{found}"

    return [first, second], check


SCENARIOS = {
    "a thief": Scenario(taken_once(2, 3, 2)),
    "two thieves": Scenario(taken_once(3, 2, 2)),
    "one after the other": Scenario(found_by_another),
    "counted by two": Scenario(counted),
}


@named(SCENARIOS)
def test_each_is_taken_once_and_counted(scenario):
    scenario.holds()


@pytest.mark.parametrize("mutant", MUTANTS)
def test_each_step_is_needed(mutant):
    assert_killed("detached", mutant, *finders(SCENARIOS), entry=mount_all)
