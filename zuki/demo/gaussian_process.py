"""Recognise handwritten digits with a Gaussian process: one graph of jitted tasks from pixels to answers.

Run it with ``python -m zuki demo``. The mathematics (kernel ridge regression) is four lines of NumPy:

    K = kernel(points, points) + NOISE * identity      # how alike are the digits that we know?
    weights = solve(K, one_hot(labels))                # by the Cholesky factor of K
    scores = kernel(new_points, points) @ weights      # how much like a 0, a 1, ... is a new digit?
    answers = scores.argmax(axis=1)

Here every matrix is cut into tiles, and every operation on tiles is one task. `build_graph` adds the tasks
in the order in which a sequential program would call them, and nowhere says what must wait for what: zuki
sees which tiles a task reads and writes, and infers it.
"""
# ruff: noqa: N803, N806 -- matrices have the capital names that they have in every textbook

import argparse
import math
import sys
import time
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import numpy.typing as npt

import zuki
from zuki.demo import CLASSES, DIGITS, Labels, Points, load_digits, tiles
from zuki.demo.tiles import Tile, empty_tile

GAMMA = 0.2  # digits whose squared distance is 1 / GAMMA are alike by 1 / e
NOISE = 0.01  # how little a label is trusted; it also keeps K well conditioned
TOLERANCE = 1e-8  # on the factor, relative to NumPy's
MOST_TILES = 128  # a side: about 400,000 tasks, and growing with the third power


# A body: what one task does. The others are in tiles.py. `writes` names the arrays that a body changes:
# from that, and from where the arrays lie in memory, the graph infers its edges.
@zuki.task(writes=("K",), error_model="numpy", fastmath=tiles.FAST)
def kernel_tile(A: Points, B: Points, gamma: float, K: Tile) -> None:
    """Fill a tile with the radial basis function of the points in ``A`` and in ``B``."""
    for i in range(A.shape[0]):
        for j in range(B.shape[0]):
            distance = 0.0
            for pixel in range(A.shape[1]):
                distance += (A[i, pixel] - B[j, pixel]) ** 2
            K[i, j] = math.exp(-gamma * distance)


def cut(array: npt.NDArray[Any], tile: int) -> list[npt.NDArray[Any]]:
    """Cut an array into views of ``tile`` rows; the last one may be shorter."""
    return [array[start : start + tile] for start in range(0, len(array), tile)]


def build_graph(
    points: Points, labels: Labels, new_points: Points, tile: int
) -> tuple[zuki.Graph, list[list[Tile]], Labels]:
    """
    Put the whole job into one graph.

    Parameters
    ----------
    points : ndarray, shape (n, pixels)
        The digits to learn from.
    labels : ndarray of int64, shape (n,)
        What they are, 0 to 9.
    new_points : ndarray, shape (m, pixels)
        The digits to recognise.
    tile : int
        Rows and columns of a tile.

    Returns
    -------
    graph : Graph
        It may be run any number of times: each run starts from the points.
    factor : list of list of ndarray
        Where a run leaves the Cholesky factor: tile ``factor[i][j]``, ``j <= i``.
    answers : ndarray of int64, shape (m,)
        Where a run leaves what it takes the new digits for.
    """
    known, known_labels = cut(points, tile), cut(labels, tile)
    answers = np.zeros(len(new_points), np.int64)
    steps = range(len(known))

    # K is symmetric: its lower triangle will do. Each tile is an array of its own. Its rows then lie side
    # by side in memory (in one big matrix they may lie a power of two apart, and evict each other from
    # the cache), and a smaller tile at the edge is an array like any other: one compiled body for all.
    # Labels and weights are held transposed, a row a class: so the factor's kernels solve for them too.
    K = [[empty_tile(len(known[i]), len(known[j])) for j in range(i + 1)] for i in steps]
    Y = [empty_tile(CLASSES, len(piece)) for piece in known]

    graph = zuki.Graph("gaussian process")

    for i in steps:  # the kernel matrix
        for j in range(i + 1):
            graph.add(kernel_tile, known[i], known[j], GAMMA, K[i][j])
        graph.add(tiles.add_noise, K[i][i], NOISE)

    for k in steps:  # K becomes its Cholesky factor L, with L @ L.T = K
        graph.add(tiles.potrf, K[k][k])
        for i in steps[k + 1 :]:
            graph.add(tiles.trsm, K[k][k], K[i][k])
        for i in steps[k + 1 :]:
            graph.add(tiles.syrk, K[i][k], K[i][i])
            for j in range(k + 1, i):
                graph.add(tiles.gemm, K[i][k], K[j][k], K[i][j])

    for i in steps:  # solve L @ z = y, from the first tile to the last
        graph.add(tiles.one_hot, known_labels[i], Y[i])
        for j in range(i):
            graph.add(tiles.gemm, Y[j], K[i][j], Y[i])
        graph.add(tiles.trsm, K[i][i], Y[i])

    for i in reversed(steps):  # solve L.T @ weights = z, from the last tile to the first
        for j in steps[i + 1 :]:
            graph.add(tiles.gemm_plain, Y[j], K[j][i], Y[i])
        graph.add(tiles.trsm_plain, K[i][i], Y[i])

    for new, answer in zip(cut(new_points, tile), cut(answers, tile), strict=True):
        scores = empty_tile(CLASSES, len(new))
        graph.add(tiles.clear, scores)
        for j in steps:
            alike = empty_tile(len(new), len(known[j]))
            graph.add(kernel_tile, new, known[j], GAMMA, alike)
            graph.add(tiles.add_product, Y[j], alike, scores)
        graph.add(tiles.best_class, scores, answer)

    return graph, K, answers


