"""Whether what a trace predicts comes true: the speed-up at two workers, predicted from one, and measured.

python -m benchmarks.bench_scaling [--quick] [--rounds N] [--json PATH]
"""

import statistics
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

if not __package__:  # run as a file: the folder above is not on the path
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np

import zuki
from benchmarks import _report, graphs
from benchmarks._processors import at_mean_speed
from benchmarks.bench_cholesky import build
from examples import tree_search
from zuki_kernels.clock import now

METHOD = (
    "each run is traced at 1 worker, and its speed-up at 2 predicted from that; then it is run at 1 and at 2 "
    "workers, not traced; medians over rounds in which all take turns. Two processors need not be equally "
    "fast: at 1 worker it is run on each, and the mean of their speeds counts"
)
_ROOM = 1 << 19  # events that are kept

Run = Callable[[zuki.Executor], Any]


@zuki.task
def spin(nanoseconds):
    begun = now()
    while now() - begun < nanoseconds:
        pass


def cholesky(size: int, side: int) -> Run:
    """Return a run of a tiled Cholesky factorisation."""
    factor = np.random.default_rng(0).uniform(size=(size, size))
    graph, _ = build(factor @ factor.T + size * np.eye(size), side, blas=False)
    return graph.run


def stencil(steps: int) -> Run:
    """Return a run of a stencil, 16 wide, whose bodies take 10 microseconds."""
    shape = graphs.stencil(16, steps)
    graph = zuki.Graph("stencil")
    graph.add_many(spin, zuki.each(np.full(shape.n, 10_000)))
    graph.add_edges(shape.src, shape.dst)
    return graph.run


def search(depth: int) -> Run:
    """Return a search of a part of the tree of ``examples/tree_search.py``, a task for each choice."""
    root = tree_search.root_of(tree_search.SEED)
    return lambda executor: zuki.run(tree_search.search, root, depth, 0, 8, executor=executor)


def seconds_of(run: Run, executor: zuki.Executor) -> float:
    """Return how long a run takes."""
    begun = time.perf_counter()
    run(executor)
    return time.perf_counter() - begun


def predicted(run: Run, one: zuki.Executor) -> Callable[[], float]:
    """Return what answers the speed-up that is predicted for two workers from a run on one."""

    def sample() -> float:
        with zuki.trace(one, events=_ROOM) as trace:
            run(one)
        return trace.scaling([1, 2]).speedups[1]

    return sample


def measure(runs: dict[str, Run], rounds: int) -> dict[str, dict[str, list[float]]]:
    """Print the table; return the samples."""
    figures, rows = {}, []
    with zuki.Executor(max_threads=1) as one, zuki.Executor(max_threads=2) as two:
        for name, run in runs.items():
            systems = {
                "predicted": predicted(run, one),
                "1": at_mean_speed(partial(seconds_of, run, one), 2),
                "2": partial(seconds_of, run, two),
            }
            for sample in systems.values():
                sample()
            samples = figures[name] = _report.take_turns(systems, rounds)
            told, took = statistics.median(samples["predicted"]), _report.ratio(samples["1"], samples["2"])
            row = (
                name,
                f"{1e3 * statistics.median(samples['1']):.1f}",
                f"{1e3 * statistics.median(samples['2']):.1f}",
            )
            rows.append((*row, f"{told:.2f}", f"{took:.2f}", f"{100 * (told / took - 1):+.0f} %"))
    print(_report.table(("what", "ms at 1", "ms at 2", "predicted", "measured", "off by"), rows))
    return figures


def main(arguments: Sequence[str] | None = None) -> None:
    chosen = _report.options(__doc__.partition("\n")[0], arguments)
    rounds = chosen.rounds or (5 if chosen.quick else 15)
    _report.opening("Predicted and measured speed-ups at 2 workers", f"{METHOD}; {rounds} rounds")
    small = chosen.quick
    runs = {
        "Cholesky 1024 / 64": cholesky(512 if small else 1024, 64),
        "stencil 16 x 200, 10 us": stencil(50 if small else 200),
        "tree search": search(6 if small else 4),
    }
    _report.save(chosen.json, measure(runs, rounds))


def test_speedups_are_predicted(capsys):
    figures = measure({"Cholesky": cholesky(128, 32), "stencil": stencil(3), "tree": search(8)}, 1)
    assert all(1 <= speedup <= 2 for samples in figures.values() for speedup in samples["predicted"])
    assert "off by" in capsys.readouterr().out


if __name__ == "__main__":
    main()
