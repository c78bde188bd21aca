"""The bounded buffer: a ring of tasks, first in, first out, for one owner and many thieves.

After the run buffer of King Protty's thread pool (zap, 2022), which is Go's and
Tokio's. All take at the head: the owner by a compare-exchange, as a thief does.
Therefore whoever wins the head may take many tasks at once (`stealing_buffer`);
from a `deque`, whose owner takes at the other end, that would be unsound.

Indices are of 64 bits and never wrap: a thief that slept between its copy of a
slot and its claim finds another HEAD, however often the slot was used meanwhile.

Columns: below; HEAD and TAIL lie on different pairs of cache lines.
Roles: the owner pushes and pops; any other thread is a thief.
At rest: HEAD <= TAIL <= HEAD + capacity, SEEN <= HEAD.
"""

from ._jit import kernel
from ._types import Table
from .atomics import cas_relaxed, cas_release, load_acquire, load_relaxed, store_relaxed, store_release

HEAD = 0  # index of the oldest task; only ever grows
TAIL = 16  # index one past the newest task; only the owner writes it, and it only grows
SEEN = 17  # a HEAD that the owner has read; only the owner uses it
BUFFER_FIELDS = 32

EMPTY = -1  # verdict: there is no task
LOST = -2  # verdict: another thread took the task first; worth another try
FULL = -3  # verdict: there is no room


@kernel
def room(buffers: Table, rings: Table, owner: int) -> int:
    """Return how many tasks fit in. The owner."""
    head = load_acquire(
        buffers, owner, HEAD
    )  # order: a thief has read the slots it freed; pairs with steal's claim
    store_relaxed(buffers, owner, SEEN, head)
    return rings.shape[1] - (load_relaxed(buffers, owner, TAIL) - head)


@kernel
def push(buffers: Table, rings: Table, owner: int, task: int) -> int:
    """Add ``task`` at the tail; return ``task``, or `FULL`."""
    tail = load_relaxed(buffers, owner, TAIL)
    if tail - load_relaxed(buffers, owner, SEEN) >= rings.shape[1] and room(buffers, rings, owner) == 0:
        return FULL
    store_relaxed(rings, owner, tail & (rings.shape[1] - 1), task)
    store_release(buffers, owner, TAIL, tail + 1)  # order: the slot before TAIL; pairs with steal's load
    return task


@kernel
def pop(buffers: Table, rings: Table, owner: int) -> int:
    """Take the oldest task; return it, or `EMPTY`. The owner."""
    tail = load_relaxed(buffers, owner, TAIL)
    while True:  # a failure means that a thief has taken tasks, and nobody else adds any
        head = load_relaxed(buffers, owner, HEAD)
        if head >= tail:
            return EMPTY
        task = load_relaxed(rings, owner, head & (rings.shape[1] - 1))
        if cas_relaxed(buffers, owner, HEAD, head, head + 1):  # relaxed: only the owner writes the slots
            return task


@kernel
def steal(buffers: Table, rings: Table, victim: int) -> int:
    """Take the oldest task of another worker; return it, `EMPTY` or `LOST`. Any thread."""
    head = load_relaxed(buffers, victim, HEAD)  # relaxed: an old value makes the claim fail
    tail = load_acquire(buffers, victim, TAIL)  # order: the slot after TAIL; pairs with push's store
    if head >= tail:
        return EMPTY
    task = load_relaxed(rings, victim, head & (rings.shape[1] - 1))
    if not cas_release(
        buffers, victim, HEAD, head, head + 1
    ):  # order: the copy before the claim; pairs with room's load
        return LOST
    return task


@kernel
def is_empty(buffers: Table, owner: int) -> bool:
    """Tell whether there seems to be no task. Any thread."""
    return load_relaxed(buffers, owner, HEAD) >= load_relaxed(buffers, owner, TAIL)
