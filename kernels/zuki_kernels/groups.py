"""How a group hears that a task of it has failed, before that is joined.

A *group* is what one task has spawned. Its tasks that nobody has begun do not begin any more when one has
failed and the spawner hears of it: in a join of another one, or at its end. And `asking.is_cancelled` answers
those that run. Nothing is lost by that: a task that was passed over so, and is joined by its handle after
all because the spawner has caught the exception, begins at its join.

Whoever runs a shared task that fails counts it in the spawner's FAILED, and wakes the spawner. The spawner
compares FAILED with what it has NOTED, and looks through its arena when they differ: a look at each block,
but only after a failure that nobody has joined. The group is found by the blocks: a body that was called by
the join of the newest lies, as CALLED, below what it has spawned.

Roles: whoever ran a shared task tells; the spawner calls the rest.
At rest: FAILED is 0.
"""

from . import event
from ._jit import kernel
from ._types import Table
from .arena import onward
from .atomics import add_acq_rel, add_relaxed, load_acquire, load_relaxed, store_relaxed
from .blocks import (
    CALLED,
    ENTERED_AROUND,
    FAILURE,
    FLOOR_AROUND,
    NO_BLOCK,
    ONE_STAMP,
    SIZE,
    STATE,
    STATES,
    block_at,
    is_done,
    kind_of,
    state_of,
)
from .hands import ARENA_TOP, DOOMED, ENTERED, FLOOR, FORSAKEN, STAMP
from .waiting import wake

# Columns of the table of workers
FAILED = 1  # shared tasks of the worker's that have failed and that nobody has joined
NOTED = 19  # what FAILED was when the worker looked last

NOT_BEGUN = -2  # as a FAILURE: the task was passed over, and has not begun
_COUNT_BITS = 24  # of FORSAKEN
_MOST_FORSAKEN = (1 << _COUNT_BITS) - 1
_NUMBERS = (1 << 39) - 1  # a worker spawns fewer tasks while some are forsaken


@kernel
def tell(workers: Table, me: int, spawner: int) -> None:
    """Say that a shared task has failed, which has finished. Whoever ran it."""
    # order: how it went, then the count; pairs with has_news's
    add_acq_rel(workers, spawner, FAILED, 1)
    if spawner != me and event.post(workers, spawner):
        wake(workers, spawner, event.EVENT, 1)


@kernel
def forget(workers: Table, me: int) -> None:
    """Count a failed task no more: it is joined."""
    add_relaxed(workers, me, FAILED, -1)  # relaxed: its own word to itself


@kernel
def has_news(workers: Table, me: int) -> bool:
    """Tell whether tasks have failed since the worker has noted it."""
    # order: how they went after; pairs with tell's
    return load_acquire(workers, me, FAILED) != load_relaxed(workers, me, NOTED)


@kernel
def note(workers: Table, me: int) -> bool:
    """Note how many have failed; return whether there are any."""
    failed = load_acquire(workers, me, FAILED)  # order: how they went after; pairs with tell's
    store_relaxed(workers, me, NOTED, failed)
    return failed > 0


@kernel
def has_failed(block: int) -> bool:
    """Tell whether a shared task has failed that is not joined yet; False if there is no block."""
    if block == NO_BLOCK or not is_done(block):
        return False
    return load_relaxed(block_at(block), 0, FAILURE) not in (0, NOT_BEGUN)


@kernel
def find_failed(hands: Table, me: int, floor: int, limit: int) -> tuple[int, bool]:
    """Look between two places of one's arena for a group in which a task has failed.

    Returns the STATE of the group's first task, or 0 if there is none; and whether the body of a task
    of the group runs, called by its join.
    """
    first, found = 0, 0
    block, end = onward(hands, me, floor), onward(hands, me, limit)
    while block != end:
        words, state = block_at(block), state_of(block)
        if first == 0:
            first = load_relaxed(words, 0, STATE)
        if state == CALLED:
            if found != 0:
                return found, True
            first = 0  # what follows is what the task in this block has spawned
        elif found == 0 and has_failed(block):
            found = first
        block = onward(hands, me, block + load_relaxed(kind_of(block), 0, SIZE))
    return found, False


@kernel
def find_around(hands: Table, me: int) -> tuple[int, bool]:
    """Look for the outermost of the groups around what the thread runs in which a task has failed.

    Returns as `find_failed`. Groups end at what is no part of it, such as the spawner of a task that was
    taken from another worker: see `is_doomed`.
    """
    floor, block = load_relaxed(hands, me, FLOOR), load_relaxed(hands, me, ENTERED)
    if floor == 0:
        return 0, False
    found, is_inside = find_failed(hands, me, floor, load_relaxed(hands, me, ARENA_TOP))
    while block != NO_BLOCK:
        limit, floor = floor, load_relaxed(block_at(block), 0, FLOOR_AROUND)
        block = load_relaxed(block_at(block), 0, ENTERED_AROUND)
        if floor == 0:
            break
        outer, _ = find_failed(hands, me, floor, limit)
        if outer != 0:
            found, is_inside = outer, True
    return found, is_inside


@kernel
def doom(hands: Table, me: int, state: int) -> None:
    """Let a task with this STATE, and all that were spawned after it, know that they work for nothing."""
    before, stamp = load_relaxed(hands, me, DOOMED), state & ~STATES
    if before == 0 or stamp < before:
        store_relaxed(hands, me, DOOMED, stamp)


@kernel
def is_doomed(hands: Table, owner: int, state: int) -> bool:
    """Tell whether a task of a worker's, with this STATE, works for nothing. A hint, any thread.

    It is never told wrongly of a task that is shared: what is doomed stays so until that is joined.
    """
    doomed = load_relaxed(hands, owner, DOOMED)
    return doomed != 0 and state >= doomed


@kernel
def forsake(hands: Table, me: int, state: int) -> None:
    """Doom a task with this STATE, and all that were spawned since: nobody can see what they do any more.

    Their spawner's body is over, and they are joined only to be let go. The word holds the first of their
    numbers and how many they are: what the worker spawns while it waits for them is none of them.
    """
    doom(hands, me, state)
    first = state // ONE_STAMP
    count = load_relaxed(hands, me, STAMP) // ONE_STAMP - first + 1
    store_relaxed(hands, me, FORSAKEN, (first & _NUMBERS) << _COUNT_BITS | min(count, _MOST_FORSAKEN))


@kernel
def is_forsaken(hands: Table, owner: int, state: int) -> bool:
    """Tell whether nobody can see what a task of a worker's, with this STATE, does. A hint, any thread.

    It is never told wrongly, in whatever order words are seen: no other task has the number.
    """
    word = load_relaxed(hands, owner, FORSAKEN)
    return (state // ONE_STAMP - (word >> _COUNT_BITS)) & _NUMBERS < word & _MOST_FORSAKEN
