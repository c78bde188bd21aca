"""The lanes of a pool: its workers come to serve them, and a watcher notices who is stuck."""

import threading
import time
from typing import TYPE_CHECKING, Any

import numpy as np

from zuki.errors import NO_THREAD
from zuki.lane.lanes import Lanes
from zuki.lane.outcome import HAS_LOCK
from zuki.lane.parking import attend, wait_idly
from zuki.lane.serving import Servant, serve
from zuki.lane.stillness import deadlock
from zuki.lane.wakers import here
from zuki.platform.binding import unbind
from zuki.runtime.seat import row_of_this_thread
from zuki.runtime.tables import make_table
from zuki.runtime.waiting import work_until
from zuki_kernels import directory, notifier, service, task_life
from zuki_kernels._signals import held_back
from zuki_kernels.runs import NONE

if TYPE_CHECKING:
    from zuki.runtime.pool import Pool

MOST_COROUTINES = 1 << 22  # that wait at once; the system gives memory where it is used
_STUCK = 200_000  # nanoseconds in one call after which others get the lanes
_MOMENT = 0.005  # seconds
_TURN = 0.002  # seconds that the only worker serves before it looks after jitted tasks


def default_lanes(max_threads: int) -> int:
    """Return how many threads may run Python at once: one where the interpreter has its lock."""
    return 1 if HAS_LOCK else max_threads


class PoolHome:
    """Where a pool's lanes are at home: see `zuki.lane.lanes.Home`.

    Parameters
    ----------
    pool : Pool
        Whose workers serve.
    limit : int
        How many threads may hold a lane at once.
    """

    def __init__(self, pool: "Pool", limit: int) -> None:
        self._pool = pool
        tables, tasks = pool.tables, make_table(MOST_COROUTINES, task_life.TASK_FIELDS)
        self.lanes = Lanes(self, tables.pool, tasks, limit)
        tables.directory[0, directory.TASKS_OF_LANES] = tasks.ctypes.data  # before there is a waker
        tables.directory[0, directory.TASK_ROWS] = len(tasks)
        self._beats = make_table(pool.tables.seats, service.BEAT_FIELDS)
        self._servants: dict[int, Servant] = {}  # by row
        self._watcher: threading.Thread | None = None

    def call_servant(self) -> bool:
        """Let a worker come to serve; return False if there is none, and none can be started."""
        tables, noted = self._pool.tables, np.zeros((1, 1), np.int64)
        try:
            service.call_and_note(tables.pool, tables.workers, noted)
        finally:  # a thread that the pool counts and that never comes keeps it from running anything
            if noted[0, 0] == notifier.START:
                with held_back():
                    self._pool.workers.start_thread()
        return not notifier.is_deserted(tables.pool)

    def wait_for(self, future: Any, timeout: float | None, serves: bool = False) -> None:
        """Wait for a future; who is needed does other things meanwhile.

        A worker, of which there may be no other, is one all the time. A thread that runs coroutines, or is
        to (``serves``), goes on with others. All other threads only wait.
        """
        if row_of_this_thread(self._pool) is not None:
            if here.servant is not None:
                here.servant.let_go()  # it is stuck for as long as this takes
            while not work_until(self._pool, future, timeout):
                future._hear_of_deadlock(deadlock())
        elif serves or here.servant is not None:
            attend((self.lanes.coroutines,), future, timeout)
            if self._pool.is_closed:  # this thread may have been the last that had something to do
                self._pool.closing.end_if_empty()
        else:
            wait_idly(future, timeout)

    def serve(self, row: int) -> None:
        """Serve the lanes as a worker, until nothing is left to do."""
        pool, beats, lanes = self._pool, self._beats, self.lanes
        alone = pool.max_threads == 1
        lanes.may_be_rung = True  # jitted code may have called

        def beat(servant: Servant) -> None:
            self._servants[row] = servant
            service.beat(beats, row)

        outer = self._servants.get(row)
        if outer is None:
            service.begin_serving(pool.tables.pool, beats, row)
            if not alone and self._watcher is None:
                self._start_watcher()
        try:
            deadline = time.monotonic() + _TURN if alone else None
            serve((lanes.coroutines, lanes.calls), None, deadline, beat)
        finally:
            if outer is None:
                self._servants.pop(row, None)
                service.end_serving(pool.tables.pool, beats, row)
            else:
                self._servants[row] = outer

    # ---- the watcher -------------------------------------------------------------------------------

    def _start_watcher(self) -> None:
        with self.lanes.lock:
            if self._watcher is not None:
                return
            name = f"{self._pool.name}-watcher"
            self._watcher = threading.Thread(target=self._watch, name=name, daemon=True)
            try:
                self._watcher.start()
            except NO_THREAD:  # no more threads: who is stuck keeps its lanes
                self._watcher = None

    def _watch(self) -> None:
        unbind()
        tables = self._pool.tables
        while True:
            row, seen = service.watch(tables.pool, self._beats, _STUCK)
            if row == NONE:
                with self.lanes.lock:
                    # before the look: who begins to serve says so, and then looks whether there is a watcher
                    watcher, self._watcher = self._watcher, None
                    if self._pool.is_closed or service.servers(tables.pool) == 0:
                        return
                    self._watcher = watcher
                continue
            servant = self._servants.get(row)
            # a thread that only waited for the interpreter has gone on by now: this one waited for it, too
            if servant is not None and service.beats_of(self._beats, row) == seen:
                servant.let_go()

    @property
    def watcher(self) -> threading.Thread | None:
        """The thread that notices who is stuck."""
        return self._watcher

    def end_watch(self) -> None:
        """Let the watcher end, now that nobody serves any more, and wait for that."""
        with self.lanes.lock:  # not in the middle of its look
            watcher = self._watcher
        while watcher is not None and watcher.is_alive():
            service.end_watch(self._pool.tables.pool)  # it may not have fallen asleep yet
            watcher.join(_MOMENT)
