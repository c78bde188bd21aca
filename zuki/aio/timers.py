"""Timers: who sets one, and the one thread that owns the wheel and fires them.

The wheel is in tables of the kernels (`timer_inbox`); a tick is a microsecond of the monotonic
clock. A timer's row has its `Timer` beside it, in a dict. Of a timer that has fired, both the
owner and who has set it are done with the row before it is free: who comes second frees it.
Of one that is taken back in time, the owner frees the row when it hears of it.

The thread starts with the first timer, and ends when there has been none for a while. Who
leaves says so and then looks at the dict; who sets a timer puts it into the dict, and then looks
whether there is a thread. So one of them sees the other.
"""

import itertools
import os
import threading
import time
from typing import Any, Protocol

import numpy as np

from zuki.errors import NO_THREAD
from zuki.lane.compiling import compile_all
from zuki.lane.ending import end_after_pools
from zuki.lane.reporting import report_lost
from zuki.lane.stillness import sources
from zuki.platform.binding import unbind
from zuki_kernels import timer_inbox, timer_wheel
from zuki_kernels.timer_inbox import TIMER_FIELDS, WHEEL_FIELDS
from zuki_kernels.timer_turn import turn
from zuki_kernels.timer_wheel import CANCELLED, LAST, NEVER

_ROWS = 1 << 20  # timers that can be set at once; memory is taken where it is used
_LEVELS, _WIDTH = 13, 32
_AT_ONCE = 256  # answers of one turn
_MOVES = 4096  # timers that move in one turn
_SHARED = 64  # see `timer_wheel.next_deadline`
_LOOK = 1_000_000_000  # nanoseconds: the owner sleeps no longer, so that it hears of what is withdrawn
_IDLE = 1.0  # seconds without a timer after which the thread ends
_TICK = 1000  # nanoseconds

# What the thread of timers calls, and with what
_WANTED = (
    (turn, "tttiit"),
    (timer_wheel.next_deadline, "ttti"),
    (timer_inbox.rest, "tii"),
)


class Target(Protocol):
    """What a timer is for."""

    def fire(self) -> Any:
        """Do it, quickly: others wait."""


class Timer:
    """A timer that is set; who has set it closes it, whether it has fired or not.

    Parameters
    ----------
    timers : Timers
        Where it is set.
    row : int
        Its row there.
    target : Target
        What is called when it is due.
    """

    __slots__ = ("_row", "_timers", "_users", "target")

    def __init__(self, timers: "Timers", row: int, target: Target) -> None:
        self._timers, self._row, self.target = timers, row, target
        self._users = [None]  # who finds it empty is the second that is done with the row

    def close(self) -> None:
        """Take it back if it has not fired; once."""
        self.target = None  # type: ignore[assignment]  # not to be kept alive until the owner hears
        timers = self._timers
        if timer_inbox.withdraw(timers.wheel, timers.rows, self._row) != CANCELLED:
            self.leave()

    def leave(self) -> None:
        """Be done with the row of a timer that has fired."""
        try:
            self._users.pop()
        except IndexError:
            self._timers.set_free(self._row)


