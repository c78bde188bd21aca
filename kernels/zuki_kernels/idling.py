"""A worker that has nothing to do: it searches for a while, lets others go first, then sleeps.

Between two rounds of its search it rests: for some spin hints at first, then it gives its processor
to whoever wants it, then on its event. How long it goes on searching is `lingering`; how long it
leaves the last tasks of others to them is `patience`; how it sleeps, without missing work, is `notifier`.
"""

from . import arena, detached, lane, tracing
from ._jit import kernel, rare_kernel
from ._types import Table
from .activity import AWAY, RUNNING, SEARCHING, turn_to
from .atomics import load_acquire, load_relaxed, store_relaxed
from .blocks import is_done
from .clock import give_way, now, spin_hint, ticks
from .counters import LANE_DEPTH, PARKS, SPURIOUS, WAS_WOKEN, count
from .groups import has_news
from .lingering import is_one_too_many, learn, linger_of
from .notifier import AWAKE, DUTY, KEEP_ALIVE, PULSE, RETIRE, STOP, wait_for_work
from .patience import PATIENCE, finished_by_others, is_quick, wait_for_glance
from .reasons import EXIT, GO_ON, LEFT, RUN_OVER, RUN_PYTHON, SIGNALS, SPARE_MEMORY
from .runs import DONE, NONE
from .solo import come

_HINTS = 8  # spin hints between two rounds of search, at first
_EAGER = 32  # rounds of search after which a worker gives way to other threads between two rounds
SLEPT = -1  # as a number of rounds of search: none since the worker has slept
_NAP = 20_000_000  # nanoseconds that a thread sleeps at most if it must look at signals


@rare_kernel
def reason_to_return(
    pool: Table, workers: Table, queues: Table, runs: Table, me: int, until: int, pulse: int
) -> tuple[int, int]:
    """Return why worker ``me``, which has nothing in hand, has to return, and the task to run then, or NONE.

    The arguments are those of `turn.run_tasks`. The reason is `GO_ON` if it is to search.
    """
    if until >= 0 and load_acquire(runs, until, DONE):  # order: results after the end; pairs with settle's
        return RUN_OVER, NONE
    if until < NONE and (is_done(-until) or has_news(workers, me)):
        return RUN_OVER, NONE
    if pulse >= 0 and load_relaxed(pool, 0, PULSE) != pulse:
        return SIGNALS, NONE
    if load_relaxed(workers, me, LANE_DEPTH) > 0:  # inside of a Python body: others queue theirs behind it
        task = lane.enter(pool, workers, queues, runs, me, until)
        if task >= 0:
            return RUN_PYTHON, task
    return GO_ON, NONE


@rare_kernel
def rest(
    pool: Table,
    workers: Table,
    runs: Table,
    hands: Table,
    me: int,
    until: int,
    pulse: int,
    sees_scraps: bool,
    spins: int,
    idle_since: int,
    is_late: bool,
    waking: bool,
    patient: bool,
    paced: int,
    paced_at: int,
) -> tuple[int, int, int, bool, bool, bool, int, int]:
    """Rest after a round of search that found nothing, or only tasks that were left to others.

    ``spins`` is how many rounds came before it, or `SLEPT`, and ``idle_since`` when the first of them was.
    ``is_late`` allows to take detached tasks where the worker waits for something else; ``waking`` is the
    duty to wake. ``patient`` is whether few tasks are left to their owner, and ``paced`` how many bodies
    others had run at the moment ``paced_at``.

    Returns the reason to return, or `GO_ON`, and the new values of these seven.
    """
    moment = now()
    if spins <= 0:
        idle_since, spins = moment, 0
        turn_to(workers, me, SEARCHING, moment)
    spins += 1
    if sees_scraps:
        pace = finished_by_others(pool, workers, me)
        if spins > 1:
            patient = is_quick(pace - paced, moment - paced_at) and moment - idle_since < PATIENCE
        paced, paced_at = pace, moment
    reason, lingers = GO_ON, moment - idle_since < linger_of(workers, me)
    if spins > _EAGER and lingers and not sees_scraps and is_one_too_many(pool, workers, me, moment):
        lingers = False
    if lingers or sees_scraps:  # who is patient looks once more
        if spins > _EAGER:
            give_way()  # the thread that has the work may want this very processor
        for _ in range(_HINTS):
            spin_hint()
        if sees_scraps:
            wait_for_glance(moment)
    elif until != NONE and not is_late and detached.is_any_left(pool):
        is_late = True  # who waits for something takes those last: they may run for long
    elif until >= NONE and arena.is_to_be_given_back(hands, me):
        reason = SPARE_MEMORY
    else:
        spins, is_late = SLEPT, False
        reason, waking = sleep(pool, workers, runs, me, until, pulse, waking)
        learn(pool, workers, me, now() - idle_since)
    return reason, spins, idle_since, is_late, waking, patient, paced, paced_at


@rare_kernel
def sleep(
    pool: Table, workers: Table, runs: Table, me: int, until: int, pulse: int, waking: bool
) -> tuple[int, bool]:
    """Sleep until there may be work; return the reason to return, or `GO_ON`, and whether it has the duty."""
    count(workers, me, SPURIOUS, load_relaxed(workers, me, WAS_WOKEN))
    parks = load_relaxed(workers, me, PARKS)
    nap = _longest_sleep(pool, until, pulse)
    begun = ticks()
    answer = wait_for_work(pool, workers, runs, me, waking, until, pulse, nap)
    ring = load_relaxed(workers, me, tracing.RING)
    if ring != 0:
        tracing.note(ring, begun, ticks(), 0, tracing.PARKED)
    was_woken = answer in (AWAKE, DUTY) and load_relaxed(workers, me, PARKS) != parks
    store_relaxed(workers, me, WAS_WOKEN, int(was_woken))
    if answer == RETIRE:
        return LEFT, False
    come(pool, workers, me)
    if answer == STOP:
        return EXIT, False
    return GO_ON, answer == DUTY


@rare_kernel
def go_on(workers: Table, me: int) -> None:
    """Say that a worker runs: it has found work after a search, or begins."""
    turn_to(workers, me, RUNNING, now())
    store_relaxed(workers, me, WAS_WOKEN, 0)


@rare_kernel
def end_search(workers: Table, me: int, until: int, reason: int) -> None:
    """Say that a worker's turn ends while it searches; after some it is a worker no more."""
    leaves = until == NONE and reason in (EXIT, LEFT)
    turn_to(workers, me, AWAY if leaves else RUNNING, now())


@kernel
def _longest_sleep(pool: Table, until: int, pulse: int) -> int:
    """Return how many nanoseconds one sleep may last, or -1."""
    if pulse >= 0:
        return _NAP
    keep_alive = load_relaxed(pool, 0, KEEP_ALIVE)
    return keep_alive if until == NONE and keep_alive > 0 else -1
