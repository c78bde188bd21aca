"""What it wins that workers learn for how long to look for work: bursts, and one task now and then.

python -m benchmarks.bench_adaptation [--quick] [--rounds N] [--json PATH]
"""

import statistics
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path

if __package__ is None:  # run as a file: the folder above is not on the path
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import zuki
from benchmarks import _report

ADAPTS = {"learns": True, "fixed": False}
PERIODS = (0.0005, 0.001, 0.005)  # seconds from one task to the next


@zuki.task
def spin(rounds):
    total = 0.0
    for number in range(rounds):
        total += number * 1.5
    return total


class Trickle:
    """One small graph each period, submitted by a thread that sleeps in between.

    Parameters
    ----------
    executor : Executor
        Where they run.
    period : float
        Seconds from one to the next.
    """

    def __init__(self, executor: zuki.Executor, period: float) -> None:
        self._executor, self._period = executor, period
        self._graph = zuki.Graph("trickle")
        self._graph.add(spin, 100)

    def __call__(self, seconds: float) -> tuple[float, float]:
        """Return the share of one processor that the process uses, and the median microseconds of a run."""
        waits = []
        end, used = time.perf_counter() + seconds, time.process_time()
        begun = time.perf_counter()
        while time.perf_counter() < end:
            submitted = time.perf_counter()
            self._graph.submit(self._executor).result()
            waits.append(time.perf_counter() - submitted)
            time.sleep(self._period)
        share = (time.process_time() - used) / (time.perf_counter() - begun)
        return share, statistics.median(waits) * 1e6


def bursts(executor: zuki.Executor) -> Callable[[], float]:
    """Return what answers the seconds of twenty graphs a millisecond apart, of 200 bodies of 20 us."""
    graph = zuki.Graph("burst")
    layers = [graph.add_many(spin, 20_000, count=20) for _ in range(10)]
    for before, after in pairwise(layers):
        graph.add_edges(before.ids, after.ids)
    graph.run(executor)

    def sample() -> float:
        taken = 0.0
        for _ in range(20):
            begun = time.perf_counter()
            graph.run(executor)
            taken += time.perf_counter() - begun
            time.sleep(0.001)
        return taken

    return sample


def measure(rounds: int, seconds: float) -> dict[str, dict[str, list[float]]]:
    """Return the samples of each load, with and without learning, which take turns."""
    figures: dict[str, dict[str, list[float]]] = {}
    with ExitStack() as opened:
        executors = {
            name: opened.enter_context(zuki.Executor(max_threads=2, adaptive_sizing=adapts))
            for name, adapts in ADAPTS.items()
        }
        for period in PERIODS:
            shares, waits = f"{period * 1e3:g} ms: processor", f"{period * 1e3:g} ms: run, us"
            figures[shares], figures[waits] = ({name: [] for name in ADAPTS} for _ in range(2))
            loads = {name: Trickle(executor, period) for name, executor in executors.items()}
            for load in loads.values():
                load(seconds / 4)  # until it has learnt
            for _ in range(rounds):
                for name, load in loads.items():
                    share, wait = load(seconds)
                    figures[shares][name].append(share)
                    figures[waits][name].append(wait)
        loads = {name: bursts(executor) for name, executor in executors.items()}
        figures["bursts, ms"] = {
            name: [sample * 1e3 for sample in samples]
            for name, samples in _report.take_turns(loads, rounds).items()
        }
    return figures


def main(arguments: Sequence[str] | None = None) -> None:
    chosen = _report.options(__doc__.partition("\n")[0], arguments)
    rounds = chosen.rounds or (3 if chosen.quick else 7)
    _report.opening(
        "Adaptation", f"{_report.METHOD}; {rounds} rounds; two workers; a processor's share of time is 1"
    )
    figures = measure(rounds, 0.5 if chosen.quick else 2.0)
    rows = []
    for load, samples in figures.items():
        middle = {name: statistics.median(values) for name, values in samples.items()}
        cells = (_report.figure(middle[name]) for name in ADAPTS)
        rows.append((load, *cells, f"{middle['learns'] / middle['fixed']:.2f}"))
    print(_report.table(("load", *ADAPTS, "ratio"), rows))
    _report.save(chosen.json, figures)


def test_quick_loads_are_measured():
    for samples in measure(1, 0.02).values():
        assert all(value > 0 for values in samples.values() for value in values)


if __name__ == "__main__":
    main()
