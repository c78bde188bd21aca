"""A worker's hand: the tasks it has spawned and nobody has begun.

The owner keeps spawned tasks to itself, in a list without any atomic operation, and puts
the oldest of them where thieves find them only when there is nothing left there: a spawn
and a join cost a few plain instructions, and a fence is paid only for what was shared.
After Acar, Chargueraud and Rainey (PPoPP 2013) and Lace (van Dijk and van de Pol 2014); what is
shared is a `deque`, as are the columns TOP, BOTTOM and SEEN of a hand.

A spawned task is a *block* in its spawner's arena, known by its address; after four words
comes its frame. STATE packs a stamp, which tells a block's lives apart, and one of these; who
moves it from which to which is in ``docs/parking.md``:

    IN_HAND  in its owner's list; the owner alone knows of it
    SHARED   in a deque, or taken from it and not finished; FAILURE and OWNER are in use
    AWAITED  the same, and its owner sleeps, or is about to, until it is finished
    FINISHED     finished; FAILURE says how
    GONE     joined: the block is nobody's
    CALLED   its body runs, called by the join of the newest: the block lies below what that spawns
    LISTED   detached, and has not ended: see `detached`

Roles: the owner calls everything here but `finish`, which whoever ran a shared task calls.
At rest: the list leads from NEWEST by OLDER to the anchor, which is in the hand itself, and
back by NEWER; what is shared is older than what is in hand; ARENA_TOP is behind every block in use.
"""

from . import deque
from ._jit import kernel
from ._types import Table
from .atomics import cas_relaxed, exchange_release, load_acquire, load_relaxed, store_relaxed
from .deque import BOTTOM, TOP
from .dispatch import address_of, call_join, table_at

# Columns of the table of hands, beside the deque's
NEWEST = 18  # address of the block spawned last, or of the anchor
ARENA_TOP = 19  # address behind the blocks in use; see `arena`
ARENA_FRESH = 20  # address of the memory in which no chunk was begun
STAMP = 21  # of the block spawned last
SHARES = 22  # 1: others may be awake, to take what is shared
ROW = 23  # the worker whose hand it is
ANCHOR = 24  # a block that stands for the end of the list: four cells
STACK_LIMIT = 28  # address that the thread's stack is not to grow beyond; ASKED: look up at the next spawn
JOIN = 29  # address of `joining.join`
CALL_PYTHON = 30  # address of a function that does what only Python can
DIRECTORY = 31  # address of the pool's directory of tables
IS_WATCHED = 32  # 1: the thread has to look at its signals
HELP_LIMIT = 33  # address: a stack that has grown beyond it takes no tasks of others
STACK_END = 34  # what STACK_LIMIT is when nobody asks the thread to look up from its work
RUN = 35  # slot of the run whose task the thread runs
DETACHED = 36  # address of the newest task that the worker has detached and nobody has begun, or NO_BLOCK
TASK = 37  # address of the block of the shared task that the thread runs, or NO_BLOCK
DOOMED = 38  # a stamp: what was spawned then or later comes from a task that has failed; or 0
ARENA_BEGIN = 40  # address of the first chunk
ARENA_END = 41  # address behind the memory for chunks
ARENA_SEARCH = 42  # what ARENA_FRESH is before it pays to search for chunks in which all is gone
PYTHON_FLOOR = 43  # ARENA_TOP when the Python body began that runs, or 0
FAILURES = 44  # spawned tasks that failed and that the thread ran or called
DROPS = 45  # spawned tasks that it has joined and that did not begin
HAND_FIELDS = 48

# Words of a block
KIND = 0  # address of the description of what is run: entry, bytes of a block, release
STATE = 1
OLDER = 2  # in hand: the block spawned before; in a list of detached tasks: the next one
NEWER = 3  # in hand: the block spawned after, where there is one
FAILURE = 2  # finished: how it went: 0, or what its entry returned
RUN_OF = 2  # shared, not finished: slot of the run that it is a part of
OWNER = 3  # shared: the worker that spawned it
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
_STATES = 7
ONE_STAMP = 8

NO_BLOCK = 0  # as a block: none

