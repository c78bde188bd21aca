"""Small graphs as the kernels see them: the tables of a pool with the row of a run."""

import ctypes

import numpy as np

from zuki.runtime.tables import Tables, make_table
from zuki_kernels import freeze, starting
from zuki_kernels.runs import (
    BODIES,
    BODY_COUNT,
    EDGE_COUNT,
    EDGES,
    LEVELS_USED,
    MARGIN_FIELDS,
    MARGINS,
    NODE_COUNT,
    NODE_FIELDS,
    NODES,
    NOTHING,
    ROOT_COUNT,
)

NO_FLOATS, NO_NODES = np.empty(0), np.empty(0, np.int32)


class Plan:
    """The tables of a graph of `count` nodes without bodies, and the row that names them."""

    def __init__(self, count, edges=(), levels=()):
        self.count = count
        pairs = np.array(edges, np.int32).reshape(-1, 2)
        self.sources, self.targets = np.ascontiguousarray(pairs.T)
        self.nodes, self.margins = make_table(count, NODE_FIELDS), make_table(count, MARGIN_FIELDS)
        self.edge_words = make_table(max((len(pairs) + 1) // 2, 1), 1)
        self.edges = self.edge_words.reshape(-1).view(np.int32)[: len(pairs)]
        self._entries = np.array([[NOTHING]], np.int64)
        predecessors, successors = np.zeros(count, np.int64), np.zeros(count, np.int64)
        self.is_forward = freeze.count_edges(self.sources, self.targets, predecessors, successors)
        freeze.place_bodies(np.array([[0, count, 0, 0, 0]], np.int64), self.nodes)
        freeze.place_nodes(predecessors, successors, np.array(levels, np.int64), self.nodes)
        freeze.place_edges(self.sources, self.targets, self.nodes, self.edges)
        self.root_count = freeze.place_roots(self.nodes, self.margins)
        self.row = make_table(1, LEVELS_USED + 1)
        for field, value in {
            NODES: self.nodes.ctypes.data,
            NODE_COUNT: count,
            EDGES: self.edge_words.ctypes.data,
            EDGE_COUNT: len(pairs),
            MARGINS: self.margins.ctypes.data,
            BODIES: self._entries.ctypes.data,
            BODY_COUNT: 1,
            ROOT_COUNT: self.root_count,
            LEVELS_USED: max(levels, default=0) + 1,
        }.items():
            self.row[0, field] = value

    def successors(self, node):
        """Return the nodes that edges lead to from a node, in the order of the table."""
        first = self.nodes[node, 1] & ((1 << 40) - 1)
        return self.edges[first : first + (self.nodes[node, 3] & ((1 << 28) - 1))].tolist()


class Running:
    """The tables of a pool in which runs have begun; nobody works unless a test does."""

    def __init__(self, *plans, max_threads=2, capacity=None, waiter=0, callback=0, begin=True):
        self.tables = Tables(max_threads)
        if capacity is not None:
            self.tables.rings = make_table(len(self.tables.rings), capacity)
        self.plans = plans
        for name in ("pool", "workers", "deques", "rings", "queues", "runs", "hands", "hand_rings"):
            setattr(self, name, getattr(self.tables, name))
        if begin:
            for slot in range(len(plans)):
                self.begin(slot, waiter=waiter, callback=callback)

    def begin(self, slot, epoch=1, batch=1, waiter=0, callback=0):
        """Begin the run of the plan with the number of the slot; return what `starting.begin` does."""
        plan = self.plans[slot].row
        return starting.begin(
            self.pool, self.workers, self.queues, self.runs, slot, plan, epoch, 0, batch, waiter, callback
        )


def cells_at(address, count):
    """Return the words at an address as an array."""
    return np.frombuffer((ctypes.c_int64 * count).from_address(address), np.int64)
