"""Jitted and Python tasks at once: what coroutines cost two CPU-bound tasks, and how soon a task begins.

python -m benchmarks.bench_mixed [--quick] [--rounds N] [--json PATH]
"""

import statistics
import sys
import time
from collections.abc import Sequence
from pathlib import Path

if __package__ is None:  # run as a file: the folder above is not on the path
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np

import zuki
from benchmarks import _report
from zuki_kernels.clock import now

WORKERS = 2
_IDLE = 0.002  # seconds before each submission, in which workers fall asleep


@zuki.task("int64(int64)")
def spin(rounds):
    mixed = 1
    for number in range(rounds):
        mixed = (mixed * 6364136223846793005 + number) ^ (mixed >> 17)
    return mixed


@zuki.task
def stamp(begun):
    begun[0] = now()


async def switch(times: int) -> None:
    for _ in range(times):
        await zuki.yield_now()


async def switch_all(count: int, times: int) -> None:
    for task in [zuki.spawn(switch(times)) for _ in range(count)]:
        await task


def mixture(executor: zuki.Executor, rounds_of_spin: int, count: int, rounds: int) -> dict[str, float]:
    """Return seconds: of two CPU-bound tasks, of coroutines, of both at once; and ratios.

    The least possible: as if two processors had shared all the work from the first moment to the last.
    """

    def jitted() -> list[zuki.Future]:
        return [executor.submit(spin, rounds_of_spin) for _ in range(2)]

    def wait(futures: Sequence[zuki.Future]) -> None:
        for future in futures:
            future.result(60)  # with a limit: this thread runs none of them

    def both() -> None:
        futures = jitted()
        executor.run(switch_all(count, 5))
        wait(futures)

    wait(jitted())
    samples = _report.take_turns(
        {
            name: _report.after_a_collection(_report.timed(function))
            for name, function in {
                "jitted": lambda: wait(jitted()),
                "coroutines": lambda: executor.run(switch_all(count, 5)),
                "both": both,
            }.items()
        },
        rounds,
    )
    longer = [max(pair) for pair in zip(samples["jitted"], samples["coroutines"], strict=True)]
    shared = [
        jitted + coroutines / WORKERS
        for jitted, coroutines in zip(samples["jitted"], samples["coroutines"], strict=True)
    ]
    return {
        **{name: statistics.median(found) for name, found in samples.items()},
        "both / longer": _report.ratio(samples["both"], longer),
        "the least possible": _report.ratio(shared, longer),
    }


def latency(executor: zuki.Executor, count: int, sleeps: bool) -> dict[str, float]:
    """Return microseconds from the call of `submit` to the start of the body, the pool being idle.

    After it the caller sleeps, or goes on: then the worker does not get the processor from it.
    """
    begun = np.zeros(1, np.int64)
    for _ in range(3):
        executor.submit(stamp, begun).result(60)
    found = []
    for _ in range(count):
        time.sleep(_IDLE)
        begun[0] = 0
        submitted = time.monotonic_ns()
        future = executor.submit(stamp, begun)
        while not begun[0]:
            if sleeps:
                time.sleep(0.0001)
        found.append((int(begun[0]) - submitted) / 1000)
        future.result()
    found.sort()
    return {"p50": found[count // 2], "p99": found[min(count * 99 // 100, count - 1)]}


def measure(
    rounds_of_spin: int, coroutines: int, submissions: int, rounds: int
) -> dict[str, dict[str, float]]:
    """Print and return the figures."""
    with zuki.Executor(max_threads=WORKERS) as executor:
        figures = {
            "mixture": mixture(executor, rounds_of_spin, coroutines, rounds),
            "latency": latency(executor, submissions, sleeps=True),
            "latency, caller goes on": latency(executor, submissions, sleeps=False),
        }
    print(_report.table(("2 CPU-bound tasks, coroutines", "s"), list(figures["mixture"].items())))
    print()
    print(_report.table(("submit to start, idle pool", "us"), list(figures["latency"].items())))
    print()
    goes_on = figures["latency, caller goes on"]
    print(_report.table(("submit to start, caller goes on", "us"), list(goes_on.items())))
    return figures


def main(arguments: Sequence[str] | None = None) -> None:
    chosen = _report.options(__doc__.partition("\n")[0], arguments)
    _report.opening(f"Jitted and Python tasks at once, {WORKERS} threads")
    sizes = (10_000_000, 1000, 100, 3) if chosen.quick else (400_000_000, 10_000, 1000, 11)
    _report.save(chosen.json, measure(*sizes[:3], chosen.rounds or sizes[3]))


def test_quick_mixture_is_measured(capsys):
    figures = measure(1000, 10, 3, 1)
    assert figures["mixture"]["both"] > 0
    for name in ("latency", "latency, caller goes on"):
        assert 0 < figures[name]["p50"] <= figures[name]["p99"]
    assert "submit to start" in capsys.readouterr().out


if __name__ == "__main__":
    main()