CHUNK_BYTES = 1 << 16  # of an arena; chunks are aligned to their size: an address tells where its chunk ends
CHUNK_HEAD = 64  # bytes from a chunk's address to its first block's
LARGEST_BLOCK = CHUNK_BYTES - CHUNK_HEAD - 1

_SHARE = 4  # blocks that are shared at once


@kernel
def block_at(address: int) -> Table:
    """View a block."""
    return table_at(address, 1, BLOCK_FIELDS)


@kernel
def put(hands: Table, me: int, block: int, kind: int) -> int:
    """Take a new block into one's hand; return its stamp."""
    stamp = load_relaxed(hands, me, STAMP) + ONE_STAMP
    newest = load_relaxed(hands, me, NEWEST)
    words = block_at(block)
    store_relaxed(words, 0, KIND, kind)
    store_relaxed(words, 0, STATE, stamp)
    store_relaxed(words, 0, OLDER, newest)
    store_relaxed(block_at(newest), 0, NEWER, block)
    store_relaxed(hands, me, NEWEST, block)
    store_relaxed(hands, me, STAMP, stamp)
    return stamp


@kernel
def take(hands: Table, me: int, block: int, stamp: int) -> bool:
    """Take a block out of one's hand, to run its body, if it is the newest; return whether it was."""
    words = block_at(block)
    if load_relaxed(hands, me, NEWEST) != block or load_relaxed(words, 0, STATE) != stamp:
        return False
    store_relaxed(hands, me, NEWEST, load_relaxed(words, 0, OLDER))
    store_relaxed(words, 0, STATE, stamp | CALLED)
    return True


@kernel
def take_out(hands: Table, me: int, block: int) -> None:
    """Take any block out of one's hand."""
    words = block_at(block)
    older = load_relaxed(words, 0, OLDER)
    if load_relaxed(hands, me, NEWEST) == block:
        store_relaxed(hands, me, NEWEST, older)
    else:
        newer = load_relaxed(words, 0, NEWER)
        store_relaxed(block_at(older), 0, NEWER, newer)
        store_relaxed(block_at(newer), 0, OLDER, older)


@kernel
def is_share_due(hands: Table, me: int) -> bool:
    """Tell whether thieves would find nothing here."""
    if load_relaxed(hands, me, SHARES) == 0:
        return False
    return load_relaxed(hands, me, TOP) >= load_relaxed(hands, me, BOTTOM)


@kernel
def share(hands: Table, rings: Table, me: int) -> int:
    """Put the oldest blocks of one's hand into one's deque; return how many."""
    anchor = address_of(hands, me, ANCHOR)
    shared = 0
    while shared < _SHARE and load_relaxed(hands, me, NEWEST) != anchor:
        block = load_relaxed(hands, me, ANCHOR + NEWER)
        take_out(hands, me, block)
        words = block_at(block)
        store_relaxed(words, 0, STATE, load_relaxed(words, 0, STATE) | SHARED)
        store_relaxed(words, 0, RUN_OF, load_relaxed(hands, me, RUN))
        store_relaxed(words, 0, OWNER, load_relaxed(hands, me, ROW))
        deque.push(hands, rings, me, block)  # there is room: it was empty
        shared += 1
    return shared


@kernel
def count_failure(hands: Table, me: int) -> None:
    """Count a spawned task that has failed. Who ran it."""
    store_relaxed(hands, me, FAILURES, load_relaxed(hands, me, FAILURES) + 1)


@kernel
def count_drop(hands: Table, me: int) -> None:
    """Count a spawned task that will not begin."""
    store_relaxed(hands, me, DROPS, load_relaxed(hands, me, DROPS) + 1)


@kernel
def doom(hands: Table, me: int, state: int) -> None:
    """Let a task with this STATE, and all that one has spawned after it, know that they work for nothing."""
    before, stamp = load_relaxed(hands, me, DOOMED), state & ~_STATES
    if before == 0 or stamp < before:
        store_relaxed(hands, me, DOOMED, stamp)


