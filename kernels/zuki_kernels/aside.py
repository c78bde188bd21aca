"""When a worker stands aside, because tasks are so short that all workers together get less done than fewer.

A worker that takes part takes cache lines from the others: of the tasks that it gets, of their successors'
counts, of what their bodies have written. Where bodies take nanoseconds that may cost more than it brings.
How short they must be depends on the graph and on the machine, so it is tried out, as hill climbing tunes
the number of threads of .NET's pool (Hellerstein, Morrison and Eilebrecht, "Applying control theory in the
real world", FeBID 2010): the worker puts away what it has in hand, stands aside for a while, and compares
what the others get done now with what all of them did before. If that is as much, it stays away for longer,
and each time for twice as long; else it takes part for longer, and each time for twice as long. What it has
measured holds as long as the others keep their pace: where bodies have become longer, it is back at once.

To the others a worker that stands aside is one that runs a long body: it is awake, and what it has put away
lies where they find it. So nothing here is a matter of who wakes whom. Only the last of those who run may
try, and never the first: so one tries at a time.

`pace_of`, `is_better` and `decide` are pure: from what was counted to what is done.

Columns: below, of the table of workers; on a line that only the owner writes.
Roles: the owner.
At rest: BEGAN is 0 or when the worker began to measure, and HAD what all workers had run then.
"""

from . import idling, search, service, solo
from ._jit import kernel, rare_kernel
from ._types import Table
from .activity import ACTIVITY, RUNNING, SEARCHING, turn_to
from .atomics import add_acq_rel, load_relaxed, store_relaxed
from .clock import give_way, now
from .counters import TASKS
from .dispatch import call_python
from .hands import CALL_PYTHON
from .lingering import STEADY
from .patience import finished_by_others, wait_for_glance
from .reasons import GO_ON
from .runs import DONE, NONE
from .sync_state import ONE_APART, SYNC
from .waiting import wait

BEGAN = 56  # when the worker began to measure what all get done together; 0: it does not
HAD = 57  # bodies that all had run then
TOGETHER = 58  # the pace that it has measured
APART = 59  # the pace of the others, while it stood aside
NOT_BEFORE = 60  # the moment before which it does not measure
STAY = 61  # nanoseconds for which it stands aside since the last trial; 0 if that went badly
SHUN = 62  # nanoseconds for which it takes part since the last trial; 0 if that went well
UNTIL = 63  # the moment until which it stands aside

SPAN = 100_000  # nanoseconds that a measurement takes
LEAST_STAY = 4 * SPAN
MOST_STAY = 50_000_000  # nanoseconds
LEAST_SHUN = 10 * SPAN
MOST_SHUN = 100_000_000  # nanoseconds
_LOOK = 20_000  # nanoseconds after which who comes back to a run tells whether it is as it was
_NAP = 100_000  # nanoseconds from look to look, in a long stay
_LONG = 1000  # nanoseconds: tasks that are longer, divided by workers, are not worth a trial


@kernel
def pace_of(bodies: int, nanoseconds: int) -> int:
    """Return the pace of workers that ran so many bodies in such a time: bodies a millisecond."""
    return bodies * 1_000_000 // max(nanoseconds, 1)


@kernel
def is_better(apart: int, together: int) -> bool:
    """Tell whether a worker is not missed, given the pace of the others alone and of all.

    Equal is better: it saves a processor. As much as a sixteenth is within what such paces vary.
    """
    return 16 * apart >= 15 * together


@kernel
def decide(apart: int, together: int, stay: int, shun: int) -> tuple[int, int]:
    """Return for how long to stand aside after a trial, and for how long to take part, in nanoseconds.

    One of them is 0. ``stay`` and ``shun`` are what the trial before has told; 0 and 0 for the first.
    """
    if is_better(apart, together):
        return min(max(2 * stay, LEAST_STAY), MOST_STAY), 0
    return 0, min(max(2 * shun, LEAST_SHUN), MOST_SHUN)


@kernel
def _is_any_running(workers: Table, first: int, last: int) -> bool:
    """Tell whether any of some workers is running tasks. A hint."""
    running = 0
    for worker in range(first, last):
        running += load_relaxed(workers, worker, ACTIVITY) == RUNNING
    return running > 0


