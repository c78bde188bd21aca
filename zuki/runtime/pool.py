"""The pool: its threads, the callers that help them, and the runs they work on."""

import math
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from heapq import heappop, heappush
from typing import Any

from zuki.errors import ExecutorShutDownError, ZukiError
from zuki.lane.coroutines import spawn_on
from zuki.lane.lanes import Lanes
from zuki.runtime import hands, worker
from zuki.runtime.detached import DetachedRun
from zuki.runtime.failures import report_lost_failure
from zuki.runtime.gate import Gate
from zuki.runtime.home import PoolHome
from zuki.runtime.run import Run
from zuki.runtime.tables import RUNS, Tables
from zuki.runtime.warm import warm_up_lanes
from zuki_kernels import current, detached, notifier, pulse, search, seats, starting, turn
from zuki_kernels import hands as hand_kernels
from zuki_kernels._signals import held_back
from zuki_kernels.counters import STEALS, TASKS
from zuki_kernels.runs import NONE

_MOMENT = 0.0005  # seconds
_A_WHILE = 0.05  # seconds
_BEAT = 25_000_000  # nanoseconds between two looks at the signals
_SEATLESS_WAIT = (
    50_000_000  # nanoseconds that a caller who cannot help sleeps between two looks at the signals
)
stack_lock = threading.RLock()  # the stack size of new threads is a setting of the whole process


