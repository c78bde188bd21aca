"""Calls of servants under the model: no call is lost, and one worker answers each."""

import pytest

from .mount import mount_all
from .mutants import assert_killed
from .scenario import Scenario, finders, named
from .sleepers import Sleepers, add_relaxed

MUTANTS = [
    ("call", "store_release", "store_relaxed"),
    ("call", "store_release(pool, 0, SUMMONS, 1)",
     "answer = notify(pool, workers, NONE, False)\n"
     "    store_release(pool, 0, SUMMONS, 1)\n    return answer"),
    ("claim", "cas_acquire", "cas_relaxed"),
]  # fmt: skip
BEYOND_THE_MODEL = {}


def mounted(edit=lambda source, name: source):
    return mount_all(edit, ["service", "starting"])


def called(kernels, workers=2, calls=1):
    """Workers sleep until they are called; each call has somebody look after it."""
    world, service = Sleepers(kernels, workers), kernels.service

    def caller():
        for _ in range(calls):
            yield from add_relaxed(world.work, 0, 0, 1)
            yield from service.call(world.pool, world.workers)

    def worker(me):
        def work():
            waking = False
            while True:
                if (yield from service.claim(world.pool)):
                    yield from add_relaxed(world.work, 0, 1, 1)
                    while (yield from world.take()):
                        pass
                    continue
                waking = (yield from world.wait_for_work(me, waking)) == kernels.notifier.DUTY

        return work

    def quiescent(results, memory):
        taken = memory.latest(world.work, 0, 0) == 0
        return taken and 1 <= memory.latest(world.work, 0, 1) <= calls

    return [caller, *map(worker, range(workers))], None, quiescent


SCENARIOS = {
    "one worker": Scenario(lambda kernels: called(kernels, 1), entry=mounted),
    "two workers": Scenario(called, entry=mounted, preemptions=2),
    "two calls": Scenario(lambda kernels: called(kernels, 1, 2), entry=mounted, preemptions=2),
}


@named(SCENARIOS)
def test_a_call_is_answered(scenario):
    scenario.holds()


@pytest.mark.parametrize("mutant", MUTANTS)
def test_each_step_is_needed(mutant):
    assert_killed("service", mutant, *finders(SCENARIOS), entry=mounted)
