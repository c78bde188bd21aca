"""A thread that waits for a future and serves lanes meanwhile."""

import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from zuki.lane.lane import Lane
from zuki.lane.serving import serve
from zuki.lane.stillness import Patience, deadlock, resting
from zuki.lane.wakers import here


class Parking:
    """Where one thread sleeps until the future is done that it waits for, or it is called to serve."""

    __slots__ = ("_lock",)

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lock.acquire()

    def wake(self) -> None:
        """Let the thread go on; a wake that comes before the sleep ends it."""
        with suppress(RuntimeError):  # it was woken before
            self._lock.release()

    def sleep(self, seconds: float) -> None:
        """Sleep until woken, or for so long; negative is for ever."""
        self._lock.acquire(timeout=seconds)


def attend(lanes: Sequence[Lane], future: Any, timeout: float | None = None) -> None:
    """Serve lanes until a future is done, or for ``timeout`` seconds.

    Parameters
    ----------
    lanes : sequence of Lane
        What the calling thread may serve, all of one executor.
    future : Future
        What it waits for.
    timeout : float, optional
        Seconds.
    """
    outer = here.servant
    if outer is not None:
        outer.let_go()  # it is stuck for as long as this takes
    deadline = None if timeout is None else time.monotonic() + timeout
    patience = Patience() if timeout is None else None
    parking, all_lanes = Parking(), lanes[0]._lanes
    with all_lanes.lock:
        all_lanes.attending += 1
    future._add_waker(parking)
    try:
        while not future.done():
            serve(lanes, future, deadline)
            left = -1.0 if deadline is None else deadline - time.monotonic()
            if future.done() or (deadline is not None and left <= 0):
                return
            for lane in lanes:
                lane.parked.append(parking)
            try:
                if not any(lane.is_left_alone() for lane in lanes):
                    if patience is None:
                        parking.sleep(left)
                    else:
                        with resting(future):
                            parking.sleep(patience.left())
            finally:
                for lane in lanes:
                    _take_out(lane, parking)
            if patience is not None and not future.done() and patience.is_in_vain():
                future._hear_of_deadlock(deadlock())
    finally:
        future._drop_waker(parking)
        with all_lanes.lock:
            all_lanes.attending -= 1
        for lane in lanes:
            lane.pass_on()  # a call that this thread got, and that it does not follow any more


def wait_idly(future: Any, timeout: float | None = None) -> None:
    """Wait until a future is done, or for ``timeout`` seconds, and do nothing meanwhile."""
    if timeout is not None:
        with future._condition:
            future._condition.wait_for(future.done, timeout)
        return
    patience = Patience()
    while not future.done():
        with resting(future), future._condition:
            future._condition.wait_for(future.done, patience.left())
        if not future.done() and patience.is_in_vain():
            future._hear_of_deadlock(deadlock())


def _take_out(lane: Lane, parking: Parking) -> None:
    with lane._lanes.lock, suppress(ValueError):  # not while somebody looks for one; it was called, else
        lane.parked.remove(parking)
