"""`sleep`, and `timeout` and `move_on_after`: limits of time."""

import math
from types import TracebackType
from typing import Any

from zuki.aio.checks import checked_seconds
from zuki.aio.scopes import Scope
from zuki.aio.timers import timers
from zuki.lane.wakers import current_waker, park, yield_now


class _Alarm:
    __slots__ = ("has_rung", "waker")

    def __init__(self, waker: Any) -> None:
        self.waker, self.has_rung = waker, False

    def fire(self) -> None:
        self.has_rung = True
        self.waker.wake()


async def sleep(seconds: float, result: Any = None) -> Any:
    """Let others run for a time.

    Parameters
    ----------
    seconds : float
        How long at least; 0 is as `yield_now`.
    result : object, optional
        What is returned.

    Returns
    -------
    object
        The result.

    Raises
    ------
    ValueError
        The time is negative.

    Examples
    --------
    >>> import zuki
    >>> zuki.run(zuki.sleep(0.001, "awake"))
    'awake'
    """
    seconds = checked_seconds("sleep", seconds)
    if seconds == 0:
        await yield_now()
        return result
    alarm = _Alarm(current_waker())
    if seconds == math.inf:
        while True:
            await park()
    timer = timers().after(seconds, alarm)
    try:
        while not alarm.has_rung:
            await park()
    finally:
        timer.close()
    return result


class _Limit:
    """A limit of time for the statements of a block."""

    _name = ""

    def __init__(self, seconds: float | None) -> None:
        self._seconds = math.inf if seconds is None else checked_seconds(self._name, seconds)
        self._scope: Scope | None = None
        self._timer: Any = None
        self._is_expired = False

    def expired(self) -> bool:
        """Return whether the block was left because of the limit."""
        return self._is_expired

    def __enter__(self) -> Any:
        if self._scope is not None:
            raise RuntimeError(f"a {self._name} limits one block, and this one was entered before")
        self._scope = Scope()
        if self._seconds < math.inf:
            self._timer = timers().after(self._seconds, self._scope)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        assert self._scope is not None
        if self._timer is not None:
            self._timer.close()
        if not self._scope.close():
            return False
        return error is not None and self._scope.is_all_of(error) and self._expire(error)

    def _expire(self, error: BaseException) -> bool:
        self._is_expired = True
        return True

    async def __aenter__(self) -> Any:
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        return self.__exit__(kind, error, trace)


class timeout(_Limit):  # noqa: N801  (used as a statement)
    """Raise `TimeoutError` from a block that takes too long, in a coroutine.

    The await at which it is then is cancelled. Use it with ``with`` or ``async with``.

    Parameters
    ----------
    seconds : float or None
        From now on; None for no limit.

    Raises
    ------
    ValueError
        The time is negative.

    Examples
    --------
    >>> import zuki
    >>> async def main():
    ...     with zuki.timeout(0.01):
    ...         await zuki.sleep(60)
    >>> zuki.run(main())
    Traceback (most recent call last):
        ...
    TimeoutError: 0.01 seconds were over
    """

    _name = "timeout"

    def _expire(self, error: BaseException) -> bool:
        self._is_expired = True
        raise TimeoutError(f"{self._seconds:g} seconds were over") from error


class move_on_after(_Limit):  # noqa: N801  (used as a statement)
    """Leave a block that takes too long, in a coroutine, and go on behind it.

    The await at which it is then is cancelled. Use it with ``with`` or ``async with``; `expired` tells what
    happened.

    Parameters
    ----------
    seconds : float or None
        From now on; None for no limit.

    Raises
    ------
    ValueError
        The time is negative.

    Examples
    --------
    >>> import zuki
    >>> async def main():
    ...     with zuki.move_on_after(0.01) as limit:
    ...         await zuki.sleep(60)
    ...     return limit.expired()
    >>> zuki.run(main())
    True
    """

    _name = "move_on_after"
