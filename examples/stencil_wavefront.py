"""The edit distance of two sequences, tile by tile: a wavefront whose order nobody writes down.

Cell (i, j) of a table holds how many letters must be inserted, deleted or replaced to turn the first i
letters of one sequence into the first j letters of the other. It needs the cells above, to the left, and
above to the left. So the tiles of the table become ready along its antidiagonals, and the tiles of one
antidiagonal can run at the same time. `prange` cannot say that; a graph need not say it either: each
tile names the cells that it reads and the cells that it writes, and zuki infers the edges.
"""

import numba
import numpy as np

import zuki

LENGTH = 3000  # letters
TILE = 200  # rows and columns of a tile


@zuki.task
def fill_tile(first, second, above, left, tile):
    """Fill a tile from the row ``above`` it, which begins a cell before it, and the column ``left`` of it."""
    for i in range(len(first)):
        for j in range(len(second)):
            north = above[j + 1] if i == 0 else tile[i - 1, j]
            west = left[i] if j == 0 else tile[i, j - 1]
            northwest = above[j] if i == 0 else left[i - 1] if j == 0 else tile[i - 1, j - 1]
            tile[i, j] = min(north + 1, west + 1, northwest + (first[i] != second[j]))


@numba.njit
def distance_by_rows(first, second):
    """Answer the edit distance with one plain loop, for comparison."""
    row = np.arange(len(second) + 1)
    for i in range(len(first)):
        corner, row[0] = row[0], i + 1
        for j in range(len(second)):
            cell = min(row[j + 1] + 1, row[j] + 1, corner + (first[i] != second[j]))
            corner, row[j + 1] = row[j + 1], cell
    return row[-1]


def build_graph(first, second, table, tile):
    """Add the tiles in the order of a sequential program; each reads the cells that border on it."""
    graph = zuki.Graph("edit distance")
    for top in range(0, len(first), tile):
        for start in range(0, len(second), tile):
            rows = slice(top + 1, min(top + tile, len(first)) + 1)  # row 0 and column 0 are the borders
            columns = slice(start + 1, min(start + tile, len(second)) + 1)
            graph.add(
                fill_tile,
                first[rows.start - 1 : rows.stop - 1],
                second[columns.start - 1 : columns.stop - 1],
                table[rows.start - 1, columns.start - 1 : columns.stop],
                table[rows, columns.start - 1],
                table[rows, columns],
            )
    return graph


def main():
    """Compare the two ways."""
    random = np.random.default_rng(0)
    first, second = random.integers(0, 4, (2, LENGTH), dtype=np.int8)
    table = np.zeros((LENGTH + 1, LENGTH + 1), np.int32)
    table[0] = table[:, 0] = np.arange(LENGTH + 1)

    graph = build_graph(first, second, table, TILE)
    graph.run()
    print(graph.run(measure=True))  # a graph can run again; here each run fills the same cells

    expected = distance_by_rows(first, second)
    print(f"distance  {table[-1, -1]} (the plain loop: {expected})")
    if table[-1, -1] != expected:
        raise SystemExit("the tiles and the plain loop differ")


if __name__ == "__main__":
    main()
