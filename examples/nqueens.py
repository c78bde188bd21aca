"""In how many ways do twelve queens stand on a board without attacking one another? In 14,200.

The queens are placed row by row. A set of columns is the bits of a number, and three sets say which squares
of the next row are attacked: the columns that are taken, and where the two diagonals of each queen arrive,
which move by one column a row. Each task takes one square of its row: it spawns a task for the row's other
squares and goes on to the next row. How much lies below a square, nobody knows beforehand.
"""

import time

import zuki

SIZE = 12
WAYS = (1, 1, 0, 0, 2, 10, 4, 40, 92, 352, 724, 2680, 14200)  # by size: sequence A000170 of the OEIS


@zuki.task("int64(int64, int64, int64, int64, int64)")
def place(free, columns, falling, rising, board):
    """Count the ways to put queens on a row, and on all rows below it.

    Parameters
    ----------
    free : int
        The squares of the row that are still to be tried.
    columns : int
        The columns that are taken.
    falling, rising : int
        The squares of the row that are attacked along a diagonal.
    board : int
        All columns.
    """
    if free == 0:
        return 0
    queen = free & -free  # the lowest bit
    others = zuki.spawn(place, free ^ queen, columns, falling, rising, board)
    if columns | queen == board:
        ways = 1  # that was the last row
    else:
        taken, down, up = columns | queen, (falling | queen) << 1, (rising | queen) >> 1
        ways = place(board & ~(taken | down | up), taken, down, up, board)
    return ways + zuki.join(others)


def count_ways(size, executor=None):
    """Count the ways to place as many queens as the board has rows, at least one."""
    board = (1 << size) - 1
    return zuki.run(place, board, 0, 0, 0, board, executor=executor)


def main():
    """Count, at one worker and at all."""
    for threads in (1, None):  # None: as many as there are processors
        with zuki.Executor(threads) as executor:
            count_ways(4, executor)  # compiles, or loads what was compiled
            start = time.perf_counter()
            ways = count_ways(SIZE, executor)
            seconds = time.perf_counter() - start
        print(f"{SIZE} queens, {ways} ways: {seconds:.4f} s at {executor.max_threads} workers")
        if ways != WAYS[SIZE]:
            raise SystemExit(f"there are {WAYS[SIZE]}")


if __name__ == "__main__":
    main()
