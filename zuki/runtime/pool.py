"""The pool: what it is asked to run. How it ends is in `closing`, how its workers wait in `waiting`."""

import threading
import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from zuki.errors import ZukiError
from zuki.lane.cancelling import cancel_coroutines
from zuki.lane.coroutines import CoroutineTask, spawn_on
from zuki.lane.lanes import Lanes
from zuki.runtime import hands, seat, worker
from zuki.runtime.closing import Closing
from zuki.runtime.desk import Desk
from zuki.runtime.gate import Gate
from zuki.runtime.home import PoolHome
from zuki.runtime.places import Places
from zuki.runtime.run import Run
from zuki.runtime.sizing import Follower, most_of
from zuki.runtime.slots import Slots
from zuki.runtime.tables import Tables
from zuki.runtime.traces import Traces
from zuki.runtime.warm import warm_up, warm_up_lanes
from zuki.runtime.workers import Workers
from zuki_kernels import notifier, spawning, starting
from zuki_kernels._signals import held_back
from zuki_kernels.counters import STEALS, TASKS
from zuki_kernels.runs import NONE

if TYPE_CHECKING:
    from zuki.runtime.recorder import Recorder

_MOMENT = 0.0005  # seconds
_SEATLESS_WAIT = (
    50_000_000  # nanoseconds that a caller who cannot help sleeps between two looks at the signals
)


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
    trace_events : int
        For how many events each worker has room, if all that the pool does is traced; else 0.
    follows_processors : bool
        Let ``max_threads`` follow the processors that the process may use.
    steady : bool
        Do not tune how long workers search before they sleep.
    affinity : str, tuple of int or None
        To which processors threads are bound: see `zuki.ExecutorConfig`.
    measures : bool
        Count how long tasks take, and how long ready nodes wait.
    """

    postpones = True  # whether others go on while a Python body waits
    closes_generators = True  # at its end, those that nobody goes on with

    def __init__(
        self,
        max_threads: int,
        min_threads: int,
        keep_alive: int,
        stack_size: int,
        name: str,
        python_lanes: int = 1,
        trace_events: int = 0,
        follows_processors: bool = False,
        steady: bool = False,
        affinity: str | tuple[int, ...] | None = None,
        measures: bool = False,
    ) -> None:
        self.trace_events, self.measures = trace_events, measures
        self.max_threads, self.min_threads, self.keep_alive = max_threads, min_threads, keep_alive
        self.stack_size, self.name, self.python_lanes = stack_size, name, python_lanes
        self.most_threads = most_of(max_threads) if follows_processors else max_threads
        self._follows, self._steady, self._affinity = follows_processors, steady, affinity
        self.is_closed = False
        self.prepare: Callable[[], bool] | None = None  # what a thread does before its first call
        self.furnish: Callable[[Lanes], None] = lambda lanes: None  # what an executor does with new lanes
        self.closing, self.traces = Closing(self), Traces(self)
        self.renew_lock()
        self.begin_anew()

    def renew_lock(self) -> None:
        """Make the lock, at first and in a forked child: another thread may have held it."""
        self.lock = threading.RLock()  # for whatever drops an executor may hold it: see `Executor`
        self.closing.renew_lock()

    def begin_anew(self) -> None:
        """Forget all threads and runs: at first, and in a forked child, where none of them is."""
        self._call, address = hands.make_call(partial(worker.do_in_python, self))
        join = hands.address_of_join()
        told = self.max_threads, self.min_threads, self.keep_alive
        self.tables = Tables(*told, join, address, self.most_threads, self._steady)
        self._follower = Follower(self.max_threads, self.most_threads) if self._follows else None
        self.workers = Workers(self, self.tables, Places(self._affinity, self.tables.workers))
        self.slots = Slots(self, self.tables)
        self.active = self.slots.active  # runs by their slots
        self.is_used = False
        self.begun = time.monotonic()
        self.home: PoolHome | None = None
        self.lanes: Lanes | None = None
        self.desk: Desk | None = None
        self.is_ended = False
        self.recorder: Recorder | None = None  # while somebody traces
        self.traces.begin_anew()

    def fit(self) -> None:
        """Let as many workers be awake as the process may use processors, if the pool follows those."""
        limit = None if self._follower is None else self._follower.changed()
        if limit is None:
            return
        with self.lock:
            self.max_threads = limit
            start = notifier.set_limit(self.tables.pool, self.tables.workers, limit) == notifier.START
        if start:
            self.workers.start_thread()

    # ---- Python tasks -----------------------------------------------------------------------------

    def open_lanes(self) -> Lanes:
        """Return the lanes, made when they are first wanted."""
        warm_up_lanes()
        with self.lock:
            if self.home is None:
                self.home = PoolHome(self, self.python_lanes)
                self.home.lanes.prepare = self.prepare
                self.furnish(self.home.lanes)
                self.home.lanes.recorder = self.recorder
                self.is_used = True
            self.lanes = self.home.lanes
        return self.lanes

    def open_desk(self) -> Desk:
        """Return where calls of jitted tasks are submitted, made when the first is."""
        warm_up()
        with self.lock:
            if self.desk is None:
                self.desk = Desk(self, self.slots.keep_one())
                self.is_used = True
            return self.desk

    def serve(self, row: int) -> None:
        """Serve the lanes as a worker that was called for that."""
        if self.desk is not None:
            self.desk.hear()
        if self.home is not None:
            self.home.serve(row)
        if self.is_closed:
            self.closing.end_if_empty()

    def run_coroutine(self, coroutine: Any) -> Any:
        """Run a coroutine to its end on this pool, one of whose workers calls."""
        return self.spawn(coroutine).result()

    def spawn(self, coroutine: Any) -> CoroutineTask[Any]:
        """Begin to run a coroutine, of a node that has begun."""
        return spawn_on(self.lanes or self.open_lanes(), coroutine)

    @property
    def overlaps(self) -> bool:
        """Whether a Python body may run while another one is stuck."""
        return self.postpones and self.max_threads > 1

    def wait_for(self, future: Any, serves: bool = False) -> None:
        """Wait for what lanes run: see `PoolHome.wait_for`."""
        assert self.home is not None
        self.home.wait_for(future, None, serves)

    def cancel_coroutines(self) -> None:
        """Wish every coroutine to end: the interpreter ends."""
        if self.lanes is not None:
            cancel_coroutines(self.lanes)

    # ---- runs -------------------------------------------------------------------------------------

    def run(self, run: Run, held: held_back) -> None:
        """Run to the end, the calling thread helping; what ``held`` holds back stops the run."""
        slot = self.slots.take(run)
        self.fit()
        seat.note_wait()
        row = self.workers.sit_down()
        start = self._begin(run, NONE if row is None else row, False)
        held.tell(lambda: self.stop(slot))  # not before: the beginning forgets it
        if start:
            self.workers.start_thread()
        if row is None:
            while not starting.wait_until_over(self.tables.runs, slot, _SEATLESS_WAIT):
                if notifier.is_deserted(self.tables.pool):  # all have left, and no thread can be started
                    row = self.workers.sit_down()
                    if row is not None:
                        worker.work(self, row, slot, NONE)
                        self.workers.leave(row, held)
        else:
            worker.work(self, row, slot, NONE)
            self.workers.leave(row, held)
        held.tell(None)  # the slot may be another run's soon
        self.slots.end(slot)

    def submit(self, run: Run, held: held_back) -> None:
        """Begin a run; `Run.end` is called at its end, by a worker."""
        slot = self.slots.take(run)
        self.fit()
        if self._begin(run, NONE, True):
            self.workers.start_thread()
        if not notifier.is_deserted(self.tables.pool):
            return
        row = self.workers.sit_down()
        if row is None:
            return
        with self.lock:  # nobody would ever do it: take it back, if nobody has done it by now
            is_left = self.active.get(slot) is run
            if is_left:
                self.stop(slot)
        if is_left:
            worker.work(self, row, slot, NONE)
        self.workers.leave(row, held)
        if is_left:
            while self.active.get(slot) is run:  # whoever has run its last task is about to end it
                time.sleep(_MOMENT)
            raise ZukiError(f"executor {self.name!r} has no thread, and none can be started")

    def stop(self, slot: int) -> None:
        """Let no further task of a run begin."""
        starting.stop(self.tables.runs, slot)
        spawning.ask_all(self.tables.hands)
        if slot in self.active:
            self.active[slot].hear_of_stop()

    def remaining(self, slot: int) -> int:
        """Return how many nodes of a run are not finished."""
        return starting.remaining(self.tables.runs, slot)

    def _begin(self, run: Run, waiter: int, callback: bool) -> bool:
        """Let the workers hear of a run; return whether a thread is to be started for it."""
        tables = self.tables
        given = run.slot, run.plan, run.epoch, run.times, run.batch, waiter, int(callback)
        if self.recorder is not None:
            self.recorder.begin_run(run)
        if self.traces.measured is not None:
            self.traces.measured.begin_run(run)
        with self.lock:
            answer = starting.begin(tables.pool, tables.workers, tables.queues, tables.runs, *given)
        return answer == notifier.START

    def counters(self) -> tuple[list[int], list[int]]:
        """Return how many tasks each worker has run, and how many of them it has taken from others."""
        workers = self.tables.workers
        return workers[:, TASKS].tolist(), workers[:, STEALS].tolist()

    # ---- end --------------------------------------------------------------------------------------

    def shut_down(self, wait: bool, cancel: bool) -> None:
        """Take no more work; end the threads when what was taken is done."""
        self.closing.shut_down(wait, cancel)

    # ---- whether it does anything: see `zuki.lane.stillness` ---------------------------------------

    def is_still(self) -> bool:
        """Tell whether nothing runs here, nor will before somebody calls."""
        if self.is_ended:  # whoever is woken now stays where it is
            return True
        if not all(isinstance(run, Gate) for run in tuple(self.active.values())):
            return False
        if (
            self.desk is not None and not self.desk.is_still()
        ):  # before the lanes, where those are who are told
            return False
        return self.lanes is None or self.lanes.is_still()

    def threads(self) -> list[threading.Thread | None]:
        """Return all threads."""
        watcher = None if self.home is None else self.home.watcher
        return [*self.workers.threads(), self.workers.pulse, watcher]

    def waiting(self) -> list[Any]:
        """Return the coroutines that wait."""
        return [] if self.lanes is None else self.lanes.waiting()