@rare_kernel
def is_due(pool: Table, workers: Table, me: int) -> bool:
    """Tell whether worker ``me``, which runs tasks, should stand aside now. It asks now and then."""
    moment = now()
    if moment < load_relaxed(workers, me, NOT_BEFORE):
        return False
    began = load_relaxed(workers, me, BEGAN)
    passed = moment - began
    if began != 0 and passed < SPAN:
        return False
    ran = finished_by_others(pool, workers, me) + load_relaxed(workers, me, TASKS)
    if began == 0 or passed > 2 * SPAN:  # in between it may have slept
        store_relaxed(workers, me, BEGAN, moment)
        store_relaxed(workers, me, HAD, ran)
        return False
    store_relaxed(workers, me, BEGAN, 0)
    together = pace_of(ran - load_relaxed(workers, me, HAD), passed)
    used = load_relaxed(pool, 0, search.USED_WORKERS)
    if (
        _is_any_running(workers, me + 1, used)
        or together < pace_of(1, _LONG)
        or load_relaxed(pool, 0, STEADY) != 0
    ):
        store_relaxed(workers, me, NOT_BEFORE, moment + LEAST_SHUN)
        return False
    if not _is_any_running(workers, 0, me):  # just now; between tasks it looks for the next one
        return False
    store_relaxed(workers, me, TOGETHER, together)
    store_relaxed(workers, me, UNTIL, 0)
    return True


@kernel
def goes_on(pool: Table, workers: Table, me: int) -> bool:
    """Tell whether worker ``me``, which has nothing to do, was to stand aside for longer than it has."""
    until = load_relaxed(workers, me, UNTIL)
    return until != 0 and now() < until and _is_any_running(workers, 0, me) and not service.is_wanted(pool)


@rare_kernel
def stand_aside(
    pool: Table,
    workers: Table,
    queues: Table,
    runs: Table,
    hands: Table,
    me: int,
    until: int,
    pulse: int,
    start: bool,
) -> tuple[int, int]:
    """Stand aside with nothing in hand, on trial or for as long as the last trial has told.

    The arguments are those of `turn.run_tasks`, and what is returned that of `idling.reason_to_return`;
    ``start`` is whether a thread is to be started first.
    """
    if start:
        call_python(load_relaxed(hands, me, CALL_PYTHON), me, GO_ON, NONE, NONE, 1)
    moment = now()
    turn_to(workers, me, SEARCHING, moment)
    on_trial = load_relaxed(workers, me, UNTIL) == 0
    span = SPAN if on_trial else _LOOK
    since, had = moment, finished_by_others(pool, workers, me)
    add_acq_rel(pool, 0, SYNC, ONE_APART)  # order: what it did before the word; pairs with `solo.begin`
    while True:
        if span < _NAP or on_trial:
            wait_for_glance(moment)
            give_way()
        elif until >= 0:
            wait(runs, until, DONE, 0, _NAP)
        else:  # nobody wakes it: this only sleeps
            wait(workers, me, UNTIL, load_relaxed(workers, me, UNTIL), _NAP)
        moment = now()
        reason, task = idling.reason_to_return(pool, workers, queues, runs, me, until, pulse)
        if reason != GO_ON or service.is_wanted(pool) or not _is_any_running(workers, 0, me):
            break
        if moment - since < span:
            continue
        ran = finished_by_others(pool, workers, me)
        apart = pace_of(ran - had, moment - since)
        since, had, span = moment, ran, _NAP
        if on_trial:
            on_trial = False
            if not _note(workers, me, apart, moment):
                break
        elif 2 * apart < load_relaxed(workers, me, APART):  # these are other tasks
            store_relaxed(workers, me, UNTIL, 0)
            store_relaxed(workers, me, STAY, 0)
            break
        elif moment >= load_relaxed(workers, me, UNTIL):
            break
    add_acq_rel(pool, 0, SYNC, -ONE_APART)
    solo.come(pool, workers, me)
    turn_to(workers, me, RUNNING, now())
    return reason, task


@kernel
def _note(workers: Table, me: int, apart: int, moment: int) -> bool:
    """Remember how a trial went; return whether to stay aside."""
    stay, shun = decide(
        apart,
        load_relaxed(workers, me, TOGETHER),
        load_relaxed(workers, me, STAY),
        load_relaxed(workers, me, SHUN),
    )
    store_relaxed(workers, me, STAY, stay)
    store_relaxed(workers, me, SHUN, shun)
    store_relaxed(workers, me, APART, apart)
    store_relaxed(workers, me, UNTIL, moment + stay)
    store_relaxed(workers, me, NOT_BEFORE, moment + shun)
    return stay > 0
