"""The lanes of an executor: one for steps of coroutines, and one for calls, which may block for long.

What becomes of a coroutine that waits is in the words of `task_life`: wakers may come from any
thread, and from jitted code, while it still runs. Lanes hand what they have to tell to
`exchange`, many tasks at once.
"""

import threading
from collections.abc import Callable, Generator, Iterable
from typing import TYPE_CHECKING, Any, Protocol
from weakref import WeakSet

import numpy as np

from zuki.errors import ZukiError
from zuki.lane.driver import MOST_IDLE, make_driver
from zuki.lane.lane import Lane
from zuki.lane.stillness import steps_at_rest
from zuki.lane.tallies import Counted, Roll
from zuki.lane.wakers import load_asyncio
from zuki_kernels import exchange
from zuki_kernels._types import Table
from zuki_kernels.task_state import ROW_MASK

if TYPE_CHECKING:
    from zuki.lane.coroutines import CoroutineTask

_AT_ONCE = 4096  # requests that are handed over in one call
_FRESH = 256  # rows that are made ready at once


class Home(Protocol):
    """Where lanes are at home: an executor's threads."""

    def call_servant(self) -> bool:
        """Let a thread come to serve; return False if there is none, and none can be started."""

    def wait_for(self, future: Any, timeout: float | None) -> None:
        """Wait for a future's end, and serve meanwhile if the calling thread has to."""


def _nobody() -> None:
    return None


