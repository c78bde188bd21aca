"""A worker's hand: the tasks it has spawned and nobody has begun.

The owner keeps spawned tasks to itself, in a list without any atomic operation, and puts
the oldest of them where thieves find them only when there is nothing left there: a spawn
and a join cost a few plain instructions, and a fence is paid only for what was shared.
After Acar, Chargueraud and Rainey (PPoPP 2013) and Lace (van Dijk and van de Pol 2014); what is
shared is a `deque`, as are the columns TOP, BOTTOM and SEEN of a hand.

Roles: the owner calls everything here.
At rest: the list leads from NEWEST by OLDER to the anchor, which is in the hand itself, and
back by NEWER; what is shared is older than what is in hand; ARENA_TOP is behind every block in use.
"""

from . import deque
from ._jit import kernel
from ._types import Table
from .atomics import load_relaxed, store_relaxed
from .blocks import CALLED, KIND, NEWER, NO_BLOCK, OLDER, ONE_STAMP, OWNER, RUN_OF, SHARED, STATE, block_at
from .deque import BOTTOM, TOP
from .dispatch import address_of

# Columns of the table of hands, beside the deque's
FORSAKEN = 8  # which of the worker's tasks run for nobody: see `groups.forsake`; or 0
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
DOOMED = 38  # a stamp: what was spawned then or later is of a group that has failed; or 0
FLOOR = 39  # where the first block lies of what the body spawns that the thread entered last, or 0
ARENA_BEGIN = 40  # address of the first chunk
ARENA_END = 41  # address behind the memory for chunks
ARENA_SEARCH = 42  # what ARENA_FRESH is before it pays to search for chunks in which all is gone
PYTHON_FLOOR = 43  # ARENA_TOP when the Python body began that runs, or 0
ENTERED = 44  # address of the block whose body the thread has entered at its join, or NO_BLOCK
TRACE = 45  # address of the worker's ring of events, or 0; then no task is run by the join's own code
FAILURES = 46  # spawned tasks that failed and that the thread ran or called
DROPS = 47  # spawned tasks that it has joined and that did not begin
HAND_FIELDS = 48

CHUNK_BYTES = 1 << 16  # of an arena; chunks are aligned to their size: an address tells where its chunk ends
CHUNK_HEAD = 64  # bytes from a chunk's address to its first block's
LARGEST_BLOCK = CHUNK_BYTES - CHUNK_HEAD - 1

_SHARE = 4  # blocks that are shared at once


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
    """Take a block out of one's hand, to run its body, if it is the newest; return whether it was.

    A worker that is traced takes none so: who joins goes the long way, which notes events.
    """
    words = block_at(block)
    is_other = load_relaxed(words, 0, STATE) ^ stamp | load_relaxed(hands, me, TRACE)  # one branch for both
    if load_relaxed(hands, me, NEWEST) != block or is_other != 0:
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
def make_shared(hands: Table, me: int, block: int) -> None:
    """Take a block out of one's hand that another worker may run, or that is to be run as one of those."""
    take_out(hands, me, block)
    words = block_at(block)
    store_relaxed(words, 0, STATE, load_relaxed(words, 0, STATE) | SHARED)
    store_relaxed(words, 0, RUN_OF, load_relaxed(hands, me, RUN))
    store_relaxed(words, 0, OWNER, load_relaxed(hands, me, ROW))


@kernel
def share(hands: Table, rings: Table, me: int) -> int:
    """Put the oldest blocks of one's hand into one's deque; return how many."""
    anchor = address_of(hands, me, ANCHOR)
    shared = 0
    while shared < _SHARE and load_relaxed(hands, me, NEWEST) != anchor:
        block = load_relaxed(hands, me, ANCHOR + NEWER)
        make_shared(hands, me, block)
        deque.push(hands, rings, me, block)  # there is room: it was empty
        shared += 1
    return shared


@kernel
def count_failure(hands: Table, me: int) -> None:
    """Count a spawned task that has failed. Who ran it."""
    store_relaxed(hands, me, FAILURES, load_relaxed(hands, me, FAILURES) + 1)


@kernel
def count_drop(hands: Table, me: int) -> None:
    """Count a spawned task that will not begin. Who joins it."""
    store_relaxed(hands, me, DROPS, load_relaxed(hands, me, DROPS) + 1)


@kernel
def begin_other(hands: Table, me: int, task: int) -> tuple[int, int, int]:
    """Begin what is no part of what the thread runs: a shared task or, as NO_BLOCK, something else.

    Returns what `end_other` takes.
    """
    before = load_relaxed(hands, me, TASK), load_relaxed(hands, me, DOOMED), load_relaxed(hands, me, ENTERED)
    store_relaxed(hands, me, TASK, task)
    store_relaxed(hands, me, DOOMED, 0)
    store_relaxed(hands, me, ENTERED, NO_BLOCK)
    return before


@kernel
def end_other(hands: Table, me: int, before: tuple[int, int, int]) -> None:
    """Go on with what the thread ran before."""
    store_relaxed(hands, me, TASK, before[0])
    store_relaxed(hands, me, DOOMED, before[1])
    store_relaxed(hands, me, ENTERED, before[2])
