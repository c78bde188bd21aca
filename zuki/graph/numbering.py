"""Which row of a graph's tables is which node's."""

from functools import cached_property

import numpy as np

from zuki.graph.tables import table_of_nodes, words_of_edges
from zuki_kernels.numbering import PIECE_FIELDS, TOGETHER, find_pieces, move, place_rows

_LONG = 8  # nodes of a line, on average, below which there is little to be won
_NO_ROWS = np.empty(0, np.int32)


class Numbering:
    """The row of each node; or none, where it has the node's number.

    Parameters
    ----------
    rows : ndarray of int32, shape (nodes,) or (0,)
        The row of each node.
    """

    def __init__(self, rows: np.ndarray = _NO_ROWS) -> None:
        self.rows = rows

    def __bool__(self) -> bool:
        return len(self.rows) > 0

    @cached_property
    def _nodes(self) -> np.ndarray:
        """The node of each row; asked for only by who tells of failures, Python nodes or traces."""
        nodes = np.empty(len(self.rows), np.int32)
        nodes[self.rows] = np.arange(len(self.rows), dtype=np.int32)
        return nodes

    def row_of(self, node: int) -> int:
        """Return the row of a node."""
        return int(self.rows[node]) if self else node

    def node_at(self, row: int) -> int:
        """Return the node of a row; -1 is none."""
        return int(self._nodes[row]) if row >= 0 and self else row

    def nodes_at(self, rows: np.ndarray) -> np.ndarray:
        """Return the nodes of some rows."""
        return self._nodes[rows] if self else rows

    def by_node(self, by_row: np.ndarray) -> np.ndarray:
        """Return what an array says of rows, in the order of the nodes."""
        return by_row[self.rows] if self else by_row

    def by_row(self, by_node: np.ndarray) -> np.ndarray:
        """Return what an array says of nodes, in the order of the rows."""
        return by_node[self._nodes] if self else by_node


def by_lines(
    nodes: np.ndarray, edges: np.ndarray, root_count: int
) -> tuple[Numbering, np.ndarray, np.ndarray, np.ndarray] | None:
    """Return a graph's tables with rows that go by lines, where `zuki_kernels.numbering` has them do so.

    Parameters
    ----------
    nodes, edges : ndarray
        The tables, by number; nodes have named their heirs, and each edge leads to a later node.
    root_count : int
        How many of the nodes have no predecessors.

    Returns
    -------
    tuple, or None
        The numbering; then new nodes, words and edges: see `zuki.graph.tables`.
    """
    if root_count <= TOGETHER or root_count * _LONG > len(nodes):
        return None
    pieces = np.zeros((-(-root_count // TOGETHER), PIECE_FIELDS), np.int64)
    piece_of = np.empty(len(nodes), np.int32)
    if not find_pieces(nodes, edges, piece_of, pieces):
        return None
    rows = np.empty(len(nodes), np.int32)
    place_rows(piece_of, pieces, rows)
    to_nodes, (words, to_edges) = table_of_nodes(len(nodes)), words_of_edges(len(edges))
    move(nodes, edges, piece_of, pieces, rows, to_nodes, to_edges)
    return Numbering(rows), to_nodes, words, to_edges
