"""The lanes: Python tasks that are ready, and who may run them.

A lane is the right to run Python tasks of one kind, and the tasks that wait for it: one lane
for steps of coroutines, one for calls, which may block for long. With the interpreter's lock
one thread at a time holds a lane, for two would only fight over the lock; without it as many
as there are workers. A holder that is stuck in one call loses its lanes (`zuki.lane.watching`).

Ready tasks are in deques, one for each priority: any thread adds to them and takes from them
without a lock. (In rings of the kernels each would cost ten times as much; see decision 014.)
What becomes of a coroutine that waits is in the words of `task_life`: wakers may come from any
thread, and from jitted code, while it still runs. Lanes hand what they have to tell to
`exchange`, many tasks at once.

Nobody is called for a task that somebody is about to look at: `is_awake` says so. Who leaves
sets it to False and then looks once more; who adds a task adds it and then looks at `is_awake`.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from enum import IntEnum
from typing import TYPE_CHECKING, Any, Protocol
from weakref import WeakSet

import numpy as np

from zuki.errors import ZukiError
from zuki.lane.driver import MOST_IDLE, Driver
from zuki.lane.stillness import steps_at_rest
from zuki.lane.tallies import Counted, Roll, Tally
from zuki.lane.wakers import load_asyncio
from zuki_kernels import exchange
from zuki_kernels._types import Table
from zuki_kernels.task_state import ROW_MASK

if TYPE_CHECKING:
    from zuki.lane.coroutines import CoroutineTask
    from zuki.lane.parking import Parking

NORMAL = 1  # as a level: where a task's deque is among those of its lane
_NORMAL_FIRST, _LOW_FIRST = 4, 8  # each so-many-th burst
_AT_ONCE = 4096  # requests that are handed over in one call
_FRESH = 256  # rows that are made ready at once


class Priority(IntEnum):
    """How urgent a task is among those that wait for Python; even the least urgent gets its turn.

    Parameters
    ----------
    value : int
        The number of one of them.
    """

    HIGH = 0
    NORMAL = 1
    LOW = 2


class Home(Protocol):
    """Where lanes are at home: an executor's threads."""

    def call_servant(self) -> bool:
        """Let a thread come to serve; return False if there is none, and none can be started."""

    def wait_for(self, future: Any, timeout: float | None) -> None:
        """Wait for a future's end, and serve meanwhile if the calling thread has to."""


class Lane:
    """Tasks of one kind that are ready, and how many threads run them.

    Parameters
    ----------
    lanes : Lanes
        Where it belongs.
    limit : int
        How many threads may hold it.
    """

    def __init__(self, lanes: "Lanes", limit: int) -> None:
        self._lanes, self.limit = lanes, limit
        self.ready: tuple[deque[Any], deque[Any], deque[Any]] = (deque(), deque(), deque())
        self.holders = 0
        self.is_awake = False
        self.parked: list[Parking] = []
        self.tally = Tally()
        self._bursts = 0

    def has_work(self) -> bool:
        """Tell whether there is something to do."""
        high, normal, low = self.ready
        lanes = self._lanes
        return bool(
            normal or high or low or ((lanes.outbox or lanes.may_be_rung) and self is lanes.coroutines)
        )

    def next_queue(self) -> deque[Any]:
        """Return where the next burst takes its tasks: mostly the most urgent of those that have any.

        Each fourth burst the normal ones come first and each eighth the low ones, so that a task waits for
        at most so many bursts of others.
        """
        high, normal, low = self.ready
        if not high and not low:
            return normal
        self._bursts = bursts = self._bursts + 1
        if bursts % _LOW_FIRST == 0:
            return low or high or normal
        if bursts % _NORMAL_FIRST == 0:
            return normal or high or low
        return high or normal or low

    def enter(self) -> bool:
        """Hold the lane, if one more may; return whether."""
        with self._lanes.lock:
            if self.holders >= self.limit:
                self._lanes.may_be_rung = (
                    True  # whoever leaves looks: this thread may have been called for it
                )
                return False
            self.holders += 1
            return True

    def leave(self) -> None:
        """Hold it no more."""
        with self._lanes.lock:
            self.holders -= 1
        self.pass_on()

    def is_left_alone(self) -> bool:
        """Tell whether there is something to do, and nobody is about to look: who holds the lane will."""
        return self.holders < self.limit and not self.is_awake and self.has_work()

    def pass_on(self) -> None:
        """Call somebody if something is left to do, for nobody looks any more."""
        self.is_awake = False
        if self.has_work():
            self.call()

    def call(self) -> bool:
        """Let somebody come and look; return False if nobody can.

        Where only callers serve, nobody need come: who waits next looks before it sleeps.
        """
        lanes = self._lanes
        while True:
            self.is_awake = True
            with lanes.lock:
                parking = self.parked.pop() if self.parked else None
            if parking is not None:
                parking.wake()
                return True
            if not lanes.only_callers_serve and lanes.home.call_servant():
                return True
            self.is_awake = False
            if not self.parked:  # else somebody is about to sleep, for it seemed that another one was called
                return lanes.only_callers_serve

    def count_ready(self) -> int:
        """Return how many tasks are ready."""
        return sum(map(len, self.ready))

    def take_all(self) -> list[Any]:
        """Take out all that is ready."""
        taken: list[Any] = []
        for queue in self.ready:
            with suppress(IndexError):  # not asked before, for others take, too
                while True:
                    taken.append(queue.popleft())
        return taken


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
        self.idle_drivers: list[Driver] = []
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

    def take_driver(self) -> Driver:
        """Return a driver that has no coroutine."""
        try:
            return self.idle_drivers.pop()
        except IndexError:
            return Driver()

    def give_driver_back(self, driver: Driver) -> None:
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

    # ---- the end -----------------------------------------------------------------------------------

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

    def cancel_all(self) -> None:
        """Cancel the calls that have not begun, and wish every coroutine to end."""
        for call in self.calls.take_all():
            call._forsake()
        self.cancel_coroutines()

    def cancel_coroutines(self) -> None:
        """Wish every coroutine to end that was accepted before.

        Those whose steps run now are nowhere to be found. So this first says that all are to end, and then
        looks; who runs a step first puts the coroutine where it is found, and then looks whether all are
        to end.
        """
        self.is_ending = True
        for task in self.unfinished():
            self.tell(task)
        self.coroutines.pass_on()

    def tell(self, task: "CoroutineTask") -> None:
        """Wish a coroutine to end, because all are to; not twice. Any thread."""
        me = object()
        if task.__dict__.setdefault("_teller", me) is me:
            task.cancel()

    def put_back(self, task: "CoroutineTask") -> None:
        """Let a coroutine wait for its next step while all are to end."""
        self.coroutines.ready[task._level].append(task)
        self.tell(task)
