"""What a trace costs: a stencil of empty bodies and a tree of spawned tasks, not traced and traced.

python -m benchmarks.bench_tracing [--quick] [--rounds N] [--json PATH]
"""

import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

if not __package__:  # run as a file: the folder above is not on the path
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import zuki
from benchmarks import _report, graphs
from examples.fib import fib


@zuki.task
def empty():
    pass


METHOD = (
    "ns a task; the trace is begun before and ended after each sample, outside of what is timed; "
    "with a ring of 65,536 events for each worker, as by default"
)


def stencil_of(executor: zuki.Executor, steps: int) -> Callable[[], float]:
    """Return what answers the seconds a node of a stencil, 16 wide."""
    shape = graphs.stencil(16, steps)
    graph = zuki.Graph("stencil")
    graph.add_many(empty, count=shape.n)
    graph.add_edges(shape.src, shape.dst)
    graph.run(executor)

    def sample() -> float:
        begun = time.perf_counter()
        graph.run(executor)
        return (time.perf_counter() - begun) / shape.n

    return sample


def tree_of(executor: zuki.Executor, n: int) -> Callable[[], float]:
    """Return what answers the seconds a spawned task of the calls of fib(n)."""
    first, second = 0, 1
    for _ in range(n):
        first, second = second, first + second
    tasks = second - 1  # fib(n + 1) - 1
    zuki.run(fib, n, executor=executor)

    def sample() -> float:
        begun = time.perf_counter()
        zuki.run(fib, n, executor=executor)
        return (time.perf_counter() - begun) / tasks

    return sample


def traced(executor: zuki.Executor, sample: Callable[[], float]) -> Callable[[], float]:
    """Return the same, traced."""

    def with_trace() -> float:
        with zuki.trace(executor):
            return sample()

    return with_trace


def measure(steps: int, n: int, rounds: int, worker_counts: Sequence[int] = ()) -> dict[str, list[float]]:
    """Print the table; return the samples."""
    figures, rows = {}, []
    for workers in worker_counts or _report.worker_counts():
        with zuki.Executor(max_threads=workers) as executor:
            for name, sample in (
                (f"stencil 16 x {steps:,}", stencil_of(executor, steps)),
                (f"fib({n}), all spawned", tree_of(executor, n)),
            ):
                both = {"off": sample, "on": traced(executor, sample)}
                both["on"]()
                samples = _report.take_turns(both, rounds)
                off, on = (1e9 * statistics.median(samples[which]) for which in ("off", "on"))
                added = 1e9 * statistics.median(
                    later - before for before, later in zip(samples["off"], samples["on"], strict=True)
                )
                rows.append((name, workers, f"{off:.1f}", f"{on:.1f}", f"{added:+.1f}"))
                figures[f"{name}, {workers} workers"] = samples
    print(_report.table(("what", "workers", "not traced", "traced", "difference"), rows))
    return figures


def main(arguments: Sequence[str] | None = None) -> None:
    chosen = _report.options(__doc__.partition("\n")[0], arguments)
    rounds = chosen.rounds or (5 if chosen.quick else 21)
    _report.opening("What a trace costs", f"{METHOD}; {_report.METHOD}; {rounds} rounds")
    figures = measure(2_000 if chosen.quick else 20_000, 20 if chosen.quick else 25, rounds)
    _report.save(chosen.json, figures)


def test_both_ways_run(capsys):
    figures = measure(20, 8, 1, worker_counts=[2])
    assert all(value > 0 for samples in figures.values() for both in samples.values() for value in both)
    assert "difference" in capsys.readouterr().out


if __name__ == "__main__":
    main()