class Timers:
    """The wheel, its timers, and its thread."""

    def __init__(self) -> None:
        self.wheel = np.zeros((1, WHEEL_FIELDS), np.int64)
        self.slots = np.zeros((_LEVELS, _WIDTH), np.int64)
        self.rows = np.zeros((_ROWS, TIMER_FIELDS), np.int64)
        self._set: dict[int, Timer] = {}
        self._free: list[int] = []
        self._fresh = itertools.count()
        self._thread: threading.Thread | None = None
        self._lock = threading.RLock()
        self._is_ended = False

    def after(self, seconds: float, target: Target) -> Timer:
        """Let ``target.fire()`` be called in so many seconds, by the thread of timers."""
        if self._thread is None:
            with self._lock:  # here, where an error has somebody to be told, and nothing waits yet
                compile_all(_WANTED)
        due = (time.monotonic_ns() + int(seconds * 1e9)) // _TICK + 1
        row = self._take_row()
        timer = self._set[row] = Timer(self, row, target)
        timer_inbox.ask(self.wheel, self.rows, row, min(due, LAST), row)
        if self._thread is None:
            self._start()
        return timer

    def _take_row(self) -> int:
        try:
            return self._free.pop()
        except IndexError:
            row = next(self._fresh)
        if row % 1024 == 1023:
            timer_inbox.rouse(self.wheel)  # it may have much to free
        if row >= _ROWS:
            for _ in range(1000):
                if self._free:
                    return self._free.pop()
                time.sleep(0.001)
            raise MemoryError(f"{_ROWS} timers are set: there is no room for more")
        return row

    def set_free(self, row: int) -> None:
        """Let a row be used again."""
        self._free.append(row)

    # ---- the thread --------------------------------------------------------------------------------

    def _start(self) -> None:
        with self._lock:
            if self._thread is None and not self._is_ended:
                thread = threading.Thread(target=self._own, name="zuki-timers", daemon=True)
                self._thread = thread
                try:
                    thread.start()
                except NO_THREAD:
                    self._thread = None
                    raise

    def _own(self) -> None:
        unbind()
        tables = self.wheel, self.slots, self.rows
        answers = np.zeros((1, _AT_ONCE), np.int64)
        idle_since = time.monotonic()
        while not self._is_ended:
            now = time.monotonic_ns()
            count = turn(*tables, now // _TICK, _MOVES, answers)
            for answer in answers[0, :count].tolist():
                self._answer(answer)
            if count == _AT_ONCE:
                continue
            until = timer_wheel.next_deadline(*tables, _SHARED)
            if self._set:
                idle_since = time.monotonic()
            elif time.monotonic() - idle_since >= _IDLE and self._may_leave():
                return
            if until == NEVER:
                timer_inbox.rest(self.wheel, LAST + 1, _LOOK)
            else:
                timeout = until * _TICK - time.monotonic_ns()
                if timeout > 0:
                    timer_inbox.rest(self.wheel, until, min(timeout, _LOOK))

    def _answer(self, answer: int) -> None:
        if answer < 0:
            del self._set[~answer]
            self.set_free(~answer)
            return
        timer = self._set[answer]  # there until all is done that it is for: see `is_still`
        target = timer.target
        try:
            if target is not None:  # else it is being closed, too late
                target.fire()
        except BaseException as error:
            report_lost(error, "Exception ignored in a timer of", target)
        del self._set[answer]
        timer.leave()

    def _may_leave(self) -> bool:
        with self._lock:
            self._thread = None
            if not self._set:
                return True
            self._thread = threading.current_thread()
            return False

    # ---- see `zuki.lane.stillness` -----------------------------------------------------------------

    def is_still(self) -> bool:
        """Tell whether no timer is set."""
        return not self._set

    def threads(self) -> tuple[threading.Thread | None]:
        """Return the thread."""
        return (self._thread,)

    def waiting(self) -> tuple[()]:
        """Return no coroutine."""
        return ()

    # ---- the end -----------------------------------------------------------------------------------

    def end(self) -> None:
        """Let the thread end, and start none any more."""
        with self._lock:
            self._is_ended = True
            thread, self._thread = self._thread, None
        if thread is not None and thread is not threading.current_thread():
            timer_inbox.rouse(self.wheel)
            thread.join()


_made: Timers | None = None
_making = threading.RLock()


def timers() -> Timers:
    """Return the timers of this process."""
    return _made or _make()


def _make() -> Timers:
    global _made
    with _making:
        if _made is None:
            _made = Timers()
            sources.add(_made)
        return _made


def retire() -> None:
    """Let the thread of timers end; the next timer starts one of a new wheel. Nobody may wait meanwhile."""
    global _made
    with _making:
        gone, _made = _made, None
    if gone is not None:
        gone.end()


def _forget() -> None:
    """In a forked child: there is no thread, and who has set timers is not there either."""
    global _made, _making
    _made, _making = None, threading.RLock()


def _end() -> None:
    if _made is not None:
        _made.end()


end_after_pools(_end)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
