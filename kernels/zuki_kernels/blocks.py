"""A spawned task in memory: the words of a block, and how whoever has run a shared one says so.

A block lies in its spawner's arena and is known by its address; after four words comes its frame.
STATE packs a stamp, which tells a block's lives apart, and one of these; who moves it from which to
which is in ``docs/parking.md``:

    IN_HAND  in its owner's list; the owner alone knows of it
    SHARED   in a deque, or taken from it and not finished; FAILURE and OWNER are in use
    AWAITED  the same, and its owner sleeps, or is about to, until it is finished
    FINISHED     finished; FAILURE says how
    GONE     joined: the block is nobody's
    CALLED   its body runs, called by the join of the newest: the block lies below what that spawns
    LISTED   detached, and has not ended: see `detached`

Roles: the owner calls everything here but `finish`, which whoever ran a shared task calls.
"""

from ._jit import kernel
from ._types import Table
from .atomics import cas_relaxed, exchange_release, load_acquire, load_relaxed, store_relaxed
from .dispatch import table_at

# Words of a block
KIND = 0  # address of the description of what is run: entry, bytes of a block, release
STATE = 1
OLDER = 2  # in hand: the block spawned before; in a list of detached tasks: the next one
NEWER = 3  # in hand: the block spawned after, where there is one
FAILURE = 2  # finished: how it went: 0, or what its entry returned
RUN_OF = 2  # shared, not finished: slot of the run that it is a part of
OWNER = 3  # shared: the worker that spawned it
FLOOR_AROUND = 2  # entered by its join: what FLOOR was before
ENTERED_AROUND = 3  # the same: what ENTERED was before
HEAD_BYTES = 32  # bytes from a block's address to its frame's
BLOCK_FIELDS = 5  # the fifth is the first of the frame

# Words of a description
ENTRY = 0
SIZE = 1
RELEASE = 2
KIND_FIELDS = 3

IN_HAND = 0
SHARED = 1
AWAITED = 2
FINISHED = 3
GONE = 4
LISTED = 5
CALLED = 6
STATES = 7  # the bits of a state; those above are the stamp
ONE_STAMP = 8

NO_BLOCK = 0  # as a block: none


@kernel
def block_at(address: int) -> Table:
    """View a block."""
    return table_at(address, 1, BLOCK_FIELDS)


@kernel
def kind_of(block: int) -> Table:
    """View the description of what a block's task is."""
    return table_at(load_relaxed(block_at(block), 0, KIND), 1, KIND_FIELDS)


@kernel
def state_of(block: int) -> int:
    """Return the state of a block, without its stamp."""
    return load_relaxed(block_at(block), 0, STATE) & STATES


@kernel
def is_done(block: int) -> bool:
    """Tell whether a shared task has finished."""
    return (
        load_acquire(block_at(block), 0, STATE) & STATES == FINISHED
    )  # order: results after; pairs with finish's


@kernel
def expect(block: int) -> bool:
    """Ask to be woken when a shared task has finished; return False if it has."""
    words = block_at(block)
    state = load_relaxed(words, 0, STATE)
    if state & STATES == SHARED:
        # relaxed: it races with finish's exchange for this one word; the token of `event` orders the sleep
        return cas_relaxed(words, 0, STATE, state, state & ~STATES | AWAITED)
    return state & STATES == AWAITED


@kernel
def finish(block: int, failure: int) -> int:
    """Say how a shared task went; return the worker that is to be woken, or -1. Whoever ran it."""
    words = block_at(block)
    owner = load_relaxed(words, 0, OWNER)
    stamp = load_relaxed(words, 0, STATE) & ~STATES
    store_relaxed(words, 0, FAILURE, failure)
    # order: results, and all that is read of the block, before; pairs with is_done's
    before = exchange_release(words, 0, STATE, stamp | FINISHED)
    return owner if before & STATES == AWAITED else -1
