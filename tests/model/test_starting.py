"""Who waits outside the pool, under the model: the end is seen, with every result, and never missed."""

import pytest

from zuki_kernels.runs import NONE, WAITER

from .explore import explore
from .mount import mount_all
from .mutants import assert_killed
from .scenario import Scenario, finders, named
from .test_release import expected
from .worlds import World

MUTANTS = [
    ("expect", "fence_seq_cst()", "pass"),
    ("is_over", "load_acquire", "load_relaxed"),
    ("open_gate", "if event.post(workers, me)", "if False"),
    ("let_go", "store_release", "store_relaxed"),
]
BEYOND_THE_MODEL = {}


def outside(kernels):
    starting, world = kernels.starting, World(1)

    def worker():
        yield from world.run_body(0)
        yield from kernels.release.settle(world.workers, world.runs, 0, 1)

    def waiter():
        while not (yield from starting.wait_until_over(world.runs, 0, NONE)):
            pass
        return (yield from world.read_all())

    return [worker, waiter, waiter], lambda results: {*results.values()} != {None, (1,)} and "wrong"


def gated(kernels):
    """A worker sleeps until a gate opens; what was done before that is then to be seen."""
    starting, world = kernels.starting, World(1, run={WAITER: 0})

    def opener():
        yield from world.run_body(0)
        yield from starting.open_gate(world.workers, world.runs, 0)

    def worker():
        given = world.pool, world.workers, world.runs, 0, False, 0, NONE, -1
        while (yield from kernels.notifier.wait_for_work(*given)) != kernels.notifier.OVER:
            pass
        return (yield from world.read_all())

    return [opener, worker], lambda results: results[1] != (1,) and "wrong"


def held(kernels):
    """A run without nodes, that stands for something else."""
    starting, world = kernels.starting, World(1)

    def holder():
        yield from world.run_body(0)
        yield from starting.let_go(world.runs, 0)

    def waiter():
        return (yield from world.read_all()) if (yield from starting.is_over(world.runs, 0)) else (1,)

    return [holder, waiter], lambda results: results[1] != (1,) and "wrong"


SCENARIOS = {
    "a gate": Scenario(gated),
    "held for something else": Scenario(held),
    "two callers wait": Scenario(outside),
    "a worker asks to be told": Scenario(expected),
}


@named(SCENARIOS)
def test_the_end_is_seen_with_the_results(scenario):
    scenario.holds()


@pytest.mark.parametrize("mutant", MUTANTS)
def test_each_ordering_is_needed(mutant):
    assert_killed("starting", mutant, *finders(SCENARIOS), entry=mount_all)


def test_a_wait_may_time_out():
    kernels, world = mount_all(), World(1)

    def waiter():
        return (yield from kernels.starting.wait_until_over(world.runs, 0, 5))

    explore([waiter], lambda results: results[0] is not False and "wrong")


def test_a_run_that_is_stopped_says_so():
    kernels, world = mount_all(), World(2)
    starting = kernels.starting

    def caller():
        before = yield from starting.is_stopped(world.runs, 0)
        yield from starting.stop(world.runs, 0)
        after = yield from starting.is_stopped(world.runs, 0)
        left = yield from starting.remaining(world.runs, 0)
        return before, after, left, (yield from starting.outcome(world.runs, 0))

    explore([caller], lambda results: results[0] != (False, True, 2, (0, NONE, True)) and "wrong")