@kernel
def begin_other(hands: Table, me: int, task: int) -> tuple[int, int]:
    """Begin what is no part of what the thread runs: a shared task or, as NO_BLOCK, something else.

    Returns what `end_other` takes.
    """
    before = load_relaxed(hands, me, TASK), load_relaxed(hands, me, DOOMED)
    store_relaxed(hands, me, TASK, task)
    store_relaxed(hands, me, DOOMED, 0)
    return before


@kernel
def end_other(hands: Table, me: int, task: int, doomed: int) -> None:
    """Go on with what the thread ran before."""
    store_relaxed(hands, me, TASK, task)
    store_relaxed(hands, me, DOOMED, doomed)


@kernel
def state_of(block: int) -> int:
    """Return the state of a block, without its stamp."""
    return load_relaxed(block_at(block), 0, STATE) & _STATES


@kernel
def is_done(block: int) -> bool:
    """Tell whether a shared task has finished."""
    return (
        load_acquire(block_at(block), 0, STATE) & _STATES == FINISHED
    )  # order: results after; pairs with finish's


@kernel
def expect(block: int) -> bool:
    """Ask to be woken when a shared task has finished; return False if it has."""
    words = block_at(block)
    state = load_relaxed(words, 0, STATE)
    if state & _STATES == SHARED:
        # relaxed: it races with finish's exchange for this one word; the token of `event` orders the sleep
        return cas_relaxed(words, 0, STATE, state, state & ~_STATES | AWAITED)
    return state & _STATES == AWAITED


@kernel
def finish(block: int, failure: int) -> int:
    """Say how a shared task went; return the worker that is to be woken, or -1. Whoever ran it."""
    words = block_at(block)
    owner = load_relaxed(words, 0, OWNER)
    stamp = load_relaxed(words, 0, STATE) & ~_STATES
    store_relaxed(words, 0, FAILURE, failure)
    # order: results, and all that is read of the block, before; pairs with is_done's
    before = exchange_release(words, 0, STATE, stamp | FINISHED)
    return owner if before & _STATES == AWAITED else -1


# What jitted code that spawns has inside of it: these take the address of the calling thread's hand.

ALL_ABOVE = -1  # as a stamp for `joining.join`: join all that lies above the block
NO_MORE_ABOVE = -4  # the same, but what has not begun is not to begin
SHARE = -2  # as a stamp for `joining.join`: share what is oldest in hand
DETACH = -5  # as a stamp for `joining.join`: the block is a detached task to be listed
RUN_DETACHED = -6  # as a stamp for `joining.join`: the block is a detached task to be run
LOOK_UP = -3  # as a stamp for `joining.join`: why is there no memory for a block?
RING = -7  # as a stamp for `joining.join`: wake the coroutine whose waker is in the block's place
DROP = 1  # bit of a stamp for `joining.join`: what has not begun is not to begin

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
def join_left(hand: int, block: int, size: int) -> int:
    """Join what the task of a block that was taken has spawned and not joined; return 0 or a failure.

    Then the memory of the block is free. A ``size`` of 0 is that of what is no task: a Python body.
    """
    own = table_at(hand, 1, HAND_FIELDS)
    failure = 0
    if load_relaxed(own, 0, ARENA_TOP) != block + size:
        failure = call_join(load_relaxed(own, 0, JOIN), hand, block + size, ALL_ABOVE)
        if failure != 0 and size != 0:
            count_failure(own, 0)
    store_relaxed(own, 0, ARENA_TOP, block)
    return failure


@kernel
def drop_left(hand: int, block: int, size: int) -> int:
    """Do as `join_left` where the task has failed: what it has spawned and has not begun does not begin."""
    own = table_at(hand, 1, HAND_FIELDS)
    failure = 0
    if load_relaxed(own, 0, ARENA_TOP) != block + size:
        failure = call_join(load_relaxed(own, 0, JOIN), hand, block + size, NO_MORE_ABOVE)
    if size != 0:
        count_failure(own, 0)
    store_relaxed(own, 0, ARENA_TOP, block)
    return failure


@kernel
def join_slowly(hand: int, block: int, stamp: int) -> int:
    """Let a task be done that is not the newest in hand; return as `joining.join`."""
    own = table_at(hand, 1, HAND_FIELDS)
    return call_join(load_relaxed(own, 0, JOIN), hand, block, stamp)
