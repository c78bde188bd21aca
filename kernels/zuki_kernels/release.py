"""What follows from a finished node: its successors, and the end of its run."""

from . import event, queue, search
from ._jit import kernel, rare_kernel
from ._types import Table
from .atomics import (
    add_acq_rel,
    add_relaxed,
    cas_relaxed,
    fence_seq_cst,
    load_relaxed,
    store_relaxed,
    store_release,
)
from .dependencies import READY, WAITS, arrive, arrive_alone, condemn, home_of
from .dispatch import prefetch, prefetch_target
from .notifier import LIMIT
from .runs import (
    CALLBACK,
    CURSOR,
    DONE,
    FAILURES,
    FIRST_FAILED,
    FRAME,
    LINK,
    NONE,
    REMAINING,
    ROOT_COUNT,
    ROOT_MARKER,
    SHAPE,
    WAITER,
    heir_of,
    level_of,
    margins_of,
    nodes_of,
    root_at,
    successors_of,
    target_of,
    task_of,
)
from .waiting import wake

# Nodes that are near one another in the table are often near one another in time. With this many rows
# between a node that is ready and the row that is fetched, a stencil of 1.6 million nodes takes 9.4 ns a
# task, not 13.6; half or twice as many do as well, and a graph of random edges loses nothing.
_AHEAD = 128
# The same for what a body is given. Task Bench's stencil, a task of 59 ns with 72 bytes of arguments, takes
# 5 % less with it, and 10 % where others have used the caches since. Half and twice as many do as well.
_FRAMES_AHEAD = 48
# Roots that a worker takes at once: they fit into its deque. Two workers are 1.48 times as fast as one with a
# million nodes without edges where these are 512, 1.60 with 1024, 1.66 with this, 1.69 with twice as many.
_MOST_ROOTS = 2048
_EVERYBODY = 1 << 30


@kernel
def mark_failed(runs: Table, slot: int, nodes: Table, node: int, failure: int) -> None:
    """Note that the body of ``node`` raised; its owner then finishes it as `FAILED`."""
    store_relaxed(margins_of(runs, slot), node, LINK, failure)
    add_relaxed(runs, slot, FAILURES, 1)
    cas_relaxed(runs, slot, FIRST_FAILED, NONE, node)


@kernel
def successors(
    deques: Table,
    rings: Table,
    queues: Table,
    workers: Table,
    runs: Table,
    me: int,
    slot: int,
    nodes: Table,
    edges: Table,
    first: int,
    shape: int,
    sound: bool,
    alone: bool,
) -> tuple[int, int]:
    """Arrive at each successor; return the most urgent node that is ready, or NONE, and how many others are.

    The others go to the worker's own deque. Edges of a node lead to ever more urgent nodes,
    so the last one that is ready is kept and the newest in the deque is the next best. One whose home is
    another worker goes below the caller's own, to be the first that is stolen: likely by that worker.
    ``first`` is the index of the finished node's first edge, and ``shape`` its SHAPE.
    ``alone`` is True if no other worker may be awake.
    ``sound`` is False if the node failed or was passed over; its successors are then, too.
    """
    kept, added, last = NONE, 0, first + successors_of(shape)
    if alone:
        for edge in range(first, last):
            successor = target_of(edges, edge)
            if not sound:
                condemn(nodes, successor)
            if arrive_alone(nodes, successor):
                if kept >= 0:
                    _offer(deques, rings, queues, workers, runs, me, slot, nodes, kept)
                    added += 1
                _fetch(nodes, edges, successor, edge)
                kept = successor
        return kept, added
    second, home, heir = NONE, home_of(me), first + heir_of(shape)
    for edge in range(first, last):
        successor = target_of(edges, edge)
        if not sound:
            condemn(nodes, successor)
        verdict = arrive(nodes, successor, home, edge == heir)
        if verdict != WAITS:
            _fetch(nodes, edges, successor, edge)
            other = NONE
            if kept < 0:
                kept = successor
            elif verdict == READY:
                other, second, kept = second, kept, successor
            else:
                other = successor
            if other >= 0:
                _offer(deques, rings, queues, workers, runs, me, slot, nodes, other)
                added += 1
    if second >= 0:
        _offer(deques, rings, queues, workers, runs, me, slot, nodes, second)
        added += 1
    return kept, added


