"""A worker that counts without atomic additions, while others come and go.

It is solo from the beginning, or goes solo between two nodes. Bodies' results are plain accesses: a node that
is released too early, or with a count that was lost, is a race or a run without an end.
"""

import pytest

from . import pools
from .comers import (
    a_caller_joins,
    a_chain_is_interrupted,
    one_comes,
    one_comes_to_another_turn,
    one_goes,
    one_is_woken,
    one_stands_aside,
    robbed,
    the_only_one_changes,
    two_come,
)
from .mount import mount_all
from .mutants import assert_killed
from .scenario import Scenario, finders, named

MUTANTS = [
    ("go_solo", "fence_seq_cst()", "fence_acquire()"),
    ("go_solo", "not sync_state.is_solo(sync)", "False"),
    ("go_solo", "load_relaxed(pool, 0, SOLO) != 0", "False"),
    ("begin", "load_acquire", "load_relaxed"),
    ("begin", "load_acquire(pool, 0, SYNC) == sole", "True"),
    ("begin", "store_relaxed(workers, me, COUNTING, 1)", "pass"),
    ("end", "store_release", "store_relaxed"),
    ("end", "store_release(workers, me, COUNTING, 0)", "pass"),
    ("give_up", "store_release", "store_relaxed"),
    ("come", "fence_seq_cst()", "fence_acquire()"),
    ("come", "load_acquire(pool, 0, SOLO)", "load_relaxed(pool, 0, SOLO)"),
    ("come", "fence_everywhere()", "fence_seq_cst()"),
    ("come", "load_acquire(workers, holder - 1, COUNTING) != 0", "False"),
]
BEYOND_THE_MODEL = {
    ("begin", "fence_here()"): "the model runs a thread's steps in the order in which they stand",
    ("go_solo", "load_acquire"): "a store takes its place in its cell's order when it is made",
    ("come", "load_acquire(workers, holder - 1, COUNTING)"): "the same",
}


def entry(edit=lambda source, name: source):
    return mount_all(edit, ["solo", "dependencies", "deque"])


def mount_eager(edit=lambda source, name: source):
    """Mount whole pools whose workers go solo after each node, where they are the only ones."""
    eager = {
        ("turn", "elif tick >= search.FAIRNESS"): "elif tick >= 1",
        ("turn", "aside.is_due(pool, workers, me)"): "False",
    }
    return pools.mounted(edit, pools.SLEEPS_SOON | eager)


def mount_whole(edit=lambda source, name: source):
    """Mount all kernels; nobody waits for time to pass."""
    return pools.mounted(edit, {})


TWO_LAYERS = (0, 3), (1, 3), (2, 3), (1, 4), (2, 4)
OPTIONS = {"entry": mount_eager, "timeouts": False, "random": 40, "depth": 4, "mutants": None}
POOLS = {
    "workers sleep and wake": Scenario(lambda kernels: pools.submitted(kernels, 5, TWO_LAYERS), **OPTIONS),
    "a caller and a worker": Scenario(
        lambda kernels: pools.waited_for(kernels, 5, TWO_LAYERS, runs=2), **OPTIONS
    ),
    "a caller comes": Scenario(lambda kernels: pools.joined(kernels, 5, TWO_LAYERS), **OPTIONS),
}
WAYS = {
    "a chain is interrupted": Scenario(a_chain_is_interrupted, entry=mount_whole),
    "a caller joins": Scenario(a_caller_joins, entry=mount_whole),
    "one is woken": Scenario(one_is_woken, entry=mount_whole, preemptions=2),
    "one stands aside and comes back": Scenario(
        lambda kernels: one_stands_aside(kernels, first=True), entry=mount_whole
    ),
    "one stands aside": Scenario(one_stands_aside, entry=mount_whole),
}
CALLS = [
    ("notifier", ("join", "come(pool, workers, me)", "pass")),
    ("idling", ("sleep", "come(pool, workers, me)", "pass")),
    ("release", ("successors_among_others", "sound, False", "sound, True")),
    ("chain", ("run_chain", "if sole == solo.SHARED", "if False")),
]


SCENARIOS = {
    "one comes": Scenario(one_comes, entry=entry),
    "one comes and goes": Scenario(lambda kernels: one_comes(kernels, goes=True), entry=entry),
    "one goes": Scenario(one_goes, entry=entry),
    "another one is the only one": Scenario(the_only_one_changes, entry=entry),
    "a thief comes": Scenario(robbed, entry=entry),
    "one comes while a turn is inside of another": Scenario(one_comes_to_another_turn, entry=entry),
    "two come": Scenario(two_come, entry=entry, random=200, mutants=None),
}


@named(SCENARIOS)
def test_no_arrival_is_lost(scenario):
    scenario.holds()


@named(POOLS)
def test_a_pool_whose_only_worker_is_solo_runs_each_node_once(scenario):
    scenario.holds()


@named(WAYS)
def test_no_arrival_is_lost_however_one_comes(scenario):
    scenario.holds()


@pytest.mark.parametrize(("kernel", "mutant"), CALLS)
def test_whoever_joins_or_wakes_up_waits(kernel, mutant):
    assert_killed(kernel, mutant, *finders(WAYS), entry=mount_whole)


@pytest.mark.parametrize("mutant", MUTANTS)
def test_each_ordering_is_needed(mutant):
    assert_killed("solo", mutant, *finders(SCENARIOS), entry=entry)
