"""Rows for the nodes of a graph that goes over the same places again and again.

In a graph that a user builds step by step, neighbours in number are neighbours in time. Two workers that have
half of each step then write to cache lines that are near one another, and what a processor fetches because
it may be wanted next is what the other one writes: a stencil of sixteen places takes a tenth longer by that,
with bodies of a tenth of a microsecond. And one worker, who goes as far as it can with one place before it
turns to the next, finds little in its caches: a stencil of 64 places takes twice as long as one of sixteen.

So rows go by *lines*: a node, its heir (`freeze.name_heirs`), that one's heir, and so on. Lines that begin
side by side share a *piece* of the table, as many as fill a pair of cache lines, which processors fetch
together; in it nodes lie by number, that is step after step.

Only where each line begins with a root: a graph in which lines begin anywhere, such as a tree or a wave, is
better left as it was built. And only where nodes are numbered in an order in which they can run.

With `freeze` the only kernels that touch cells without `atomics`: one thread does this while nobody runs the
graph. `docs/decisions/024-rows-by-lines.md` has the figures.
"""

from ._jit import kernel
from ._types import Table
from .runs import (
    FIRST,
    FRAME,
    NODE_FIELDS,
    SHAPE,
    STATE,
    first_edge_of,
    heir_of,
    predecessors_of,
    successors_of,
)

TOGETHER = 128 // (8 * NODE_FIELDS)  # lines of a piece: a step of them fills a pair of cache lines

ROW = 0  # of a piece: how many nodes it has; then the row of its first one, and of its next one
EDGE = 1  # of a piece: the same of the edges that leave its nodes
PIECE_FIELDS = 2


@kernel
def find_pieces(nodes: Table, edges, piece_of, pieces: Table) -> bool:
    """Write the piece of each node, and the sizes of all; return whether each line does begin with a root.

    Each edge leads to a later node. ``pieces`` has rows of zeros, one for each `TOGETHER` roots.
    """
    lines = 0
    for node in range(nodes.shape[0]):
        piece_of[node] = -1
    for node in range(nodes.shape[0]):
        shape = nodes[node, SHAPE]
        if piece_of[node] < 0:
            if predecessors_of(shape) > 0:
                return False
            piece_of[node] = lines // TOGETHER
            lines += 1
        piece, heir = piece_of[node], heir_of(shape)
        pieces[piece, ROW] += 1
        pieces[piece, EDGE] += successors_of(shape)
        if heir >= 0:
            piece_of[edges[first_edge_of(nodes[node, FIRST]) + heir]] = piece
    return True


@kernel
def place_rows(piece_of, pieces: Table, rows) -> None:
    """Write the row of each node; EDGE becomes where those of a piece begin."""
    row, edge = 0, 0
    for piece in range(pieces.shape[0]):
        pieces[piece, ROW], row = row, row + pieces[piece, ROW]
        pieces[piece, EDGE], edge = edge, edge + pieces[piece, EDGE]
    for node in range(piece_of.shape[0]):
        piece = piece_of[node]
        rows[node] = pieces[piece, ROW]
        pieces[piece, ROW] += 1


@kernel
def move(nodes: Table, edges, piece_of, pieces: Table, rows, moved: Table, moved_edges) -> None:
    """Write the nodes, and their edges, to the rows that are theirs; EDGE becomes the end of a piece's."""
    for node in range(nodes.shape[0]):
        row, piece = rows[node], piece_of[node]
        first, shape = nodes[node, FIRST], nodes[node, SHAPE]
        begin, last = first_edge_of(first), pieces[piece, EDGE]
        moved[row, STATE] = nodes[node, STATE]
        moved[row, FIRST] = first - begin + last
        moved[row, FRAME] = nodes[node, FRAME]
        moved[row, SHAPE] = shape
        for edge in range(begin, begin + successors_of(shape)):
            moved_edges[last] = rows[edges[edge]]
            last += 1
        pieces[piece, EDGE] = last
