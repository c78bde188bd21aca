"""What tasks take, and how long nodes that are ready wait for a worker: counted by who runs them.

It is asked for, or not, when a pool is made. Then each worker has two histograms, and its rings of events
tell where they are. Who finishes a node writes into a cell of each of its successors when that was: the last
one that does so before the successor begins is, but for the time of an arrival, who has made it ready.

Roles: the worker that runs a task adds to its own histograms. The cells of READY_SINCE are written by who
finishes predecessors, each before it arrives, and read by who begins the node, which all of them have
arrived at: the arrivals' order (`dependencies.arrive`) is theirs. Two that finish at once may write in
another order than they arrive in: then the cell is off by the time between.
At rest: a cell is 0, or a moment of this run; the one behind the last node's is when the run began.
"""

from . import histogram, tracing
from ._jit import kernel, rare_kernel
from ._types import Table
from .atomics import load_relaxed, store_relaxed
from .clock import ticks
from .dispatch import table_at
from .runs import (
    FIRST,
    NODE_COUNT,
    READY_SINCE,
    RUN_FIELDS,
    SHAPE,
    edges_of,
    first_edge_of,
    node_of,
    nodes_of,
    predecessors_of,
    slot_of,
    successors_of,
    target_of,
)

# Rows of a worker's histograms
DURATIONS = 0
LATENCIES = 1
KINDS = 2

_UNIT_OF_RATE = 2.0**-20


@rare_kernel
def note_node(ring: int, begun: int, runs: int, task: int) -> int:
    """Note that a node has run since ``begun``; return when it has ended.

    ``runs`` is the address of the table: all arguments fit into registers.
    """
    ended = ticks()
    tracing.note(ring, begun, ended, task, tracing.NODE)
    if tracing.measures(ring):
        table, slot, node = table_at(runs, slot_of(task) + 1, RUN_FIELDS), slot_of(task), node_of(task)
        cells = _cells_of(table, slot)
        if cells.shape[0] > 0:  # not a submitted call, which measures itself where it is run
            measure(ring, DURATIONS, ended - begun)
            measure(ring, LATENCIES, begun - _ready_since(cells, nodes_of(table, slot), node))
            _make_ready(cells, table, slot, node, ended)
    return ended


@rare_kernel
def end_node(ring: int, runs: int, task: int) -> None:
    """Hear that a node has ended which was run elsewhere."""
    if tracing.measures(ring):
        table, slot = table_at(runs, slot_of(task) + 1, RUN_FIELDS), slot_of(task)
        cells = _cells_of(table, slot)
        if cells.shape[0] > 0:
            _make_ready(cells, table, slot, node_of(task), ticks())


@kernel
def measure(ring: int, kind: int, passed: int) -> None:
    """Count a number of ticks."""
    row = table_at(ring, 1, tracing.RING_FIELDS)
    histograms = table_at(load_relaxed(row, 0, tracing.HISTOGRAMS), KINDS, histogram.HISTOGRAM_FIELDS)
    rate = load_relaxed(row, 0, tracing.RATE) * _UNIT_OF_RATE
    histogram.add(histograms, kind, int(max(passed, 0) * rate))  # in floats: no overflow


@kernel
def tell_ready(runs: Table, slot: int, ready: int) -> None:
    """Tell where the cells of a run's nodes are, and one more; 0: nowhere. Before it begins."""
    store_relaxed(runs, slot, READY_SINCE, ready)


@kernel
def _cells_of(runs: Table, slot: int) -> Table:
    """View the cells of READY_SINCE; there are none in a run that nobody measures."""
    address = load_relaxed(runs, slot, READY_SINCE)
    return table_at(address, load_relaxed(runs, slot, NODE_COUNT) + 1 if address != 0 else 0, 1)


@kernel
def _ready_since(cells: Table, nodes: Table, node: int) -> int:
    """Return since when a node that begins was ready."""
    waits = predecessors_of(load_relaxed(nodes, node, SHAPE)) > 0
    return load_relaxed(cells, node if waits else cells.shape[0] - 1, 0)


@kernel
def _make_ready(cells: Table, runs: Table, slot: int, node: int, moment: int) -> None:
    nodes, edges = nodes_of(runs, slot), edges_of(runs, slot)
    first = first_edge_of(load_relaxed(nodes, node, FIRST))
    for edge in range(first, first + successors_of(load_relaxed(nodes, node, SHAPE))):
        store_relaxed(cells, target_of(edges, edge), 0, moment)
