"""Sorting: `zuki.parallel_sort` beside `np.sort` and oneTBB, and a quicksort of spawned tasks.

python -m benchmarks.bench_sort [--quick] [--rounds N] [--json PATH]
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

if __package__ is None:  # run as a file: the folder above is not on the path
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numba
import numpy as np
from numpy._core._multiarray_umath import __cpu_features__

import zuki
from benchmarks import _report, tbb
from benchmarks._processors import at_mean_speed
from examples import quicksort as example

DTYPES = ("int32", "int64", "float64")
AVX512 = next((name for name in ("X86_V4", "AVX512_SKX") if __cpu_features__.get(name)), None)

# What a child does that sorts by NumPy alone: read an array, sort copies of it, write the seconds
CHILD = """
import json, sys, time
import numpy as np
given, seconds = np.fromfile(sys.argv[2], sys.argv[1]), []
for _ in range(int(sys.argv[3]) + 1):
    numbers = given.copy()
    begin = time.perf_counter()
    numbers.sort()
    seconds.append(time.perf_counter() - begin)
print(json.dumps(seconds[1:]))
"""

# The serial peer of the example's tasks: the same lines, compiled by Numba alone
_partition = numba.njit(example.partition.py_func)
_insertion_sort = numba.njit(example.insertion_sort.py_func)


@numba.njit("void(int32[::1], int64, int64)")
def serial_quicksort(numbers, first, stop):
    if stop - first <= example.FEW:
        _insertion_sort(numbers, first, stop)
        return
    middle = _partition(numbers, first, stop)
    serial_quicksort(numbers, first, middle)
    serial_quicksort(numbers, middle + 1, stop)


def main(arguments: Sequence[str] | None = None) -> None:
    chosen = _report.options(__doc__.partition("\n")[0], arguments)
    rounds = chosen.rounds or (3 if chosen.quick else 7)
    most = 1_000_000 if chosen.quick else 10_000_000
    _report.opening("Sorting, ms", f"{_report.METHOD}; {rounds} rounds")
    native = _native()
    figures = {}
    print(f"\n## A quicksort of {most:,} int32, a task for every part, one way of writing it\n")
    figures["quicksort"] = quicksorts(most, rounds, native, _report.worker_counts())
    print(f"\n## parallel_sort of {most:,} uniform numbers, {_numpy_line()}\n")
    print("In brackets: how many times zuki's figure of the same round.\n")
    figures["uniform"] = uniform(most, rounds, native, _report.worker_counts())
    print(f"\n## np.sort / parallel_sort at {_report.processors()} workers: above 1, zuki is faster\n")
    figures["shapes"] = shapes([size for size in (10**3, 10**4, 10**5, 10**6, 10**7) if size <= most], rounds)
    _report.save(chosen.json, figures)


def timed(sort: Callable[[np.ndarray], object], given: np.ndarray) -> Callable[[], float]:
    """Return a function that sorts copies for 10 ms at least and answers the seconds of one, checked.

    It does so twice and answers with the second time, as those do that sort in a process of their own.
    """
    copies = np.empty((max(1, min(1000, 2_000_000 // len(given))), len(given)), given.dtype)
    expected = np.sort(given)

    def sample() -> float:
        for _ in range(2):
            copies[:] = given
            begin = time.perf_counter()
            for numbers in copies:
                sort(numbers)
            seconds = (time.perf_counter() - begin) / len(copies)
        if not np.array_equal(copies[-1], expected):
            raise AssertionError("not sorted")
        return seconds

    sample()
    return sample


def quicksorts(
    size: int, rounds: int, native: Path | None, worker_counts: Sequence[int]
) -> dict[str, list[float]]:
    """Print the times of the serial and the parallel quicksorts; return their samples in seconds."""
    given = np.random.default_rng(0).permutation(np.arange(size, dtype=np.int32))
    executors = {workers: zuki.Executor(workers) for workers in worker_counts}
    systems = {"njit, serial": timed(lambda numbers: serial_quicksort(numbers, 0, len(numbers)), given)}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "numbers"
        given.tofile(file)
        for workers, executor in executors.items():
            systems[f"zuki, {_workers(workers)}"] = timed(
                lambda numbers, at=executor: zuki.run(
                    example.quicksort, numbers, 0, len(numbers), executor=at
                ),
                given,
            )
            if native:
                systems[f"oneTBB task_group, {_workers(workers)}"] = _tbb_sample(
                    native, "quicksort", "int32", file, workers
                )
        for name in systems:
            if name == "njit, serial" or name.endswith(_workers(1)):
                systems[name] = at_mean_speed(systems[name], max(worker_counts))
        samples = _report.take_turns(systems, rounds)
    for executor in executors.values():
        executor.shutdown()
    first = f"zuki, {_workers(worker_counts[0])}"
    rows = [
        (
            name,
            statistics.median(taken) * 1e3,
            _report.ratio(taken, samples["njit, serial"]),
            _report.ratio(samples[first], taken),
        )
        for name, taken in samples.items()
    ]
    print(_report.table(("quicksort", "ms", "x the serial njit", f"speed-up over {first}"), rows), flush=True)
    return samples


def uniform(size: int, rounds: int, native: Path | None, worker_counts: Sequence[int]) -> list[dict]:
    """Print how long each system takes for each dtype; return the samples in seconds."""
    random = np.random.default_rng(0)
    names = ["zuki", "oneTBB parallel_sort", "np.sort", *(["np.sort without AVX-512"] if AVX512 else [])]
    rows, figures = [], []
    with tempfile.TemporaryDirectory() as folder:
        for kind in DTYPES:
            given, file = uniform_numbers(kind, size, random), Path(folder) / "numbers"
            given.tofile(file)
            for workers in worker_counts:
                with zuki.Executor(workers) as executor:
                    systems = {
                        "zuki": timed(
                            lambda numbers, at=executor: zuki.parallel_sort(numbers, executor=at), given
                        ),
                        "np.sort": _numpy_sample(kind, file, {}),
                    }
                    if native:
                        systems[names[1]] = _tbb_sample(native, "parallel_sort", kind, file, workers)
                    if AVX512:
                        systems[names[3]] = _numpy_sample(kind, file, {"NPY_DISABLE_CPU_FEATURES": AVX512})
                    samples = _report.take_turns(systems, rounds)
                rows.append((kind, str(workers), *(_cell(samples, name) for name in names)))
                figures.append({"dtype": kind, "workers": workers, "seconds": samples})
    print(_report.table(("dtype", "workers", *names), rows), flush=True)
    return figures


def shapes(sizes: Sequence[int], rounds: int) -> list[dict]:
    """Print how much faster than `np.sort` zuki is for several kinds of input; return the samples."""
    random = np.random.default_rng(0)
    kinds: dict[str, Callable[[str, int], np.ndarray]] = {
        "uniform": lambda kind, size: uniform_numbers(kind, size, random),
        "normal": lambda kind, size: (random.standard_normal(size) * 1e6).astype(kind),
        "sorted": lambda kind, size: np.sort(uniform_numbers(kind, size, random)),
        "reversed": lambda kind, size: np.sort(uniform_numbers(kind, size, random))[::-1].copy(),
        "1% moved": lambda kind, size: _partly_sorted(uniform_numbers(kind, size, random), random),
        "10 values": lambda kind, size: random.choice(uniform_numbers(kind, 10, random), size),
        "zipf": lambda kind, size: np.minimum(random.zipf(1.5, size), 2**31 - 1).astype(kind),
    }
    rows, figures = [], []
    for name, make in kinds.items():
        for kind in DTYPES:
            ratios = []
            for size in sizes:
                given = make(kind, size)
                systems = {"zuki": timed(zuki.parallel_sort, given), "np.sort": timed(np.ndarray.sort, given)}
                samples = _report.take_turns(systems, min(rounds, 3))
                ratios.append(_report.ratio(samples["np.sort"], samples["zuki"]))
                figures.append({"input": name, "dtype": kind, "size": size, "seconds": samples})
            rows.append((name, kind, *map(_report.figure, ratios)))
    print(_report.table(("input", "dtype", *(f"{size:,}" for size in sizes)), rows), flush=True)
    return figures


def uniform_numbers(kind: str, size: int, random: np.random.Generator) -> np.ndarray:
    """Return integers from the whole range of their dtype, or floats between 0 and 1."""
    if kind == "float64":
        return random.random(size)
    limits = np.iinfo(kind)
    return random.integers(limits.min, limits.max, size, kind, endpoint=True)


def _partly_sorted(numbers: np.ndarray, random: np.random.Generator) -> np.ndarray:
    numbers.sort()
    moved = random.integers(0, len(numbers), len(numbers) // 100)
    numbers[moved] = numbers[np.roll(moved, 1)]
    return numbers


def _numpy_sample(kind: str, file: Path, variables: dict[str, str]) -> Callable[[], float]:
    command = [sys.executable, "-c", CHILD, kind, str(file), "1"]

    def sample() -> float:
        outcome = subprocess.run(
            command, capture_output=True, text=True, check=True, env=os.environ | variables
        )
        return statistics.median(json.loads(outcome.stdout))

    return sample


def _tbb_sample(program: Path, way: str, kind: str, file: Path, workers: int) -> Callable[[], float]:
    return lambda: statistics.median(tbb.measure_sort(program, way, kind, file, workers, 1))


def _native(may_compile: bool = True) -> Path | None:
    try:
        return tbb.program(may_compile, tbb.SORTS)
    except tbb.AbsentError as reason:
        print(reason)
        return None


def _numpy_line() -> str:
    taken = "AVX-512" if AVX512 else "AVX2" if __cpu_features__.get("AVX2") else "its plain"
    return f"np.sort as installed: NumPy {np.__version__} takes {taken} code here"


def _workers(count: int) -> str:
    return f"{count} worker{'s' * (count > 1)}"


def _cell(samples: dict[str, list[float]], name: str) -> str:
    if name not in samples:
        return "-"
    cell = _report.figure(statistics.median(samples[name]) * 1e3)
    if name == "zuki":
        return cell
    return f"{cell} ({_report.figure(_report.ratio(samples[name], samples['zuki']))}x)"


def test_quick_quicksorts_sort(capsys):
    samples = quicksorts(2000, 1, _native(may_compile=False), [1, 2])
    assert len(samples) >= 3
    assert "njit, serial" in capsys.readouterr().out


def test_quick_sorts_are_compared(capsys):
    assert len(uniform(2000, 1, _native(may_compile=False), [2])) == len(DTYPES)
    assert len(shapes([200], 1)) == 7 * len(DTYPES)
    assert "np.sort" in capsys.readouterr().out


if __name__ == "__main__":
    main()
