"""Jitted kernels for the tiles of a matrix: what one task of a tiled algorithm does.

All work of cubic cost goes through one small kernel, `add_block`: the sixteen dot products of four rows
with four rows, summed in sixteen registers. Both operands of ``A @ B.T`` are read along their rows, so
nothing is packed or transposed, and LLVM turns the loop into vector code by itself. That asks two things
of a tile: its rows are contiguous, and it starts on a cache line (`empty_tile` makes such).
"""
# ruff: noqa: N803 -- matrices have the capital names that they have in every textbook

import math

import numba
import numpy as np
import numpy.typing as npt

import zuki
from zuki.demo import Labels

Tile = npt.NDArray[np.float64]

CACHE_LINE = 8  # float64 numbers
BLOCK = 4  # 4 x 4 sums and the 8 numbers they are made of fit the 32 vector registers of AVX-512

# A sum may be taken in any order, and a multiply fused with an add: what vector code needs, no more. The
# rest of fastmath would also let LLVM assume that there is no NaN, and potrf looks for one.
FAST = {"reassoc", "contract"}

inner = numba.njit(nogil=True, cache=True, error_model="numpy", fastmath=FAST)


def empty_tile(rows: int, columns: int) -> Tile:
    """
    Make an uninitialised tile that starts on a cache line.

    Vector loads that straddle two cache lines take twice as long; NumPy itself promises only 16 bytes.

    Parameters
    ----------
    rows, columns : int
        The tile's shape.

    Returns
    -------
    ndarray of float64, shape (rows, columns)
        C-contiguous, its address a multiple of 64.

    Examples
    --------
    >>> empty_tile(3, 5).ctypes.data % 64
    0
    """
    spare = np.empty(rows * columns + CACHE_LINE)
    start = -(spare.ctypes.data // spare.itemsize) % CACHE_LINE
    return spare[start : start + rows * columns].reshape(rows, columns)


@inner
def add_block(scale: float, A: Tile, B: Tile, C: Tile, i: int, j: int, depth: int) -> None:
    """Add ``scale * A[i:i+4, :depth] @ B[j:j+4, :depth].T`` to ``C[i:i+4, j:j+4]``."""
    c00 = c01 = c02 = c03 = 0.0
    c10 = c11 = c12 = c13 = 0.0
    c20 = c21 = c22 = c23 = 0.0
    c30 = c31 = c32 = c33 = 0.0
    for k in range(depth):
        a0, a1, a2, a3 = A[i, k], A[i + 1, k], A[i + 2, k], A[i + 3, k]
        b0, b1, b2, b3 = B[j, k], B[j + 1, k], B[j + 2, k], B[j + 3, k]
        c00, c01, c02, c03 = c00 + a0 * b0, c01 + a0 * b1, c02 + a0 * b2, c03 + a0 * b3
        c10, c11, c12, c13 = c10 + a1 * b0, c11 + a1 * b1, c12 + a1 * b2, c13 + a1 * b3
        c20, c21, c22, c23 = c20 + a2 * b0, c21 + a2 * b1, c22 + a2 * b2, c23 + a2 * b3
        c30, c31, c32, c33 = c30 + a3 * b0, c31 + a3 * b1, c32 + a3 * b2, c33 + a3 * b3
    for row, (s0, s1, s2, s3) in enumerate(
        ((c00, c01, c02, c03), (c10, c11, c12, c13), (c20, c21, c22, c23), (c30, c31, c32, c33))
    ):
        C[i + row, j] += scale * s0
        C[i + row, j + 1] += scale * s1
        C[i + row, j + 2] += scale * s2
        C[i + row, j + 3] += scale * s3


@inner
def add_rows(
    scale: float, A: Tile, B: Tile, C: Tile, first: int, stop: int, j: int, columns: int, depth: int
) -> None:
    """Add ``scale * A @ B.T`` to rows ``first:stop``, columns ``j:j+columns`` (at most 4) of ``C``."""
    i = first
    if columns == BLOCK:
        while i + BLOCK <= stop:
            add_block(scale, A, B, C, i, j, depth)
            i += BLOCK
    for row in range(i, stop):  # what does not fill a block, at the edges of the tile
        for column in range(j, j + columns):
            total = 0.0
            for k in range(depth):
                total += A[row, k] * B[column, k]
            C[row, column] += scale * total


@inner
def solve_columns(L: Tile, X: Tile, first: int, j: int, columns: int) -> None:
    """Solve columns ``j:j+columns`` of ``X @ L.T = X`` in rows ``first:``; the columns before are solved."""
    add_rows(-1.0, X, L, X, first, X.shape[0], j, columns, j)
    if columns < BLOCK:
        for row in range(first, X.shape[0]):
            for column in range(j, j + columns):
                for k in range(j, column):
                    X[row, column] -= X[row, k] * L[column, k]
                X[row, column] /= L[column, column]
        return
    l10 = L[j + 1, j]
    l20, l21 = L[j + 2, j], L[j + 2, j + 1]
    l30, l31, l32 = L[j + 3, j], L[j + 3, j + 1], L[j + 3, j + 2]
    d0, d1, d2, d3 = 1 / L[j, j], 1 / L[j + 1, j + 1], 1 / L[j + 2, j + 2], 1 / L[j + 3, j + 3]
    for row in range(first, X.shape[0]):
        x0 = X[row, j] * d0
        x1 = (X[row, j + 1] - x0 * l10) * d1
        x2 = (X[row, j + 2] - x0 * l20 - x1 * l21) * d2
        x3 = (X[row, j + 3] - x0 * l30 - x1 * l31 - x2 * l32) * d3
        X[row, j], X[row, j + 1], X[row, j + 2], X[row, j + 3] = x0, x1, x2, x3


@zuki.task(writes=("C",), error_model="numpy", fastmath=FAST)
def gemm(A: Tile, B: Tile, C: Tile) -> None:
    """``C -= A @ B.T``: take from a tile what two tiles to the left of it explain."""
    for j in range(0, C.shape[1], BLOCK):
        add_rows(-1.0, A, B, C, 0, C.shape[0], j, min(BLOCK, C.shape[1] - j), A.shape[1])


@zuki.task(writes=("C",), error_model="numpy", fastmath=FAST)
def syrk(A: Tile, C: Tile) -> None:
    """``C -= A @ A.T`` in the lower triangle of ``C``: `gemm` for a tile on the diagonal."""
    for j in range(0, C.shape[1], BLOCK):
        add_rows(-1.0, A, A, C, j, C.shape[0], j, min(BLOCK, C.shape[1] - j), A.shape[1])


@zuki.task(writes=("X",), error_model="numpy", fastmath=FAST)
def trsm(L: Tile, X: Tile) -> None:
    """Solve ``X @ L.T = X`` in place, ``L`` lower triangular."""
    for j in range(0, L.shape[0], BLOCK):
        solve_columns(L, X, 0, j, min(BLOCK, L.shape[0] - j))


@zuki.task(writes=("A",), error_model="numpy", fastmath=FAST)
def potrf(A: Tile) -> None:
    """Replace the lower triangle of ``A`` by its Cholesky factor."""
    n = A.shape[0]
    for j in range(0, n, BLOCK):
        columns = min(BLOCK, n - j)
        add_rows(-1.0, A, A, A, j, j + columns, j, columns, j)
        for column in range(j, j + columns):
            for k in range(j, column):
                A[column, column] -= A[column, k] * A[column, k]
            if not A[column, column] > 0:  # so written, NaN is caught too
                raise ValueError("the matrix is not positive definite")
            A[column, column] = math.sqrt(A[column, column])
            for row in range(column + 1, j + columns):
                for k in range(j, column):
                    A[row, column] -= A[row, k] * A[column, k]
                A[row, column] /= A[column, column]
        solve_columns(A, A, j + columns, j, columns)


@zuki.task(writes=("C",), error_model="numpy", fastmath=FAST)
def add_product(A: Tile, B: Tile, C: Tile) -> None:
    """``C += A @ B.T``."""
    for j in range(0, C.shape[1], BLOCK):
        add_rows(1.0, A, B, C, 0, C.shape[0], j, min(BLOCK, C.shape[1] - j), A.shape[1])


@zuki.task(writes=("C",), error_model="numpy", fastmath=FAST)
def gemm_plain(A: Tile, B: Tile, C: Tile) -> None:
    """``C -= A @ B``: few rows, so rows of ``B`` are added up instead of taking dot products."""
    for row in range(C.shape[0]):
        for k in range(B.shape[0]):
            factor = A[row, k]
            for column in range(C.shape[1]):
                C[row, column] -= factor * B[k, column]


@zuki.task(writes=("X",), error_model="numpy", fastmath=FAST)
def trsm_plain(L: Tile, X: Tile) -> None:
    """Solve ``X @ L = X`` in place, ``L`` lower triangular: from the last column to the first."""
    for row in range(X.shape[0]):
        for k in range(L.shape[0] - 1, -1, -1):
            X[row, k] /= L[k, k]
            factor = X[row, k]
            for column in range(k):
                X[row, column] -= factor * L[k, column]


@zuki.task(writes=("K",))
def add_noise(K: Tile, noise: float) -> None:
    """Add ``noise`` to the diagonal."""
    for i in range(K.shape[0]):
        K[i, i] += noise


@zuki.task(writes=("Y",))
def one_hot(labels: Labels, Y: Tile) -> None:
    """Write each label as a column of ``Y``: a one in the row of its class, zeros elsewhere."""
    Y[:] = 0.0
    for i in range(labels.shape[0]):
        Y[labels[i], i] = 1.0


@zuki.task(writes=("scores",))
def clear(scores: Tile) -> None:
    """Set all scores to zero."""
    scores[:] = 0.0


@zuki.task(writes=("answers",))
def best_class(scores: Tile, answers: Labels) -> None:
    """Answer with the class of the highest score."""
    for i in range(answers.shape[0]):
        answers[i] = np.argmax(scores[:, i])
