"""Tiled Cholesky factorisation, against SciPy's on as many threads and against dask.array's.

python -m benchmarks.bench_cholesky [--quick] [--rounds N] [--json PATH]
"""
# ruff: noqa: N803, N806 -- matrices have the capital names that they have in every textbook

import contextlib
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

if not __package__:  # run as a file: the folder above is not on the path
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np

import zuki
from benchmarks import _report
from zuki.demo import tiles

try:
    import scipy.linalg
    from threadpoolctl import threadpool_limits
except ImportError:
    scipy = None
try:
    import dask.array
except ImportError:
    dask = None

WORKERS = (1, 2)
METHOD = (
    "float64, from a NumPy matrix to its factor; zuki re-runs a built graph, whose first tasks copy the "
    "matrix into tiles, with BLAS held to 1 thread; SciPy copies the matrix too, and has as many BLAS "
    "threads as zuki has workers; dask's time holds building its graph, which it cannot keep, with BLAS "
    "at 1 thread"
)


@zuki.task(writes=("tile",))
def load(matrix, tile):
    tile[:] = matrix


@zuki.task(writes=("A", "inverse"))
def potrf_blas(A, inverse):
    A[:] = np.linalg.cholesky(A)
    inverse[:] = np.linalg.inv(A)  # nopython code has no triangular solve; the product with this is one


@zuki.task(writes=("X",))
def trsm_blas(inverse, X):
    X[:] = np.dot(X, inverse.T)


@zuki.task(writes=("C",))
def gemm_blas(A, B, C):
    C -= np.dot(A, B.T)


def build(matrix, side, blas):
    """Return the graph of a factorisation, and the tiles in which it leaves the factor."""
    spans = [slice(start, start + side) for start in range(0, len(matrix), side)]
    steps = range(len(spans))
    height = [len(matrix[span]) for span in spans]
    T = [[tiles.empty_tile(height[i], height[j]) for j in range(i + 1)] for i in steps]
    graph = zuki.Graph("Cholesky")
    for i in steps:
        for j in range(i + 1):
            graph.add(load, matrix[spans[i], spans[j]], T[i][j])
    for k in steps:
        if blas:
            triangle = tiles.empty_tile(height[k], height[k])
            graph.add(potrf_blas, T[k][k], triangle)
        else:
            triangle = T[k][k]
            graph.add(tiles.potrf, triangle)
        for i in steps[k + 1 :]:
            graph.add(trsm_blas if blas else tiles.trsm, triangle, T[i][k])
        for i in steps[k + 1 :]:
            if blas:
                graph.add(gemm_blas, T[i][k], T[i][k], T[i][i])
            else:
                graph.add(tiles.syrk, T[i][k], T[i][i])
            for j in range(k + 1, i):
                graph.add(gemm_blas if blas else tiles.gemm, T[i][k], T[j][k], T[i][j])
    return graph, T


def assemble(T):
    """Put the tiles of a factor into one matrix."""
    size = sum(len(row[0]) for row in T)
    L, top = np.zeros((size, size)), 0
    for row in T:
        L[top : top + len(row[0]), : top + len(row[0])] = np.hstack(row)
        top += len(row[0])
    return np.tril(L)


def blas_threads(count):
    """Hold BLAS to some threads for a while, where that can be done."""
    return threadpool_limits(count, "blas") if scipy else contextlib.nullcontext()


def timed(threads: int, call: Callable, *args, **kwargs) -> Callable[[], float]:
    """Return a function that answers the seconds of one call under a limit on BLAS's threads."""

    def sample() -> float:
        with blas_threads(threads):
            start = time.perf_counter()
            call(*args, **kwargs)
            return time.perf_counter() - start

    return sample


def systems_for(matrix, side, executors):
    """Return what is compared at one size of tile: (system, workers) to a function that answers seconds."""
    systems = {}
    expected = np.linalg.cholesky(matrix)
    for name, blas in (("zuki, own kernels", False), ("zuki, BLAS in tasks", True)):
        if blas and scipy is None:
            continue
        graph, factor = build(matrix, side, blas)
        for workers, executor in executors.items():
            systems[name, workers] = timed(1, graph.run, executor)
            systems[name, workers]()
            error = np.linalg.norm(assemble(factor) - expected) / np.linalg.norm(expected)
            assert error < 1e-12, f"{name}, tile {side}: the factor is off by {error:.1e}"
    for workers in executors if scipy is not None else ():
        systems["scipy", workers] = timed(
            workers, scipy.linalg.cholesky, matrix, lower=True, check_finite=False
        )
    if dask is not None and scipy is not None and len(matrix) % side == 0:  # it wants equal tiles
        for workers in executors:
            systems["dask.array", workers] = timed(1, dask_cholesky, matrix, side, workers)
    return systems


def dask_cholesky(matrix, side, workers):
    chunked = dask.array.from_array(matrix, chunks=side)
    return dask.array.linalg.cholesky(chunked, lower=True).compute(scheduler="threads", num_workers=workers)


def main(arguments: Sequence[str] | None = None) -> None:
    chosen = _report.options(__doc__.partition("\n")[0], arguments)
    size, sides = (512, (64, 128)) if chosen.quick else (2048, (64, 96, 128, 192, 256))
    rounds = chosen.rounds or (3 if chosen.quick else 9)
    _report.opening(
        f"Tiled Cholesky, n = {size}", f"{METHOD}; {_report.METHOD}; {rounds} rounds for each size of tile"
    )
    if scipy is None:
        print("SciPy or threadpoolctl is not installed: only zuki's own kernels are measured")
    if dask is None:
        print("dask.array is not installed: not measured")
    figures = measure(size, sides, rounds)
    _report.save(chosen.json, figures)


def measure(size, sides, rounds):
    """Print the tables; return the samples."""
    factor = np.random.default_rng(0).uniform(size=(size, size))
    matrix = factor @ factor.T + size * np.eye(size)
    figures, rows, speedups = [], [], []
    with contextlib.ExitStack() as stack:
        executors = {n: stack.enter_context(zuki.Executor(max_threads=n)) for n in WORKERS}
        for side in sides:
            samples = _report.take_turns(systems_for(matrix, side, executors), rounds)
            for (name, workers), seconds in samples.items():
                figures.append({"tile": side, "system": name, "workers": workers, "seconds": seconds})
                median = statistics.median(seconds)
                against = f"{_report.ratio(seconds, samples['scipy', workers]):.2f}" if scipy else "-"
                row = (name, side, workers, 1e3 * median, size**3 / 3e9 / median, against)
                rows.append(row)
                if workers == WORKERS[-1]:
                    gain = _report.ratio(samples[name, 1], seconds)
                    speedups.append((name, side, f"{gain:.2f}"))
    print(_report.table(("system", "tile", "threads", "ms", "Gflop/s", "of scipy's time"), rows), end="\n\n")
    print(_report.table(("system", "tile", f"{WORKERS[-1]} threads over 1"), speedups))
    return figures


def test_both_ways_give_the_factor():
    """`systems_for` checks the factors; here also on a matrix that the tiles do not divide."""
    factor = np.random.default_rng(0).uniform(size=(150, 150))
    matrix = factor @ factor.T + 150 * np.eye(150)
    with zuki.Executor(max_threads=2) as executor:
        for side in (32, 50):
            for sample in systems_for(matrix, side, {2: executor}).values():
                assert sample() > 0


if __name__ == "__main__":
    main()
