"""What a pause costs: parallel work of some milliseconds after a sleep, and right after other work.

python -m benchmarks.bench_pause [--quick] [--rounds N] [--json PATH]
"""

import statistics
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from numba import njit, prange

if __package__ is None:  # run as a file: the folder above is not on the path
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import zuki
from benchmarks import _report

PAUSE = 0.02  # seconds
PARTS = 64  # of the work
STEPS = 40_000  # of each, some 0.06 milliseconds
METHOD = (
    f"{PARTS} parts of some 60 us each; after a sleep of {1000 * PAUSE:.0f} ms, and right after a run that "
    "is not timed; medians"
)


@njit(nogil=True)
def part(places, index):
    value = 0.5
    for _ in range(STEPS):
        value = value * value + 0.1
    places[index] = value


@zuki.task
def part_task(places, index):
    part(places, index)


@njit(parallel=True)
def with_prange(places):
    for index in prange(PARTS):
        part(places, index)


def main(arguments: Sequence[str] | None = None) -> None:
    chosen = _report.options(__doc__.partition("\n")[0], arguments)
    rounds = chosen.rounds or (5 if chosen.quick else 41)
    _report.opening("Work after a pause", METHOD)
    workers = _report.processors()
    with zuki.Executor(max_threads=workers) as executor, ThreadPoolExecutor(workers) as threads:
        figures = measure(contenders(executor, threads), rounds)
    _report.save(chosen.json, figures)


def contenders(executor: zuki.Executor, threads: ThreadPoolExecutor) -> dict[str, Callable[[], object]]:
    """Return what runs the parts, by the system's name."""
    places = np.zeros(PARTS)
    graph = zuki.Graph("parts")
    graph.add_many(part_task, places, zuki.each(np.arange(PARTS)))

    def loop() -> None:
        for index in range(PARTS):
            part(places, index)

    def submit_all() -> None:
        for future in [threads.submit(part, places, index) for index in range(PARTS)]:
            future.result()

    return {
        "one thread": loop,
        "zuki.Graph": lambda: graph.run(executor),
        "numba prange": lambda: with_prange(places),
        "ThreadPoolExecutor": submit_all,
    }


def measure(systems: dict[str, Callable[[], object]], rounds: int) -> dict[str, dict[str, float]]:
    """Print and return milliseconds without and with a pause before, by system."""
    taken: dict[str, dict[str, list[float]]] = {name: {"at once": [], "paused": []} for name in systems}
    for number in range(rounds + 1):
        for name, run in systems.items():
            for kind, times in taken[name].items():
                run()
                if kind == "paused":
                    time.sleep(PAUSE)
                begun = time.perf_counter()
                run()
                if number:  # the first one compiles
                    times.append(1000 * (time.perf_counter() - begun))
    figures = {
        name: {kind: statistics.median(times) for kind, times in kinds.items()}
        for name, kinds in taken.items()
    }
    rows = [
        (name, found["at once"], found["paused"], found["paused"] / found["at once"])
        for name, found in figures.items()
    ]
    print(_report.table(("system", "ms at once", "ms after a pause", "ratio"), rows))
    return figures


def test_quick_pauses_are_measured(capsys):
    with zuki.Executor(max_threads=2) as executor, ThreadPoolExecutor(2) as threads:
        figures = measure(contenders(executor, threads), 1)
    assert figures.keys() == {"one thread", "zuki.Graph", "numba prange", "ThreadPoolExecutor"}
    assert "after a pause" in capsys.readouterr().out


if __name__ == "__main__":
    main()
