"""Loops of a million rounds: zuki's, without a grain, beside the serial loop, `numba.prange` and others.

python -m benchmarks.bench_loops [--quick] [--rounds N] [--json PATH]

Efficiency is the time of the serial loop over workers times the loop's own; the serial loop runs on each of
as many processors, and the mean of their speeds counts. What can be attained is that of as many threads that
run the whole serial loop at once: processors share caches, memory, and often more.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from itertools import pairwise
from pathlib import Path
from threading import Barrier

if __package__ is None:  # run as a file: the folder above is not on the path
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numba
import numpy as np

import zuki
from benchmarks import _report, tbb
from benchmarks._processors import at_mean_speed
from benchmarks.native import AbsentError

LAYERS = ("tbb", "omp", "workqueue")
FULL, QUICK = 1_000_000, 100_000


@numba.njit
def work(index, results, steps):
    """Do as many steps as are asked for; the sum of floats cannot be made a vector or a formula."""
    total = 0.0
    for step in range(steps[index]):
        total += step * 1.0000001
    results[index] = total


@numba.njit
def stream(index, results, left, right):
    """Do next to nothing: what counts is that the loop is made of vectors."""
    results[index] = left[index] * right[index] + 1.0


@numba.njit(nogil=True)
def serial_work(length, results, steps):
    for index in range(length):
        work(index, results, steps)


@numba.njit(nogil=True)
def serial_stream(length, results, left, right):
    for index in range(length):
        stream(index, results, left, right)


@numba.njit(parallel=True)
def prange_work(length, results, steps):
    for index in numba.prange(length):
        work(index, results, steps)


@numba.njit(parallel=True)
def prange_stream(length, results, left, right):
    for index in numba.prange(length):
        stream(index, results, left, right)


@numba.njit(nogil=True)
def part_of_work(start, stop, results, steps):
    for index in range(start, stop):
        work(index, results, steps)


@numba.njit(nogil=True)
def part_of_stream(start, stop, results, left, right):
    for index in range(start, stop):
        stream(index, results, left, right)


SYSTEMS = {
    work: (serial_work, prange_work, part_of_work),
    stream: (serial_stream, prange_stream, part_of_stream),
}
_LIMIT = 60  # seconds
PARTS = 8  # for each thread, of a loop that a ThreadPoolExecutor runs


def loops(length: int) -> dict[str, tuple[Callable, tuple]]:
    """Return each loop's body and the arguments behind its index."""
    random, results = np.random.default_rng(1), np.zeros(length)
    clustered = np.full(length, 5)
    clustered[length * 6 // 10 : length * 7 // 10] = 1000
    steps = {
        "uniform": np.full(length, 100),
        "triangular": np.arange(length) * 200 // length,
        "heavy tail": np.minimum(random.pareto(1.2, length) * 20, 200_000).astype(np.int64),
        "clustered": clustered,  # nearly all of it in one tenth of the range
    }
    found = {name: (work, (results, counts)) for name, counts in steps.items()}
    found["stream"] = (stream, (results, random.random(length), random.random(length)))
    return found


def measure(
    length: int, rounds: int, workers: int, has_prange: bool = True, native: Path | None = None
) -> dict[str, dict[str, list[float]]]:
    """Return the seconds of each loop on each system, which take turns."""
    if has_prange:
        numba.set_num_threads(workers)
    found = {}
    with ExitStack() as opened:
        executor = opened.enter_context(zuki.Executor(workers))
        threads = opened.enter_context(ThreadPoolExecutor(workers))
        folder = Path(opened.enter_context(tempfile.TemporaryDirectory()))
        for name, (body, args) in loops(length).items():
            serial, parallel, part = SYSTEMS[body]
            systems = {
                "serial": partial(serial, length, *args),
                "zuki": partial(zuki.parallel_for, body, 0, length, *args, executor=executor),
                "at once": partial(_at_once, threads, workers, serial, length, args),
                "threads": partial(_in_parts, threads, workers * PARTS, part, length, args),
            }
            if has_prange:
                systems["prange"] = partial(parallel, length, *args)
            for system in systems.values():
                system()
            samples = {which: _report.timed(system) for which, system in systems.items()}
            samples["serial"] = at_mean_speed(samples["serial"], workers)
            samples["at once"] = systems["at once"]
            if native and body is work:
                file = folder / name
                args[1].tofile(file)
                for which, way in (("C++", "serial"), ("oneTBB", "parallel")):
                    samples[which] = partial(_tbb_sample, native, way, file, workers)
                samples["C++"] = at_mean_speed(samples["C++"], workers)
            found[name] = _report.take_turns(samples, rounds * (10 if body is stream else 1))
    return found


def _at_once(threads: Executor, workers: int, serial: Callable, length: int, args: tuple) -> float:
    """Let each thread run the whole loop, with results of its own; return the seconds at their mean speed."""

    def whole() -> float:
        own = np.empty_like(args[0])
        together.wait(_LIMIT)
        return _report.timed(partial(serial, length, own, *args[1:]))()

    together = Barrier(workers)
    calls = [threads.submit(whole) for _ in range(workers)]
    return statistics.harmonic_mean([call.result() for call in calls])


def _in_parts(threads: Executor, count: int, part: Callable, length: int, args: tuple) -> None:
    cuts = [length * number // count for number in range(count + 1)]
    calls = [threads.submit(part, *ends, *args) for ends in pairwise(cuts)]
    for call in calls:
        call.result()


def _tbb_sample(native: Path, way: str, file: Path, workers: int) -> float:
    return tbb.measure_loop(native, way, file, workers, 1)[0]


def main(arguments: Sequence[str] | None = None) -> None:
    chosen = _report.options(__doc__.partition("\n")[0], arguments)
    length, rounds = (QUICK, 3) if chosen.quick else (FULL, 9)
    rounds = chosen.rounds or rounds
    _report.opening(
        f"Loops of {length:,} rounds, ms", f"{_report.METHOD}; {rounds} rounds; in brackets the minimum"
    )
    figures, rows = {}, []
    try:
        native = str(tbb.program(source=tbb.LOOPS))
    except AbsentError as reason:
        print(reason)
        native = ""
    for layer in LAYERS:  # a process has one threading layer
        for workers in [count for count in _report.worker_counts() if count <= 2]:
            samples = _in_a_process(layer, length, rounds, workers, native)
            if samples is None:
                print(f"prange on {layer}: not available here")
                break
            figures[f"{layer} {workers}"] = samples
            rows += [_row(name, layer, workers, times) for name, times in samples.items()]
    heads = (
        *("loop", "layer", "workers", "serial", "zuki", "prange", "threads", "oneTBB", "efficiency"),
        *("attainable", "of prange", "of threads", "of oneTBB", "zuki / prange"),
    )
    print(_report.table(heads, rows), flush=True)
    _report.save(chosen.json, figures)


def _in_a_process(layer: str, length: int, rounds: int, workers: int, native: str) -> dict | None:
    numbers = map(str, (length, rounds, workers))
    command = [sys.executable, "-m", "benchmarks.bench_loops", "--one", *numbers, native]
    outcome = subprocess.run(
        command,
        cwd=Path(__file__).parents[1],
        env=os.environ | {"NUMBA_THREADING_LAYER": layer},
        capture_output=True,
        text=True,
    )
    if outcome.returncode:
        if "No threading layer" in outcome.stderr or "threading layer" in outcome.stderr:
            return None
        raise RuntimeError(outcome.stderr)
    return json.loads(outcome.stdout)


def _row(name: str, layer: str, workers: int, times: dict[str, list[float]]) -> tuple:
    def shown(which: str) -> str:
        if which not in times:
            return "-"
        milliseconds = [second * 1e3 for second in times[which]]
        return f"{_report.figure(statistics.median(milliseconds))} ({_report.figure(min(milliseconds))})"

    def efficiency(which: str, serial: str = "serial", by: int = workers) -> str:
        return f"{_report.ratio(times[serial], times[which]) / by:.1%}" if which in times else "-"

    quotient = f"{_report.ratio(times['zuki'], times['prange']):.3f}"
    cells = map(shown, ("serial", "zuki", "prange", "threads", "oneTBB"))
    shares = efficiency("zuki"), efficiency("at once", by=1), efficiency("prange"), efficiency("threads")
    return (name, layer, workers, *cells, *shares, efficiency("oneTBB", "C++"), quotient)


def test_quick_loops_are_measured():
    for times in measure(1000, 1, 2, has_prange=False).values():
        assert all(sample > 0 for samples in times.values() for sample in samples)


if __name__ == "__main__":
    if "--one" in sys.argv:
        *numbers, program = sys.argv[2:]
        print(json.dumps(measure(*map(int, numbers), native=Path(program) if program else None)))
    else:
        main()
