"""The event on which one worker sleeps: a token for one.

    EMPTY    nobody sleeps and nothing was posted
    WAITING  the worker sleeps, or is about to
    NOTIFIED a token is there; the worker takes it before it sleeps
    SHUTDOWN for ever: nothing overwrites it

Roles: the worker whose row it is arms and disarms; any thread posts, claims, shuts down.
These functions only move the state; the sleep itself is `waiting.wait` while WAITING.
"""

from ._jit import kernel
from ._types import Table
from .atomics import cas_acquire, cas_release, exchange_acq_rel, load_relaxed

EVENT = 0  # column of the table of workers; on a cache line that others may write

EMPTY = 0
WAITING = 1
NOTIFIED = 2
SHUTDOWN = 3


@kernel
def _move(workers: Table, me: int, state: int) -> int:
    """Go to ``state`` unless shut down; return the state before."""
    while True:  # a failure means that another thread has posted
        before = load_relaxed(workers, me, EVENT)
        if before == SHUTDOWN:
            return SHUTDOWN
        if cas_acquire(
            workers, me, EVENT, before, state
        ):  # order: what came before the post; pairs with post's
            return before


@kernel
def arm(workers: Table, me: int) -> int:
    """Announce a sleep, taking a token that is there; return the state before."""
    return _move(workers, me, WAITING)


@kernel
def disarm(workers: Table, me: int) -> int:
    """Take back the announcement and any token; return the state before."""
    return _move(workers, me, EMPTY)


@kernel
def post(workers: Table, worker: int) -> bool:
    """Leave a token; return whether the worker is to be woken."""
    while True:  # a failure means that another thread has moved the state
        before = load_relaxed(workers, worker, EVENT)
        if before == SHUTDOWN:
            return False
        if cas_release(
            workers, worker, EVENT, before, NOTIFIED
        ):  # order: news before the token; pairs with arm's
            return before == WAITING


@kernel
def claim(workers: Table, worker: int) -> bool:
    """Leave a token only if the worker is waiting; return whether it is to be woken."""
    if load_relaxed(workers, worker, EVENT) != WAITING:
        return False
    return cas_release(
        workers, worker, EVENT, WAITING, NOTIFIED
    )  # order: news before the token; pairs with arm's


@kernel
def shut_down(workers: Table, worker: int) -> bool:
    """Let the worker never sleep again; return whether it is to be woken."""
    return exchange_acq_rel(workers, worker, EVENT, SHUTDOWN) == WAITING
