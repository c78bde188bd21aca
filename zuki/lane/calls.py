"""A call of a Python function that an executor was given."""

from contextvars import copy_context
from typing import Any, TypeVar

from zuki.lane.awaiting import running_loop
from zuki.lane.future import CANCELLED, DONE, RUNNING, Future
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

    _level = NORMAL

    def __init__(
        self, lanes: Lanes, function: Any, arguments: tuple[Any, ...], keywords: dict[str, Any]
    ) -> None:
        self._lanes = lanes
        self._claims = [(function, arguments, keywords)]

    def _wait(self, timeout: float | None) -> None:
        if self._state in DONE:
            return
        if timeout is None and self._claims and self._lanes.prepare is None and running_loop() is None:
            copy_context().run(self._run)  # what the function sets is not the caller's
        if self._state not in DONE:
            self._lanes.home.wait_for(self, timeout)

    def _run(self) -> None:
        """Call the function, unless somebody else does or the call is cancelled."""
        try:
            function, arguments, keywords = self._claims.pop()
        except IndexError:
            if self._state == CANCELLED:
                self._notify_cancel()
            return
        self._state = RUNNING
        try:
            result = function(*arguments, **keywords)
        except BaseException as error:
            if error.__traceback__ is not None:  # this frame would keep alive what is called
                error.__traceback__ = error.__traceback__.tb_next
            self._fail(error)
        else:
            self._succeed(result)
