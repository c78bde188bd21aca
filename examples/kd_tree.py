"""A k-d tree of a million points, built in place, and the nearest of them to some others.

The tree is the array itself. The point in the middle of a piece is the root of its tree: along the piece's
axis none before it is greater and none behind it is less, and the two sides are trees along the next axis
(J. L. Bentley, Communications of the ACM 18, 1975). Each task brings the middle point of its piece to its
place, spawns a task for the one side, and goes on with the other.

Nobody joins these tasks: they have no result, and a task has not ended before all that it spawned has.
"""

import time

import numpy as np
from numba import njit

import zuki

POINTS = 1_000_000
AXES = 3
SMALL = 16  # points of a piece that is not put in order any more
QUERIES = 50


@njit
def swap(points, i, j):
    """Exchange two points."""
    for axis in range(points.shape[1]):
        points[i, axis], points[j, axis] = points[j, axis], points[i, axis]


@njit
def bring_to_place(points, place, axis):
    """Let the point at ``place`` be the one that sorting would put there, smaller ones before it.

    C. A. R. Hoare, "Algorithm 65: Find", Communications of the ACM 4, 1961.
    """
    first, last = 0, len(points) - 1
    while first < last:
        middle = (first + last) // 2  # the pivot: the middle one of three, so that ordered points do no harm
        low, high = min(points[first, axis], points[last, axis]), max(points[first, axis], points[last, axis])
        pivot = max(low, min(points[middle, axis], high))
        i, j = first, last
        while i <= j:
            while points[i, axis] < pivot:
                i += 1
            while points[j, axis] > pivot:
                j -= 1
            if i <= j:
                swap(points, i, j)
                i += 1
                j -= 1
        if place <= j:
            last = j
        elif place >= i:
            first = i
        else:
            return


@zuki.task("void(float64[:, ::1], int64)")
def build(points, axis):
    """Put points in the order of a tree whose root is divided along an axis."""
    if len(points) <= SMALL:
        return
    middle = len(points) // 2
    bring_to_place(points, middle, axis)
    following = (axis + 1) % points.shape[1]
    zuki.spawn(build, points[:middle], following)
    build(points[middle + 1 :], following)


@njit
def square_distance(point, other):
    """Answer the square of the distance of two points."""
    total = 0.0
    for axis in range(len(point)):
        total += (point[axis] - other[axis]) ** 2
    return total


@njit
def nearest_below(tree, query, axis, nearest):
    """Answer the square distance to the nearest point, if it is less than ``nearest``; else that."""
    if len(tree) <= SMALL:
        for i in range(len(tree)):
            nearest = min(nearest, square_distance(tree[i], query))
        return nearest
    middle = len(tree) // 2
    nearest = min(nearest, square_distance(tree[middle], query))
    beyond = query[axis] - tree[middle, axis]
    following = (axis + 1) % tree.shape[1]
    side, other = tree[:middle], tree[middle + 1 :]
    if beyond > 0:
        side, other = other, side
    nearest = nearest_below(side, query, following, nearest)
    if beyond**2 < nearest:  # the other side may have a nearer one
        nearest = nearest_below(other, query, following, nearest)
    return nearest


def build_tree(points, executor=None):
    """Return the points, an array of shape (n, axes), in the order of a tree."""
    tree = np.array(points, np.float64, order="C")
    zuki.run(build, tree, 0, executor=executor)
    return tree


def differences(tree, points, queries):
    """Return how many queries the tree answers in another way than a look at all points does."""
    wrong = 0
    for query in queries:
        expected = ((points - query) ** 2).sum(axis=1).min()
        wrong += abs(nearest_below(tree, query, 0, np.inf) - expected) > 1e-12 * expected
    return wrong


def main():
    """Build the tree, at one worker and at all, and ask it for the nearest points."""
    random = np.random.default_rng(0)
    points, queries = random.normal(size=(POINTS, AXES)), random.normal(size=(QUERIES, AXES))
    for threads in (1, None):  # None: as many as there are processors
        with zuki.Executor(threads) as executor:
            build_tree(points[:1000], executor)  # compiles, or loads what was compiled
            start = time.perf_counter()
            tree = build_tree(points, executor)
            seconds = time.perf_counter() - start
        print(f"{POINTS:,} points: {seconds:.3f} s at {executor.max_threads} workers")
    wrong = differences(tree, points, queries)
    print(f"nearest points: {QUERIES - wrong} of {QUERIES} are those that a look at all points finds")
    if wrong:
        raise SystemExit("the tree is wrong")


if __name__ == "__main__":
    main()
