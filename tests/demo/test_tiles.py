"""Each tile kernel against NumPy, on tiles whose sides are multiples of the block and on others."""
# ruff: noqa: N806 -- matrices have the capital names that they have in every textbook

import numpy as np
import pytest

from zuki.demo import tiles

SIDES = [1, 3, 4, 5, 8, 31, 32, 46]


def random_tile(rows, columns, seed=0):
    tile = tiles.empty_tile(rows, columns)
    tile[:] = np.random.default_rng(seed).uniform(-1, 1, (rows, columns))
    return tile


def triangle(side, seed=0):
    """A lower triangle that is safe to divide by, and rubbish above the diagonal."""
    return random_tile(side, side, seed) + 4 * np.eye(side)


def equal(got, expected):
    np.testing.assert_allclose(got, expected, rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("shape", [(1, 1), (3, 5), (128, 128), (10, 46)])
def test_a_tile_starts_on_a_cache_line(shape):
    tile = tiles.empty_tile(*shape)
    assert tile.shape == shape
    assert tile.flags.c_contiguous
    assert tile.ctypes.data % 64 == 0


@pytest.mark.parametrize("depth", [1, 7, 32])
@pytest.mark.parametrize("columns", SIDES)
@pytest.mark.parametrize("rows", SIDES)
def test_products(rows, columns, depth):
    A, B, C = random_tile(rows, depth, 1), random_tile(columns, depth, 2), random_tile(rows, columns, 3)
    before = C.copy()
    tiles.gemm(A, B, C)
    equal(C, before - A @ B.T)
    tiles.add_product(A, B, C)
    equal(C, before)
    tiles.gemm_plain(A, np.ascontiguousarray(B.T), C)
    equal(C, before - A @ B.T)


@pytest.mark.parametrize("depth", [1, 7, 32])
@pytest.mark.parametrize("side", SIDES)
def test_syrk_changes_the_lower_triangle(side, depth):
    A, C = random_tile(side, depth, 1), random_tile(side, side, 2)
    expected = np.tril(C - A @ A.T)
    tiles.syrk(A, C)
    equal(np.tril(C), expected)


@pytest.mark.parametrize("rows", [1, 4, 10, 33])
@pytest.mark.parametrize("side", SIDES)
def test_triangular_solves(side, rows):
    full, right = triangle(side), random_tile(rows, side, 1)
    L = np.tril(full)
    X = right.copy()
    tiles.trsm(full, X)
    equal(X @ L.T, right)
    X = right.copy()
    tiles.trsm_plain(full, X)
    equal(X @ L, right)


@pytest.mark.parametrize("side", [*SIDES, 128])
def test_potrf(side):
    A = random_tile(side, side + 2)
    A = A @ A.T + 0.1 * np.eye(side)
    expected = np.linalg.cholesky(A)
    tiles.potrf(A)
    equal(np.tril(A), expected)


@pytest.mark.parametrize("bad", [0.0, -1.0, np.nan])
@pytest.mark.parametrize("where", [0, 2, 6, 8])
def test_potrf_refuses_a_matrix_that_has_no_factor(bad, where):
    A = np.eye(9)
    A[where, where] = bad
    with pytest.raises(ValueError, match="the matrix is not positive definite"):
        tiles.potrf(A)


def test_one_hot_and_best_class_undo_each_other():
    labels = np.array([3, 0, 9, 3, 1])
    Y, answers = tiles.empty_tile(10, 5), np.zeros(5, np.int64)
    tiles.one_hot(labels, Y)
    np.testing.assert_array_equal(Y, np.eye(10)[:, labels])
    tiles.best_class(Y, answers)
    np.testing.assert_array_equal(answers, labels)


def test_noise_and_clear():
    A = random_tile(5, 5)
    before = A.copy()
    tiles.add_noise(A, 0.5)
    equal(A, before + 0.5 * np.eye(5))
    tiles.clear(A)
    assert not A.any()
