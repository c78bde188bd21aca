"""What has been added to a graph, and the tables that are made of it before a run."""

from array import array
from bisect import bisect_right
from collections import Counter
from typing import Any

import numpy as np

from zuki.errors import GraphError
from zuki.graph.cycles import raise_cycle
from zuki.graph.numbering import Numbering, by_lines
from zuki.graph.tables import table_of_nodes, words_of_edges
from zuki_kernels import freeze
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
    ROOT,
    ROOT_COUNT,
    ROOTS_FROM,
)
from zuki_kernels.search import LEVELS

_SEGMENT = 5  # words: start, stop, frame, bytes from frame to frame, body
_NO_COSTS = np.empty(0)
_NO_ORDER = np.empty(0, np.int32)
_NO_LEVELS = np.empty(0, np.int64)
_MOST_EDGES = (1 << 28) - 1  # into a node, and out of it: what a node's words have room for


class Contents:
    """Nodes and edges, first as lists, then, once `freeze` was called, as tables."""

    def __init__(self) -> None:
        self.count = 0
        self.segments = array("q")
        self.sources, self.targets = array("i"), array("i")  # edges added one by one
        self._edges: list[tuple[np.ndarray, np.ndarray]] = []  # edges added as arrays
        self.urgent: list[tuple[int, int, Any]] = []  # start, stop, priority: an int or an array
        self.costly: list[tuple[int, int, Any]] = []  # start, stop, cost: a float or an array
        self.nodes = np.empty((0, NODE_FIELDS), np.int64)
        self.margins = np.empty((0, MARGIN_FIELDS), np.int64)
        self.edges = np.empty(0, np.uint32)
        self.numbering = Numbering()  # of the rows of nodes, margins and edges
        self.entries = array("q")  # of the bodies
        self.plan = np.zeros((1, 16), np.int64)
        self.frozen = 0  # nodes that the tables hold
        self._next = -1  # the frame with which the last segment would go on, if such a node is added
        self._body = -1  # of the last segment
        self._order = _NO_ORDER

    def add_segment(self, stop: int, frame: int, stride: int, body: int) -> int:
        """Add the nodes up to ``stop`` and return the first of them."""
        start = self.count
        self.segments.extend((start, stop, frame, stride, body))
        self.count = stop
        self._next = -1
        return start

    def add_node(self, frame: int, size: int, body: int) -> None:
        """Add a node whose frame has so many bytes: to the last segment, if it goes on from there."""
        self.count += 1
        if frame == self._next and body == self._body:
            self.segments[-4] = self.count
        else:
            self.segments.extend((self.count - 1, self.count, frame, size, body))
            self._body = body
        self._next = frame + size

    def add_edges(self, sources: np.ndarray, targets: np.ndarray) -> None:
        """Add edges; raise, changing nothing, if one names a node that is not there."""
        taken = np.empty(len(sources), np.int32), np.empty(len(targets), np.int32)
        wrong = freeze.take_edges(sources, targets, self.count, *taken)
        if wrong >= 0:
            raise GraphError(
                f"edge {wrong} leads from node {sources[wrong]} to node {targets[wrong]}, "
                f"but the graph's nodes are 0 to {self.count - 1}"
            )
        self._edges.append(taken)

    @property
    def edge_count(self) -> int:
        """How many edges there are."""
        return len(self.edges) + len(self.sources) + sum(len(sources) for sources, _ in self._edges)

    @property
    def is_frozen(self) -> bool:
        """Whether the tables hold everything that was added."""
        return self.frozen == self.count and not self.sources and not self._edges

    def all_edges(self) -> tuple[np.ndarray, np.ndarray]:
        """Return sources and targets of all edges."""
        pieces = self._edges
        if self.sources:
            pieces = [*pieces, (np.array(self.sources, np.int32), np.array(self.targets, np.int32))]
        if len(self.edges):
            pieces = [self._frozen_edges(), *pieces]
        if len(pieces) == 1:
            return pieces[0]
        return (
            np.concatenate([sources for sources, _ in pieces] or [_NO_ORDER]),
            np.concatenate([targets for _, targets in pieces] or [_NO_ORDER]),
        )

    def _frozen_edges(self) -> tuple[np.ndarray, np.ndarray]:
        """Return sources and targets of the edges that the tables hold, by source."""
        rows = np.repeat(np.arange(self.frozen, dtype=np.int32), freeze.successors_of_all(self.nodes))
        targets = self.edges.astype(np.int32)
        if not self.numbering:
            return rows, targets
        sources, targets = self.numbering.nodes_at(rows), self.numbering.nodes_at(targets)
        order = np.argsort(sources, kind="stable")
        return sources[order], targets[order]

    def freeze(self, name_of: Any) -> None:
        """Make the tables; raise `GraphCycleError`, changing nothing, if nodes wait in a circle."""
        if self.is_frozen:
            return
        sources, targets = self.all_edges()
        predecessors, successors = np.zeros(self.count, np.int32), np.zeros(self.count, np.int32)
        forward = freeze.count_edges(sources, targets, predecessors, successors)
        if len(sources) > _MOST_EDGES and max(predecessors.max(), successors.max()) > _MOST_EDGES:
            raise GraphError(f"a node has at most {_MOST_EDGES:,} edges to it, and as many from it")
        levels, level_count, ranks = self._levels()
        nodes, margins = table_of_nodes(self.count), np.empty((self.count, MARGIN_FIELDS), np.int64)
        words, edges = words_of_edges(len(sources))
        nodes[: self.frozen] = self.numbering.by_node(self.nodes)
        freeze.forget_edges(nodes[: self.frozen])
        freeze.place_bodies(np.frombuffer(self.segments, np.int64).reshape(-1, _SEGMENT), nodes)
        freeze.place_nodes(predecessors, successors, levels, nodes)
        freeze.place_edges(sources, targets, nodes, edges)
        order, numbering = _NO_ORDER, Numbering()
        if not forward:
            order = np.empty(self.count, np.int32)
            sorted_nodes = freeze.sort_nodes(nodes, edges, order)
            if sorted_nodes < self.count:
                raise_cycle(sources, targets, order[:sorted_nodes], self.count, name_of)
        ways = np.empty(self.count)
        freeze.longest_ways(nodes, edges, order, self._costs(), ways)
        has_heirs = level_count == 1 and not self._differ(nodes, edges, ways)
        if has_heirs:
            freeze.name_heirs(nodes, edges)
        else:
            if ranks is not None:  # more priorities than levels: those of one level by priority, then by rank
                ways = ranks * (2 * ways.max() + 1) + ways
            freeze.sort_edges(nodes, edges, ways)
        root_count = freeze.place_roots(nodes, margins)
        roots = margins[:root_count, ROOT]
        urgency = ways[roots]
        if len(levels) or (root_count and urgency.min() < urgency.max()):
            keys = (-urgency, levels[roots]) if len(levels) else (-urgency,)
            roots[:] = roots[np.lexsort(keys)]
        found = by_lines(nodes, edges, root_count) if forward and has_heirs else None
        if found:
            numbering, nodes, words, edges = found
            roots[:], order = numbering.rows[roots], numbering.rows
        entries = np.array(self.entries, np.int64)
        roots_from = _first_of_consecutive(roots) + 1
        # from here on nothing is allocated: what has failed so far has changed nothing
        self.nodes, self.margins, self.edges, self._order = nodes, margins, edges, order
        self.numbering, self.frozen = numbering, self.count
        self._kept = words, entries
        self.segments, self.sources, self.targets, self._edges = array("q"), array("i"), array("i"), []
        self._next = -1
        for field, value in (
            (NODES, nodes.ctypes.data),
            (NODE_COUNT, self.count),
            (EDGES, words.ctypes.data),
            (EDGE_COUNT, len(edges)),
            (MARGINS, margins.ctypes.data),
            (BODIES, entries.ctypes.data),
            (BODY_COUNT, len(entries)),
            (ROOT_COUNT, root_count),
            (ROOTS_FROM, roots_from),
            (LEVELS_USED, level_count),
        ):
            self.plan[0, field] = value

    @staticmethod
    def _differ(nodes: np.ndarray, edges: np.ndarray, ways: np.ndarray) -> bool:
        """Tell whether some node has two successors of different rank."""
        return len(edges) > 0 and freeze.successors_differ(nodes, edges, ways)

    def _costs(self) -> np.ndarray:
        if not self.costly:
            return _NO_COSTS
        costs = np.ones(self.count)
        for start, stop, cost in self.costly:
            costs[start:stop] = cost
        return costs

    def _levels(self) -> tuple[np.ndarray, int, np.ndarray | None]:
        """Return each node's level (0 is taken first), their number, and ranks of priorities in one level."""
        if not self.urgent:
            return _NO_LEVELS, 1, None
        priorities = np.zeros(self.count, np.int64)
        for start, stop, priority in self.urgent:
            priorities[start:stop] = priority
        different, ranks = np.unique(priorities, return_inverse=True)
        ranks = ranks.reshape(-1).astype(np.int64)
        if len(different) <= LEVELS:
            return len(different) - 1 - ranks, len(different), None
        return LEVELS - 1 - ranks * LEVELS // len(different), LEVELS, ranks.astype(np.float64)

    def span(self, durations: np.ndarray) -> float:
        """Return the longest way through the graph where node i takes ``durations[i]``."""
        costs = self.numbering.by_row(durations)
        return freeze.longest_ways(self.nodes, self.edges, self._order, costs, np.empty(self.count))

    def longest_way(self, durations: np.ndarray) -> np.ndarray:
        """Return the nodes on that way, from its beginning."""
        ways, found = np.empty(self.frozen), np.empty(self.frozen, np.int64)
        if not self.frozen:
            return found
        costs = self.numbering.by_row(durations)
        freeze.longest_ways(self.nodes, self.edges, self._order, costs, ways)
        return self.numbering.nodes_at(found[: freeze.longest_way(self.nodes, self.edges, ways, found)])

    def frame_and_body(self, node: int) -> tuple[int, int]:
        """Return the address of a node's frame, and the index of its body."""
        if node < self.frozen:
            return freeze.frame_and_body(self.nodes, self.numbering.row_of(node))
        rows = range(0, len(self.segments), _SEGMENT)
        row = rows[bisect_right(rows, node, key=self.segments.__getitem__) - 1]
        start, _, frame, stride, body = self.segments[row : row + _SEGMENT]
        return frame + (node - start) * stride, body

    def bodies(self) -> np.ndarray:
        """Return the index of each node's body."""
        segments = np.array(self.segments, np.int64).reshape(-1, _SEGMENT)
        added = np.repeat(segments[:, 4], segments[:, 1] - segments[:, 0])
        return np.concatenate([self.numbering.by_node(freeze.bodies_of_all(self.nodes)), added])

    def count_bodies(self) -> Counter[int]:
        """Return how many nodes each body has, by its index."""
        counts = Counter(dict(enumerate(freeze.count_bodies(self.nodes).tolist())))
        for row in range(0, len(self.segments), _SEGMENT):
            counts[self.segments[row + 4]] += self.segments[row + 1] - self.segments[row]
        return counts


def _first_of_consecutive(numbers: np.ndarray) -> int:
    """Return the first of numbers that follow one another, or -1 if they do not."""
    return int(numbers[0]) if len(numbers) and (np.diff(numbers) == 1).all() else -1