class Pool:
    """Threads that run tasks; they start when there is work for them, and end when there is none for long.

    Parameters
    ----------
    max_threads : int
        How many workers may be awake at once, a helping caller among them.
    min_threads : int
        How many threads stay, however long they are idle.
    keep_alive : int
        Nanoseconds after which an idle thread ends; 0 for never.
    stack_size : int
        Bytes of stack for each thread; 0 for the system's default.
    name : str
        What the threads' names begin with.
    python_lanes : int
        How many threads may run Python callables or coroutines at once.
    """

    def __init__(
        self,
        max_threads: int,
        min_threads: int,
        keep_alive: int,
        stack_size: int,
        name: str,
        python_lanes: int = 1,
    ) -> None:
        self.max_threads, self.min_threads, self.keep_alive = max_threads, min_threads, keep_alive
        self.stack_size, self.name, self.python_lanes = stack_size, name, python_lanes
        self.is_closed = False
        self.prepare: Callable[[], bool] | None = None  # what a thread does before its first call
        self.renew_lock()
        self.begin_anew()

    def renew_lock(self) -> None:
        """Make the lock, at first and in a forked child: another thread may have held it."""
        self._lock = threading.RLock()  # for whatever drops an executor may hold it: see `Executor`
        self._nothing_active = threading.Condition(self._lock)

    def begin_anew(self) -> None:
        """Forget all threads and runs: at first, and in a forked child, where none of them is."""
        self._call, address = hands.make_call(self._do_in_python)
        join = hands.address_of_join()
        self.tables = Tables(self.max_threads, self.min_threads, self.keep_alive, join, address)
        self.active: dict[int, Run] = {}
        self._detached: tuple[int, DetachedRun] | None = None  # the slot that is held for such tasks
        self._free_rows = list(range(self.tables.seats))  # a heap: low rows are looked at first
        self._free_slots = deque(range(RUNS))  # the one that was free longest comes first
        self._threads: set[threading.Thread] = set()  # some of them may have ended
        self._seated_threads = 0  # those that have rows
        self._started_threads = self._retired_threads = 0  # all together
        self._losses = 0, 0  # of runs that are over: bodies that raised, nodes passed over
        self.begun = time.monotonic()
        self._owed_starts = 0  # threads that were asked for and found no row: who retires starts anew
        self._pulse: threading.Thread | None = None
        self._is_used = False
        self._home: PoolHome | None = None
        self.lanes: Lanes | None = None
        self.is_ended = False

    # ---- Python tasks -----------------------------------------------------------------------------

    def open_lanes(self) -> Lanes:
        """Return the lanes, made when they are first wanted."""
        warm_up_lanes()
        with self._lock:
            if self._home is None:
                self._home = PoolHome(self, self.python_lanes)
                self._home.lanes.prepare = self.prepare
                self._is_used = True
            self.lanes = self._home.lanes
        return self.lanes

    def serve(self, row: int) -> None:
        """Serve the lanes as a worker that was called for that."""
        if self._home is not None:
            self._home.serve(row)
        if self.is_closed:
            self.end_if_empty()

    def run_coroutine(self, coroutine: Any) -> Any:
        """Run a coroutine to its end on this pool, one of whose workers calls."""
        return spawn_on(self.lanes or self.open_lanes(), coroutine).result()

    def wait_for(self, future: Any, serves: bool = False) -> None:
        """Wait for what lanes run: see `PoolHome.wait_for`."""
        assert self._home is not None
        self._home.wait_for(future, None, serves)

    def cancel_coroutines(self) -> None:
        """Wish every coroutine to end."""
        with self._lock:
            if self.lanes is not None:
                for task in self.lanes.unfinished():
                    task.cancel()

    def end_if_empty(self) -> None:
        """End the threads of a closed pool if nothing is left that was accepted."""
        with self._lock:
            if self.is_closed and not self.active:
                self.is_ended = True  # before the look: who adds something looks after
                if self._is_without_python():
                    self._end_threads()
                    self._nothing_active.notify_all()
                else:
                    self.is_ended = False

    def _is_without_python(self) -> bool:
        return self._home is None or self._home.lanes.is_empty()

    # ---- runs -------------------------------------------------------------------------------------

    def run(self, run: Run, held: held_back) -> None:
        """Run to the end, the calling thread helping; what ``held`` holds back stops the run."""
        slot = self._take_slot(run)
        row = self._sit_down()
        start = self._begin(run, NONE if row is None else row, False)
        held.tell(lambda: self._stop(slot))  # not before: the beginning forgets it
        if start:
            self.start_thread()
        if row is None:
            while not starting.wait_until_over(self.tables.runs, slot, _SEATLESS_WAIT):
                if notifier.is_deserted(self.tables.pool):  # all have left, and no thread can be started
                    row = self._sit_down()
                    if row is not None:
                        worker.work(self, row, slot, NONE)
                        self._leave(row, held)
        else:
            worker.work(self, row, slot, NONE)
            self._leave(row, held)
        held.tell(None)  # the slot may be another run's soon
        self.end(slot)

    def submit(self, run: Run, held: held_back) -> None:
        """Begin a run; `Run.end` is called at its end, by a worker."""
        slot = self._take_slot(run)
        if self._begin(run, NONE, True):
            self.start_thread()
        if not notifier.is_deserted(self.tables.pool):
            return
        row = self._sit_down()
        if row is None:
            return
        with self._lock:  # nobody would ever do it: take it back, if nobody has done it by now
            is_left = self.active.get(slot) is run
            if is_left:
                self._stop(slot)
        if is_left:
            worker.work(self, row, slot, NONE)
        self._leave(row, held)
        if is_left:
            while self.active.get(slot) is run:  # whoever has run its last task is about to end it
                time.sleep(_MOMENT)
            raise ZukiError(f"executor {self.name!r} has no thread, and none can be started")

    def help(self, run: Run, timeout: float | None) -> None:
        """Run tasks until a submitted run has ended, if the calling thread is a worker of this pool."""
        row = worker.row_of_this_thread(self)
        if row is None:
            return
        with held_back() as held:
            with self._lock:
                if self.active.get(run.slot) is not run:
                    return
                starting.expect(self.tables.runs, run.slot, row)
            if timeout is None:
                worker.work(self, row, run.slot, NONE, lambda: bool(held.errors))
                return
            deadline = time.monotonic() + timeout
            pulse.count_helper(self.tables.pool, 1)
            self._keep_pulse()
            worker.work(self, row, run.slot, NONE, lambda: bool(held.errors) or time.monotonic() >= deadline)
            pulse.count_helper(self.tables.pool, -1)

    def work_until(self, future: Any, timeout: float | None) -> None:
        """Run tasks until a future is done; the calling thread is a worker of this pool."""
        gate = Gate(self)
        with held_back() as held:
            row = worker.row_of_this_thread(self)
            slot = self._take_slot(gate, is_late=True)
            starting.make_gate(self.tables.runs, slot, row)
            future._add_waker(gate)
            deadline = math.inf if timeout is None else time.monotonic() + timeout
            pulse.count_helper(self.tables.pool, 1)
            self._keep_pulse()
            worker.work(self, row, slot, NONE, lambda: bool(held.errors) or time.monotonic() >= deadline)
            pulse.count_helper(self.tables.pool, -1)
            future._drop_waker(gate)
            gate.close()

    def open_gate(self, slot: int) -> None:
        """Let `work_until` return."""
        starting.open_gate(self.tables.workers, self.tables.runs, slot)

    def give_back(self, slot: int) -> None:
        """Let the slot be another run's."""
        with self._lock:
            del self.active[slot]
            self._free_slots.append(slot)
            if not self.active:
                self._nothing_active.notify_all()
                self.end_if_empty()

    def _stop(self, slot: int) -> None:
        """Let no further task of a run begin."""
        starting.stop(self.tables.runs, slot)
        hand_kernels.ask_all(self.tables.hands)

    def remaining(self, slot: int) -> int:
        """Return how many nodes of a run are not finished."""
        return starting.remaining(self.tables.runs, slot)

    def _take_slot(self, run: Run, is_late: bool = False) -> int:
        with self._lock:
            if self.is_closed and not is_late:
                raise ExecutorShutDownError(f"executor {self.name!r} has been shut down")
            if not self._free_slots:
                raise ZukiError(f"{RUNS} graphs are already running on executor {self.name!r}")
            run.slot = self._free_slots.popleft()
            self.active[run.slot] = run
            self._is_used = True
        return run.slot

    def _begin(self, run: Run, waiter: int, callback: bool) -> bool:
        """Let the workers hear of a run; return whether a thread is to be started for it."""
        tables = self.tables
        given = run.slot, run.plan, run.epoch, run.times, run.batch, waiter, int(callback)
        with self._lock:
            answer = starting.begin(tables.pool, tables.workers, tables.queues, tables.runs, *given)
        return answer == notifier.START

    def end(self, slot: int) -> None:
        """Take leave of a run that has ended."""
        runs, run = self.tables.runs, self.active[slot]
        failures, first_failed, stopped = starting.outcome(runs, slot)
        if failures or stopped:
            with self._lock:
                self._losses = self._count_losses([slot])
                starting.forget_losses(runs, slot)
        run.end(failures, first_failed, stopped)
        with self._lock:
            if self._detached is not None and starting.has_detached(runs, slot):
                self._detached[1].keep(run)
            self.give_back(slot)

    # ---- callers ----------------------------------------------------------------------------------

    def _sit_down(self) -> int | None:
        """Make the calling thread a worker; return its row, or None if it cannot be one now."""
        row = worker.row_of_this_thread(self)
        if row is not None:
            self._take_seat(row)
            return row
        main = worker.is_main_thread()
        with self._lock:
            kept_for_threads = self.max_threads - self._seated_threads
            if len(self._free_rows) <= kept_for_threads:
                return None
            row = self._free_rows[0]
            tables = self.tables
            try:
                tables.provide_arena(row)
            except OSError:
                return None
            before = seats.sit_down(
                tables.pool, tables.workers, tables.hands, row, *hands.stack_limits(), main
            )
            if before == seats.REFUSED:
                return None
            heappop(self._free_rows)
        worker.seats.taken.append((self, row, before))
        if main:
            self._keep_pulse()
        return row

    def _leave(self, row: int, held: held_back) -> None:
        """Let the calling thread be no worker any more, unless others need it: no thread can be started."""
        while not self._stand_up(row) and not held.errors:
            waiting = [slot for slot in list(self.active) if not starting.is_over(self.tables.runs, slot)]
            taken = self._sit_down() if waiting else None
            if taken is None:
                return
            row = taken
            worker.work(self, row, waiting[0], NONE, lambda: bool(held.errors))

    def _stand_up(self, row: int) -> bool:
        """Give a seat back; return whether somebody is there to do what is left."""
        _, _, before = worker.seats.taken.pop()
        if worker.row_of_this_thread(self) is not None:
            current.hold(before)
            return True
        given = self.tables
        given.tidy_arena(row)
        start, deserted = seats.stand_up(
            given.pool, given.workers, given.deques, given.queues, given.hands, row, before
        )
        with self._lock:
            heappush(self._free_rows, row)
        return self.start_thread() or not notifier.is_deserted(given.pool) if start else not deserted

    def _take_row(self) -> int:
        row = heappop(self._free_rows)
        search.admit(self.tables.pool, row)
        return row

    # ---- threads ----------------------------------------------------------------------------------

    def start_thread(self) -> bool:
        """Start the thread that a kernel has asked for and counted; give it up, and say so, if that fails."""
        with self._lock:  # also while it starts: `shut_down` joins no thread that has not started
            if not self._free_rows:  # threads that retire have not given theirs back: one of them stays
                self._owed_starts += 1
                return True
            row = self._take_row()
            try:
                self.tables.provide_arena(row)
                thread = threading.Thread(
                    target=self._be_a_thread, args=(row,), name=f"{self.name}-{row}", daemon=True
                )
                with stack_lock:
                    before = threading.stack_size(self.stack_size)
                    try:
                        thread.start()
                    finally:
                        threading.stack_size(before)
            except (
                RuntimeError,
                MemoryError,
                OSError,
            ):  # no more, or the interpreter ends: those that run do the work
                heappush(self._free_rows, row)
                notifier.give_up_start(self.tables.pool, self.tables.workers)
                return False
            self._threads = {one for one in self._threads if one.is_alive()}
            self._threads.add(thread)
            self._seated_threads += 1
            self._started_threads += 1
            return True

    def _be_a_thread(self, row: int) -> None:
        self._take_seat(row)
        while worker.work(self, row, NONE, turn.FRESH) == turn.LEFT:
            if self._retire(row):
                return

    def _retire(self, row: int) -> bool:
        """Give back the row of a thread that is no worker any more; return False if it is wanted again."""
        with self._lock:
            if self._owed_starts:
                self._owed_starts -= 1
                return False
            self._give_seat_back()
            self.tables.tidy_arena(row)
            heappush(self._free_rows, row)
            self._seated_threads -= 1
            self._retired_threads += 1
        return True

    def _take_seat(self, row: int) -> None:
        """Let the calling thread be a worker: its jitted code spawns into the worker's hand."""
        main = worker.is_main_thread()
        before = seats.take_hand(self.tables.hands, row, *hands.stack_limits(), main)
        worker.seats.taken.append((self, row, before))

    def _give_seat_back(self) -> None:
        _, _, before = worker.seats.taken.pop()
        current.hold(before)

    def _do_in_python(self, me: int, reason: int, task: int, ended: int, start: int) -> int:
        """Do what a turn inside of a join has asked for; return how a Python body went."""
        if start:
            self.start_thread()
        if ended >= 0:
            self.end(ended)
        if reason == turn.RUN_PYTHON:
            return worker.run_python(self, me, task)
        if reason == turn.BEGIN_DETACHED:
            return self._begin_detached()
        if reason == turn.END_DETACHED:
            self._end_detached()
        elif reason == turn.LOST:
            report_lost_failure(task)
        elif reason == turn.SERVE:
            self.serve(me)
        return turn.RETURNED

    # ---- detached tasks ---------------------------------------------------------------------------

    def _begin_detached(self) -> int:
        """Hold a slot for detached tasks, and count one more of them."""
        with self._lock:
            if self._detached is None:
                if not self._free_slots:
                    return turn.RAISED
                slot, run = self._free_slots.popleft(), DetachedRun()
                starting.hold(self.tables.runs, slot)
                self.active[slot], self._detached = run, (slot, run)
            detached.count_first(self.tables.pool, self._detached[0])
        return turn.RETURNED

    def _end_detached(self) -> None:
        """Give the slot back, unless others have been detached meanwhile."""
        with self._lock:
            if self._detached is None or detached.is_any_left(self.tables.pool):
                return
            slot, _ = self._detached
            self._detached = None
            starting.let_go(self.tables.runs, slot)
            self.end(slot)

    def _keep_pulse(self) -> None:
        with self._lock:
            if self._pulse is None:
                self._pulse = threading.Thread(target=self._beat, name=f"{self.name}-pulse", daemon=True)
                try:
                    self._pulse.start()
                except RuntimeError:  # no more threads: Ctrl-C waits for the end of the run
                    self._pulse = None

    def _beat(self) -> None:
        while True:
            pulse.beat(self.tables.pool, self.tables.hands, _BEAT)
            with self._lock:
                if self.is_closed or not pulse.helpers(self.tables.pool):
                    self._pulse = None
                    return

    def counters(self) -> list[list[int]]:
        """Return how many tasks each worker has run, and how many of them it has taken from others."""
        return self.tables.workers[:, TASKS : STEALS + 1].tolist()

    def count_nodes(self) -> tuple[int, int, int]:
        """Return how many nodes are not done, have raised, and were passed over."""
        with self._lock:
            remaining = sum(self.remaining(slot) for slot in self.active)
            return remaining, *self._count_losses(self.active)

    def _count_losses(self, slots: Iterable[int]) -> tuple[int, int]:
        found = [self._losses, *(starting.losses(self.tables.runs, slot) for slot in slots)]
        failures, passed = map(sum, zip(*found, strict=True))
        return failures, passed

    def count_threads(self) -> tuple[int, int, int]:
        """Return how many threads were started, have retired, and are there."""
        with self._lock:
            alive = sum(thread.is_alive() for thread in self._threads)
            return self._started_threads, self._retired_threads, alive

    # ---- end --------------------------------------------------------------------------------------

    def shut_down(self, wait: bool, cancel: bool) -> None:
        """Take no more work; end the threads when what was taken is done."""
        with self._lock:
            self.is_closed = True
            if not self._is_used:
                return
            if cancel:
                for slot in self.active:
                    self._stop(slot)
        if cancel and self.lanes is not None:
            self.lanes.cancel_all()  # calls callbacks: not under the lock
        with self._lock:
            self.end_if_empty()
            pulse_thread = self._pulse
        if wait and worker.row_of_this_thread(self) is None:
            while not self._is_over():
                self.end_if_empty()
            while True:  # a worker may start another one before it ends
                with self._lock:
                    threads = [thread for thread in (*self._threads, pulse_thread) if thread is not None]
                    threads = [thread for thread in threads if thread.is_alive()]
                if not threads:
                    break
                for thread in threads:
                    thread.join()
            if self._home is not None:
                self._home.end_watch()

    def _is_over(self) -> bool:
        """Wait a moment for the end of all that was accepted; return whether it has come."""
        with self._lock:
            if self.active or not self._is_without_python():
                self._nothing_active.wait(_A_WHILE)
            return not self.active and self._is_without_python()

    def _end_threads(self) -> None:
        notifier.shut_down(self.tables.pool, self.tables.workers)
        pulse.end(self.tables.pool)
