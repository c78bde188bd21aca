"""What building a graph costs, in time and in memory, up to where it can run.

python -m benchmarks.bench_build [--quick] [--rounds N] [--json PATH]
"""

import gc
import os
import statistics
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable, Sequence
from pathlib import Path

if __package__ is None:  # run as a file: the folder above is not on the path
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np

import zuki
from benchmarks import _report, graphs
from benchmarks.graphs import Graph

METHOD = (
    "processor time, which for one thread is wall time where nothing else runs; readiness to run comes after "
    "building and the first run, less the median re-run; edges cost what a stencil costs above as many nodes "
    "without edges; the loop around `add` is included; systems take turns; medians"
)


@zuki.task
def empty():
    pass


@zuki.task(writes=("tile",))
def update(tile, left):
    tile[0] += left[0]


def main(arguments: Sequence[str] | None = None) -> None:
    chosen = _report.options(__doc__.partition("\n")[0], arguments)
    rounds = chosen.rounds or (3 if chosen.quick else 7)
    nodes, steps = (5_000, 5_000) if chosen.quick else (20_000, 100_000)
    _report.opening("Building graphs", f"{METHOD} of {rounds} rounds")
    figures = {"seconds": _times(nodes, steps, rounds), "bytes": _memory(steps)}
    _report.save(chosen.json, figures)


def add_one_by_one(nodes: int) -> zuki.Graph:
    graph = zuki.Graph()
    for _ in range(nodes):
        graph.add(empty)
    return graph


def add_after_the_last(nodes: int) -> zuki.Graph:
    graph, last = zuki.Graph(), None
    for _ in range(nodes):
        last = graph.add(empty, after=last)
    return graph


def add_with_inference(tiles: list[np.ndarray], nodes: int) -> zuki.Graph:
    """Add tasks that each write one tile and read its left neighbour: all edges are inferred."""
    graph = zuki.Graph()
    for node in range(nodes):
        graph.add(update, tiles[1 + node % (len(tiles) - 1)], tiles[node % (len(tiles) - 1)])
    return graph


def add_many(edges: Graph) -> zuki.Graph:
    graph = zuki.Graph()
    graph.add_many(empty, count=edges.n)
    graph.add_edges(edges.src, edges.dst)
    return graph


def held_bytes(width: int, steps: int) -> tuple[int, int]:
    """Return the bytes that the graph of a stencil holds, by tracemalloc and by the growth of the process.

    With one step it has no edges. The arrays of edges are made and dropped inside, so that they count where
    the graph keeps them.
    """
    with zuki.Executor(max_threads=1) as executor:
        warm = add_many(graphs.stencil(4, 2))
        warm.run(executor)
        gc.collect()
        resident = _resident()
        tracemalloc.start()
        graph = add_many(graphs.stencil(width, steps))
        graph.run(executor)
        gc.collect()
        traced, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        grown = _resident() - resident
        graph.run(executor)
    return traced, grown


def _times(nodes: int, steps: int, rounds: int) -> dict[str, list[float]]:
    """Print the table of times; return the samples, in seconds a node."""
    flat, stencil = graphs.independent(16 * steps), graphs.stencil(16, steps)
    tiles = [np.zeros(8) for _ in range(64)]
    with zuki.Executor(max_threads=1) as executor:
        systems = {
            "add": _ready(lambda: add_one_by_one(nodes), nodes, executor),
            "add, after= the last": _ready(lambda: add_after_the_last(nodes), nodes, executor),
            "add, dependencies inferred": _ready(lambda: add_with_inference(tiles, nodes), nodes, executor),
            "add_many": _ready(lambda: add_many(flat), flat.n, executor),
            "add_many + add_edges, stencil": _ready(lambda: add_many(stencil), flat.n, executor),
        }
        for warm_up in systems.values():
            warm_up()
        samples = _report.take_turns(systems, rounds)
    per_node = {name: 1e9 * statistics.median(each) for name, each in samples.items()}
    edges = (per_node["add_many + add_edges, stencil"] - per_node["add_many"]) * flat.n / len(stencil.src)
    counts = [nodes, nodes, nodes, flat.n, flat.n]
    rows = [(name, count, per_node[name]) for name, count in zip(per_node, counts, strict=True)]
    print(_report.table(("building", "nodes", "ns a node"), rows))
    print(f"\nadd_edges, of {len(stencil.src):,} edges: {_report.figure(edges)} ns an edge\n", flush=True)
    return samples


def _ready(build: Callable[[], zuki.Graph], nodes: int, executor: zuki.Executor) -> Callable[[], float]:
    """Return a function that builds, runs and re-runs, and answers the seconds a node of becoming ready."""

    def sample() -> float:
        gc.collect()  # taking the last graph apart is not part of building this one
        begin = time.process_time()
        graph = build()
        graph.run(executor)
        first = time.process_time() - begin
        runs = []
        for _ in range(3):
            begin = time.process_time()
            graph.run(executor)
            runs.append(time.process_time() - begin)
        return (first - statistics.median(runs)) / nodes

    return sample


def _memory(steps: int) -> dict[str, list[int]]:
    """Print the table of memory; each figure is from a process of its own, with nothing else on its heap."""
    nodes = 16 * steps
    flat, stencil = _held_by_another_process(nodes, 1), _held_by_another_process(16, steps)
    edges = 46 * (steps - 1)
    rows = [
        (how, bare / nodes, (whole - bare) / edges)
        for how, bare, whole in zip(("tracemalloc", "growth of the process"), flat, stencil, strict=True)
    ]
    print(_report.table(("memory held, arguments apart", "bytes a node", "bytes an edge"), rows), flush=True)
    return {"nodes": [nodes], "edges": [edges], "without_edges": flat, "with_edges": stencil}


def _held_by_another_process(width: int, steps: int) -> list[int]:
    command = [sys.executable, __file__, "--held", str(width), str(steps)]
    return [
        int(each)
        for each in subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout.split()
    ]


def _resident() -> int:
    """Return the bytes of memory that this process occupies; 0 where the system does not say."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


def test_quick_build_counts_and_measures(capsys):
    samples = _times(nodes=40, steps=10, rounds=1)
    assert len(samples) == 5
    traced, _ = held_bytes(4, 10)
    assert traced > 0
    assert "ns an edge" in capsys.readouterr().out


if __name__ == "__main__":
    if sys.argv[1:2] == ["--held"]:
        print(*held_bytes(int(sys.argv[2]), int(sys.argv[3])))
    else:
        main()
