"""A call of a Python function that an executor was given."""

from contextvars import copy_context
from sys import modules
from typing import Any, TypeVar

from zuki.lane.awaiting import running_loop
from zuki.lane.future import CANCELLED, DONE, FINISHED, PENDING, RUNNING, Future
from zuki.lane.lanes import NORMAL, Lanes

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
        self._lanes, self._function, self._arguments, self._keywords = lanes, function, arguments, keywords
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
        if self._state == FINISHED and self._exception is None:
            return self._result
        return super().result(timeout)

    def _wait(self, timeout: float | None) -> None:
        if self._state not in DONE:
            self._lanes.home.wait_for(self, timeout)

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

    def _run(self) -> None:
        """Call the function, unless somebody else does or the call is cancelled."""
        try:
            self._lanes.pending.remove(self)
        except KeyError:
            if self._state == CANCELLED:
                self._notify_cancel()
            return
        self._state = RUNNING
        try:
            if self._keywords:
                result = self._function(*self._arguments, **self._keywords)
            else:
                result = self._function(*self._arguments)
        except BaseException as error:
            self._function = self._arguments = self._keywords = None  # not to be kept alive
            if error.__traceback__ is not None:  # this frame would keep alive what is called
                error.__traceback__ = error.__traceback__.tb_next
            next(self._lanes.calls.tally.failed)
            self._fail(error)
        else:
            self._function = self._arguments = self._keywords = None
            next(self._lanes.calls.tally.run)
            self._succeed(result)
