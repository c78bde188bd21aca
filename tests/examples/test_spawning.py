"""The examples that spawn tasks find what is known, with any number of workers."""

import hashlib
import struct

import numpy as np
import pytest

import zuki
from examples import fib, kd_tree, matrix_multiply, nqueens, quadrature, smith_waterman, tree_search
from tests.examples.repeat import SCORE


@pytest.fixture(scope="module", params=[1, 2, 8])
def executor(request):
    with zuki.Executor(request.param) as made:
        yield made


def test_fib(executor):
    assert [zuki.run(fib.fib, n, executor=executor) for n in range(20)] == list(
        map(fib.fib_by_addition, range(20))
    )
    assert zuki.run(fib.fib, 27, executor=executor) == 196418


def test_queens(executor):
    found = [nqueens.count_ways(size, executor) for size in range(1, len(nqueens.WAYS))]
    assert found == list(nqueens.WAYS[1:])


def test_queens_again_and_again(executor):
    assert {nqueens.count_ways(12, executor) for _ in range(50)} == {14200}


def test_quadrature(executor):
    start, stop, tolerance = quadrature.START, quadrature.STOP, quadrature.TOLERANCE
    found = quadrature.integrate(start, stop, tolerance, executor)
    assert abs(found - quadrature.known_integral(start, stop)) <= tolerance
    with zuki.Executor(1) as alone:
        assert found == quadrature.integrate(start, stop, tolerance, alone)


def test_tree_search_knows_sha1():
    for number in range(20):
        state = tree_search.root_of(number)
        digest = hashlib.sha1(struct.pack(">6I", *state, number)).digest()
        assert tree_search.child_state(state, number) == struct.unpack(">5I", digest)


def test_tree_search(executor):
    assert tree_search.search_tree(tree_search.SEED, executor) == tree_search.T1


@pytest.mark.parametrize("size", [1, 50, 64, 128, 200, 256])
def test_matrix_multiply(executor, size):
    first, second = matrix_multiply.random_matrices(size)
    product = zuki.run(matrix_multiply.multiply, first, second, executor=executor)
    assert np.array_equal(product, first @ second)
    assert product.flags.c_contiguous


def points_of(kind, random):
    if kind == "equal":
        return np.ones((5000, 3))
    if kind == "on a grid":
        return random.integers(0, 4, (5000, 3)).astype(np.float64)
    points = random.normal(size=(20_000, 3))
    return points[points[:, 0].argsort()] if kind == "sorted" else points


def is_tree(points, axis):
    """Tell whether each point in the middle divides the others."""
    if len(points) <= kd_tree.SMALL:
        return True
    middle = len(points) // 2
    before, behind = points[:middle], points[middle + 1 :]
    if before[:, axis].max() > points[middle, axis] or behind[:, axis].min() < points[middle, axis]:
        return False
    following = (axis + 1) % points.shape[1]
    return is_tree(before, following) and is_tree(behind, following)


@pytest.mark.parametrize("kind", ["random", "sorted", "equal", "on a grid"])
def test_kd_tree(executor, kind):
    random = np.random.default_rng(1)
    points = points_of(kind, random)
    tree = kd_tree.build_tree(points, executor)
    assert is_tree(tree, 0)
    assert np.array_equal(tree[np.lexsort(tree.T)], points[np.lexsort(points.T)])
    assert kd_tree.differences(tree, points, random.normal(size=(20, 3))) == 0


@pytest.fixture(scope="module")
def genomes():
    return smith_waterman.load_genome(smith_waterman.FIRST), smith_waterman.load_genome(smith_waterman.SECOND)


def score_by_table(first, second):
    """Answer the score as the paper writes it, of short sequences."""
    table = np.zeros((len(first) + 1, len(second) + 1), int)
    for i in range(len(first)):
        for j in range(len(second)):
            equal = first[i] == second[j]
            table[i + 1, j + 1] = max(
                0,
                table[i, j] + (smith_waterman.MATCH if equal else smith_waterman.MISMATCH),
                table[i, j + 1] + smith_waterman.GAP,
                table[i + 1, j] + smith_waterman.GAP,
            )
    return table.max()


@pytest.mark.parametrize("way", [smith_waterman.score_by_graph, smith_waterman.score_by_recursion])
@pytest.mark.parametrize(("rows", "columns", "tile"), [(1, 1, 4), (30, 7, 4), (64, 64, 16), (50, 90, 100)])
def test_alignment_of_parts(executor, genomes, way, rows, columns, tile):
    first, second = genomes[0][500 : 500 + rows], genomes[1][900 : 900 + columns]
    assert way(first, second, tile, executor) == score_by_table(first, second)


def test_genomes_are_read_whole(genomes):
    assert [len(genome) for genome in genomes] == [9181, 9609]
    assert {*genomes[0], *genomes[1]} == set(b"ACGT")


def test_the_plain_loop_has_the_same_score(genomes):
    assert smith_waterman.score_by_rows(*genomes) == SCORE


@pytest.mark.parametrize("way", [smith_waterman.score_by_graph, smith_waterman.score_by_recursion])
def test_alignment_of_genomes(executor, genomes, way):
    assert way(*genomes, smith_waterman.TILE, executor) == SCORE
