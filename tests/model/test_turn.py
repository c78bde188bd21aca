"""The whole pool under the model: threads that run `turn` as they do in earnest."""

import pytest

from . import larger_pools, pools
from .mutants import assert_killed
from .pct import pct
from .scenario import Scenario, finders, named
from .trace import BrokenRunError

MUTANTS = [
    ("run_tasks", "looks and load_acquire", "looks and load_relaxed"),
    ("run_tasks", "done > 0 and spins > 0", "False"),
]
OF_THE_LANE = [
    ("idling", ("reason_to_return", "load_relaxed(workers, me, LANE_DEPTH) > 0", "False")),
    ("turn", ("run_tasks", "lane.call_holder(pool, workers)", "pass")),
    (
        "turn",
        (
            "run_tasks",
            "if node_is_python:\nlane.leave(pool, workers, me)",
            "if node_is_python:\n            pass",
        ),
    ),
    ("lane", ("_take", "wanted == ANY or slot_of(task) == wanted", "True")),
    ("lane", ("call_holder", "event.post(workers, holder)", "event.claim(workers, holder)")),
    ("notifier", ("wait_for_work", "load_relaxed(workers, me, LANE_DEPTH) > 0", "False")),
]
OF_PATIENCE = [
    ("idling", ("rest", "or sees_scraps", "or False")),
    ("idling", ("rest", "patient = is_quick(pace - paced, moment - paced_at) and", "patient = True or")),
]
OF_THE_LIMIT = [
    ("notifier", ("is_alone", "load_relaxed(pool, 0, MOST) == 1", "load_relaxed(pool, 0, LIMIT) == 1")),
]
BEYOND_THE_MODEL = {}

DIAMOND = (0, 1), (0, 2), (1, 3), (2, 3)
FAN = tuple((0, node) for node in range(1, 6))
TWO_AND_ONE = (0, 2), (1, 2)


def pool(make, **options):
    return Scenario(make, entry=pools.mount_pool, timeouts=False, **options)


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
    "a fan that overflows while it is stolen from": lambda kernels: pools.submitted(kernels, 6, FAN, ring=2),
    "stopped meanwhile": lambda kernels: larger_pools.stopped(kernels, 4, DIAMOND),
    "fewer may be awake, then more": lambda kernels: pools.resized(kernels, 4, DIAMOND),
    "more may be awake than at first": lambda kernels: pools.resized(kernels, 4, DIAMOND, limit=1, most=2),
    "one worker may be awake": lambda kernels: pools.one_awake(kernels, 4, DIAMOND),
}
FEW_PREEMPTIONS = {
    "two workers, few preemptions": (lambda kernels: pools.submitted(kernels, 1), 1),
    "a caller helps, few preemptions": (lambda kernels: pools.waited_for(kernels, 2), 1),
    "a worker waits in a body": (lambda kernels: pools.helped(kernels, told=True), 1),
    "a join, few preemptions": (lambda kernels: pools.waited_for(kernels, 3, TWO_AND_ONE), 0),
    "Python bodies, few preemptions": (lambda kernels: pools.waited_for(kernels, 2, python=(0, 1)), 0),
}


LOOKS_FOR_MUTANTS = "batches", "a run ends meanwhile"
MEETING = Scenario(
    larger_pools.meeting, entry=pools.mount_patient, timeouts=False, random=100, depth=4, mutants=None
)
SCENARIOS = {
    **{
        name: pool(make, mutants=() if name in LOOKS_FOR_MUTANTS else None)
        for name, make in EXHAUSTIVE.items()
    },
    **{name: pool(make, random=40, depth=4, mutants=None) for name, make in RANDOM.items()},
    "a thief that leaves the last tasks to their owner": MEETING,
    "bodies inside of a body": pool(
        lambda kernels: larger_pools.nested(kernels, 2, 2), random=100, depth=6, steps=4000, mutants=None
    ),
    **{
        name: pool(make, preemptions=most, slow=True, mutants=None)
        for name, (make, most) in FEW_PREEMPTIONS.items()
    },
}


@named(SCENARIOS)
def test_each_node_runs_once(scenario):
    scenario.holds()


@pytest.mark.parametrize("mutant", MUTANTS)
def test_each_ordering_is_needed(mutant):
    in_a_body = pool(lambda kernels: pools.helped(kernels, told=True))
    assert_killed("turn", mutant, *finders(SCENARIOS), in_a_body, entry=pools.mount_pool)


@pytest.mark.parametrize(("kernel", "mutant"), OF_THE_LANE)
def test_each_step_for_bodies_inside_of_bodies_is_needed(kernel, mutant):
    assert_killed(kernel, mutant, SCENARIOS["bodies inside of a body"], entry=pools.mount_pool)


@pytest.mark.parametrize(("kernel", "mutant"), OF_PATIENCE)
def test_who_is_patient_must_look_again_and_not_be_so_for_ever(kernel, mutant):
    assert_killed(kernel, mutant, MEETING, entry=pools.mount_patient)


@pytest.mark.parametrize(("kernel", "mutant"), OF_THE_LIMIT)
def test_who_may_not_be_alone_for_ever_shares_its_cells(kernel, mutant):
    raised, lowered = "more may be awake than at first", "fewer may be awake, then more"
    for_longer = [pool(RANDOM[name], random=1000, depth=4) for name in (raised, lowered)]
    assert_killed(kernel, mutant, *for_longer, entry=pools.mount_pool)


def test_who_waits_in_a_body_for_a_submitted_run_has_to_be_told_of_its_end():
    threads, check, quiescent = pools.helped(pools.mount_pool(), told=True)
    pct(threads, check, quiescent=quiescent, timeouts=False, runs=200)
    with pytest.raises(BrokenRunError, match="lost wake-up: helper"):
        pool(lambda kernels: pools.helped(kernels, told=False), preemptions=2).holds()
