"""Tasks as elements of a list: each task brings its own link, so that a list costs no memory.

A link is in the margin of the node that the task stands for; a root marker's is in its
run's row. A task is in one list at a time, and its link belongs to whoever may write
that list: the thread that builds a batch, then the queue's consumer.
"""

from ._jit import kernel
from ._types import Table
from .atomics import load_relaxed, store_relaxed
from .runs import LINK, NEXT, NONE, ROOT_MARKER, margins_of, node_of, slot_of

END = NONE  # the link of the last task in a list


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
