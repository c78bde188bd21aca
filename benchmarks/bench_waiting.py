"""Coroutines that wait, all at once, for one event: time and memory to make, wake and finish them.

python -m benchmarks.bench_waiting [--quick] [--rounds N] [--json PATH]

Each system has a process of its own, whose largest size is the system's.
"""

import asyncio
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

if __package__ is None:  # run as a file: the folder above is not on the path
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import zuki
from benchmarks import _report

GOAL = 3.0  # GB for a million
PHASES = ("create", "wake", "finish")


async def wait(event: Any) -> int:
    await event.wait()
    return 1


async def asyncio_waits(count: int) -> list[float]:
    event = asyncio.Event()
    times = [time.perf_counter()]
    tasks = [asyncio.ensure_future(wait(event)) for _ in range(count)]
    await asyncio.sleep(0)  # they begin to wait
    times.append(time.perf_counter())
    event.set()
    times.append(time.perf_counter())
    assert sum([await task for task in tasks]) == count
    times.append(time.perf_counter())
    return times


async def zuki_waits(count: int) -> list[float]:
    event, spawn = zuki.Event(), zuki.spawn
    times = [time.perf_counter()]
    tasks = [spawn(wait(event)) for _ in range(count)]
    await zuki.yield_now()
    times.append(time.perf_counter())
    event.set()
    times.append(time.perf_counter())
    assert sum([await task for task in tasks]) == count
    times.append(time.perf_counter())
    return times


def run_zuki(count: int) -> list[float]:
    zuki.run(zuki_waits(10))  # loads the kernels
    return zuki.run(zuki_waits(count))


def run_asyncio(count: int) -> list[float]:
    return asyncio.run(asyncio_waits(count))


SYSTEMS = {"zuki": run_zuki, "asyncio": run_asyncio}


def report_one(name: str, count: int) -> None:
    """Print one system's seconds, and its process's size before and at most, in GB, as JSON."""
    before = largest_size()
    times = SYSTEMS[name](count)
    seconds = [later - earlier for earlier, later in pairwise(times)]
    print(json.dumps({**dict(zip(PHASES, seconds, strict=True)), "before": before, "peak": largest_size()}))


def largest_size() -> float:
    """Return the largest size that this process had so far, in GB."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e9


def measure_one(name: str, count: int) -> dict[str, float]:
    root = str(Path(__file__).resolve().parents[1])
    code = f"from benchmarks.bench_waiting import report_one; report_one({name!r}, {count})"
    path = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))
    ended = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True
    )
    if ended.returncode:
        raise RuntimeError(f"{name} has failed:\n{ended.stderr}")
    return json.loads(ended.stdout.splitlines()[-1])


def measure(count: int, rounds: int) -> dict[str, dict[str, float]]:
    samples: dict[str, list[dict[str, float]]] = {name: [] for name in SYSTEMS}
    for turn in range(rounds):
        for name in sorted(SYSTEMS, reverse=turn % 2 == 1):
            samples[name].append(measure_one(name, count))
    figures = {
        name: {key: statistics.median(one[key] for one in found) for key in found[0]}
        for name, found in samples.items()
    }
    heads = [f"{count:,} wait", *(f"{phase}, s" for phase in PHASES), "peak, GB", "bytes each"]
    rows = []
    for name, found in figures.items():
        each = 1e9 * (found["peak"] - found["before"]) / count
        rows.append([name, *(found[phase] for phase in PHASES), found["peak"], each])
    print(_report.table(heads, rows))
    return figures


def main(arguments: Sequence[str] | None = None) -> None:
    chosen = _report.options(__doc__.partition("\n")[0], arguments)
    _report.opening("Coroutines that wait for one event", "a process for each sample; medians; wall time")
    count = 100_000 if chosen.quick else 1_000_000
    figures = measure(count, chosen.rounds or (1 if chosen.quick else 3))
    peak = figures["zuki"]["peak"]
    print(f"\ngoal: a million within {GOAL} GB; zuki's {count:,} take {peak:.2f}")
    _report.save(chosen.json, figures)


def test_quick_waiting_coroutines_are_measured(capsys):
    figures = measure(500, 1)
    assert set(figures) == set(SYSTEMS)
    assert 0 < figures["zuki"]["peak"] < GOAL
    assert "500 wait" in capsys.readouterr().out


if __name__ == "__main__":
    main()
