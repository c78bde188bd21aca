"""The pool: its threads, and the callers that help them."""

import atexit
import heapq
import os
import threading
import weakref
from collections.abc import Callable
from typing import Any, Protocol

from zuki.errors import ExecutorShutDownError, ZukiError
from zuki.runtime.signals import deferred_interrupt
from zuki.runtime.tables import RUNS, Tables
from zuki_kernels import notifier, pulse, search, starting, turn
from zuki_kernels._types import Table
from zuki_kernels.runs import NONE, node_of, slot_of

_BEAT = 25_000_000  # nanoseconds between two looks at the signals
_SEATLESS_WAIT = 50_000_000  # nanoseconds that a caller who cannot help waits before it tries again
_start_lock = threading.Lock()  # the stack size of new threads is a setting of the whole process


class Run(Protocol):
    """One execution of a graph, as it is handed to a pool."""

    plan: Table  # one row: the fields NODES to LEVELS_USED of a run
    epoch: int  # how often the graph has run, this run included
    times: int  # address of a nanoseconds cell for each node, or 0
    batch: int  # after how many nodes a worker reports at the latest

    def run_python(self, node: int, stopped: bool) -> int:
        """Run the body of a node that needs the interpreter; return how it went, as `turn` names it."""

    slot: int  # where the pool keeps it while it runs

    def end(self, failures: int, first_failed: int, stopped: bool) -> None:
        """Hear that the run has ended; called once, before anyone who waits goes on."""


class _Seats(threading.local):
    """The pools in which this thread is a worker, innermost last: (pool, row) pairs."""

    def __init__(self) -> None:
        self.taken: list[tuple[Pool, int]] = []


_seats = _Seats()