class Lanes:
    """The lanes of one executor, and the words of its coroutines.

    Parameters
    ----------
    home : Home
        Whose threads serve.
    pool, tasks : Table
        The pool's row; a row of `task_life` for each coroutine that waits.
    limit : int
        How many threads may hold a lane at once.
    """

    def __init__(self, home: Home, pool: Table, tasks: Table, limit: int) -> None:
        load_asyncio()
        self.home, self._pool, self._tasks = home, pool, tasks
        self.owner: Callable[[], Any] = _nobody  # a weak reference to the executor
        self.make_servant: Any = None  # another class than `Servant`, for who is to see more
        self.lock = threading.RLock()  # held for a few instructions; a finaliser may come here again
        self.coroutines, self.calls = Lane(self, limit), Lane(self, limit)
        self.pending: set[Any] = (
            set()
        )  # calls that nobody has begun: who takes one out may call it or cancel it
        self.prepare: Callable[[], bool] | None = None  # called before a call; False: it is not to be made
        self.recorder: Any = None  # notes what is run, while somebody traces
        self.generators: WeakSet[Any] = WeakSet()  # asynchronous ones, begun here and not over
        self.idle_drivers: list[Generator[Any, Any, None]] = []
        self.outbox: list[int] = []  # requests to `exchange`
        self.may_be_rung = False  # by jitted code, which puts nothing into the outbox
        self.roll = Roll(self.lock)
        self.is_ending = False  # each coroutine that was accepted before is wished to end, once
        self.only_callers_serve = False  # so nothing runs here unless somebody waits
        self.attending = 0  # threads that wait for a future and serve meanwhile
        self.away = 0  # threads that are in a step or a call, and have lost their lanes meanwhile
        self.entries = 0  # how often a thread has begun to hold lanes
        self._objects: list[CoroutineTask | None] = []  # by row
        self._free: list[int] = []  # wakers of rows that nobody has, ready to be used
        self._exchanging = threading.Lock()
        self._requests, self._answers = (
            np.zeros((1, _AT_ONCE), np.int64),
            np.zeros((1, 2 * _AT_ONCE), np.int64),
        )

    # ---- drivers -----------------------------------------------------------------------------------

    def take_driver(self) -> Generator[Any, Any, None]:
        """Return a driver that has no coroutine."""
        try:
            return self.idle_drivers.pop()
        except IndexError:
            return make_driver()

    def give_driver_back(self, driver: Generator[Any, Any, None]) -> None:
        """Keep a driver for the next coroutine, unless many are kept."""
        if len(self.idle_drivers) < MOST_IDLE:
            self.idle_drivers.append(driver)

    # ---- coroutines that wait ----------------------------------------------------------------------

    def take_number(self, task: "CoroutineTask") -> int:
        """Return a waker's number for a coroutine, which runs now."""
        try:
            number = self._free.pop()
        except IndexError:
            with self.lock:
                self._make_rows()
                number = self._free.pop()
        self._objects[number & ROW_MASK] = task
        return number

    def _make_rows(self) -> None:
        first = len(self._objects)
        count = min(_FRESH, len(self._tasks) - first)
        if count <= 0:
            raise MemoryError(f"{first} coroutines wait: there is no room for more")
        answers = np.empty((1, count), np.int64)
        exchange.occupy_many(self._tasks, first, count, answers)
        self._objects.extend([None] * count)
        self._free.extend(answers[0].tolist())

    def wake(self, number: int) -> None:
        """Let the coroutine that a waker names run. Any thread."""
        self.outbox.append(number)
        if not self.coroutines.is_awake:
            self.coroutines.call()

    def exchange(self) -> None:
        """Hand over what is in the outbox, and put what becomes ready into the deques.

        One thread at a time: another one goes on, for who does it holds a lane.
        """
        if not self._exchanging.acquire(blocking=False):
            return
        try:
            outbox, self.may_be_rung = self.outbox, False
            while True:
                requests = outbox[:_AT_ONCE]
                count = len(requests)
                self._requests[0, :count] = requests
                del outbox[:count]
                ready, over = exchange.exchange(self._pool, self._tasks, self._requests, count, self._answers)
                if ready:
                    self._make_ready(self._answers[0, :ready].tolist())
                if over:
                    self._set_free(self._answers[0, -over:].tolist())
                if not outbox:
                    if exchange.is_anyone_rung(self._pool):  # never set to False here: it may be True by now
                        self.may_be_rung = True
                    return
        finally:
            self._exchanging.release()

    def _make_ready(self, rows: Iterable[int]) -> None:
        objects, ready = self._objects, self.coroutines.ready
        for row in rows:
            task = objects[row]
            ready[task._level].append(task)  # type: ignore[union-attr]

    def _set_free(self, numbers: list[int]) -> None:
        objects = self._objects
        for number in numbers:
            objects[number & ROW_MASK] = None
        self._free.extend(numbers)

    def take_back(self, lane: Lane, level: int, task: Any) -> bool:
        """Cancel a task that nobody will ever run; return False if somebody has come and has it."""
        try:
            lane.ready[level].remove(task)
        except ValueError:
            return False
        task._forsake()
        return True

    def refuse(self, lane: Lane, level: int, task: Any) -> None:
        """Take a task back, and raise that there is nobody to run it.

        Others may have added theirs meanwhile, and gone, for somebody seemed to be called. These
        are cancelled, unless somebody is there who looks at them.
        """
        if self.take_back(lane, level, task):
            if not lane.holders:
                for other in lane.take_all():
                    other._forsake()
            raise ZukiError("there is no thread to run this, and none can be started")

    # ---- counting ----------------------------------------------------------------------------------

    def count_calls(self) -> Counted:
        """Return what became of the calls; exact when none is being made."""
        return Counted(*self.calls.tally.read(), queued=len(self.pending))

    def count_coroutines(self) -> Counted:
        """Return what became of the coroutines; exact when none takes a step."""
        with self.lock:
            begun, returned = self.roll.read()
            spawned, run, failed, cancelled = self.coroutines.tally.read()
            queued = self.coroutines.count_ready() + self.asleep()
        return Counted(spawned + begun, run + returned, failed, cancelled, queued)

    def asleep(self) -> int:
        """Return how many coroutines wait for a waker."""
        told = sum(request < 0 and not ~request & 1 for request in self.outbox[:])  # see `exchange.paused`
        return told + exchange.count_asleep(self._tasks, len(self._objects))

    # ---- what is not over --------------------------------------------------------------------------

    def waiting(self) -> "list[CoroutineTask]":
        """Return the coroutines that have a row and are not over."""
        return [task for task in list(self._objects) if task is not None and not task.done()]

    def unfinished(self) -> "list[CoroutineTask]":
        """Return the coroutines that are not over."""
        ready = [task for queue in self.coroutines.ready for task in queue.copy()]
        return [task for task in (*ready, *self.waiting()) if not task.done()]

    def is_empty(self) -> bool:
        """Tell whether nothing is accepted that is not over.

        A task is in a deque, or has a row, or is in the hands of a thread that holds lanes or has lost
        them. So first this looks for such threads, in the order in which they come from one to the other.
        If there are none, and none has come by the end, no task was in anybody's hands while it
        looked for tasks.
        """
        entries = self.entries
        return not (
            self.calls.holders
            or self.coroutines.holders
            or self.away
            or self.calls.has_work()
            or self.coroutines.has_work()
            or self.waiting()
            or self.entries != entries
        )

    def is_still(self) -> bool:
        """Tell whether no task of these runs, but those whose threads rest, nor is about to."""
        both = self.coroutines, self.calls
        if self.away != steps_at_rest(self) or any(lane.holders for lane in both):
            return False
        is_served = self.attending or not self.only_callers_serve
        return not (is_served and any(lane.is_awake or lane.has_work() for lane in both))
