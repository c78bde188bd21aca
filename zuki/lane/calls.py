"""A call of a Python function that an executor was given."""

import time
from contextvars import copy_context
from sys import modules
from typing import Any, TypeVar

from zuki.errors import DeadlockError
from zuki.lane.awaiting import running_loop
from zuki.lane.future import Future
from zuki.lane.lanes import Lanes
from zuki.lane.outcome import CANCELLED, DONE, FINISHED, HAS_LOCK, PENDING, RUNNING
from zuki.lane.priority import NORMAL

T = TypeVar("T")


class Call(Future[T]):
    """The future of a call.

    Who waits for it without a limit, and finds it not begun, calls the function itself.

    Parameters
    ----------
    lanes : Lanes
        Where it waits.
    function, arguments, keywords
        What is called, and with what.
    """

    __slots__ = ("_arguments", "_function", "_keywords", "_lanes")

    _level = NORMAL

    def __init__(
        self, lanes: Lanes, function: Any, arguments: tuple[Any, ...], keywords: dict[str, Any]
    ) -> None:
        self._state, self._result, self._exception, self._wakers = PENDING, None, None, None
        self._lanes, self._function, self._arguments = lanes, function, arguments
        self._keywords = keywords or None  # an empty one counts for the collector of garbage as much as this
        next(lanes.calls.tally.spawned)
        lanes.pending.add(self)

    def _claim(self) -> bool:
        try:
            self._lanes.pending.remove(self)
        except KeyError:
            return False
        return True

    def result(self, timeout: float | None = None) -> T:
        """Wait for the end, and return the result; call the function if nobody has begun to.

        Parameters
        ----------
        timeout : float, optional
            Seconds to wait at most; the function is called here only if there is no such limit.

        Returns
        -------
        object
            The result.
        """
        if (
            self._state == PENDING
            and timeout is None
            and self._lanes.prepare is None
            and ("asyncio" not in modules or running_loop() is None)
        ):
            copy_context().run(self._run)  # what the function sets is not the caller's
            queue = self._lanes.calls.ready[self._level]
            try:  # without this, who serves would go once more through calls that are waited for in order
                if queue and queue[0] is self:
                    queue.remove(self)
            except (IndexError, ValueError):
                pass  # somebody has just taken it out
        if self._state == FINISHED and self._exception is None:
            return self._result
        return super().result(timeout)

    def _wait(self, timeout: float | None) -> None:
        if self._state not in DONE:
            self._lanes.home.wait_for(self, timeout)

    def _hear_of_deadlock(self, error: DeadlockError) -> None:
        """Do nothing: who calls the function hears of it."""

    def cancel(self) -> bool:
        """Cancel it, if nobody has begun.

        Returns
        -------
        bool
            Whether it is cancelled.
        """
        if not self._claim():
            return self.cancelled()
        next(self._lanes.calls.tally.cancelled)
        self._close(CANCELLED)
        return True

    def _forsake(self) -> None:
        """Be cancelled, of a call that nobody will ever make."""
        self.cancel()
        self._notify_cancel()

    def _break(self, error: BaseException) -> None:
        """Fail before it has begun, unless it is cancelled."""
        if self.set_running_or_notify_cancel():
            next(self._lanes.calls.tally.failed)
            self.set_exception(error)

    def _miss(self) -> None:
        """Hear that somebody else has begun, or has cancelled it."""
        if self._state == CANCELLED:
            self._notify_cancel()

    def _run(self) -> None:
        """Call the function, unless somebody else does or the call is cancelled."""
        lanes = self._lanes
        if self._state != PENDING:
            self._miss()
            return
        try:
            lanes.pending.remove(self)
        except KeyError:
            self._miss()
            return
        self._state = RUNNING
        recorder = lanes.recorder
        begun, name = (0, "") if recorder is None else (time.monotonic_ns(), name_of(self._function))
        try:
            if self._keywords:
                result = self._function(*self._arguments, **self._keywords)
            else:
                result = self._function(*self._arguments)
        except BaseException as error:
            self._function = self._arguments = self._keywords = None  # not to be kept alive
            if error.__traceback__ is not None:  # this frame would keep alive what is called
                error.__traceback__ = error.__traceback__.tb_next
            next(lanes.calls.tally.failed)
            self._fail(error)
        else:
            self._function = self._arguments = self._keywords = None
            next(lanes.calls.tally.run)
            self._result = result
            if HAS_LOCK and self._wakers is None:  # `_close`, in place
                self._state = FINISHED
            else:
                self._close(FINISHED)
        if recorder is not None:
            recorder.note(begun, "call", name)


def name_of(function: Any) -> str:
    """Return what a callable is called in a trace."""
    return getattr(function, "__qualname__", None) or getattr(function, "__name__", None) or repr(function)
