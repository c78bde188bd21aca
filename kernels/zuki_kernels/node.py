"""Tasks as elements of a list: each task brings its own link, so that a list costs no memory.

A link is in the margin of the node that the task stands for; a root marker's is in its
run's row. A task is in one list at a time, and its link belongs to whoever may write
that list: the thread that builds a batch, then the queue's consumer.

A *batch* is a list under construction: one thread appends tasks to it, splices batches,
takes tasks off its front, and hands what there is to a queue in one push
(`queue.push(queues, queue, runs, first, last)`, then `forget`).

Columns of a batch: below.
Roles: one thread has a batch; no other touches its row or the links of its tasks.
At rest: FIRST leads to LAST in COUNT - 1 links; the link of LAST means nothing.
"""

from ._jit import kernel
from ._types import Table
from .atomics import load_relaxed, store_relaxed
from .runs import LINK, NEXT, NONE, ROOT_MARKER, margins_of, node_of, slot_of

END = NONE  # the link of the last task in a list

FIRST = 0  # of a batch: its first task, if COUNT is not 0
LAST = 1  # of a batch: its last task, if COUNT is not 0
COUNT = 2  # of a batch: how many tasks it has; 0 is an empty batch
BATCH_FIELDS = 16


@kernel
def set_next(runs: Table, task: int, following: int) -> None:
    """Let ``following`` come after ``task``."""
    if node_of(task) == ROOT_MARKER:
        store_relaxed(runs, slot_of(task), NEXT, following)
    else:
        store_relaxed(margins_of(runs, slot_of(task)), node_of(task), LINK, following)


@kernel
def next_of(runs: Table, task: int) -> int:
    """Return the task after ``task``, or `END`."""
    if node_of(task) == ROOT_MARKER:
        return load_relaxed(runs, slot_of(task), NEXT)
    return load_relaxed(margins_of(runs, slot_of(task)), node_of(task), LINK)


@kernel
def append(batches: Table, batch: int, runs: Table, task: int) -> None:
    """Add ``task`` at the end of a batch."""
    count = load_relaxed(batches, batch, COUNT)
    if count == 0:
        store_relaxed(batches, batch, FIRST, task)
    else:
        set_next(runs, load_relaxed(batches, batch, LAST), task)
    store_relaxed(batches, batch, LAST, task)
    store_relaxed(batches, batch, COUNT, count + 1)


@kernel
def splice(batches: Table, batch: int, runs: Table, other: int) -> None:
    """Move all tasks of the batch ``other`` to the end of a batch."""
    added = load_relaxed(batches, other, COUNT)
    if added == 0:
        return
    count, first = load_relaxed(batches, batch, COUNT), load_relaxed(batches, other, FIRST)
    if count == 0:
        store_relaxed(batches, batch, FIRST, first)
    else:
        set_next(runs, load_relaxed(batches, batch, LAST), first)
    store_relaxed(batches, batch, LAST, load_relaxed(batches, other, LAST))
    store_relaxed(batches, batch, COUNT, count + added)
    forget(batches, other)


@kernel
def take_first(batches: Table, batch: int, runs: Table) -> int:
    """Take the first task off a batch; return it, or `END`."""
    count = load_relaxed(batches, batch, COUNT)
    if count == 0:
        return END
    first = load_relaxed(batches, batch, FIRST)
    if count > 1:
        store_relaxed(batches, batch, FIRST, next_of(runs, first))
    store_relaxed(batches, batch, COUNT, count - 1)
    return first


@kernel
def forget(batches: Table, batch: int) -> None:
    """Make a batch empty: its tasks are in another list."""
    store_relaxed(batches, batch, COUNT, 0)
