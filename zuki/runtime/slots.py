"""Where a pool keeps its runs: slots of a table, each of one run at a time."""

from collections import deque
from collections.abc import Iterable
from concurrent.futures import CancelledError
from typing import TYPE_CHECKING

from zuki.errors import ExecutorShutDownError, ZukiError
from zuki.runtime.detached import DetachedRun
from zuki.runtime.failures import exception_of
from zuki.runtime.run import Run
from zuki.runtime.tables import RUNS, Tables
from zuki_kernels import detached, reasons, starting

if TYPE_CHECKING:
    from zuki.runtime.pool import Pool


class Slots:
    """The runs of a pool that have not ended.

    Parameters
    ----------
    pool : Pool
        Whose they are.
    tables : Tables
        Where the slots are.
    """

    def __init__(self, pool: "Pool", tables: Tables) -> None:
        self._pool, self._tables = pool, tables
        self.active: dict[int, Run] = {}
        self._detached: tuple[int, DetachedRun] | None = None  # the slot that is held for such tasks
        self._free_slots = deque(range(RUNS))  # the one that was free longest comes first
        self._losses = 0, 0  # of runs that are over: bodies that raised, nodes passed over

    def take(self, run: Run, is_late: bool = False) -> int:
        """Give a run a slot, and return it; a pool that takes no more gives none, but to what is late."""
        with self._pool.lock:
            if self._pool.is_closed and not is_late:
                raise ExecutorShutDownError(f"executor {self._pool.name!r} has been shut down")
            run.slot = self._take_free()
            self.active[run.slot] = run
            self._pool.is_used = True
        return run.slot

    def keep_one(self) -> int:
        """Return a slot that is never given back, for what is no run of anybody's."""
        with self._pool.lock:
            return self._take_free()

    def _take_free(self) -> int:
        if not self._free_slots:
            raise ZukiError(f"{RUNS} graphs are already running on executor {self._pool.name!r}")
        return self._free_slots.popleft()

    def give_back(self, slot: int) -> None:
        """Let the slot be another run's."""
        with self._pool.lock:
            del self.active[slot]
            self._free_slots.append(slot)
            if not self.active:
                self._pool.closing.hear_of_no_run()

    def end(self, slot: int) -> None:
        """Take leave of a run that has ended."""
        runs, run = self._tables.runs, self.active[slot]
        if self._pool.recorder is not None:
            self._pool.recorder.end_run(slot)
        if self._pool.traces.measured is not None:
            self._pool.traces.measured.end_run(slot)
        failures, first_failed, stopped = starting.outcome(runs, slot)
        if failures or stopped:
            with self._pool.lock:
                self._losses = self._count_losses([slot])
                starting.forget_losses(runs, slot)
        run.end(failures, first_failed, stopped)
        with self._pool.lock:
            self.keep_for_detached(slot, run.kept())
            self.give_back(slot)

    def count_lost(self, row: int, failure: int) -> None:
        """Let go of what a task has raised where another one's exception is raised; count it."""
        if isinstance(exception_of(failure), CancelledError):  # a part of a loop that was told to end
            return
        with self._pool.lock:
            run = self.active.get(self._tables.run_of(row))
            if run is not None:
                run.lost += 1

    def count_nodes(self) -> tuple[int, int, int]:
        """Return how many nodes are not done, have raised, and were passed over."""
        with self._pool.lock:
            remaining = sum(starting.remaining(self._tables.runs, slot) for slot in self.active)
            return remaining, *self._count_losses(self.active)

    def _count_losses(self, slots: Iterable[int]) -> tuple[int, int]:
        found = [self._losses, *(starting.losses(self._tables.runs, slot) for slot in slots)]
        failures, passed = map(sum, zip(*found, strict=True))
        return failures, passed

    # ---- detached tasks ---------------------------------------------------------------------------

    def begin_detached(self) -> int:
        """Hold a slot for detached tasks, and count one more of them."""
        with self._pool.lock:
            if self._detached is None:
                if not self._free_slots:
                    return reasons.RAISED
                slot, run = self._free_slots.popleft(), DetachedRun()
                starting.hold(self._tables.runs, slot)
                self.active[slot], self._detached = run, (slot, run)
            detached.count_first(self._tables.pool, self._detached[0])
        return reasons.RETURNED

    def keep_for_detached(self, slot: int, kept: object) -> None:
        """Keep something alive while there are detached tasks, if tasks of a slot's run have detached any."""
        if (
            self._detached is None
        ):  # the lock would tell nothing newer: who detaches is a task that is over now
            return
        with self._pool.lock:
            if self._detached is not None and starting.has_detached(self._tables.runs, slot):
                self._detached[1].keep(kept)

    def end_detached(self) -> None:
        """Give the slot back, unless others have been detached meanwhile."""
        with self._pool.lock:
            if self._detached is None or detached.is_any_left(self._tables.pool):
                return
            slot, _ = self._detached
            self._detached = None
            starting.let_go(self._tables.runs, slot)
            self.end(slot)