class Pool:
    """Threads that run tasks; they start when there is work for them.

    Parameters
    ----------
    max_threads : int
        How many workers may be awake at once, a helping caller among them.
    stack_size : int
        Bytes of stack for each thread; 0 for the system's default.
    name : str
        What the threads' names begin with.
    """

    def __init__(self, max_threads: int, stack_size: int, name: str) -> None:
        self.max_threads, self.stack_size, self.name = max_threads, stack_size, name
        self.closed = False
        self._set_up()
        _pools.add(self)

    def _set_up(self) -> None:
        self._tables = Tables(self.max_threads)
        self._of_a_turn = self._tables.of_a_turn
        self._lock = threading.Lock()
        self._nothing_active = threading.Condition(self._lock)
        self._seats = list(range(self._tables.seats))
        self._slots = list(range(RUNS))
        self.active: dict[int, Run] = {}
        self._threads: set[threading.Thread] = set()
        self._pulse: threading.Thread | None = None
        self._used = False

    # ---- runs -------------------------------------------------------------------------------------

    def run(self, run: Run) -> None:
        """Run to the end, the calling thread helping; Ctrl-C stops the run and is raised at its end."""
        slot = self._take_slot(run)
        with deferred_interrupt(lambda: starting.stop(self._tables.runs, slot)):
            row = self._sit_down()
            errors: list[BaseException] = []
            try:
                if self._begin(run, slot, NONE if row is None else row, False):
                    self._start_thread()
                if row is None:
                    self._wait_outside(slot, errors)
                else:
                    self._work(row, slot, NONE, errors)
            finally:
                if row is not None:
                    self._stand_up(row)
                self._end(slot)
        if errors:
            raise errors[0]

    def submit(self, run: Run) -> int:
        """Begin a run and return its slot; `Run.end` is called at its end, by a worker."""
        slot = self._take_slot(run)
        if self._begin(run, slot, NONE, True):
            self._start_thread()
        return slot

    def help(self, slot: int) -> None:
        """Run tasks until a run has ended, if the calling thread is a worker of this pool."""
        row = self.row_of_this_thread()
        if row is not None and slot in self.active:
            self._work(row, slot, NONE, [])

    def stop(self, slot: int) -> None:
        """Let no further body of a run start."""
        starting.stop(self._tables.runs, slot)

    def remaining(self, slot: int) -> int:
        """Return how many nodes of a run are not finished."""
        return starting.remaining(self._tables.runs, slot)

    def _take_slot(self, run: Run) -> int:
        with self._lock:
            if self.closed:
                raise ExecutorShutDownError(f"{self.name} has been shut down; make another zuki.Executor")
            if not self._slots:
                raise ZukiError(f"{RUNS} graphs are already running on {self.name}")
            slot = heapq.heappop(self._slots)
            self.active[slot] = run
            run.slot = slot
            self._used = True
        return slot

    def _begin(self, run: Run, slot: int, waiter: int, callback: bool) -> bool:
        tables = self._tables
        with self._lock:
            return (
                starting.begin(
                    tables.pool,
                    tables.workers,
                    tables.queues,
                    tables.runs,
                    slot,
                    run.plan,
                    run.epoch,
                    run.times,
                    run.batch,
                    waiter,
                    int(callback),
                )
                == notifier.START
            )

    def _end(self, slot: int) -> None:
        """Take leave of a run that has ended."""
        run = self.active[slot]
        run.end(*starting.outcome(self._tables.runs, slot), starting.is_stopped(self._tables.runs, slot))
        with self._lock:
            del self.active[slot]
            heapq.heappush(self._slots, slot)
            if not self.active:
                self._nothing_active.notify_all()
                if self.closed:
                    notifier.shut_down(self._tables.pool, self._tables.workers)

    # ---- workers ----------------------------------------------------------------------------------

    def row_of_this_thread(self) -> int | None:
        """Return the row of this thread if it is a worker of this pool."""
        for pool, row in _seats.taken:
            if pool is self:
                return row
        return None

    def _sit_down(self) -> int | None:
        """Make the calling thread a worker; return its row, or None if it cannot be one now."""
        row = self.row_of_this_thread()
        if row is None:
            with self._lock:
                if not self._seats or not notifier.join(self._tables.pool):
                    return None
                row = self._take_seat()
            pulse.count_helper(self._tables.pool, 1)
            if threading.current_thread() is threading.main_thread():
                self._keep_pulse()
        _seats.taken.append((self, row))
        return row

    def _take_seat(self) -> int:
        row = heapq.heappop(self._seats)
        search.admit(self._tables.pool, row)
        return row

    def _stand_up(self, row: int) -> None:
        _seats.taken.pop()
        if self.row_of_this_thread() is not None:
            return
        tables = self._tables
        pulse.count_helper(tables.pool, -1)
        left = search.is_anything_left(tables.deques, tables.queues, row)
        start = notifier.depart(tables.pool, tables.workers, row, False, left) == notifier.START
        with self._lock:
            heapq.heappush(self._seats, row)
        if start:
            self._start_thread()

    def _wait_outside(self, slot: int, errors: list[BaseException]) -> None:
        """Wait for a run's end without running tasks."""
        while not starting.is_over(self._tables.runs, slot):
            try:
                starting.wait_until_over(self._tables.runs, slot, _SEATLESS_WAIT)
            except BaseException as error:  # a signal handler's
                self._note(error, slot, errors)

    def _work(self, row: int, until: int, finished: int, errors: list[BaseException]) -> None:
        """Be a worker until the run ``until`` has ended, or the pool ends."""
        outcome = turn.RETURNED
        main = threading.current_thread() is threading.main_thread()
        beat = pulse.read(self._tables.pool) if main else NONE
        while True:
            arguments = row, until, finished, outcome, beat
            if main:
                reason, task, ended, start = self._guarded_turn(arguments, errors)
            else:
                reason, task, ended, start = turn.turn(*arguments, *self._of_a_turn)
            finished = NONE
            if start:
                self._start_thread()
            if ended >= 0:
                self._end(ended)
            if reason == turn.RUN_PYTHON:
                finished, outcome = task, self._run_python(task)
            elif reason == turn.SIGNALS:
                beat = pulse.read(self._tables.pool)
            elif reason != turn.GO_ON:
                return

    def _guarded_turn(
        self, arguments: tuple[int, int, int, int, int], errors: list[BaseException]
    ) -> tuple[int, int, int, bool]:
        """Run a turn on the main thread, where a signal handler's exception may take the place of its answer."""
        row, until, *_ = arguments
        workers = self._tables.workers
        before = turn.turns(workers, row)
        while True:
            try:
                return turn.turn(*arguments, *self._of_a_turn)
            except BaseException as error:
                self._note(error, until, errors)
                if turn.turns(workers, row) != before:
                    return turn.last_answer(workers, row)

    def _note(self, error: BaseException, slot: int, errors: list[BaseException]) -> None:
        """Keep a signal handler's exception for the end of the run, and stop the run."""
        errors.append(error)
        if slot >= 0:
            starting.stop(self._tables.runs, slot)

    def _run_python(self, task: int) -> int:
        slot = slot_of(task)
        stopped = starting.is_stopped(self._tables.runs, slot)
        return self.active[slot].run_python(node_of(task), stopped)

    # ---- threads ----------------------------------------------------------------------------------

    def _start_thread(self) -> None:
        """Start the thread that a kernel has asked for and counted; give it up if that fails."""
        with self._lock:
            row = self._take_seat()
            thread = threading.Thread(
                target=self._be_a_thread, args=(row,), name=f"{self.name}-{row}", daemon=True
            )
            self._threads.add(thread)
        try:
            with _start_lock:
                before = threading.stack_size(self.stack_size)
                try:
                    thread.start()
                finally:
                    threading.stack_size(before)
        except RuntimeError:  # no more threads, or the interpreter ends: those that run do the work
            with self._lock:
                self._threads.discard(thread)
                heapq.heappush(self._seats, row)
            notifier.give_up_start(self._tables.pool)

    def _be_a_thread(self, row: int) -> None:
        _seats.taken.append((self, row))
        self._work(row, NONE, turn.FRESH, [])

    def _keep_pulse(self) -> None:
        with self._lock:
            if self._pulse is None:
                self._pulse = threading.Thread(target=self._beat, name=f"{self.name}-pulse", daemon=True)
                self._pulse.start()

    def _beat(self) -> None:
        while True:
            pulse.beat(self._tables.pool, _BEAT)
            with self._lock:
                if self.closed or not pulse.helpers(self._tables.pool):
                    self._pulse = None
                    return

    def counters(self) -> Table:
        """Return a copy of the workers' counters."""
        return self._tables.workers.copy()

    # ---- end --------------------------------------------------------------------------------------

    def shut_down(self, wait: bool, cancel: bool) -> None:
        """Take no more runs; end the threads when the last run has ended."""
        with self._lock:
            self.closed = True
            if not self._used:
                return
            if cancel:
                for slot in self.active:
                    starting.stop(self._tables.runs, slot)
            if not self.active:
                notifier.shut_down(self._tables.pool, self._tables.workers)
                pulse.end(self._tables.pool)
            threads = [thread for thread in (*self._threads, self._pulse) if thread is not None]
        if wait and self.row_of_this_thread() is None:
            with self._lock:
                while self.active:
                    self._nothing_active.wait()
            pulse.end(self._tables.pool)
            for thread in threads:
                thread.join()

    def forget(self) -> None:
        """Begin anew in a forked child, where none of the threads is."""
        self._set_up()


_pools: "weakref.WeakSet[Pool]" = weakref.WeakSet()


def _after_fork() -> None:
    global _start_lock
    _start_lock = threading.Lock()
    _seats.taken.clear()
    for pool in list(_pools):
        pool.forget()


def _at_exit() -> None:
    for pool in list(_pools):
        pool.shut_down(wait=True, cancel=False)


def _before_threads_end(function: Callable[[], Any]) -> None:
    """Call ``function`` when the interpreter ends, while threads can still start and run Python."""
    register = getattr(threading, "_register_atexit", None)  # as concurrent.futures does
    (register or atexit.register)(function)


_before_threads_end(_at_exit)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
