"""Going to sleep and being woken, under the model: no wake-up is lost, and every fence is needed."""

import pytest

from zuki_kernels.event import EVENT
from zuki_kernels.event import SHUTDOWN as EVENT_SHUTDOWN
from zuki_kernels.sync_state import SHUTDOWN, SYNC

from . import sleepers
from .mount import Table, atomic, mount_all
from .mutants import assert_killed
from .scenario import Scenario, finders, named
from .trace import BrokenRunError

MUTANTS = [
    ("_wake_one", "fence_seq_cst()", "pass"),
    ("notify", "fence_seq_cst()", "pass"),
    ("wait_for_work", "fence_seq_cst() event.disarm", "event.disarm"),
    ("wait_for_work", "cas_acq_rel(pool, 0, SYNC, sync, announced)",
     "cas_acquire(pool, 0, SYNC, sync, announced)"),
    ("wait_for_work", "load_acquire", "load_relaxed"),
    ("wait_for_work", "continue event.arm(workers, me) fence_seq_cst()",
     "continue\n            event.arm(workers, me)"),
    ("wait_for_work", "event.arm(workers, me) fence_seq_cst() overdue",
     "event.arm(workers, me)\n                overdue"),
    ("wait_for_work", "event.disarm(workers, me) overdue", "overdue"),
    ("wait_for_work", "elif not idle", "elif overdue and cas_relaxed("  # whatever the word says
     "pool, 0, SYNC, load_relaxed(pool, 0, SYNC), sync_state.retired(load_relaxed(pool, 0, SYNC), 0)"
     "): return RETIRE\n        elif not idle"),
    ("depart", "cas_acq_rel", "cas_acquire"),
    ("depart", "leaves_work or nobody_looks", "False"),
    ("shut_down", "event.shut_down(workers, worker)", "event.claim(workers, worker)"),
]  # fmt: skip
OF_THE_EVENT = [
    ("_move", "cas_acquire", "cas_relaxed"),
    ("post", "cas_release", "cas_relaxed"),
]
BEYOND_THE_MODEL = {
    (
        "lay_down",
        "fence_seq_cst()",
    ): "that of wait_for_work does where nobody else has taken a notification since; "
    "who has, without any duty, may leave tasks to one that has not searched for long enough",
    ("wait_for_work", "cas_release(pool, 0, SYNC, sync, retired)"): "EVENT is claimed by a compare-exchange, "
    "which in the model reads the latest; elsewhere a claim by who no longer counts the thread might come "
    "before the disarming",
}


def submitting(*numbers, **options):
    return lambda kernels: sleepers.submitting(kernels, *numbers, **options)


def pool(make, **options):
    return Scenario(make, timeouts=False, **options)


EXHAUSTIVE = {
    "one task": submitting(1, 1),
    "two tasks": submitting(1, 2),
    "a task and the end": submitting(1, 1, ends=True),
    "a thread is started": sleepers.starting,
    "a thread cannot be started": sleepers.starting_fails,
    "a worker leaves its work": sleepers.departing,
    "a worker leaves": lambda kernels: sleepers.departing(kernels, leaves=False),
    "a worker waits for a run": sleepers.helping,
    "a worker waits for a run, and work comes": lambda kernels: sleepers.helping(kernels, 1),
    "one worker may be awake": sleepers.taking_turns,
}
ONE_PREEMPTION = {
    "two workers": submitting(2, 1),
    "two workers, two tasks": submitting(2, 2),
    "two workers, a task makes a task": submitting(2, 1, forks=1),
    "a thread cannot be started, others come and go": sleepers.starting_fails_among_others,
}


def retiring(**options):
    return lambda kernels: sleepers.retiring(kernels, **options)


