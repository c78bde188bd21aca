"""The interpreter lane: nodes that only Python can run go one at a time.

Such a node is added to the lane's queue, then whoever finds the lane free takes it and
runs what is queued, one node after another. A Python body may itself wait for another
graph, so the holder may take the lane again, deeper.

Columns: HOLDER is 0, or the holder's row + 1; `counters.LANE_DEPTH` is the holder's.
"""

from . import queue
from ._jit import kernel
from ._types import Table
from .atomics import cas_acquire, fence_seq_cst, load_relaxed, store_release
from .counters import LANE_DEPTH, count
from .node import next_of
from .runs import NONE
from .search import LANE

HOLDER = 40  # column of the pool's row


@kernel
def enter(pool: Table, workers: Table, queues: Table, runs: Table, me: int) -> int:
    """Take the lane if it is free or one's own, and its first task; return it, or NONE."""
    while not queue.is_empty(queues, LANE):
        holder = load_relaxed(pool, 0, HOLDER)
        if holder != me + 1:
            if holder != 0:
                return NONE
            if not cas_acquire(
                pool, 0, HOLDER, 0, me + 1
            ):  # order: bodies of the last holder before mine; pairs with leave's
                return NONE  # whoever was faster looks at the queue after this
        task = queue.acquire(queues, LANE)
        if task >= 0:
            queue.release(queues, LANE, next_of(runs, task))
            count(workers, me, LANE_DEPTH, 1)
            return task
        _set_free(pool, workers, me)
    return NONE


@kernel
def leave(pool: Table, workers: Table, me: int) -> None:
    """Say that a body has ended; free the lane if it was the outermost one. The holder."""
    count(workers, me, LANE_DEPTH, -1)
    _set_free(pool, workers, me)


@kernel
def _set_free(pool: Table, workers: Table, me: int) -> None:
    if load_relaxed(workers, me, LANE_DEPTH) == 0:
        store_release(pool, 0, HOLDER, 0)  # order: this body before the next holder's; pairs with enter's
        fence_seq_cst()  # order: the lane is free, then the look at its queue; pairs with offer's


@kernel
def offer(queues: Table, runs: Table, task: int) -> None:
    """Queue a task for the interpreter; the caller then tries to enter."""
    queue.push(queues, LANE, runs, task, task)
    fence_seq_cst()  # order: the task is queued, then the look at the lane; pairs with leave's
