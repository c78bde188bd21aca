"""The whole pool under the model: threads that run `turn` as they do in earnest."""

import pytest

from . import pools
from .explore import explore
from .mutants import assert_killed
from .pct import pct
from .trace import BrokenRunError

MUTANTS = [
    ("_turn", "until >= 0 and load_acquire", "until >= 0 and load_relaxed"),
    ("_turn", "elsewhere and load_acquire", "elsewhere and load_relaxed"),
    ("_turn", "done > 0 and spins > 0", "False"),
]
BEYOND_THE_MODEL = {}

DIAMOND = (0, 1), (0, 2), (1, 3), (2, 3)
TWO_AND_ONE = (0, 2), (1, 2)

EXHAUSTIVE = {
    "one worker": lambda kernels: pools.submitted(kernels, 1, workers=1),
    "one worker, an edge": lambda kernels: pools.submitted(kernels, 2, [(0, 1)], workers=1),
    "a caller alone": lambda kernels: pools.waited_for(kernels, 2, [(0, 1)], workers=1, runs=2),
    "a thread is started": lambda kernels: pools.waited_outside(kernels, 1),
    "batches": lambda kernels: pools.waited_for(kernels, 3, [(0, 1)], workers=1, batch=2),
    "a run ends meanwhile": pools.over_meanwhile,
}
RANDOM = {
    "a diamond": lambda kernels: pools.submitted(kernels, 4, DIAMOND),
    "a join": lambda kernels: pools.submitted(kernels, 3, TWO_AND_ONE, workers=3),
    "a diamond with Python bodies": lambda kernels: pools.submitted(kernels, 4, DIAMOND, python=(1, 2)),
    "Python bodies alone": lambda kernels: pools.submitted(kernels, 3, python=(0, 1, 2)),
    "a caller helps, twice": lambda kernels: pools.waited_for(kernels, 4, DIAMOND, runs=2),
    "a caller helps, in batches": lambda kernels: pools.waited_for(kernels, 4, DIAMOND, runs=2, batch=3),
    "more roots than a ring holds": lambda kernels: pools.waited_for(kernels, 6, runs=2, ring=2),
    "threads are started": lambda kernels: pools.waited_outside(kernels, 4, DIAMOND, workers=2),
    "one worker may be awake": lambda kernels: pools.one_awake(kernels, 4, DIAMOND),
}
FEW_PREEMPTIONS = {
    "two workers": (lambda kernels: pools.submitted(kernels, 1), 1),
    "a caller helps": (lambda kernels: pools.waited_for(kernels, 2), 1),
    "a worker waits in a body": (lambda kernels: pools.helped(kernels, told=True), 1),
    "a join": (lambda kernels: pools.waited_for(kernels, 3, TWO_AND_ONE), 0),
    "Python bodies": (lambda kernels: pools.waited_for(kernels, 2, python=(0, 1)), 0),
}


def search(scenario, kernels, preemptions=None):
    threads, check, *quiescent = scenario(kernels)
    explore(
        threads, check, quiescent=quiescent[0] if quiescent else None, preemptions=preemptions, timeouts=False
    )


def named(scenarios):
    return pytest.mark.parametrize("scenario", scenarios.values(), ids=scenarios.keys())


@named(EXHAUSTIVE)
def test_each_node_runs_once(scenario):
    search(scenario, pools.mount_pool())


@named(RANDOM)
def test_each_node_runs_once_in_random_schedules(scenario):
    threads, check, *quiescent = scenario(pools.mount_pool())
    ended = pct(
        threads, check, quiescent=quiescent[0] if quiescent else None, timeouts=False, depth=4, runs=100
    )  # fmt: skip
    assert ended == 100


@pytest.mark.slow
@named(FEW_PREEMPTIONS)
def test_each_node_runs_once_with_few_preemptions(scenario):
    search(scenario[0], pools.mount_pool(), preemptions=scenario[1])


@pytest.mark.parametrize("mutant", MUTANTS)
def test_each_ordering_is_needed(mutant):
    def finds(scenario):
        return lambda kernels: search(scenario, kernels)

    scenarios = [
        EXHAUSTIVE["batches"],
        pools.over_meanwhile,
        lambda kernels: pools.helped(kernels, told=True),
    ]
    assert_killed("turn", mutant, *map(finds, scenarios), entry=pools.mount_pool)


def test_who_waits_in_a_body_for_a_submitted_run_has_to_be_told_of_its_end():
    threads, check, quiescent = pools.helped(pools.mount_pool(), told=True)
    pct(threads, check, quiescent=quiescent, timeouts=False, runs=200)
    with pytest.raises(BrokenRunError, match="lost wake-up: helper"):
        search(lambda kernels: pools.helped(kernels, told=False), pools.mount_pool(), preemptions=2)
