"""The interpreter lane: nodes that only Python can run go one at a time.

Such a node is added to the lane's queue, then whoever finds the lane free takes it and
runs what is queued, one node after another. A Python body may itself wait for another
graph, so the holder may take the lane again, deeper. A body that would keep the others
waiting is postponed: the holder goes on, and `starting.answer` queues the node again.

Columns: HOLDER is 0, or the holder's row + 1; `counters.LANE_DEPTH` is the holder's.
"""

from . import event, queue
from ._jit import kernel, rare_kernel
from ._types import Table
from .atomics import add_relaxed, cas_acquire, fence_seq_cst, load_relaxed, store_release
from .counters import LANE_DEPTH, count
from .node import END, next_of, set_next
from .runs import NONE, QUEUED, slot_of
from .search import LANE
from .waiting import wake

HOLDER = 40  # column of the pool's row

ANY = -2  # as a run: whichever


@rare_kernel
def enter(pool: Table, workers: Table, queues: Table, runs: Table, me: int, until: int) -> int:
    """Take the lane if it is free or one's own, and a task; return it, or NONE.

    Inside of a body, which waits for the run ``until``, only that run's tasks are taken: another one might
    wait for what the body itself is about to end.
    """
    if load_relaxed(workers, me, LANE_DEPTH) > 0:
        return _take(workers, queues, runs, me, until) if until >= 0 else NONE
    while not queue.is_empty(queues, LANE):
        if load_relaxed(pool, 0, HOLDER) != 0:
            return NONE
        if not cas_acquire(
            pool, 0, HOLDER, 0, me + 1
        ):  # order: earlier bodies before mine; pairs with leave's
            return NONE  # whoever was faster looks at the queue after this
        task = _take(workers, queues, runs, me, ANY)
        if task >= 0:
            return task
        _set_free(pool, workers, me)
    return NONE


@kernel
def _take(workers: Table, queues: Table, runs: Table, me: int, wanted: int) -> int:
    """Take the first task of the run ``wanted``, or of `ANY`; return it, or NONE. The holder."""
    if wanted != ANY and load_relaxed(runs, wanted, QUEUED) <= 0:
        return NONE
    task = queue.acquire(queues, LANE)
    found, rest, first, last = NONE, END, END, END
    while task >= 0 and found == NONE:
        rest = next_of(runs, task)
        if rest == END:
            rest = queue.more(queues, LANE)
        if wanted == ANY or slot_of(task) == wanted:
            found = task
        else:  # put aside
            if first == END:
                first = task
            else:
                set_next(runs, last, task)
            last = task
            task = rest
    if found >= 0 or first != END:
        queue.release(queues, LANE, rest)
    if first != END:
        queue.push(queues, LANE, runs, first, last)
    if found >= 0:
        add_relaxed(runs, slot_of(found), QUEUED, -1)
        count(workers, me, LANE_DEPTH, 1)
    return found


@rare_kernel
def leave(pool: Table, workers: Table, me: int) -> None:
    """Say that a body has ended; free the lane if it was the outermost one. The holder."""
    count(workers, me, LANE_DEPTH, -1)
    _set_free(pool, workers, me)


@kernel
def _set_free(pool: Table, workers: Table, me: int) -> None:
    if load_relaxed(workers, me, LANE_DEPTH) == 0:
        store_release(pool, 0, HOLDER, 0)  # order: this body before the next holder's; pairs with enter's
        fence_seq_cst()  # order: the lane is free, then the look at its queue; pairs with offer's


@rare_kernel
def call_holder(pool: Table, workers: Table) -> None:
    """Wake the holder: inside of its body it may sleep in a turn, and it alone can run what was offered."""
    holder = load_relaxed(pool, 0, HOLDER) - 1
    if holder >= 0 and event.post(workers, holder):
        wake(workers, holder, event.EVENT, 1)


@rare_kernel
def offer(queues: Table, runs: Table, task: int) -> None:
    """Queue a task for the interpreter; the caller then tries to enter."""
    add_relaxed(runs, slot_of(task), QUEUED, 1)
    queue.push(queues, LANE, runs, task, task)
    fence_seq_cst()  # order: the task is queued, then the look at the lane; pairs with leave's
