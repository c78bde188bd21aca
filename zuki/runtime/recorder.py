"""What a pool notes while somebody traces it: the rings of its workers, its runs, and what Python runs.

A ring's memory stays for as long as the pool: a worker that was told its address may write there once more
after the end of the trace.
"""

import ctypes
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import TYPE_CHECKING, Any

import numpy as np

from zuki.runtime import ticking
from zuki.runtime.config import EVENTS
from zuki.runtime.measured import Measured
from zuki.runtime.recording import Mark, NotedRun, PythonEvent, Recording, SubmittedCall
from zuki.runtime.seat import row_of_this_thread
from zuki.runtime.tables import make_table
from zuki_kernels import blocks, hands, tracing

if TYPE_CHECKING:
    from zuki.runtime.pool import Pool
    from zuki.runtime.run import Run

_MOST_RUNS = 100_000  # that are remembered
_NAMED = blocks.NAME  # word of a kind


class Recorder:
    """Notes what a pool does, while somebody traces it.

    Parameters
    ----------
    pool : Pool
        Whose.
    events : int
        For how many events each worker has room; a power of two.
    measured : Measured, optional
        What counts times, if that was asked for.

    Raises
    ------
    MemoryError
        There is no address space for so many.
    """

    def __init__(self, pool: "Pool", events: int = EVENTS, measured: Measured | None = None) -> None:
        self._tables, self._name, self._max_threads = pool.tables, pool.name, pool.max_threads
        self._pool, self.events, self._measured = pool, events, measured
        words = tracing.RING_FIELDS + events * tracing.EVENT_FIELDS
        self._rings = [make_table(1, words) for _ in range(pool.tables.seats)]
        for row, ring in enumerate(self._rings):
            ring[0, tracing.EVENTS] = events
            if measured is not None:
                ring[0, tracing.HISTOGRAMS : tracing.RATE + 1] = measured.address(row), measured.rate
        self._traces = 0
        self._lock = threading.Lock()
        self._python: deque[PythonEvent] = deque(maxlen=events)
        self._python_number = count()
        self._calls: deque[SubmittedCall] = deque(maxlen=events)
        self._latest: dict[int, SubmittedCall] = {}  # by node
        self.followers: list[deque[PythonEvent]] = []  # get what Python notes, too: who reads bit by bit
        self._runs: deque[NotedRun] = deque(maxlen=_MOST_RUNS)
        self._running: dict[int, NotedRun] = {}
        ticking.look()

    # ---- a trace ----------------------------------------------------------------------------------

    @property
    def is_on(self) -> bool:
        """Whether anybody traces."""
        return self._traces > 0

    def begin(self) -> Mark:
        """Begin a trace; others may be on."""
        with self._lock:
            self._traces += 1
            if self._traces == 1:
                self._python.clear()
                self._calls.clear()
                self._latest.clear()
                self._runs.clear()
                self._running.clear()
                self.take_over()
            return self._mark()

    def take_over(self) -> None:
        """Let the workers note in these rings from now on."""
        for row, ring in enumerate(self._rings):
            self._tell(row, ring.ctypes.data)

    def mark(self) -> Mark:
        """Return where a trace would begin now; for a part of one that is on."""
        with self._lock:
            return self._mark()

    def _mark(self) -> Mark:
        heads = [tracing.counted(ring.ctypes.data) for ring in self._rings]
        return Mark(time.monotonic_ns(), heads, self._noted_in_python())

    def end(self, following: "Recorder | None" = None) -> None:
        """End one trace; after the last one another recorder goes on, or none."""
        with self._lock:
            self._traces -= 1
            if self._traces == 0 and following is not None:
                following.take_over()
            elif self._traces == 0:
                for row in range(len(self._rings)):
                    self._tell(row, 0)

    def _tell(self, row: int, address: int) -> None:
        tracing.trace_worker(self._tables.workers, self._tables.hands, hands.TRACE, row, address)

    def _noted_in_python(self) -> int:
        """Return how many events Python has noted: the next number, which is taken for that."""
        number = next(self._python_number)
        self._python_number = count(number)
        return number

    # ---- reading ----------------------------------------------------------------------------------

    def read(self, mark: Mark) -> Recording:
        """Copy what was noted since the begin of a trace; nobody stops for that."""
        ended, desk = time.monotonic_ns(), self._pool.desk
        nanoseconds = ticking.conversion()
        rings, dropped, kinds = {}, {}, set()
        copied = np.zeros((self.events, tracing.EVENT_FIELDS), np.int64)
        for row, ring in enumerate(self._rings):
            since = mark.heads[row]
            first, last = tracing.copy(ring.ctypes.data, since, copied)
            if last == since:
                continue
            events = copied[np.arange(first, last) & (self.events - 1)]
            dropped[row] = first - since
            how = events[:, tracing.HOW] & (1 << tracing.KIND_BITS) - 1
            kinds.update(np.unique(events[_is_of_a_task(how), tracing.WHAT]).tolist())
            for moment in (tracing.BEGUN, tracing.ENDED):
                events[:, moment] = nanoseconds(events[:, moment])
            rings[row] = events
        with self._lock:
            python, noted = list(self._python), self._noted_in_python() - mark.python
            runs = [run for run in self._runs if run.ended is None or run.ended >= mark.moment]
        kept = [event for event in python if event.begun >= mark.moment]
        return Recording(
            self._name, self._max_threads, mark.moment, ended, rings, dropped, kept,
            max(0, noted - len(kept)), runs, {kind: _name_of(kind) for kind in kinds},
            -1 if desk is None else desk.slot, [*self._calls],
        )  # fmt: skip

    # ---- what Python notes --------------------------------------------------------------------------

    def begin_run(self, run: "Run") -> None:
        """Note that a run begins, if somebody traces."""
        if not self._traces:
            return
        noted = NotedRun(run.slot, time.monotonic_ns(), run.outline())
        self._runs.append(noted)
        self._running[run.slot] = noted

    def end_run(self, slot: int) -> None:
        """Note that a run has ended, if its begin was noted."""
        noted = self._running.pop(slot, None)
        if noted is not None:
            noted.ended = time.monotonic_ns()

    def note(self, begun: int, kind: str, what: Any, row: int | None = None) -> None:
        """Note what Python has run until now."""
        ended = time.monotonic_ns()
        if self._measured is not None:
            self._measured.add(ended - begun)
        if not self._traces:
            return
        if row is None:
            row = row_of_this_thread(self._pool)
        track = threading.current_thread().name if row is None else row
        event = PythonEvent(begun, ended, track, kind, what)
        self._python.append(event)
        next(self._python_number)
        for follower in self.followers:
            follower.append(event)

    def note_call(self, node: int, name: str) -> None:
        """Note that a call of a jitted task is submitted now, if somebody traces."""
        if not self._traces:
            return
        call = self._latest[node] = SubmittedCall(time.monotonic_ns(), node, name)
        self._calls.append(call)

    def note_run(self, begun: int, node: int, name: str) -> None:
        """Note that who waits for such a call has run it until now."""
        self.note(begun, "call", name)
        call = self._latest.get(node)
        if call is not None:
            call.ran_elsewhere = True

    @contextmanager
    def span(self, kind: str, what: Any) -> Iterator[None]:
        """Note how long a block takes."""
        begun = time.monotonic_ns()
        try:
            yield
        finally:
            self.note(begun, kind, what)


def _is_of_a_task(how: np.ndarray) -> np.ndarray:
    return (how == tracing.SPAWNED) | (how == tracing.JOINED)


def _name_of(kind: int) -> str:
    """Return the name that lies in a library, which Numba never unloads."""
    address = ctypes.c_int64.from_address(kind + 8 * _NAMED).value
    return ctypes.string_at(address).decode(errors="replace")