def numpy_kernel(A: Points, B: Points) -> npt.NDArray[np.float64]:
    """Return the radial basis function of all pairs of points, the NumPy way."""
    squares = (A * A).sum(axis=1)[:, None] + (B * B).sum(axis=1)
    kernel: npt.NDArray[np.float64] = np.exp(-GAMMA * (squares - 2.0 * (A @ B.T)))
    return kernel


def numpy_answers(points: Points, labels: Labels, new_points: Points) -> Labels:
    """Do the same job with NumPy, whose way to solve is `numpy.linalg.solve`."""
    K = numpy_kernel(points, points) + NOISE * np.eye(len(points))
    weights = np.linalg.solve(K, np.eye(CLASSES)[labels])
    answers: Labels = (numpy_kernel(new_points, points) @ weights).argmax(axis=1)
    return answers


def factor_error(factor: list[list[Tile]], points: Points) -> float:
    """Return the norm of the factor's difference from `numpy.linalg.cholesky`, relative to its norm."""
    expected = np.linalg.cholesky(numpy_kernel(points, points) + NOISE * np.eye(len(points)))
    L = np.zeros_like(expected)
    top = 0
    for row in factor:
        bottom = top + len(row[0])
        L[top:bottom, :bottom] = np.hstack(row)
        top = bottom
    return float(np.linalg.norm(np.tril(L) - expected) / np.linalg.norm(expected))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """
    Add the options of the demo to a parser.

    Parameters
    ----------
    parser : argparse.ArgumentParser
        A parser, or the parser of a sub-command; `run` takes what it parses.
    """
    parser.add_argument("--tile", type=int, default=128, help="rows and columns of a tile (128)")
    parser.add_argument("--workers", type=int, help="threads to run on (all processors)")
    parser.add_argument("--repeat", type=int, default=5, help="runs to take the median of (5)")
    parser.add_argument(
        "--trace",
        type=Path,
        nargs="?",
        const=Path("zuki-demo"),
        metavar="FOLDER",
        help="trace a run, and write what it shows to a folder (zuki-demo), which is made",
    )
    parser.add_argument("--data", type=Path, default=DIGITS, help="digits to use instead of those shipped")


def check(options: argparse.Namespace) -> None:
    """Raise ValueError for a number below 1."""
    for name in ("tile", "workers", "repeat"):
        value = getattr(options, name)
        if value is not None and value < 1:
            raise ValueError(f"--{name} must be at least 1, not {value}")


