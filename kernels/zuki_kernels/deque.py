"""The work-stealing deque: its owner pushes and pops at the bottom, thieves steal at the top.

Chase and Lev, "Dynamic circular work-stealing deque" (SPAA 2005), bounded, with
the orderings of Le et al., "Correct and efficient work-stealing for weak memory
models" (PPoPP 2013). The owner keeps the last TOP it saw, so that a push does not
touch the cache line for which the thieves race.

Columns: below; TOP and BOTTOM lie on different pairs of cache lines.
Roles: the owner pushes and pops; any other thread is a thief.
At rest: TOP <= BOTTOM <= TOP + capacity, SEEN <= TOP.
"""

from ._jit import kernel
from ._types import Table
from .atomics import (
    cas_acq_rel,
    fence_release,
    fence_seq_cst,
    load_acquire,
    load_relaxed,
    store_relaxed,
)

TOP = 0  # index of the oldest task; only ever grows
BOTTOM = 16  # index one past the newest task; only the owner writes it
SEEN = 17  # a TOP that the owner has read; only the owner uses it
DEQUE_FIELDS = 32

EMPTY = -1  # verdict: there is no task
LOST = -2  # verdict: another thread took the task first; worth another try
FULL = -3  # verdict: there is no room


@kernel
def push(deques: Table, rings: Table, owner: int, task: int) -> int:
    """Add ``task`` at the bottom; return ``task``, or `FULL`."""
    bottom = load_relaxed(deques, owner, BOTTOM)
    if bottom - load_relaxed(deques, owner, SEEN) >= rings.shape[1]:
        top = load_acquire(deques, owner, TOP)  # order: a thief has read the slot it freed
        store_relaxed(deques, owner, SEEN, top)
        if bottom - top >= rings.shape[1]:
            return FULL
    store_relaxed(rings, owner, bottom & (rings.shape[1] - 1), task)
    fence_release()  # order: the slot before this and every later store of BOTTOM; pairs with steal's load
    store_relaxed(deques, owner, BOTTOM, bottom + 1)
    return task


@kernel
def pop(deques: Table, rings: Table, owner: int) -> int:
    """Take the newest task; return it, or `EMPTY`."""
    bottom = load_relaxed(deques, owner, BOTTOM) - 1
    if load_relaxed(deques, owner, TOP) > bottom:  # relaxed: TOP only grows, so an old value finds too much
        return EMPTY
    store_relaxed(deques, owner, BOTTOM, bottom)
    fence_seq_cst()  # order: claim BOTTOM, then look at TOP; pairs with steal's fence
    top = load_relaxed(deques, owner, TOP)
    if top > bottom:
        store_relaxed(deques, owner, BOTTOM, bottom + 1)
        return EMPTY
    task = load_relaxed(rings, owner, bottom & (rings.shape[1] - 1))
    if top == bottom:  # the last task: race the thieves for it
        if not cas_acq_rel(deques, owner, TOP, top, top + 1):
            task = EMPTY
        store_relaxed(deques, owner, BOTTOM, bottom + 1)
    return task


@kernel
def pop_alone(deques: Table, rings: Table, owner: int) -> int:
    """Do as `pop` where only one worker may be awake: there is no thief to race, and no fence."""
    bottom = load_relaxed(deques, owner, BOTTOM) - 1
    if (
        load_relaxed(deques, owner, TOP) > bottom
    ):  # relaxed: `sync_state` hands the deque from worker to worker
        return EMPTY
    store_relaxed(deques, owner, BOTTOM, bottom)
    return load_relaxed(rings, owner, bottom & (rings.shape[1] - 1))


@kernel
def steal(deques: Table, rings: Table, victim: int) -> int:
    """Take the oldest task of another worker; return it, `EMPTY` or `LOST`."""
    top = load_relaxed(deques, victim, TOP)
    fence_seq_cst()  # order: look at TOP, then at BOTTOM; pairs with pop's fence
    bottom = load_acquire(deques, victim, BOTTOM)  # order: the slot after BOTTOM; pairs with push's fence
    if top >= bottom:
        return EMPTY
    task = load_relaxed(rings, victim, top & (rings.shape[1] - 1))
    if not cas_acq_rel(deques, victim, TOP, top, top + 1):
        return LOST
    return task


@kernel
def is_empty(deques: Table, owner: int) -> bool:
    """Tell whether there seems to be no task. Any thread."""
    return load_relaxed(deques, owner, TOP) >= load_relaxed(deques, owner, BOTTOM)


@kernel
def size(deques: Table, owner: int) -> int:
    """Return how many tasks there seem to be. Any thread."""
    return load_relaxed(deques, owner, BOTTOM) - load_relaxed(deques, owner, TOP)
