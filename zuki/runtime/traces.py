"""The traces of a pool: who notes what happens there, while somebody wants to know."""

from typing import TYPE_CHECKING

from zuki.later import later
from zuki.runtime.config import EVENTS
from zuki.runtime.warm import warm_up_measuring, warm_up_traces

if TYPE_CHECKING:
    from zuki.runtime.measured import Measured
    from zuki.runtime.pool import Pool
    from zuki.runtime.recorder import Recorder
    from zuki.runtime.recording import Mark

measuring = later("zuki.runtime.measured")
recorders = later("zuki.runtime.recorder")


class Traces:
    """Those that are on, and what notes for them.

    Parameters
    ----------
    pool : Pool
        What is traced. Its ``recorder``, which all look at who note something, is set here alone.
    """

    def __init__(self, pool: "Pool") -> None:
        self._pool = pool

    def begin_anew(self) -> None:
        """Forget all of them: at first, and in a forked child. A pool all of whose life is traced begins."""
        self._recorders: list[Recorder] = []
        self._latest: Recorder | None = None  # once somebody has traced
        self._resting: Recorder | None = None  # notes while nobody traces, for what is measured
        self.measured: Measured | None = None
        if self._pool.measures:
            warm_up_measuring()
            self.measured = measuring.Measured(self._pool.tables)
            self._resting = recorders.Recorder(self._pool, 1, self.measured)
            self._resting.take_over()
            self._tell_all(self._resting)
        if self._pool.trace_events:
            self.whole = self.begin(self._pool.trace_events)

    def begin(self, events: int = EVENTS) -> "tuple[Recorder, Mark]":
        """Begin to note what happens; return what `end` takes, and where the trace begins.

        Each worker has room for as many ``events`` as this asks for, or another trace that is on.
        """
        warm_up_traces()
        pool = self._pool
        with pool.lock:
            if self._latest is None or (self._latest.events < events and not self._latest.is_on):
                self._recorders.append(recorders.Recorder(pool, events, self.measured))  # it stays: see there
                self._latest = self._recorders[-1]
            mark = self._latest.begin()
            self._tell_all(self._latest)
            for run in pool.active.values():
                self._latest.begin_run(run)
            return self._latest, mark

    def end(self, recorder: "Recorder") -> None:
        """End a trace; others may go on."""
        with self._pool.lock:
            recorder.end(self._resting)
            if recorder is self._latest and not recorder.is_on:
                self._tell_all(self._resting)

    def _tell_all(self, recorder: "Recorder | None") -> None:
        pool = self._pool
        pool.recorder = recorder
        if pool.lanes is not None:
            pool.lanes.recorder = recorder
        if pool.desk is not None:
            pool.desk.recorder = recorder
