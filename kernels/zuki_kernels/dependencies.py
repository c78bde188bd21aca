"""When a node may run: each counts the predecessors that have not finished.

The count falls with each arrival and is set back by the last one, so that a graph is
ready for its next run without a pass over its nodes.

Roles: `arrive` is called once by the worker that finished each predecessor; the one
that is told True owns the node.
At rest (no run): PENDING is the number of predecessors.
"""

from ._jit import kernel
from ._types import Table
from .atomics import add_acq_rel, load_acquire, load_relaxed, store_relaxed
from .runs import PENDING, SHAPE, STATUS, predecessors_of


@kernel
def arrive(nodes: Table, node: int) -> bool:
    """Say that a predecessor of ``node`` has finished; return whether it was the last."""
    pending = load_acquire(nodes, node, PENDING)  # order: the node after the other predecessors; pairs with arrive's add
    if pending != 1:
        pending = add_acq_rel(nodes, node, PENDING, -1)  # order: this predecessor before the node, the others before it too; pairs with arrive's load and add
    if pending != 1:
        return False
    store_relaxed(nodes, node, PENDING, predecessors_of(load_relaxed(nodes, node, SHAPE)))
    return True


@kernel
def condemn(nodes: Table, node: int, epoch: int) -> None:
    """Let ``node`` be passed over in this run; a predecessor calls this before it arrives."""
    store_relaxed(nodes, node, STATUS, -epoch)  # relaxed: arrive publishes it


@kernel
def reset(nodes: Table) -> None:
    """Set every count back after a run that was cut off; nobody runs the graph."""
    for node in range(nodes.shape[0]):
        store_relaxed(nodes, node, PENDING, predecessors_of(load_relaxed(nodes, node, SHAPE)))