def write_pictures(graph: zuki.Graph, executor: zuki.Executor, folder: Path) -> list[Path]:
    """
    Run the graph once more, and write what can be seen of it.

    Parameters
    ----------
    graph : Graph
        From `build_graph`.
    executor : Executor
        Where it runs.
    folder : Path
        Where to; made if it is not there.

    Returns
    -------
    list of Path
        The files: the graph with the time of each task and its critical path, the timeline of the workers,
        what more workers would give, and the trace for https://ui.perfetto.dev.

    Raises
    ------
    OSError
        A file cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    names = ("graph.svg", "scaling.svg", "timeline.svg", "trace.json")
    graph_file, scaling_file, timeline_file, trace_file = files = [folder / name for name in names]
    with zuki.trace(executor) as trace:
        graph.run(executor, measure=True)
    graph.draw(graph_file)
    trace.scaling().picture().save(scaling_file)
    trace.timeline().save(timeline_file)
    trace.save(trace_file)
    return files


def run(options: argparse.Namespace) -> int:
    """
    Run the demo and print what came out.

    Parameters
    ----------
    options : argparse.Namespace
        What `add_arguments` asks for.

    Returns
    -------
    int
        The exit code: 0; 1 when the factor is not NumPy's; 2 for bad options or data, and for a folder
        that cannot be written to.
    """
    try:
        check(options)
        points, labels = load_digits(options.data)
        learn = len(points) * 2 // 3  # the tail is held out: harder to recognise than every third digit
        if learn > MOST_TILES * options.tile:
            least = -(-learn // MOST_TILES)
            raise ValueError(f"--tile {options.tile} cuts {learn} digits into too many tiles; try {least}")
        together = zuki.Executor(max_threads=options.workers)
    except ValueError as error:
        print(f"zuki demo: {error}", file=sys.stderr)
        return 2
    known, known_labels, new, truth = points[:learn], labels[:learn], points[learn:], labels[learn:]
    show = "{:<10}{}".format
    print(show("digits", f"{learn} to learn from, {len(new)} held out, {points.shape[1]} pixels each"))

    with zuki.Executor(max_threads=1) as alone, together:
        start = time.perf_counter()
        report = build_graph(known, known_labels, new, options.tile)[0].run(together)
        compiled = time.perf_counter()
        graph, factor, answers = build_graph(known, known_labels, new, options.tile)
        built = time.perf_counter()
        print(show("graph", f"{report.nodes:,} tasks, {report.edges:,} edges inferred"))
        print(show("first", f"{compiled - start:.3f} s to compile (or load what was compiled), build, run"))
        print(show("build", f"{built - compiled:.4f} s"))

        alone_seconds, together_seconds, numpy_seconds = [], [], []
        for _ in range(options.repeat):  # one after another, so that a busy moment hits all three
            alone_seconds.append(graph.run(alone).seconds)
            report = graph.run(together)
            together_seconds.append(report.seconds)
            start = time.perf_counter()
            numpy_guess = numpy_answers(known, known_labels, new)
            numpy_seconds.append(time.perf_counter() - start)
        try:
            written = write_pictures(graph, together, options.trace) if options.trace is not None else []
        except OSError as error:
            print(f"zuki demo: {error}", file=sys.stderr)
            return 2

    one, many = median(alone_seconds), median(together_seconds)
    print(show("run", f"{one:.4f} s at 1 worker, {many:.4f} s at {report.workers}: {one / many:.2f} x"))
    difference = factor_error(factor, known)
    print(show("factor", f"differs from numpy.linalg.cholesky by {difference:.1e} (relative)"))
    print(show("accuracy", f"{np.mean(answers == truth):.4f} on the held-out digits"))
    print(show("numpy", f"{median(numpy_seconds):.4f} s, accuracy {np.mean(numpy_guess == truth):.4f}"))
    if not difference <= TOLERANCE:
        print(f"zuki demo: the factor is off by more than {TOLERANCE}", file=sys.stderr)
        return 1
    for path in written:
        print(show("wrote", path))
    return 0


def main(argv: list[str] | None = None) -> int:
    """Parse the options, those of the command line by default; run the demo; return its exit code."""
    parser = argparse.ArgumentParser(prog="zuki demo", description="Recognise handwritten digits.")
    add_arguments(parser)
    return run(parser.parse_args(argv))


if __name__ == "__main__":
    sys.exit(main())