RETIRING = {
    "a thread retires, another one is started": (retiring(), None),
    "a thread retires beside one that sleeps": (retiring(others=1, starts=0), 2),
    "two retire, one is to stay": (retiring(retirers=2, least=1), 1),
    "two retire, another one is started": (retiring(retirers=2), 1),
    "a thread retires at the end": (retiring(ends=True, starts=0), None),
    "two retire at the end": (retiring(retirers=2, ends=True, starts=0), 1),
    "a thread retires where one may be awake": (retiring(others=1, limit=1, starts=0), 1),
    "a thread retires while another one cannot be started": (sleepers.retiring_while_starting_fails, None),
}
SLOW = {
    "two callers, at length": (submitting(1, 1, callers=2), None),
    "two workers, at length": (submitting(2, 1), 2),
    "two workers, a task makes a task, at length": (submitting(2, 1, forks=1), 2),
    "two workers and the end, at length": (submitting(2, 1, ends=True), 1),
    "a thread retires, two tasks": (retiring(tasks=2), None),
    "two retire, two tasks": (retiring(retirers=2, tasks=2), 1),
}
RANDOM = {
    "three workers, tasks make tasks": submitting(3, 2, forks=1),
    "three workers and the end": submitting(3, 2, ends=True, forks=1),
    "two workers, two callers": submitting(2, 2, callers=2),
    "three retire, one is to stay": retiring(retirers=3, least=1, tasks=2, starts=4),
    "two retire beside one that sleeps": retiring(retirers=2, others=1, tasks=3, starts=4),
}


def the_end_is_kept(kernels):
    """The end is written once, in the state and then in the event; a third cell says when."""
    threads, check, quiescent = sleepers.submitting(kernels, 1, 1)
    pool = sleepers.Sleepers(kernels, 1)
    ended = Table("ended", 1, 1)

    def ender():
        yield from kernels.notifier.shut_down(pool.pool, pool.workers)
        yield from atomic("store_relaxed")(ended, 0, 0, 1)

    def invariant(memory):
        states = memory.latest(pool.pool, 0, SYNC) & SHUTDOWN, memory.latest(pool.workers, 0, EVENT)
        over = memory.latest(ended, 0, 0) == 1
        return over and states != (SHUTDOWN, EVENT_SHUTDOWN) and "the end is forgotten"

    return [*threads, ender], check, quiescent, invariant


SCENARIOS = {
    "nothing follows the end": pool(the_end_is_kept, mutants=None),
    **{name: pool(make) for name, make in EXHAUSTIVE.items()},
    **{name: pool(make, preemptions=1) for name, make in ONE_PREEMPTION.items()},
    **{name: pool(make, preemptions=most) for name, (make, most) in RETIRING.items()},
    **{name: pool(make, random=500, depth=4, mutants=None) for name, make in RANDOM.items()},
    # at random: each sleep that ends for no reason leaves one more message, so there is no end of the states
    "waits end for no reason": Scenario(
        submitting(2, 2, ends=True), random=100, spurious=True, timeouts=True, mutants=None
    ),
    **{name: pool(make, preemptions=most, slow=True, mutants=None) for name, (make, most) in SLOW.items()},
}


@named(SCENARIOS)
def test_nobody_sleeps_while_there_is_work(scenario):
    scenario.holds()


def test_work_is_added_before_it_is_told():
    with pytest.raises(BrokenRunError, match="lost wake-up"):
        pool(sleepers.told_too_early).holds()


def test_one_event_for_all_workers_leaves_one_asleep():
    """What zap did first: all workers sleep on one event."""

    def shared(source, name):
        if name == "notifier":
            for action in ("event.arm(workers, ", "event.disarm(workers, ", "wait(workers, "):
                source = source.replace(f"{action}me", f"{action}0")
        return source

    with pytest.raises(BrokenRunError, match="lost wake-up"):
        pool(submitting(2, 1, ends=True), preemptions=0)(mount_all(shared))


@pytest.mark.parametrize("mutant", MUTANTS)
def test_each_ordering_is_needed(mutant):
    assert_killed("notifier", mutant, *finders(SCENARIOS), entry=mount_all)


@pytest.mark.parametrize("mutant", OF_THE_EVENT)
def test_each_ordering_of_the_event_is_needed(mutant):
    assert_killed("event", mutant, *finders(SCENARIOS), entry=mount_all)
