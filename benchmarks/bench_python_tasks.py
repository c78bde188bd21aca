"""Python tasks: spawns, switches and calls beside asyncio, uvloop and concurrent.futures, in one process.

python -m benchmarks.bench_python_tasks [--quick] [--rounds N] [--json PATH]
"""

import asyncio
import statistics
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path

if __package__ is None:  # run as a file: the folder above is not on the path
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import zuki
from benchmarks import _report

try:
    import uvloop
except ImportError:
    uvloop = None  # left out

WORKERS = 2


@zuki.task("int64(int64)")
def increment(number):
    return number + 1


async def trivial() -> None:
    pass


async def asyncio_spawns(count: int) -> float:
    begun = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for _ in range(count):
            group.create_task(trivial())
    return (time.perf_counter() - begun) / count


async def zuki_spawns(count: int) -> float:
    begun = time.perf_counter()
    async with zuki.TaskGroup() as group:
        for _ in range(count):
            group.create_task(trivial())
    return (time.perf_counter() - begun) / count


async def asyncio_keeps(count: int) -> float:
    begun = time.perf_counter()
    tasks = [asyncio.create_task(trivial()) for _ in range(count)]
    for task in tasks:
        await task
    return (time.perf_counter() - begun) / count


async def zuki_keeps(count: int) -> float:
    begun = time.perf_counter()
    tasks = [zuki.spawn(trivial()) for _ in range(count)]
    for task in tasks:
        await task
    return (time.perf_counter() - begun) / count


async def asyncio_switches(count: int) -> float:
    async def switch() -> None:
        for _ in range(100):
            await asyncio.sleep(0)

    begun = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for _ in range(count // 100):
            group.create_task(switch())
    return (time.perf_counter() - begun) / count


async def zuki_switches(count: int) -> float:
    async def switch() -> None:
        for _ in range(100):
            await zuki.yield_now()

    begun = time.perf_counter()
    tasks = [zuki.spawn(switch()) for _ in range(count // 100)]
    for task in tasks:
        await task
    return (time.perf_counter() - begun) / count


def calls(executor: Executor, count: int, *what: object) -> float:
    begun = time.perf_counter()
    futures = [executor.submit(*what) for _ in range(count)]
    for future in futures:
        future.result()
    return (time.perf_counter() - begun) / count


def calls_one_by_one(executor: Executor, count: int, *what: object) -> float:
    begun = time.perf_counter()
    for _ in range(count):
        executor.submit(*what).result()
    return (time.perf_counter() - begun) / count


def sleeps(executor: Executor) -> float:
    """Return how long eight calls take that each block for 0.2 seconds."""
    begun = time.perf_counter()
    futures = [executor.submit(time.sleep, 0.2) for _ in range(8)]
    for future in futures:
        future.result()
    return time.perf_counter() - begun


def barrier(executor: Executor, parties: int) -> float:
    """Return how long it takes until as many calls as threads have met."""
    met = threading.Barrier(parties)
    begun = time.perf_counter()
    futures = [executor.submit(met.wait, 20) for _ in range(parties)]
    for future in futures:
        future.result()
    return time.perf_counter() - begun


def in_asyncio(function: Callable[[int], Awaitable[float]], count: int) -> Callable[[], float]:
    return lambda: asyncio.run(function(count))


def in_uvloop(function: Callable[[int], Awaitable[float]], count: int) -> Callable[[], float]:
    return lambda: uvloop.run(function(count))


def in_zuki(function: Callable[[int], Awaitable[float]], count: int) -> Callable[[], float]:
    return lambda: zuki.run(function(count))


def measure(count: int, rounds: int) -> dict[str, dict[str, float]]:
    """Print and return the figures: microseconds a task, and how many times the rival's is."""
    with (
        zuki.Executor(max_threads=WORKERS) as mine,
        zuki.Executor(max_threads=8) as eight,
        ThreadPoolExecutor(WORKERS) as rival,
    ):
        before = zuki.set_default_executor(mine)
        try:
            few = max(count // 20, 1)
            rows = {
                "spawn and complete, in a TaskGroup": (
                    in_asyncio(asyncio_spawns, count),
                    in_zuki(zuki_spawns, count),
                ),
                "the same, tasks kept and awaited": (
                    in_asyncio(asyncio_keeps, count),
                    in_zuki(zuki_keeps, count),
                ),
                "switch": (in_asyncio(asyncio_switches, count), in_zuki(zuki_switches, count)),
                **(_beside_uvloop(count) if uvloop else {}),
                "submit all, then results": (
                    lambda: calls(rival, count // 2, int),
                    lambda: calls(mine, count // 2, int),
                ),
                "submit and result": (
                    lambda: calls_one_by_one(rival, few, int),
                    lambda: calls_one_by_one(mine, few, int),
                ),
                "submit and result, jitted": (
                    lambda: calls_one_by_one(rival, few, increment, 1),
                    lambda: calls_one_by_one(mine, few, increment, 1),
                ),
                "submit all, then results, jitted": (
                    lambda: calls(rival, count // 2, increment, 1),
                    lambda: calls(mine, count // 2, increment, 1),
                ),
            }
            for _, own in rows.values():
                own()  # what is made at first is made
            figures = {name: _compare(*functions, rounds) for name, functions in rows.items()}
            print(
                _report.table(
                    ("microseconds a task", "theirs", "zuki", "theirs / zuki"),
                    [(name, *found.values()) for name, found in figures.items()],
                )
            )
            sleeps(eight)
            waits = {
                "8 sleeps of 0.2 s, 8 threads": {"seconds": sleeps(eight)},
                "barrier of 8 calls": {"seconds": barrier(eight, 8)},
            }
            print()
            print(_report.table(("waits", "s"), [(name, found["seconds"]) for name, found in waits.items()]))
            return {**figures, **waits}
        finally:
            zuki.set_default_executor(before)


def _beside_uvloop(count: int) -> dict[str, tuple[Callable[[], float], Callable[[], float]]]:
    return {
        "spawn and complete, uvloop": (in_uvloop(asyncio_spawns, count), in_zuki(zuki_spawns, count)),
        "the same, kept and awaited, uvloop": (in_uvloop(asyncio_keeps, count), in_zuki(zuki_keeps, count)),
        "switch, uvloop": (in_uvloop(asyncio_switches, count), in_zuki(zuki_switches, count)),
    }


def _compare(theirs: Callable[[], float], own: Callable[[], float], rounds: int) -> dict[str, float]:
    systems = {"theirs": _report.after_a_collection(theirs), "zuki": _report.after_a_collection(own)}
    samples = _report.take_turns(systems, rounds)
    return {
        **{name: 1e6 * statistics.median(found) for name, found in samples.items()},
        "ratio": _report.ratio(samples["theirs"], samples["zuki"]),
    }


def main(arguments: Sequence[str] | None = None) -> None:
    chosen = _report.options(__doc__.partition("\n")[0], arguments)
    _report.opening(f"Python tasks, {WORKERS} threads; theirs are asyncio's and concurrent.futures'")
    count, rounds = (20_000, 3) if chosen.quick else (100_000, 5)
    _report.save(chosen.json, measure(count, chosen.rounds or rounds))


def test_quick_python_tasks_are_measured(capsys):
    figures = measure(200, 1)
    assert figures["switch"]["zuki"] > 0
    assert "submit and result, jitted" in capsys.readouterr().out


if __name__ == "__main__":
    main()
