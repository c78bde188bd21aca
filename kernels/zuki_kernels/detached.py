"""Detached tasks: nobody joins them, so each has memory of its own and may outlive who has spawned it.

A worker lists those that it has detached. Who finds nothing else to do takes a whole list, runs the first
task of it and lists the others as its own, where the next one finds them. The pool counts those that have not
ended. From the first of them until none is left Python holds a slot of the runs for all, so that they can be
stopped as a run is.

Roles: the owner calls `add`; any worker calls the others, and Python `count_first`, for which it has a lock.
At rest: a list leads from DETACHED by OLDER to `NO_BLOCK`; NOT_ENDED is the number of tasks in all lists.
"""

from ._jit import kernel, rare_kernel
from ._types import Table
from .atomics import (
    add_acq_rel,
    cas_acquire,
    cas_release,
    exchange_acquire,
    load_relaxed,
    store_relaxed,
    store_release,
)
from .blocks import NO_BLOCK, OLDER, block_at
from .hands import DETACHED
from .search import USED_WORKERS

# Columns of the pool's row
NOT_ENDED = 56  # detached tasks that have not ended
SLOT = 57  # of the run that they are a part of


@kernel
def add(hands: Table, me: int, block: int) -> None:
    """List a task that is filled and counted."""
    words = block_at(block)
    newest = load_relaxed(hands, me, DETACHED)
    store_relaxed(words, 0, OLDER, newest)
    # order: the task, then the list; pairs with take's exchange
    if not cas_release(hands, me, DETACHED, newest, block):
        store_relaxed(words, 0, OLDER, NO_BLOCK)  # others only take all: then nothing is left
        store_release(hands, me, DETACHED, block)  # order: the same


@kernel
def take(hands: Table, me: int, victim: int) -> int:
    """Take a worker's list, and list all but the first as one's own, which is empty; return the first."""
    if load_relaxed(hands, victim, DETACHED) == NO_BLOCK:
        return NO_BLOCK
    # order: the list, then the tasks; pairs with add's
    block = exchange_acquire(hands, victim, DETACHED, NO_BLOCK)
    if block != NO_BLOCK:
        others = load_relaxed(block_at(block), 0, OLDER)
        if others != NO_BLOCK:
            store_release(hands, me, DETACHED, others)  # order: tasks, then list; pairs with the exchange
    return block


@rare_kernel
def find(pool: Table, hands: Table, me: int) -> int:
    """Take a detached task, of one's own or of another worker; return its block, or `NO_BLOCK`."""
    used = load_relaxed(pool, 0, USED_WORKERS)
    victim = me
    for _ in range(used):
        block = take(hands, me, victim)
        if block != NO_BLOCK:
            return block
        victim = victim + 1 if victim + 1 < used else 0
    return NO_BLOCK


@kernel
def count_in(pool: Table) -> bool:
    """Count one more, if there is any; return whether that was so."""
    left = load_relaxed(pool, 0, NOT_ENDED)
    while left > 0:  # a failure means that another thread has counted
        # order: the count, then SLOT; pairs with count_first's
        if cas_acquire(pool, 0, NOT_ENDED, left, left + 1):
            return True
        left = load_relaxed(pool, 0, NOT_ENDED)
    return False


@kernel
def count_first(pool: Table, slot: int) -> None:
    """Count one that perhaps is the first, and say which run it is a part of."""
    store_relaxed(pool, 0, SLOT, slot)
    add_acq_rel(pool, 0, NOT_ENDED, 1)  # order: SLOT, then the count; pairs with count_in's


@kernel
def count_out(pool: Table) -> bool:
    """Count one that has ended; return whether none is left."""
    return add_acq_rel(pool, 0, NOT_ENDED, -1) == 1  # order: each before the end; pairs with its own


@kernel
def left(pool: Table) -> int:
    """Return how many have not ended."""
    return load_relaxed(pool, 0, NOT_ENDED)


@kernel
def is_any_left(pool: Table) -> bool:
    """Tell whether some have not ended."""
    return load_relaxed(pool, 0, NOT_ENDED) > 0
