"""What a worker is at, and how long it was at what: told by the worker, read while it goes on.

The worker says so when it turns to something else, which is not often; a reader adds what has passed
since. A reader must not see half of that: it would miss a sleep of hours, or count it twice. So SINCE
tells the turns apart, as a sequence lock's counter does (Boehm, MSPC 2012): it grows with each, and is
MOVING while the other cells are written.

Roles: the owner calls `turn_to`; any thread calls `read`, and again if it was disturbed.
At rest: SINCE is not MOVING; SPENT and the cells behind it add up to SINCE, but for AWAY before the
first turn.
"""

from ._jit import kernel
from ._types import Table
from .atomics import load_acquire, load_relaxed, store_relaxed, store_release

# Columns of the table of workers, beside those of `counters`; on a cache line that only the owner writes
SINCE = 48  # the moment when it turned to what it is at
ACTIVITY = 49  # what it is at
SPENT = 50  # nanoseconds at the first activity before SINCE; then those at the others

AWAY = 0  # nobody has the row
RUNNING = 1  # it runs bodies, or Python
SEARCHING = 2  # it looks for work, after a first look that found none
PARKED = 3  # it sleeps
ACTIVITIES = 4

MOVING = -1  # as SINCE: the cells are being written


@kernel
def turn_to(workers: Table, me: int, activity: int, moment: int) -> None:
    """Be at something else from ``moment`` on."""
    since, before = load_relaxed(workers, me, SINCE), load_relaxed(workers, me, ACTIVITY)
    moment = max(moment, since + 1)  # no SINCE comes twice
    spent = load_relaxed(workers, me, SPENT + before) + moment - since
    store_relaxed(workers, me, SINCE, MOVING)
    # order: MOVING before each of the cells; pairs with read's loads
    store_release(workers, me, SPENT + before, spent)
    store_release(workers, me, ACTIVITY, activity)  # order: the same
    store_release(workers, me, SINCE, moment)  # order: the cells before SINCE; pairs with read's load


@kernel
def read(workers: Table, worker: int, times: Table, moment: int) -> bool:
    """Write how long a worker was at what until ``moment``; return False if it has turned meanwhile.

    ``times`` has a row for each worker. Any thread.
    """
    since = load_acquire(workers, worker, SINCE)  # order: SINCE before the cells; pairs with turn_to's store
    if since == MOVING:
        return False
    # order: each of the cells before the second look; pairs with turn_to's stores
    activity = load_acquire(workers, worker, ACTIVITY)
    for one in range(ACTIVITIES):
        passed = max(moment - since, 0) if one == activity else 0
        spent = load_acquire(workers, worker, SPENT + one)  # order: the same
        store_relaxed(times, worker, one, spent + passed)
    return load_relaxed(workers, worker, SINCE) == since
