"""Solve ``L @ x = b`` for a sparse lower triangular matrix of small blocks: a node a row, an edge an entry.

A row can be solved as soon as the rows are solved that its entries name. The usual way sorts the rows into
levels and puts a barrier behind each. A graph needs no levels: the structure of the matrix is the graph.
It is known as arrays, so it is added as arrays: all nodes by one `add_many`, all edges by one `add_edges`.
"""

import time

import numba
import numpy as np

import zuki

ROWS = 2500  # of blocks
BLOCK = 32  # unknowns in a row of blocks
ENTRIES = 4  # blocks of a row, left of the diagonal
REACH = 600  # how far left of the diagonal they lie, in blocks


@numba.njit(nogil=True, cache=True, fastmath={"reassoc", "contract"})
def solve_row(starts, columns, blocks, diagonal, b, x, row):
    """Solve one row of blocks, when those that it needs are solved."""
    for i in range(b.shape[1]):
        total = b[row, i]
        for entry in range(starts[row], starts[row + 1]):
            for j in range(b.shape[1]):
                total -= blocks[entry, i, j] * x[columns[entry], j]
        for j in range(i):
            total -= diagonal[row, i, j] * x[row, j]
        x[row, i] = total / diagonal[row, i, i]


@numba.njit(cache=True)
def solve_in_order(starts, columns, blocks, diagonal, b, x):
    """Solve all rows with one plain loop, for comparison."""
    for row in range(len(x)):
        solve_row(starts, columns, blocks, diagonal, b, x, row)


def random_matrix(random):
    """Make a lower triangular matrix in the block CSR format, its diagonal apart.

    Returns
    -------
    starts, columns, blocks : ndarray
        The blocks left of the diagonal: those of row i are ``starts[i]`` to ``starts[i + 1]``.
    diagonal : ndarray
        The blocks on it; what lies above their own diagonals is not used.
    """
    rows = np.repeat(np.arange(ROWS), ENTRIES)
    columns = rows - random.integers(1, REACH + 1, len(rows))
    inside = columns >= 0
    starts = np.concatenate([[0], np.cumsum(np.bincount(rows[inside], minlength=ROWS))])
    blocks = random.uniform(-0.05, 0.05, (np.count_nonzero(inside), BLOCK, BLOCK))
    diagonal = random.uniform(-0.05, 0.05, (ROWS, BLOCK, BLOCK)) + 1.5 * np.eye(BLOCK)
    return starts, columns[inside], blocks, diagonal


def build_graph(matrix, b, x):
    """Turn the structure of the matrix into a graph."""
    starts, columns, _, _ = matrix
    graph = zuki.Graph("triangular solve")
    rows = graph.add_many(solve_row, *matrix, b, x, zuki.each(np.arange(ROWS)))
    waiting = np.repeat(rows.ids, np.diff(starts))  # for each entry, the row that it lies in
    graph.add_edges(rows.ids[columns], waiting)
    return graph


def main():
    """Compare the two ways, for three right-hand sides: the graph is built once."""
    random = np.random.default_rng(0)
    matrix = random_matrix(random)
    b, x, expected = np.empty((3, ROWS, BLOCK))

    start = time.perf_counter()
    graph = build_graph(matrix, b, x)
    print(f"{graph!r}, compiled and built in {time.perf_counter() - start:.4f} s")

    for _ in range(3):
        b[:] = random.normal(size=b.shape)  # in place: the nodes know where b lies
        x[:] = np.nan
        report = graph.run()
        solve_in_order(*matrix, b, expected)
        if not np.array_equal(x, expected):
            raise SystemExit("the graph and the plain loop differ")
        print(f"solved in {report.seconds:.4f} s at {report.workers} workers: x is that of the plain loop")


if __name__ == "__main__":
    main()
