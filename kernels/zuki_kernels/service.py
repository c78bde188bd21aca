"""Who serves the lanes: how a worker is called for Python tasks, and how one that is stuck is noticed.

Whoever adds a Python task that nobody is about to look at sets SUMMONS and notifies, as for any
other work; the worker that finds it takes it off and returns to Python, where the tasks are.
If it comes too late, because somebody else has served them, it finds nothing and goes on.

A thread that serves counts its bursts of tasks in BEATS. Another thread, the watcher, sleeps
without the interpreter and looks now and then: a count that has not moved belongs to a thread
that is stuck in one call, or for which the interpreter was never free. Python tells which.

Columns: SUMMONS and SERVERS are the pool's; BEATS and SEEN are a worker's, on a line of their own.
Roles: any thread calls; a worker claims; who serves begins, beats and ends on its own row; one
watcher watches.
At rest: SERVERS is the number of rows whose BEATS is not 0.
"""

from ._jit import kernel
from ._types import Table
from .atomics import add_relaxed, cas_acquire, load_relaxed, store_relaxed, store_release
from .notifier import notify
from .runs import NONE
from .waiting import wait, wake

# Columns of the pool's row
SUMMONS = 41  # 1: a worker is to serve the lanes
SERVERS = 42  # threads that serve; the watcher sleeps on it while it is 0

# Columns of the table of beats, of a row for each worker
BEATS = 0  # grows with each burst; 0: it does not serve
SEEN = 1  # what the watcher has seen last
TOLD = 2  # the beat at which the watcher has told that it is stuck
LAST = 3  # the last beat of the last time that it served: no beat comes twice
BEAT_FIELDS = 16

_LINGER = 1_000_000_000  # nanoseconds without anybody who serves after which the watcher ends
_LONGEST = 1_600_000  # nanoseconds between two looks, when all goes well for long


@kernel
def call(pool: Table, workers: Table) -> int:
    """Let a worker serve the lanes; return `notifier.START` if the caller must start a thread. Any thread."""
    store_release(pool, 0, SUMMONS, 1)  # order: the task before the call; pairs with claim's
    return notify(pool, workers, NONE, False)


@kernel
def call_and_note(pool: Table, workers: Table, noted: Table) -> None:
    """Do as `call`, and write into ``noted`` what it returns: Python may be interrupted before it does."""
    store_relaxed(noted, 0, 0, call(pool, workers))


@kernel
def is_wanted(pool: Table) -> bool:
    """Tell whether a worker was called and none has come."""
    return load_relaxed(pool, 0, SUMMONS) != 0


@kernel
def claim(pool: Table) -> bool:
    """Answer a call, if there is one; return whether the caller is to serve. A worker."""
    # order: the task before the call; pairs with call's
    return is_wanted(pool) and cas_acquire(pool, 0, SUMMONS, 1, 0)


@kernel
def begin_serving(pool: Table, beats: Table, me: int) -> None:
    """Say that worker ``me`` serves from now on."""
    store_relaxed(beats, me, BEATS, load_relaxed(beats, me, LAST) + 1)
    if add_relaxed(pool, 0, SERVERS, 1) == 0:
        wake(pool, 0, SERVERS, 1)


@kernel
def beat(beats: Table, me: int) -> None:
    """Say that worker ``me`` is not stuck."""
    store_relaxed(beats, me, BEATS, load_relaxed(beats, me, BEATS) + 1)  # relaxed: a row has one writer


@kernel
def end_serving(pool: Table, beats: Table, me: int) -> None:
    """Say that worker ``me`` serves no more."""
    store_relaxed(beats, me, LAST, load_relaxed(beats, me, BEATS))
    store_relaxed(beats, me, BEATS, 0)
    add_relaxed(pool, 0, SERVERS, -1)


@kernel
def end_watch(pool: Table) -> None:
    """Let the watcher return, if nobody serves. Any thread."""
    wake(pool, 0, SERVERS, 1)


@kernel
def beats_of(beats: Table, worker: int) -> int:
    """Return how often a worker has beaten; 0 if it does not serve. Any thread."""
    return load_relaxed(beats, worker, BEATS)


@kernel
def servers(pool: Table) -> int:
    """Return how many threads serve. Any thread."""
    return load_relaxed(pool, 0, SERVERS)


@kernel
def watch(pool: Table, beats: Table, interval: int) -> tuple[int, int]:
    """Sleep until somebody seems to be stuck; return that worker's row and its beats.

    Or NONE and 0 if nobody has served for long, or if told to end. ``interval`` is how long a burst may
    take, in nanoseconds. The watcher.
    """
    nap = interval
    while True:
        if load_relaxed(pool, 0, SERVERS) == 0:
            wait(pool, 0, SERVERS, 0, _LINGER)
            if load_relaxed(pool, 0, SERVERS) == 0:
                return NONE, 0
            nap = interval
        for worker in range(beats.shape[0]):
            store_relaxed(beats, worker, SEEN, load_relaxed(beats, worker, BEATS))
        wait(beats, 0, SEEN, load_relaxed(beats, 0, SEEN), nap)  # nobody wakes it: this only sleeps
        nap = min(2 * nap, _LONGEST)
        for worker in range(beats.shape[0]):
            seen = load_relaxed(beats, worker, BEATS)
            is_stuck = seen != 0 and seen == load_relaxed(beats, worker, SEEN)
            if is_stuck and seen != load_relaxed(beats, worker, TOLD):
                store_relaxed(beats, worker, TOLD, seen)
                return worker, seen
            if seen != 0 and load_relaxed(beats, worker, SEEN) == 0:
                nap = interval  # it has just begun
