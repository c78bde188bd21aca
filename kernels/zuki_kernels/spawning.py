"""What jitted code that spawns has inside of it: the short way of a spawn and of a join.

These take the address of the calling thread's hand. What is rarer they hand on to `joining.join`, by its
address, and with a number in the place of a stamp that says what is asked.
"""

from ._jit import kernel
from ._types import Table
from .atomics import load_relaxed, store_relaxed
from .blocks import KIND, LISTED, STATE, block_at
from .dispatch import call_join, table_at
from .hands import (
    ARENA_TOP,
    CHUNK_BYTES,
    HAND_FIELDS,
    JOIN,
    STACK_LIMIT,
    count_failure,
    is_share_due,
    put,
    take,
)

# As a stamp for `joining.join`
ALL_ABOVE = -1  # join all that lies above the block
SHARE = -2  # share what is oldest in hand
LOOK_UP = -3  # why is there no memory for a block?
NO_MORE_ABOVE = -4  # as `ALL_ABOVE`, but what has not begun is not to begin
DETACH = -5  # the block is a detached task to be listed
RUN_DETACHED = -6  # the block is a detached task to be run
RING = -7  # wake the coroutine whose waker is in the block's place
DROP = 1  # bit of a stamp: what has not begun is not to begin
IF_CALM = 2  # bit of a stamp: what has not begun is not to begin if another task of its group has failed

TOO_DEEP = -1  # verdict: the stack, or the arena, is full
CANCELLED = -2  # verdict: the run was stopped
TOO_MANY = -3  # verdict: no slot is free for the run that detached tasks are a part of

ASKED = (1 << 63) - 1  # as STACK_LIMIT: every stack is beyond it
IN_DOUBT = ASKED - 1  # as STACK_LIMIT: the same, of who asks itself whether the run of a task was stopped


@kernel
def has_room(top: int, size: int) -> bool:
    """Tell whether a block fits into what is left of a chunk; what is behind it lies in the chunk, too."""
    return (top & (CHUNK_BYTES - 1)) + size < CHUNK_BYTES


@kernel
def reserve(hand: int, size: int, stack: int) -> int:
    """Take memory for a block; return its address, or 0 if there is none or ``stack`` is beyond the limit.

    The limit is also how a thread that spawns is asked to look up, as Go's is: it costs nothing until then.
    """
    own = table_at(hand, 1, HAND_FIELDS)
    block = load_relaxed(own, 0, ARENA_TOP)
    if not has_room(block, size) or stack < load_relaxed(own, 0, STACK_LIMIT):
        return 0
    store_relaxed(own, 0, ARENA_TOP, block + size)
    return block


@kernel
def reserve_slowly(hand: int, size: int, stack: int) -> int:
    """Do as `reserve` where that found none, after a look at what is the matter; or return a verdict."""
    own = table_at(hand, 1, HAND_FIELDS)
    while True:
        verdict = call_join(load_relaxed(own, 0, JOIN), hand, size, LOOK_UP)
        if verdict != 0:
            return verdict
        block = reserve(hand, size, stack)
        if block != 0:
            return block
        if load_relaxed(own, 0, STACK_LIMIT) < IN_DOUBT:
            return TOO_DEEP


@kernel
def ask(hands: Table, me: int) -> None:
    """Ask a thread to look up at its next spawn. Any thread."""
    store_relaxed(hands, me, STACK_LIMIT, ASKED)


@kernel
def ask_all(hands: Table) -> None:
    """Ask every thread to look up at its next spawn: a run was stopped, and may be theirs. Any thread."""
    for me in range(hands.shape[0]):
        ask(hands, me)


@kernel
def spawn(hand: int, block: int, kind: int) -> int:
    """Take a block, whose frame is filled, into the hand; return its stamp."""
    own = table_at(hand, 1, HAND_FIELDS)
    stamp = put(own, 0, block, kind)
    if is_share_due(own, 0):
        call_join(load_relaxed(own, 0, JOIN), hand, block, SHARE)
    return stamp


@kernel
def detach(hand: int, block: int, kind: int) -> int:
    """List a task that nobody will join, whose block is memory of its own; return 0, or `TOO_MANY`."""
    words = block_at(block)
    store_relaxed(words, 0, KIND, kind)
    store_relaxed(words, 0, STATE, LISTED)
    return call_join(load_relaxed(table_at(hand, 1, HAND_FIELDS), 0, JOIN), hand, block, DETACH)


@kernel
def take_newest(hand: int, block: int, stamp: int) -> bool:
    """Do as `take`."""
    return take(table_at(hand, 1, HAND_FIELDS), 0, block, stamp)


@kernel
def join_left(hand: int, block: int, size: int, above: int) -> int:
    """Join what the task of a block that was taken has spawned and not joined; return 0 or a failure.

    ``above`` is `ALL_ABOVE`, or `NO_MORE_ABOVE` where the task has failed. The block's memory is free then.
    A ``size`` of 0 is that of what is no task: a Python body.
    """
    own = table_at(hand, 1, HAND_FIELDS)
    failure, failed = 0, above == NO_MORE_ABOVE
    if load_relaxed(own, 0, ARENA_TOP) != block + size:
        failure = call_join(load_relaxed(own, 0, JOIN), hand, block + size, above)
        failed = failed or failure != 0
    if failed and size != 0:
        count_failure(own, 0)
    store_relaxed(own, 0, ARENA_TOP, block)
    return failure


@kernel
def join_slowly(hand: int, block: int, stamp: int) -> int:
    """Let a task be done that is not the newest in hand; return as `joining.join`."""
    own = table_at(hand, 1, HAND_FIELDS)
    return call_join(load_relaxed(own, 0, JOIN), hand, block, stamp)
