"""What one empty body costs in a graph: zuki beside oneTBB's flow graph and the Python systems.

python -m benchmarks.bench_graphs [--quick] [--rounds N] [--json PATH]
"""

import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

if __package__ is None:  # run as a file: the folder above is not on the path
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import zuki
from benchmarks import _report, graphs, peers, tbb
from benchmarks.graphs import Graph

Sample = Callable[[], float]


@zuki.task
def empty():
    pass


def main(arguments: Sequence[str] | None = None) -> None:
    chosen = _report.options(__doc__.partition("\n")[0], arguments)
    rounds = chosen.rounds or (3 if chosen.quick else 7)
    _report.opening(
        "Graphs of empty bodies, ns a task, re-runs of a built graph", f"{_report.METHOD}; {rounds} rounds"
    )
    native = _native()
    figures = {"full": [], "bearable": []}
    print("\n## At full size\n\nIn brackets: how many times zuki's figure of the same round.\n")
    figures["full"] = _compare(graphs.quick() if chosen.quick else graphs.full(), rounds, native, {})
    print("\n## At a size that every system can bear\n")
    print(
        "In joblib's column deep graphs are cut to 100 levels, and 1 worker is a call in place.",
        *peers.ABSENT,
    )
    print()
    figures["bearable"] = _compare(graphs.bearable(), 1 if chosen.quick else rounds, native, peers.PEERS)
    _report.save(chosen.json, figures)


def zuki_runs(graph: Graph, executor: zuki.Executor) -> Sample:
    """Build `graph` and run it once; return a function that answers the seconds a task of a re-run."""
    built = zuki.Graph(graph.kind)
    built.add_many(empty, count=graph.n)
    built.add_edges(graph.src, graph.dst)
    repeats = _repeats(graph)
    built.run(executor)

    def sample() -> float:
        seconds = []
        for _ in range(repeats):
            begin = time.perf_counter()
            built.run(executor)
            seconds.append(time.perf_counter() - begin)
        return statistics.median(seconds) / graph.n

    return sample


def tbb_runs(program: Path, graph: Graph, workers: int) -> Sample:
    """Return the same for oneTBB, whose every sample is a process that builds the graph anew."""
    repeats = _repeats(graph)
    return lambda: statistics.median(tbb.measure(program, graph, workers, repeats)["runs"]) / graph.n


def _repeats(graph: Graph) -> int:
    """Return how many runs make one sample: a small graph's is too short to stand alone."""
    return max(3, min(50, 500_000 // graph.n))


def _native(may_compile: bool = True) -> Path | None:
    try:
        return tbb.program(may_compile)
    except tbb.AbsentError as reason:
        print(reason)
        return None


def _compare(
    chosen: list[Graph],
    rounds: int,
    native: Path | None,
    python: dict[str, Callable[[Graph, int], peers.Run]],
    worker_counts: Sequence[int] = (),
) -> list[dict]:
    """Run every graph on every system at every number of workers; print a table and return its samples."""
    names = ["zuki", *(["oneTBB"] if native else []), *python]
    rows, figures = [], []
    for graph in chosen:
        for workers in worker_counts or _report.worker_counts():
            systems: dict[str, Sample] = {}
            if native:
                systems["oneTBB"] = tbb_runs(native, graph, workers)
            systems |= {name: peer(graph, workers) for name, peer in python.items()}
            with zuki.Executor(max_threads=workers) as executor:
                samples = _report.take_turns({"zuki": zuki_runs(graph, executor), **systems}, rounds)
            rows.append(
                (_title(graph), graph.n, len(graph.src), workers, *(_cell(samples, name) for name in names))
            )
            figures.append(
                {"graph": graph.kind, "tasks": graph.n, "edges": len(graph.src), "workers": workers}
            )
            figures[-1]["seconds_a_task"] = samples
    print(_report.table(("graph", "tasks", "edges", "workers", *names), rows), flush=True)
    return figures


def _title(graph: Graph) -> str:
    a, b = graph.parameters
    return f"{graph.kind} {a} x {b}" if graph.kind in ("stencil", "fan") else graph.kind


def _cell(samples: dict[str, list[float]], name: str) -> str:
    cell = _report.figure(statistics.median(samples[name]) * 1e9)
    return (
        cell
        if name == "zuki"
        else f"{cell} ({_report.figure(_report.ratio(samples[name], samples['zuki']))}x)"
    )


def test_quick_edges_go_upwards_and_are_there_once():
    for graph in graphs.tiny():
        assert (graph.src < graph.dst).all()
        assert (graph.src >= 0).all()
        assert (graph.dst < graph.n).all()
        assert len(set(zip(graph.src.tolist(), graph.dst.tolist(), strict=True))) == len(graph.src)


def test_quick_graphs_run_on_every_system(capsys):
    figures = _compare(graphs.tiny(), 1, _native(may_compile=False), peers.PEERS, worker_counts=[2])
    assert len(figures) == len(graphs.tiny())
    assert all(
        sample > 0 for row in figures for samples in row["seconds_a_task"].values() for sample in samples
    )
    assert "stencil 4 x 10" in capsys.readouterr().out


if __name__ == "__main__":
    main()
