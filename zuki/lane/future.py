"""`zuki.Future`: a `concurrent.futures.Future` that costs little, and that coroutines can await.

How it is finished, and whom that wakes, is in `zuki.lane.outcome`; here is how it is waited for.
"""

from collections.abc import Callable, Generator
from typing import Any, TypeVar

from zuki.errors import DeadlockError
from zuki.lane.awaiting import awaited_by_asyncio, running_loop
from zuki.lane.outcome import DONE, FINISHED, Outcome
from zuki.lane.wakers import PARKED, Poll, Waker, cancelled_error, current_waker, here
from zuki.later import later

shown = later("zuki.lane.shown")

T = TypeVar("T")


class Future(Outcome[T]):
    """The result of something that is under way.

    It has all methods of `concurrent.futures.Future`, and can be awaited in a coroutine that zuki
    runs and in one of any asyncio loop.

    Examples
    --------
    >>> import zuki
    >>> future = zuki.Future()
    >>> future.set_result(7)
    >>> future.result()
    7
    """

    __slots__ = ()

    # ---- waiting -----------------------------------------------------------------------------------

    def result(self, timeout: float | None = None) -> T:
        """Wait for the end, and return the result.

        Parameters
        ----------
        timeout : float, optional
            Seconds to wait at most.

        Returns
        -------
        object
            The result.

        Raises
        ------
        TimeoutError
            It has not ended in time.
        concurrent.futures.CancelledError
            It was cancelled.
        BaseException
            What it has failed with.
        """
        self._wait(timeout)
        if self._state == FINISHED and self._exception is None:
            return self._result
        self._hear()
        try:
            return super().result(0)
        finally:
            self = None  # the exception's traceback holds this frame

    def exception(self, timeout: float | None = None) -> BaseException | None:
        """Wait for the end, and return the exception it failed with, or None.

        Parameters
        ----------
        timeout : float, optional
            Seconds to wait at most.

        Returns
        -------
        BaseException or None
            The exception.

        Raises
        ------
        TimeoutError
            It has not ended in time.
        concurrent.futures.CancelledError
            It was cancelled.
        """
        self._wait(timeout)
        self._hear()
        return super().exception(0)

    def _hear(self) -> None:
        """Note that somebody has asked how it went."""

    def _wait(self, timeout: float | None) -> None:
        """Wait for the end, not longer than ``timeout``; do meanwhile what the thread may do."""
        if self._state in DONE:
            return
        if here.servant is not None:  # others wait for this thread
            here.servant.wait_for(self, timeout)
            return
        condition = self._condition
        with condition:
            condition.wait_for(self.done, timeout)

    def _hear_of_deadlock(self, error: DeadlockError) -> None:
        """Raise in the thread that waits for this: nobody is left who could finish it."""
        raise error

    def __await__(self) -> Generator[Any, Any, T]:
        if self._state not in DONE:
            loop = running_loop()
            if loop is not None:
                yield from awaited_by_asyncio(self, loop)
            else:
                waker = current_waker()
                self._add_waker(waker)
                try:
                    while self._state not in DONE:
                        yield PARKED
                except BaseException:
                    self._drop_waker(waker)
                    raise
        if self._state == FINISHED and self._exception is None:
            return self._result
        try:
            return self._outcome()
        finally:
            self = None

    def _outcome(self) -> T:
        """Return the result to who awaits it."""
        if self._state == FINISHED:
            if self._exception is None:
                return self._result
            self._hear()
            try:
                return super().result(0)
            finally:
                self = None
        raise cancelled_error()

    # ---- hearing of the end ------------------------------------------------------------------------

    def poll(self, waker: Waker) -> Poll:
        """Return the result if it is there; else let ``waker`` be woken when it is.

        Parameters
        ----------
        waker : Waker
            Woken once.

        Returns
        -------
        Poll
            `Poll.PENDING`, or `Poll.ready` of the result.

        Raises
        ------
        BaseException
            What the future failed with.
        """
        if self._state not in DONE:
            self._add_waker(waker)
            if self._state not in DONE:
                return Poll.PENDING
        return Poll.ready(self._outcome())

    def add_done_callback(self, fn: Callable[["Future[T]"], Any]) -> None:
        """Call a function with this future when it is done; at once if it is.

        Parameters
        ----------
        fn : callable
            Called by the thread that finishes or cancels this, or by the caller. What it raises is
            logged.
        """
        super().add_done_callback(fn)

    def _repr_html_(self) -> str:
        return shown.html_of(self, "zuki.Future")
