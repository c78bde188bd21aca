"""The best local alignment of two genomes, by tiles: as a graph, and by tasks that spawn tasks.

Cell (i, j) of a table holds the score of the best alignment that ends with letter i of one sequence and
letter j of the other, or 0 if there is none worth having (T. F. Smith and M. S. Waterman, Journal of
Molecular Biology 147, 1981; here a gap costs the same for each of its letters). The table is cut into tiles,
of which only the last rows and columns are kept. A tile can be filled when those above and left of it are.

Two ways to say so, with the same body for a tile:

- a graph adds all tiles, and infers from the borders that they read and write what waits for what: each tile
  runs as soon as it can;
- a recursion halves the table both ways: the upper left quarter comes first, then the two beside it at the
  same time, then the lower right one. It needs no graph, but waits where it need not: at a join.

The genomes are those of HIV-1 and of a plasmid of the plague bacterium; see `data/README.md`.
"""

import gzip
import time
from pathlib import Path

import numpy as np
from numba import njit

import zuki

FIRST, SECOND = (Path(__file__).parent / "data" / f"{name}.fna.gz" for name in ("NC_001802", "NC_005816"))
TILE = 256  # rows and columns of a tile

MATCH, MISMATCH, GAP = 5, -4, -8


@zuki.task
def fill_tile(first, second, above, left, below, right, best):
    """Fill a tile, of which the borders are kept.

    Parameters
    ----------
    first, second : ndarray of uint8
        The letters of the tile's rows and of its columns.
    above : ndarray of int32
        The row above the tile; it begins a cell before it.
    left : ndarray of int32
        The column left of it.
    below, right : ndarray of int32
        Where the tile leaves its last row and column.
    best : ndarray of int32, shape (1,)
        Where it leaves the highest score of its cells.
    """
    below[:] = above[1:]  # while the tile is filled, the row before the one that is being filled
    corner, highest = above[0], 0
    for i in range(len(first)):
        northwest, west = corner, left[i]
        corner = left[i]
        for j in range(len(second)):
            north = below[j]
            diagonal = northwest + (MATCH if first[i] == second[j] else MISMATCH)
            west = max(0, diagonal, north + GAP, west + GAP)
            northwest, below[j] = north, west
            highest = max(highest, west)
        right[i] = west
    best[0] = highest


@njit
def score_by_rows(first, second):
    """Answer the score with one plain loop, for comparison."""
    row = np.zeros(len(second) + 1, np.int32)
    highest = 0
    for i in range(len(first)):
        northwest = 0
        for j in range(len(second)):
            diagonal = northwest + (MATCH if first[i] == second[j] else MISMATCH)
            northwest = row[j + 1]
            row[j + 1] = max(0, diagonal, row[j + 1] + GAP, row[j] + GAP)
            highest = max(highest, row[j + 1])
    return highest


def empty_borders(first, second, tile):
    """Return room for the tiles' borders and scores.

    Returns
    -------
    rows : ndarray of int32, shape (tiles + 1, columns + 1)
        The last row of each row of tiles, behind a row of zeros and, in each, behind a zero.
    columns : ndarray of int32, shape (tiles + 1, rows)
        The last column of each column of tiles, behind a column of zeros.
    best : ndarray of int32, shape (tiles, tiles)
        The highest score of each tile.
    """
    down, across = -(-len(first) // tile), -(-len(second) // tile)
    rows = np.zeros((down + 1, len(second) + 1), np.int32)
    columns = np.zeros((across + 1, len(first)), np.int32)
    return rows, columns, np.zeros((down, across), np.int32)


def build_graph(first, second, tile):
    """Return a graph of the tiles, in the order of a sequential program, and where it leaves their scores."""
    rows, columns, best = empty_borders(first, second, tile)
    graph = zuki.Graph("alignment")
    for i in range(best.shape[0]):
        for j in range(best.shape[1]):
            top, start = i * tile, j * tile
            graph.add(
                fill_tile,
                first[top : top + tile],
                second[start : start + tile],
                rows[i, start : start + tile + 1],
                columns[j, top : top + tile],
                rows[i + 1, start + 1 : start + tile + 1],
                columns[j + 1, top : top + tile],
                best[i, j : j + 1],
            )
    return graph, best


@zuki.task(
    "void(uint8[::1], uint8[::1], int32[:, ::1], int32[:, ::1], int32[:, ::1],"
    "int64, int64, int64, int64, int64)"
)
def fill_part(first, second, rows, columns, best, tile, top, bottom, start, stop):
    """Fill the tiles from row ``top`` to ``bottom`` and from column ``start`` to ``stop``."""
    if top == bottom or start == stop:
        return
    if bottom - top == 1 and stop - start == 1:
        row, column = top * tile, start * tile
        fill_tile(
            first[row : row + tile],
            second[column : column + tile],
            rows[top, column : column + tile + 1],
            columns[start, row : row + tile],
            rows[top + 1, column + 1 : column + tile + 1],
            columns[start + 1, row : row + tile],
            best[top, start : start + 1],
        )
        return
    middle, center = (top + bottom + 1) // 2, (start + stop + 1) // 2
    fill_part(first, second, rows, columns, best, tile, top, middle, start, center)
    beside = zuki.spawn(fill_part, first, second, rows, columns, best, tile, top, middle, center, stop)
    fill_part(first, second, rows, columns, best, tile, middle, bottom, start, center)
    zuki.join(beside)
    fill_part(first, second, rows, columns, best, tile, middle, bottom, center, stop)


def score_by_graph(first, second, tile, executor=None):
    """Return the score; the tiles are nodes of a graph."""
    graph, best = build_graph(first, second, tile)
    graph.run(executor)
    return int(best.max())


def score_by_recursion(first, second, tile, executor=None):
    """Return the score; the tiles are filled by tasks that spawn tasks."""
    rows, columns, best = empty_borders(first, second, tile)
    parts = (0, best.shape[0], 0, best.shape[1])
    zuki.run(fill_part, first, second, rows, columns, best, tile, *parts, executor=executor)
    return int(best.max())


def load_genome(path):
    """Return the letters of a genome, as uint8, from a FASTA file that is gzipped."""
    with gzip.open(path) as file:
        lines = file.read().split(b"\n")
    return np.frombuffer(b"".join(lines[1:]), np.uint8).copy()


def main():
    """Align the genomes in both ways, at one worker and at all."""
    first, second = load_genome(FIRST), load_genome(SECOND)
    score_by_rows(first[:10], second[:10])  # compiles, or loads what was compiled
    start = time.perf_counter()
    expected = score_by_rows(first, second)
    print(f"{len(first):,} and {len(second):,} bases; the plain loop: {time.perf_counter() - start:.3f} s")
    for way in (score_by_graph, score_by_recursion):
        for threads in (1, None):  # None: as many as there are processors
            with zuki.Executor(threads) as executor:
                way(first[:1000], second[:1000], TILE, executor)
                start = time.perf_counter()
                score = way(first, second, TILE, executor)
                seconds = time.perf_counter() - start
            print(f"{way.__name__}: {score}, {seconds:.3f} s at {executor.max_threads} workers")
            if score != expected:
                raise SystemExit(f"the plain loop found {expected}")


if __name__ == "__main__":
    main()
