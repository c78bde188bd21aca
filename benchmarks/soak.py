"""Random work on pools that come and go, for minutes: memory and threads have to stay flat.

python -m benchmarks.soak [--minutes N] [--seed N]

Prints a row for each interval, and ends with 1 if a check fails. At the end of an interval all work is done:
then no thread of a pool may be left but those that are to stay, no run may be open, and memory may not have
grown.
"""

import argparse
import ctypes
import gc
import os
import random
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

if __package__ is None:  # run as a file: the folder above is not on the path
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np

import zuki
from zuki.runtime.lifecycle import _pools

_DRIVERS = 3  # threads that make work
_SOON = 0.05  # seconds that idle threads of the lasting executors stay
_LIMIT = 60  # seconds for whatever should end at once
_WARM = 2  # intervals before memory is looked at
_SLACK = 12.0  # MiB that memory may grow after that
# With one arena for all threads, what is free can be given back to the system. With an arena for each
# thread, as glibc has by itself, fragments grew for minutes: 204, 236, 255 MiB after the first three. With
# one, 290,000 runs of three drivers in 36 s went from 169.1 to 169.9 MiB.
_ONE_ARENA = {"MALLOC_ARENA_MAX": "1"}


@zuki.task(writes=())
def mark(marks, index):
    marks[index] += 1


@zuki.task(writes=())
def fail(marks, index):
    if marks[index] >= 0:
        raise ValueError("soaked")


class Made:
    """A random graph that counts how often its bodies ran."""

    def __init__(self, chosen: random.Random, failing: bool = False) -> None:
        self.size = chosen.choice((1, 10, 100, 1500))
        self.marks = np.zeros(self.size, np.int64)
        self.calls: list[int] = []
        self.graph = zuki.Graph("soak")
        nodes = self.graph.add_many(mark, self.marks, zuki.each(np.arange(self.size)))
        width = chosen.randint(1, self.size)
        self.graph.add_edges(nodes.ids[:-width], nodes.ids[width:])
        self.python = chosen.choice((0, 0, 1, 4))
        for number in range(self.python):
            self.graph.add(self.calls.append, number, after=nodes[chosen.randrange(self.size)])
        self.failing = failing
        if failing and chosen.random() < 0.5:
            self.graph.add(fail, self.marks, 0)
        elif failing:
            self.graph.add(int, "soaked")
        self.runs = 0

    def run(self, executor: zuki.Executor, submits: bool) -> None:
        """Run it, and check what came of it."""
        self.runs += 1
        try:
            self.graph.submit(executor).result(_LIMIT) if submits else self.graph.run(executor)
            failed = ""
        except ValueError as error:
            failed = str(error)
        assert ("soaked" in failed) == self.failing, failed or "no exception was raised"
        self.check()

    def check(self) -> None:
        """Each body has run once in each run."""
        assert (self.marks == self.runs).all(), "bodies were lost, or run twice"
        assert len(self.calls) == self.runs * self.python, "Python bodies were lost, or run twice"


class Driver(threading.Thread):
    """Makes random work until a moment."""

    def __init__(self, seed: int, until: float, executors: Sequence[zuki.Executor]) -> None:
        super().__init__(name="driver", daemon=True)
        self.chosen, self.until, self.executors = random.Random(seed), until, executors
        self.runs = self.tasks = self.most = 0
        self.error: BaseException | None = None

    def run(self) -> None:
        try:
            while time.monotonic() < self.until:
                action = self.chosen.choice((self.many, self.many, self.several, self.nested, self.own))
                action()
                self.most = max(self.most, threading.active_count())
                if self.chosen.random() < 0.05:
                    time.sleep(self.chosen.random() * 3 * _SOON)
        except BaseException as error:
            self.error = error

    def executor(self) -> zuki.Executor:
        return self.chosen.choice(self.executors)

    def note(self, made: Made) -> None:
        self.runs += made.runs
        self.tasks += made.runs * len(made.graph)

    def many(self) -> None:
        """One graph, some runs."""
        made = Made(self.chosen, failing=self.chosen.random() < 0.2)
        for _ in range(self.chosen.randint(1, 5)):
            made.run(self.executor(), self.chosen.random() < 0.5)
        self.note(made)

    def several(self) -> None:
        """Some graphs at once."""
        graphs = [Made(self.chosen) for _ in range(self.chosen.randint(2, 12))]
        futures = [made.graph.submit(self.executor()) for made in graphs]
        for made, future in zip(graphs, futures, strict=True):
            future.result(_LIMIT)
            made.runs = 1
            made.check()
            self.note(made)

    def nested(self) -> None:
        """A node that runs a graph, on this executor or another."""
        inner, executor = Made(self.chosen), self.executor()
        outer = zuki.Graph("outer")
        outer.add(inner.run, executor, self.chosen.random() < 0.5)
        outer.submit(executor).result(_LIMIT)
        inner.check()
        self.note(inner)

    def own(self) -> None:
        """An executor that is shut down, or forgotten, perhaps while threads retire."""
        kept = self.chosen.choice((0, 0.001, 10, None))
        executor = zuki.Executor(max_threads=self.chosen.randint(1, 6), keep_alive=kept, name="own")
        made = Made(self.chosen)
        for _ in range(self.chosen.randint(1, 3)):
            made.run(executor, self.chosen.random() < 0.7)
        if self.chosen.random() < 0.5:
            executor.shutdown(wait=self.chosen.random() < 0.5)
        self.note(made)


