"""Groups under the model: a spawner hears of a failure that is not joined, awake or asleep."""

import pytest

from zuki_kernels import blocks
from zuki_kernels.blocks import FINISHED
from zuki_kernels.runs import NONE

from .families import mount_spawning
from .mount import Table, cell_address
from .mutants import assert_killed
from .scenario import Scenario, finders, named
from .test_blocks import STAMP, Shared
from .test_joining import SCENARIOS as OF_JOINS

MUTANTS = [
    ("tell", "add_acq_rel", "add_relaxed"),
    ("tell", "if spawner != me and event.post(workers, spawner)", "if False"),
    ("has_news", "load_acquire", "load_relaxed"),
    ("note", "load_acquire", "load_relaxed"),
    ("note", "store_relaxed(workers, me, NOTED, failed)", "pass"),
    ("forget", "-1", "0"),
    ("find_failed", "first = load_relaxed(words, 0, STATE)", "first = 0"),
    ("is_forsaken", "< word & _MOST_FORSAKEN", "< _MOST_FORSAKEN"),
    ("forsake", "- first + 1", "- first + 2"),
    ("has_failed", "not in (0, NOT_BEGUN)", "in (0, 1)"),
]
OF_THE_SLEEP = [("wait_for_work", "or has_news(workers, me)", "")]
BEYOND_THE_MODEL = {}


class Failing(Shared):
    """A block of worker 0, which worker 1 has taken and whose body fails; and one that will not end."""

    def __init__(self, kernels):
        super().__init__(kernels)
        words = {(0, blocks.STATE): STAMP | blocks.SHARED, (0, blocks.OWNER): 0}
        self.endless = cell_address(Table("endless block", 1, blocks.BLOCK_FIELDS, words), 0, 0)

    def frozen(self):
        return "failing"

    def finisher(self):
        workers, kernels = self.world.workers, self.kernels
        yield from kernels.blocks.finish(self.block, 7)
        yield from kernels.groups.tell(workers, 1, 0)


def heard(kernels):
    failing = Failing(kernels)

    def owner():
        if (yield from kernels.groups.has_news(failing.world.workers, 0)):
            return (yield from kernels.blocks.state_of(failing.block))
        return FINISHED

    return [owner, failing.finisher], lambda results: results[0] != FINISHED and "the failure is not seen"


def noted(kernels):
    failing = Failing(kernels)

    def owner():
        if (yield from kernels.groups.note(failing.world.workers, 0)):
            return (yield from kernels.blocks.state_of(failing.block))
        return FINISHED

    return [owner, failing.finisher], lambda results: results[0] != FINISHED and "the failure is not seen"


def slept_through(kernels):
    failing = Failing(kernels)
    world = failing.world

    def owner():
        while not (yield from kernels.groups.has_news(world.workers, 0)):
            yield from kernels.notifier.wait_for_work(
                world.pool, world.workers, world.runs, 0, False, -failing.endless, NONE, -1
            )
        yield from kernels.groups.note(world.workers, 0)
        return (yield from kernels.groups.has_news(world.workers, 0))

    return [owner, failing.finisher], lambda results: results[0] and "it is news for ever"


SCENARIOS = {
    "looked at": Scenario(heard),
    "noted": Scenario(noted),
    "a sleep": Scenario(slept_through, timeouts=False),
}


@named(SCENARIOS)
def test_a_failure_is_heard_of_before_it_is_joined(scenario):
    scenario.holds()


@pytest.mark.parametrize("mutant", MUTANTS)
def test_each_step_is_needed(mutant):
    assert_killed("groups", mutant, *finders({**SCENARIOS, **OF_JOINS}), entry=mount_spawning)


@pytest.mark.parametrize("mutant", OF_THE_SLEEP)
def test_each_step_of_the_sleep_is_needed(mutant):
    assert_killed("notifier", mutant, *finders(SCENARIOS), entry=mount_spawning)
