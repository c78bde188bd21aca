"""A run: one execution of a graph, as the workers see it.

A task is one number: the slot of its run and the index of its node. A run's row tells
where its nodes are, how far it has come, and who waits for its end.

Roles: the thread that begins a run fills the row before any worker hears of the slot,
and frees the slot after DONE; workers read the first fields and count on the others.
"""

from ._jit import kernel
from ._types import Table
from .atomics import load_relaxed
from .dispatch import table_at

# Fields that do not change during a run
NODES = 0  # address of the table of nodes
NODE_COUNT = 1
EDGES = 2  # address of the table of edges, two to a word: the node that each leads to
EDGE_COUNT = 3
MARGINS = 4  # address of the table of what of a node is seldom used
BODIES = 5  # address of the table of entries, a row for each body
BODY_COUNT = 6
ROOT_COUNT = 7  # nodes that wait for nobody
ROOTS_FROM = 8  # 1 + the first root, if the roots are consecutive numbers in this order; else 0
LEVELS_USED = 9  # levels of urgency among the nodes
EPOCH = 10  # counts the runs of one graph, from 1: tells this run's marks on the nodes from older ones
TIMES = 11  # address of a nanoseconds cell for each node, or 0
BATCH = 12  # a worker reports its finished nodes at the latest after so many
WAITER = 13  # the worker to wake at the end, or NONE
CALLBACK = 14  # 1 if Python wants to hear of the end from the worker that reaches it
READY_SINCE = 15  # address of a cell for each node, and one more: see `measuring`; or 0
# Fields that change
NEXT = 16  # link of the run's root marker in a queue
CURSOR = 17  # roots handed out; belongs to whoever holds the root marker
STOPPED = 24  # 1: start no further body
HAS_DETACHED = 25  # 1: tasks that its tasks have detached may use what it keeps alive
REMAINING = 32  # nodes not yet reported as finished
FAILURES = 33  # bodies that raised
FIRST_FAILED = 34  # the node whose body raised first, or NONE
QUEUED = 35  # its nodes that wait for the interpreter
DONE = 40  # 1 when REMAINING has reached 0; threads outside the pool wait on it
RUN_FIELDS = 48

# Fields of a node: half a cache line, for a run streams through them
STATE = 0  # predecessors that have not finished, and how the node's last run went: see `dependencies`
FIRST = 1  # index of its body, and of its first edge: see `first_edge_of`
FRAME = 2  # address of its arguments and result
SHAPE = 3  # urgency level, predecessors, successors, the place of its heir: see `shape` and `heir_of`
NODE_FIELDS = 4

# Fields of a node's margin
LINK = 0  # the task after it in a queue; the failure of its body
ROOT = 1  # in row i, the i-th most urgent of the nodes that wait for nobody
MARGIN_FIELDS = 2

# Entries of bodies that are not compiled
PYTHON = 0  # only the interpreter can run this one
NOTHING = 1  # joins its predecessors, runs nothing

# A bit of an entry, whose address is a multiple of 4: who calls it looks for children that it has left.
MAY_SPAWN = 2

NONE = -1  # no task, no node, no worker

NODE_BITS = 40
NODE_MASK = (1 << NODE_BITS) - 1
ROOT_MARKER = NODE_MASK  # as a node: "the roots of this run that nobody has taken yet"

BODY_SHIFT = 40  # bits of an edge's index
_EDGE_MASK = (1 << BODY_SHIFT) - 1

_TARGET_MASK = (1 << 32) - 1

_COUNT_BITS = 28
_COUNT_MASK = (1 << _COUNT_BITS) - 1
_LEVEL_MASK = (1 << 3) - 1
HEIR_SHIFT = 59
MOST_HEIRS = (1 << 4) - 1  # so many of a node's first edges may lead to its heir


@kernel
def task_of(slot: int, node: int) -> int:
    """Return the task that stands for a node of a run."""
    return slot << NODE_BITS | node


@kernel
def slot_of(task: int) -> int:
    """Return the run that a task belongs to."""
    return task >> NODE_BITS


@kernel
def node_of(task: int) -> int:
    """Return the node that a task stands for."""
    return task & NODE_MASK


@kernel
def shape(level: int, predecessors: int, successors: int) -> int:
    """Pack a node's urgency level and degrees into a word."""
    return (level << _COUNT_BITS | predecessors) << _COUNT_BITS | successors


@kernel
def level_of(shape: int) -> int:
    """Return a node's urgency: 0 is taken first."""
    return shape >> 2 * _COUNT_BITS & _LEVEL_MASK


@kernel
def predecessors_of(shape: int) -> int:
    """Return how many edges lead to the node."""
    return shape >> _COUNT_BITS & _COUNT_MASK


@kernel
def successors_of(shape: int) -> int:
    """Return how many edges leave the node."""
    return shape & _COUNT_MASK


@kernel
def heir_of(shape: int) -> int:
    """Return which of the node's edges leads to its heir, which is best run where the node was; or -1."""
    return (shape >> HEIR_SHIFT) - 1


@kernel
def first_edge_of(first: int) -> int:
    """Return the index of a node's first edge."""
    return first & _EDGE_MASK


@kernel
def body_of(first: int) -> int:
    """Return the index of a node's body."""
    return first >> BODY_SHIFT


@kernel
def nodes_of(runs: Table, slot: int) -> Table:
    """View the nodes of a run; the caller holds one of its tasks."""
    return table_at(load_relaxed(runs, slot, NODES), load_relaxed(runs, slot, NODE_COUNT), NODE_FIELDS)


@kernel
def margins_of(runs: Table, slot: int) -> Table:
    """View the margins of the nodes of a run; the caller holds one of its tasks."""
    return table_at(load_relaxed(runs, slot, MARGINS), load_relaxed(runs, slot, NODE_COUNT), MARGIN_FIELDS)


@kernel
def root_at(runs: Table, slot: int, index: int) -> int:
    """Return the root at a place in the order in which a run's roots are taken; the caller holds it."""
    base = load_relaxed(runs, slot, ROOTS_FROM)
    return base - 1 + index if base > 0 else load_relaxed(margins_of(runs, slot), index, ROOT)


@kernel
def edges_of(runs: Table, slot: int) -> Table:
    """View the edges of a run; the caller holds one of its tasks."""
    return table_at(load_relaxed(runs, slot, EDGES), (load_relaxed(runs, slot, EDGE_COUNT) + 1) >> 1, 1)


@kernel
def target_of(edges: Table, edge: int) -> int:
    """Return the node that an edge leads to."""
    return load_relaxed(edges, edge >> 1, 0) >> ((edge & 1) << 5) & _TARGET_MASK
