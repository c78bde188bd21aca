"""What a pool counts of times, if it was made to: how long tasks take, and how long ready nodes wait."""

import threading
from contextlib import suppress
from typing import TYPE_CHECKING

import numpy as np

from zuki.metrics.histogram import Histogram
from zuki.runtime import ticking
from zuki.runtime.tables import make_table
from zuki_kernels import histogram, measuring
from zuki_kernels.measuring import DURATIONS, KINDS, LATENCIES
from zuki_kernels.runs import NODE_COUNT

if TYPE_CHECKING:
    from zuki.runtime.run import Run
    from zuki.runtime.tables import Tables

_UNIT_OF_RATE = 1 << 20


class Measured:
    """The histograms of a pool's workers, and those of what Python runs.

    Parameters
    ----------
    tables : Tables
        The pool's.
    """

    def __init__(self, tables: "Tables") -> None:
        self._runs = tables.runs
        self._histograms = make_table(KINDS * (tables.seats + 1), histogram.HISTOGRAM_FIELDS)
        self._of_python = KINDS * tables.seats  # the first row of the last two
        self._lock = threading.Lock()
        self._cells: dict[int, np.ndarray] = {}  # by slot: since when nodes are ready
        self.rate = round(ticking.rate() * _UNIT_OF_RATE)

    def address(self, row: int) -> int:
        """Return where a worker's histograms are."""
        return self._histograms[KINDS * row :].ctypes.data

    def begin_run(self, run: "Run") -> None:
        """Have a cell for each node of a run that is about to begin: see `zuki_kernels.measuring`.

        A run for whose cells there is no memory is not measured.
        """
        address = 0
        with suppress(MemoryError):
            cells = self._cells[run.slot] = np.zeros(int(run.plan[0, NODE_COUNT]) + 1, np.int64)
            cells[-1], address = ticking.now(), cells.ctypes.data
        measuring.tell_ready(self._runs, run.slot, address)

    def end_run(self, slot: int) -> None:
        """Forget the cells of a run that has ended."""
        self._cells.pop(slot, None)

    def add(self, nanoseconds: int) -> None:
        """Count what Python has run."""
        with self._lock:
            histogram.add(self._histograms, self._of_python + DURATIONS, nanoseconds)

    def read(self) -> tuple[Histogram, Histogram]:
        """Return how often tasks took how long, and nodes waited how long, so far."""
        return self._read(DURATIONS, "durations of tasks"), self._read(LATENCIES, "time from ready to begin")

    def _read(self, kind: int, title: str) -> Histogram:
        counted = self._histograms[kind::KINDS].sum(axis=0)
        return Histogram.counted(title, counted[: histogram.BUCKETS], int(counted[histogram.SUM]))
