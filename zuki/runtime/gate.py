"""What a worker waits for that is no run: it takes a run's place, and whoever ends it opens it."""

import threading
from typing import TYPE_CHECKING

import numpy as np

from zuki.runtime.run import Outline, RunWithoutPython, no_bodies, no_edges
from zuki_kernels import starting

if TYPE_CHECKING:
    from zuki.runtime.pool import Pool


class Gate(RunWithoutPython):
    """A run without nodes: see `zuki.runtime.run.Run`.

    Parameters
    ----------
    pool : Pool
        Whose worker waits.
    """

    plan = np.zeros((1, 16), np.int64)
    epoch = times = lost = 0
    batch = 1

    def __init__(self, pool: "Pool") -> None:
        self._pool = pool
        self.slot = -1
        self._lock = threading.Lock()
        self._is_closed = False

    def wake(self) -> None:
        """Open it, if the worker still waits. Any thread."""
        with self._lock:  # the slot is ours until it is closed
            if not self._is_closed:
                tables = self._pool.tables
                starting.open_gate(tables.workers, tables.runs, self.slot)

    def close(self) -> None:
        """Wait no more. The worker."""
        with self._lock:
            self._is_closed = True
        self._pool.slots.give_back(self.slot)

    def outline(self) -> Outline:
        """Return that it has no nodes."""
        return Outline("gate", 0, no_bodies, str, no_edges)

    def end(self, failures: int, first_failed: int, stopped: bool) -> None:
        """Do nothing: nobody ends it as a run."""
        raise NotImplementedError
