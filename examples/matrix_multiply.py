"""The product of two matrices by Strassen's algorithm: seven products of halves, not eight.

Each task cuts its matrices into quarters, spawns the seven products of halves, and puts the product
together from them. A task returns its product: an array lives as long as anyone needs it,
whichever worker made it. Small matrices are multiplied by three plain loops.

The matrices hold small whole numbers, so that not one of the sums is rounded: the result has to be NumPy's
to the last bit, although it is reached in another order.
"""
# ruff: noqa: N803, N806 -- matrices have the capital names that they have in every textbook

import time

import numpy as np
from numba import njit

import zuki

SIZE = 1024
SMALL = 64  # rows of the matrices that are not cut any more


@njit(fastmath={"contract"})
def multiply_small(A, B):
    """Multiply with three loops, the innermost along rows."""
    A, B = np.ascontiguousarray(A), np.ascontiguousarray(B)
    C = np.zeros((len(A), len(A)))
    for i in range(len(A)):
        for k in range(len(A)):
            for j in range(len(A)):
                C[i, j] += A[i, k] * B[k, j]
    return C


@njit
def plus(A, B, sign=1.0):
    """Return A + sign * B; a loop compiles in a fraction of the time that an array expression takes."""
    C = np.empty(A.shape)
    for i in range(len(A)):
        for j in range(len(A)):
            C[i, j] = A[i, j] + sign * B[i, j]
    return C


@njit
def minus(A, B):
    """Return A - B."""
    return plus(A, B, -1.0)


@njit
def put_together(M1, M2, M3, M4, M5, M6, M7):
    """Return the product that follows from the seven."""
    half = len(M1)
    C = np.empty((2 * half, 2 * half))
    for i in range(half):
        for j in range(half):
            C[i, j] = M1[i, j] + M4[i, j] - M5[i, j] + M7[i, j]
            C[i, j + half] = M3[i, j] + M5[i, j]
            C[i + half, j] = M2[i, j] + M4[i, j]
            C[i + half, j + half] = M1[i, j] - M2[i, j] + M3[i, j] + M6[i, j]
    return C


@zuki.task("float64[:, ::1](float64[:, :], float64[:, :])")
def multiply(A, B):
    """Return the product of two square matrices (V. Strassen, Numerische Mathematik 13, 1969)."""
    if len(A) <= SMALL or len(A) % 2 == 1:
        return multiply_small(A, B)
    half = len(A) // 2
    A11, A12, A21, A22 = A[:half, :half], A[:half, half:], A[half:, :half], A[half:, half:]
    B11, B12, B21, B22 = B[:half, :half], B[:half, half:], B[half:, :half], B[half:, half:]

    first = zuki.spawn(multiply, plus(A11, A22), plus(B11, B22))
    second = zuki.spawn(multiply, plus(A21, A22), B11)
    third = zuki.spawn(multiply, A11, minus(B12, B22))
    fourth = zuki.spawn(multiply, A22, minus(B21, B11))
    fifth = zuki.spawn(multiply, plus(A11, A12), B22)
    sixth = zuki.spawn(multiply, minus(A21, A11), plus(B11, B12))
    seventh = zuki.spawn(multiply, minus(A12, A22), plus(B21, B22))

    M7, M6, M5, M4 = zuki.join(seventh), zuki.join(sixth), zuki.join(fifth), zuki.join(fourth)
    M3, M2, M1 = zuki.join(third), zuki.join(second), zuki.join(first)  # the newest first: that is cheapest
    return put_together(M1, M2, M3, M4, M5, M6, M7)


def random_matrices(size):
    """Return two square matrices of small whole numbers."""
    return np.random.default_rng(0).integers(-9, 10, (2, size, size)).astype(np.float64)


def main():
    """Multiply, at one worker and at all."""
    A, B = random_matrices(SIZE)
    expected = A @ B
    for threads in (1, None):  # None: as many as there are processors
        with zuki.Executor(threads) as executor:
            zuki.run(multiply, A[:128, :128], B[:128, :128], executor=executor)  # compiles, or loads
            start = time.perf_counter()
            found = zuki.run(multiply, A, B, executor=executor)
            seconds = time.perf_counter() - start
        print(f"{SIZE} x {SIZE}, as NumPy has it: {seconds:.3f} s at {executor.max_threads} workers")
        if not np.array_equal(found, expected):
            raise SystemExit("the product is not NumPy's")


if __name__ == "__main__":
    main()
