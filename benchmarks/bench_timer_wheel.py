"""What a timer costs, set and cancelled or set and fired, beside a heap in Python.

python -m benchmarks.bench_timer_wheel [--quick] [--rounds N] [--json PATH]
"""

import heapq
import statistics
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

if __package__ is None:  # run as a file: the folder above is not on the path
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import _report
from zuki.runtime.tables import make_table
from zuki_kernels import timer_wheel
from zuki_kernels._jit import kernel
from zuki_kernels.timer_inbox import TIMER_FIELDS, WHEEL_FIELDS
from zuki_kernels.timer_wheel import EMPTY, MORE

SPAN = 60_000  # ticks: a minute of milliseconds
STEP = 10  # ticks by which time goes on


@kernel
def insert_all(wheel, slots, timers, deadlines):
    for timer in range(deadlines.shape[0]):
        timer_wheel.insert(wheel, slots, timers, timer, deadlines[timer])


@kernel
def cancel_all(wheel, slots, timers, order):
    for timer in order:
        timer_wheel.cancel(wheel, slots, timers, timer)


@kernel
def fire_all(wheel, slots, timers, step):
    """Let time go on until all have fired; return the sum of how late each was, for the test."""
    tick, fired, late = timer_wheel.reached(wheel), 0, 0
    while fired < timers.shape[0]:
        tick += step
        while timer_wheel.advance(wheel, slots, timers, tick, 1024) == MORE:
            pass
        timer = timer_wheel.take(wheel, slots, timers)
        while timer != EMPTY:
            late += tick - timers[timer, timer_wheel.DEADLINE]
            fired += 1
            timer = timer_wheel.take(wheel, slots, timers)
    return late


class Systems:
    """The wheel and the heap, with the same deadlines; each answers ns a timer."""

    def __init__(self, count: int) -> None:
        random = np.random.default_rng(1)
        self.count = count
        self.distances = random.integers(1, SPAN, count)
        self.order = random.permutation(count)
        self.tables = make_table(1, WHEEL_FIELDS), make_table(13, 32), make_table(count, TIMER_FIELDS)

    def _per_timer(self, begin: float) -> float:
        return (time.perf_counter() - begin) * 1e9 / self.count

    def wheel_cancelled(self) -> float:
        deadlines = self.distances + timer_wheel.reached(self.tables[0])
        begin = time.perf_counter()
        insert_all(*self.tables, deadlines)
        cancel_all(*self.tables, self.order)
        return self._per_timer(begin)

    def wheel_fired(self) -> float:
        deadlines = self.distances + timer_wheel.reached(self.tables[0])
        begin = time.perf_counter()
        insert_all(*self.tables, deadlines)
        fire_all(*self.tables, STEP)
        return self._per_timer(begin)

    def heap_cancelled(self) -> float:
        """As asyncio does it: who is cancelled is marked, and thrown out when it comes to the top."""
        deadlines, order = self.distances.tolist(), self.order.tolist()
        begin = time.perf_counter()
        heap, cancelled = [], bytearray(self.count)
        for entry in zip(deadlines, range(self.count), strict=True):
            heapq.heappush(heap, entry)
        for timer in order:
            cancelled[timer] = 1
        while heap and cancelled[heap[0][1]]:
            heapq.heappop(heap)
        return self._per_timer(begin)

    def heap_fired(self) -> float:
        deadlines = self.distances.tolist()
        begin = time.perf_counter()
        heap: list[tuple[int, int]] = []
        for entry in zip(deadlines, range(self.count), strict=True):
            heapq.heappush(heap, entry)
        tick = 0
        while heap:
            tick += STEP
            while heap and heap[0][0] <= tick:
                heapq.heappop(heap)
        return self._per_timer(begin)


def measure(count: int, rounds: int) -> dict[str, list[float]]:
    """Print and return the samples of each system."""
    systems = Systems(count)
    chosen = {
        "wheel, cancelled": systems.wheel_cancelled,
        "heapq, cancelled": systems.heap_cancelled,
        "wheel, fired": systems.wheel_fired,
        "heapq, fired": systems.heap_fired,
    }
    systems.wheel_cancelled(), systems.wheel_fired()  # compiles, and touches the memory
    samples = _report.take_turns(chosen, rounds)
    rows = [
        (
            verb,
            statistics.median(samples[f"wheel, {verb}"]),
            statistics.median(samples[f"heapq, {verb}"]),
            _report.ratio(samples[f"heapq, {verb}"], samples[f"wheel, {verb}"]),
        )
        for verb in ("cancelled", "fired")
    ]
    heads = (f"ns a timer, {count:,} timers", "wheel", "heapq", "heapq / wheel")
    print(_report.table(heads, [(f"set and {verb}", *figures) for verb, *figures in rows]))
    return samples


def main(arguments: Sequence[str] | None = None) -> None:
    chosen = _report.options(__doc__.partition("\n")[0], arguments)
    count = 100_000 if chosen.quick else 1_000_000
    _report.opening("Timers", f"{_report.METHOD}; one thread, deadlines spread over {SPAN:,} ticks")
    _report.save(chosen.json, measure(count, chosen.rounds or (3 if chosen.quick else 7)))


def test_quick_timers_are_measured(capsys):
    samples = measure(2000, 1)
    assert len(samples) == 4
    assert "heapq" in capsys.readouterr().out


def test_all_timers_fire_within_a_step():
    systems = Systems(1000)
    insert_all(*systems.tables, systems.distances)
    assert 0 <= fire_all(*systems.tables, STEP) <= 1000 * (STEP - 1)


if __name__ == "__main__":
    main()