def memory() -> float:
    """Return the MiB of memory that the process uses, or 0 where that is not known."""
    with suppress(AttributeError, OSError, TypeError):  # other C libraries
        ctypes.CDLL(None).malloc_trim(0)  # what is free goes back to the system
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def settle(threads: int) -> tuple[int, int]:
    """Wait until idle threads have retired; return how many threads and runs are left."""
    end = time.monotonic() + _LIMIT
    while True:
        gc.collect()
        left, open_runs = threading.active_count(), sum(len(pool.active) for pool in list(_pools))
        if (left <= threads and not open_runs) or time.monotonic() > end:
            return left, open_runs
        time.sleep(0.01)


def soak(minutes: float, interval: float, seed: int) -> str:
    """Soak, printing a row for each interval; return what is wrong."""
    lasting = [
        zuki.Executor(max_threads=2, keep_alive=_SOON, name="lasting"),
        zuki.Executor(max_threads=4, min_threads=1, keep_alive=_SOON, name="staying"),
        zuki.Executor(max_threads=1, keep_alive=_SOON, name="single"),
    ]
    threads = threading.active_count() + 1  # the one that stays
    allowed = 0.0
    print(f"{'minute':>6} {'runs':>9} {'tasks':>12} {'threads: most':>13} {'left':>4} {'open':>4} {'MiB':>7}")
    begun = time.monotonic()
    for number in range(1, max(1, round(minutes * 60 / interval)) + 1):
        until = begun + number * interval
        drivers = [Driver(seed * 1000 + number * _DRIVERS + one, until, lasting) for one in range(_DRIVERS)]
        for driver in drivers:
            driver.start()
        for driver in drivers:
            driver.join(until - time.monotonic() + _LIMIT)
            if driver.is_alive():
                return "a driver hangs"
            if driver.error is not None:
                traceback.print_exception(driver.error)
                return f"a check failed: {driver.error!r}"
        runs, tasks = sum(driver.runs for driver in drivers), sum(driver.tasks for driver in drivers)
        most = max(driver.most for driver in drivers)
        del drivers, driver
        left, open_runs = settle(threads)
        held = memory()
        minute = (time.monotonic() - begun) / 60
        print(f"{minute:6.1f} {runs:9} {tasks:12} {most:13} {left:4} {open_runs:4} {held:7.1f}", flush=True)
        if open_runs or left > threads:
            return f"{left - threads} threads too many and {open_runs} open runs are left"
        if number == _WARM:
            allowed = held + _SLACK
        elif number > _WARM and held > allowed:
            return f"memory has grown beyond {allowed:.0f} MiB"
    for executor in lasting:
        executor.shutdown()
    return ""


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--interval", type=float, default=60.0, help="seconds to a row")
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args(arguments)
    wrong = soak(chosen.minutes, chosen.interval, chosen.seed)
    print(wrong or "memory and threads are flat")
    return 1 if wrong else 0


if __name__ == "__main__":
    if not _ONE_ARENA.items() <= os.environ.items():  # it is read when a process begins
        command = [sys.executable, "-m", "benchmarks.soak", *sys.argv[1:]]
        sys.exit(subprocess.run(command, env=os.environ | _ONE_ARENA).returncode)
    sys.exit(main())
