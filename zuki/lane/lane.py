"""A lane: Python tasks of one kind that are ready, and who may run them.

It is the right to run such tasks, and the tasks that wait for it. With the interpreter's lock
one thread at a time holds a lane, for two would only fight over the lock; without it as many
as there are workers. A holder that is stuck in one call loses its lanes (`zuki.runtime.home`).

Ready tasks are in deques, one for each priority: any thread adds to them and takes from them
without a lock. (In rings of the kernels each would cost ten times as much; see decision 014.)

Nobody is called for a task that somebody is about to look at: `is_awake` says so. Who leaves
sets it to False and then looks once more; who adds a task adds it and then looks at `is_awake`.
"""

from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from zuki.lane.tallies import Tally

if TYPE_CHECKING:
    from zuki.lane.lanes import Lanes
    from zuki.lane.parking import Parking

_NORMAL_FIRST, _LOW_FIRST = 4, 8  # each so-many-th burst


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