@kernel
def _offer(
    deques: Table,
    rings: Table,
    queues: Table,
    workers: Table,
    runs: Table,
    me: int,
    slot: int,
    nodes: Table,
    node: int,
) -> None:
    """Let a node that is ready be run by whoever comes first."""
    level = level_of(load_relaxed(nodes, node, SHAPE))
    search.add(deques, rings, queues, workers, runs, me, level, task_of(slot, node))


@kernel
def _fetch(nodes: Table, edges: Table, node: int, edge: int) -> None:
    """Let what will be wanted soon come into the cache; ``edge`` leads to ``node``."""
    prefetch(nodes, node + _AHEAD)
    prefetch(edges, (edge >> 1) + 3 * _AHEAD // 2)  # two edges a row, and some three edges a node
    prefetch_target(nodes, min(node + _FRAMES_AHEAD, nodes.shape[0] - 1), FRAME)


@rare_kernel
def successors_among_others(
    deques: Table,
    rings: Table,
    queues: Table,
    workers: Table,
    runs: Table,
    me: int,
    slot: int,
    nodes: Table,
    edges: Table,
    first: int,
    shape: int,
    sound: bool,
) -> tuple[int, int]:
    """Do as `successors` where others are awake; for a worker that has just found out that they are."""
    return successors(
        deques, rings, queues, workers, runs, me, slot, nodes, edges, first, shape, sound, False
    )


@rare_kernel
def take_roots(pool: Table, queues: Table, runs: Table, slot: int) -> tuple[int, int, bool]:
    """Take some roots of a run whose marker the caller holds; return their range, and whether more are left.

    Not many, and fewer as fewer are left: a worker runs them one after another, and the last shares are what
    the others wait for. Few if other runs wait, too.
    """
    cursor, total = load_relaxed(runs, slot, CURSOR), load_relaxed(runs, slot, ROOT_COUNT)
    left = total - cursor
    share = min(max(left // (2 * load_relaxed(pool, 0, LIMIT)), 1), _MOST_ROOTS)
    if not queue.is_empty(queues, search.GLOBAL):
        share = min(share, search.FAIRNESS)
    store_relaxed(runs, slot, CURSOR, cursor + share)
    if share < left:
        marker = task_of(slot, ROOT_MARKER)
        queue.push(queues, search.GLOBAL, runs, marker, marker)
    return cursor, cursor + share, share < left


@rare_kernel
def offer_roots(
    deques: Table,
    rings: Table,
    queues: Table,
    workers: Table,
    runs: Table,
    me: int,
    slot: int,
    first: int,
    last: int,
) -> None:
    """Put roots that were taken where thieves find them; the first on top, for the owner."""
    for index in range(last - 1, first - 1, -1):
        root = root_at(runs, slot, index)
        level = level_of(load_relaxed(nodes_of(runs, slot), root, SHAPE))
        search.add(deques, rings, queues, workers, runs, me, level, task_of(slot, root))


@rare_kernel
def settle(workers: Table, runs: Table, slot: int, done: int) -> int:
    """Report finished nodes; return ``slot`` if that ends a run that Python wants to hear of, else NONE."""
    waiter, callback = load_relaxed(runs, slot, WAITER), load_relaxed(runs, slot, CALLBACK)
    left = add_acq_rel(runs, slot, REMAINING, -done)  # order: all bodies before the end; pairs with its own
    if left != done:
        return NONE
    store_release(runs, slot, DONE, 1)  # order: the results before the end; pairs with wait_for_work's
    if callback != 0:  # the slot stays ours until Python frees it
        fence_seq_cst()  # order: the end, then the look at who waits; pairs with expect's
        waiter = load_relaxed(runs, slot, WAITER)
    else:  # the slot may serve another run by now; a wake too many harms nobody
        wake(runs, slot, DONE, _EVERYBODY)
    if waiter >= 0 and event.post(workers, waiter):
        wake(workers, waiter, event.EVENT, 1)
    return slot if callback != 0 else NONE
