"""Heat along a rod, in pieces: a graph whose tasks hand arrays on, against prange with a barrier a step.

python -m benchmarks.bench_heat [--quick] [--rounds N] [--json PATH]
"""

import statistics
import sys
from collections.abc import Sequence
from pathlib import Path

if not __package__:  # run as a file: the folder above is not on the path
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numba
import numpy as np

import zuki
from benchmarks import _report

PIECES = 16
METHOD = (
    f"a rod of {PIECES} pieces, float64, two buffers; a piece of a step waits for itself and for its "
    "neighbours in the step before; zuki re-runs a built graph; prange runs the pieces of a step, then "
    "waits for all; us a piece and step; systems take turns within each round; medians"
)


@zuki.task(writes=("after",))
def warm(after, left, middle, right):
    last = middle.size - 1
    after[0] = 0.5 * middle[0] + 0.25 * (left[-1] + middle[1])
    for i in range(1, last):
        after[i] = 0.5 * middle[i] + 0.25 * (middle[i - 1] + middle[i + 1])
    after[last] = 0.5 * middle[last] + 0.25 * (middle[last - 1] + right[0])


warm_jitted = numba.njit(warm.py_func)


@numba.njit(parallel=True)
def steps_of_prange(rods, steps):
    pieces = rods.shape[1]
    for step in range(steps):
        before, after = rods[step % 2], rods[1 - step % 2]
        for piece in numba.prange(pieces):
            left, right = max(piece - 1, 0), min(piece + 1, pieces - 1)
            warm_jitted(after[piece], before[left], before[piece], before[right])


def build(rods: np.ndarray, steps: int) -> zuki.Graph:
    """Return the graph of all steps; its edges are inferred."""
    graph = zuki.Graph("heat")
    pieces = rods.shape[1]
    for step in range(steps):
        before, after = rods[step % 2], rods[1 - step % 2]
        for piece in range(pieces):
            left, right = before[max(piece - 1, 0)], before[min(piece + 1, pieces - 1)]
            graph.add(warm, after[piece], left, before[piece], right)
    return graph


def start(size: int) -> np.ndarray:
    """Return a rod that is cold but for its middle; shape (2, pieces, size)."""
    rods = np.zeros((2, PIECES, size))
    rods[0, PIECES // 2 - 1 : PIECES // 2 + 1] = 1.0
    return rods


def main(arguments: Sequence[str] | None = None) -> None:
    chosen = _report.options(__doc__.partition("\n")[0], arguments)
    rounds = chosen.rounds or (5 if chosen.quick else 15)
    _report.opening("Heat in pieces", f"{METHOD} of {rounds} rounds")
    steps = 100 if chosen.quick else 400
    rows, samples = [], {}
    for size in (64, 512, 4096):
        found = _times(size, steps, rounds)
        samples[size] = found
        told = {name: 1e6 * statistics.median(each) / (steps * PIECES) for name, each in found.items()}
        rows += [(8 * size, name, each, told["1 worker"] / each) for name, each in told.items()]
    print(_report.table(("bytes a piece", "system", "us a piece", "speed-up"), rows), flush=True)
    _report.save(chosen.json, samples)


def _times(size: int, steps: int, rounds: int) -> dict[str, list[float]]:
    """Return the seconds of each system, after a look at whether they agree."""
    workers = _report.processors()
    with zuki.Executor(max_threads=1) as one, zuki.Executor(max_threads=workers) as many:
        rods = start(size)
        graph = build(rods, steps)
        others = start(size)
        systems = {
            "1 worker": _report.timed(lambda: graph.run(one)),
            f"{workers} workers": _report.timed(lambda: graph.run(many)),
            f"prange, {workers} threads": _report.timed(lambda: steps_of_prange(others, steps)),
        }
        graph.run(many)
        steps_of_prange(others, steps)
        if not np.array_equal(rods, others):
            sys.exit("the graph and prange disagree")
        for system in systems.values():
            system()
        return _report.take_turns(systems, rounds)


def test_quick_heat_agrees():
    found = _times(size=16, steps=6, rounds=1)
    assert [len(each) for each in found.values()] == [1, 1, 1]


if __name__ == "__main__":
    main()
