"""A pool's counters, copied while its workers go on.

Each cell is read once, after those that are to be subtracted from it or compared with it where that
matters; so figures of a pool at work are near one another, and those of a pool at rest are exact.

Tables that are written here are the caller's own: of ``copy`` a row for each worker and the columns below, of
``thefts`` a row and a column for each.
"""

from . import activity, deque
from ._jit import kernel
from ._types import Table
from .atomics import load_relaxed, store_relaxed
from .blocks import ONE_STAMP
from .counters import TASKS, THEFTS, WORKER_FIELDS
from .dispatch import table_at
from .hands import DROPS, FAILURES, STAMP
from .search import LEVELS, USED_WORKERS

# Columns of a copy, behind those of the table of workers, which they have as they stand
AWAY_FOR = 64  # nanoseconds that nobody had the row
RAN_FOR = 65  # that it ran
SEARCHED_FOR = 66  # that it searched
PARKED_FOR = 67  # that it slept
IN_DEQUES = 68  # tasks in its deques
WERE_SPAWNED = 69  # tasks that its jitted code has spawned
WITH_THIEVES = 70  # of them: those that lie where thieves find them
HAVE_FAILED = 71  # spawned tasks that failed, and that it ran
WERE_DROPPED = 72  # spawned tasks that did not begin
COPY_FIELDS = 80

_TRIES = 100  # a worker turns to something else each microsecond at most


@kernel
def copy_counters(
    pool: Table, workers: Table, deques: Table, hands: Table, times: Table, copy: Table, moment: int
) -> int:
    """Copy what all workers count; return how many rows anybody has used. Any thread.

    ``times`` is memory for this, of four columns; ``moment`` is now.
    """
    used = load_relaxed(pool, 0, USED_WORKERS)
    for worker in range(used):
        store_relaxed(copy, worker, HAVE_FAILED, load_relaxed(hands, worker, FAILURES))
        store_relaxed(copy, worker, WERE_DROPPED, load_relaxed(hands, worker, DROPS))
        for field in range(WORKER_FIELDS - 1, TASKS - 1, -1):  # TASKS last: others are parts of it
            store_relaxed(copy, worker, field, load_relaxed(workers, worker, field))
        for _ in range(_TRIES):
            if activity.read(workers, worker, times, moment):
                break
        for one in range(activity.ACTIVITIES):
            store_relaxed(copy, worker, AWAY_FOR + one, load_relaxed(times, worker, one))
        waiting = 0
        for level in range(LEVELS):
            waiting += max(deque.size(deques, worker * LEVELS + level), 0)
        store_relaxed(copy, worker, IN_DEQUES, waiting)
        store_relaxed(copy, worker, WITH_THIEVES, max(deque.size(hands, worker), 0))
        store_relaxed(copy, worker, WERE_SPAWNED, load_relaxed(hands, worker, STAMP) // ONE_STAMP)
    return used


@kernel
def copy_thefts(workers: Table, used: int, thefts: Table) -> None:
    """Copy how often each of the first ``used`` workers has robbed each other one. Any thread."""
    for thief in range(used):
        address = load_relaxed(workers, thief, THEFTS)
        if address != 0:
            row = table_at(address, 1, workers.shape[0])
            for victim in range(used):
                store_relaxed(thefts, thief, victim, load_relaxed(row, 0, victim))
