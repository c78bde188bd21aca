"""A worker's buffer among others: it overflows into a queue, fills from one, and loses its older half.

After King Protty's thread pool (zap, 2022): tasks move in halves, so that moving them
costs little for each. A full ring hands its older half, and the task that did not fit,
to the owner's queue in one push. A thief copies half of a ring into its own, and then
claims it by one compare-exchange of HEAD: copies of what it does not get are worth
nothing and hurt nobody, for slots are atomic and its own TAIL has not moved.

While tasks move, they are in no ring and no queue for others: who has moved some tells
the others afterwards (`notifier`), as for a push.

Order is first in, first out in a ring. What overflows comes behind what stays, and
between two overflows the queue's order holds, the last list first.

Columns: those of `buffer` and `queue`.
Roles: as in `buffer`; the links of tasks in a ring belong to the ring's owner.
At rest: as in `buffer` and `queue`.
"""

from . import buffer, queue
from ._jit import kernel
from ._types import Table
from .atomics import cas_relaxed, cas_release, load_acquire, load_relaxed, store_relaxed, store_release
from .buffer import EMPTY, FULL, HEAD, LOST, TAIL
from .node import END, next_of, set_next

OVERFLOWED = -5  # verdict: the task went to the queue, and the older half of the ring with it


@kernel
def push(
    buffers: Table, rings: Table, queues: Table, overflow: int, runs: Table, owner: int, task: int
) -> int:
    """Add ``task`` at the tail and return it, or `OVERFLOWED` if it went to the queue ``overflow``."""
    if buffer.push(buffers, rings, owner, task) != FULL:
        return task
    mask, half = rings.shape[1] - 1, rings.shape[1] // 2
    head = load_relaxed(buffers, owner, TAIL) - rings.shape[1]
    if not cas_relaxed(buffers, owner, HEAD, head, head + half):
        return buffer.push(buffers, rings, owner, task)  # a thief has made room, and nobody else fills it
    first = load_relaxed(rings, owner, head & mask)
    last = first
    for index in range(head + 1, head + half):
        following = load_relaxed(rings, owner, index & mask)
        set_next(runs, last, following)
        last = following
    set_next(runs, last, task)
    queue.push(queues, overflow, runs, first, task)
    return OVERFLOWED


@kernel
def consume(queues: Table, source: int, buffers: Table, rings: Table, runs: Table, me: int) -> int:
    """Take the first task of a queue, and more until one's own ring is half full; or return a verdict."""
    task = queue.acquire(queues, source)
    if task < 0:
        return task
    tail = load_relaxed(buffers, me, TAIL)
    stop = tail + buffer.room(buffers, rings, me) - rings.shape[1] // 2  # the rest is for what tasks spawn
    at, rest = tail, next_of(runs, task)
    while at < stop:
        if rest == END:
            rest = queue.more(queues, source)
            if rest == END:
                break
        store_relaxed(rings, me, at & (rings.shape[1] - 1), rest)
        at += 1
        rest = next_of(runs, rest)
    if at > tail:
        store_release(
            buffers, me, TAIL, at
        )  # order: slots, and links that were read, before TAIL; pairs with steal's load
    queue.release(queues, source, rest)
    return task


@kernel
def steal(buffers: Table, rings: Table, thief: int, victim: int) -> int:
    """Take the older half of another worker's tasks, rounded up: return the oldest, keep the others.

    Or `EMPTY` or `LOST`. The owner of row ``thief``; its ring takes as many as fit.
    """
    mask = rings.shape[1] - 1
    head = load_relaxed(buffers, victim, HEAD)  # relaxed: an old value makes the claim fail
    tail = load_acquire(buffers, victim, TAIL)  # order: the slots after TAIL; pairs with each store of TAIL
    if head >= tail:
        return EMPTY
    if tail - head > rings.shape[1]:
        return LOST  # HEAD is older than TAIL: the claim would fail
    kept = min((tail - head + 1) // 2 - 1, buffer.room(buffers, rings, thief))
    own = load_relaxed(buffers, thief, TAIL)
    task = load_relaxed(rings, victim, head & mask)
    for index in range(kept):
        copied = load_relaxed(rings, victim, head + 1 + index & mask)
        store_relaxed(rings, thief, own + index & mask, copied)
    if not cas_release(
        buffers, victim, HEAD, head, head + 1 + kept
    ):  # order: the copies before the claim; pairs with room's load
        return LOST
    if kept > 0:
        store_release(buffers, thief, TAIL, own + kept)  # order: slots before TAIL; pairs with steal's load
    return task
