"""The outcome of something that is under way: who brings it about, and how others hear of it.

The base class makes a lock, a condition and two lists for each future, which takes longer
than a whole task may. Here they are made when somebody asks for them: who waits on another
thread, or adds a callback. What every future has is in slots, which the interpreter writes ten
times as fast as an attribute for which the class has a default; the rest has defaults.

Who finishes a future and who wants to hear of it meet like this. The one looks at `_wakers`
and sets `_state`; the other sets `_wakers` and then looks at `_state`. So either the finisher
finds that there is somebody to tell; or the other finds that the future is done. For an
interpreter with a lock lets no other thread run between two attributes of one object, where
nothing is called. Where there is a condition, or no lock of the interpreter, `_state` is set
under the condition: the functions of `concurrent.futures` either see the end, or are told of
it, and count wrong if both.

Of several threads that would run or cancel what a future stands for, that one may which takes
the only item of the list `_claims`.
"""

import sys
import threading
from concurrent import futures
from contextlib import suppress
from typing import Any, Generic, TypeVar

T = TypeVar("T")

PENDING, RUNNING, FINISHED = "PENDING", "RUNNING", "FINISHED"  # as `concurrent.futures` spells them
CANCELLED, CANCELLED_AND_NOTIFIED = "CANCELLED", "CANCELLED_AND_NOTIFIED"
DONE = frozenset((FINISHED, CANCELLED, CANCELLED_AND_NOTIFIED))

HAS_LOCK = getattr(sys, "_is_gil_enabled", lambda: True)()  # of the interpreter

_making = threading.RLock()  # a condition or a list of wakers; a finaliser may come here again


def renew_lock() -> None:
    """Make the lock anew in a forked child: another thread may have held it."""
    global _making
    _making = threading.RLock()


class Outcome(futures.Future, Generic[T]):
    """What a `zuki.Future` is to those who finish it and those who are told; it can be waited for, too."""

    __slots__ = ("_exception", "_result", "_state", "_wakers")

    _state: str
    _result: Any
    _exception: BaseException | None
    _wakers: list[Any] | None  # whatever has a method `wake`; None: nobody wants to hear of the end
    _made: threading.Condition | None = None  # where it is, `_wakers` is not None
    _waiters: Any = ()
    _done_callbacks: Any = ()

    def __init__(self) -> None:
        self._state = PENDING
        self._result = self._exception = self._wakers = None
        self._claims: list[Any] = [None]

    # ---- what the base class's functions ask for ---------------------------------------------------

    @property
    def _condition(self) -> threading.Condition:
        made = self._made
        return self._make_condition() if made is None else made

    def _make_condition(self) -> threading.Condition:
        made = threading.Condition()
        with _making:
            if self._made is not None:
                return self._made
            self._waiters, self._done_callbacks = [], []
            self._made = made
            if self._wakers is None:
                self._wakers = []  # the finisher looks at this one first
        return made

    # ---- how it is ---------------------------------------------------------------------------------

    def cancelled(self) -> bool:
        """Return whether it was cancelled."""
        return self._state in (CANCELLED, CANCELLED_AND_NOTIFIED)

    def running(self) -> bool:
        """Return whether it is being run now."""
        return self._state == RUNNING

    def done(self) -> bool:
        """Return whether it was cancelled or has finished."""
        return self._state in DONE

    # ---- who hears of it ---------------------------------------------------------------------------

    def _add_waker(self, waker: Any) -> None:
        """Call the method ``wake`` of an object, now or when this is done."""
        if self._wakers is None:
            with _making:
                if self._wakers is None:
                    self._wakers = []
        self._wakers.append(waker)
        if self._state in DONE:  # the finisher may have looked before
            waker.wake()

    def _drop_waker(self, waker: Any) -> None:
        if self._wakers is not None:
            with suppress(ValueError):
                self._wakers.remove(waker)

    # ---- beginning ---------------------------------------------------------------------------------

    def cancel(self) -> bool:
        """Cancel it, if it has not begun.

        Returns
        -------
        bool
            Whether it is cancelled.
        """
        if not self._claim():
            return self.cancelled()
        self._close(CANCELLED)
        return True

    def _claim(self) -> bool:
        """Take the right to run or to cancel this, if nobody has."""
        try:
            self._claims.pop()
        except IndexError:
            return False
        return True

    def set_running_or_notify_cancel(self) -> bool:
        """Say that it begins, or hear that it was cancelled; for executors.

        Returns
        -------
        bool
            Whether it is to begin.

        Raises
        ------
        RuntimeError
            It has begun before.
        """
        if not self._claim():
            if self._notify_cancel():
                return False
            raise RuntimeError("Future in unexpected state")
        self._state = RUNNING
        return True

    def _notify_cancel(self) -> bool:
        """Tell who waits with others' functions that it was cancelled; return whether it was."""
        with self._condition:
            if self._state == CANCELLED:
                self._state = CANCELLED_AND_NOTIFIED
                for waiter in self._waiters:
                    waiter.add_cancelled(self)
            return self.cancelled()

    # ---- ending ------------------------------------------------------------------------------------

    def set_result(self, result: T) -> None:
        """Let it have finished with a result; for executors.

        Parameters
        ----------
        result : object
            The result.

        Raises
        ------
        concurrent.futures.InvalidStateError
            It is done.
        """
        self._refuse_if_done()
        self._succeed(result)

    def set_exception(self, exception: BaseException | None) -> None:
        """Let it have failed; for executors.

        Parameters
        ----------
        exception : BaseException
            What it failed with.

        Raises
        ------
        concurrent.futures.InvalidStateError
            It is done.
        """
        self._refuse_if_done()
        self._fail(exception)

    def _refuse_if_done(self) -> None:
        if self._state in DONE:
            raise futures.InvalidStateError(f"{self._state}: {self!r}")
        self._claim()

    def _succeed(self, result: Any) -> None:
        """Be done with a result. Who has claimed it."""
        self._result = result
        self._close(FINISHED)

    def _fail(self, exception: BaseException | None) -> None:
        self._exception = exception
        self._close(FINISHED)

    def _close(self, state: str) -> None:
        """Be done, and let everybody hear of it. Who has claimed it."""
        if HAS_LOCK and self._wakers is None:
            self._state = state
            return
        if HAS_LOCK and self._made is None:
            self._state = state
        else:  # who holds the condition sees either the end, or is told of it, and never both
            with self._condition:
                self._state = state
                for waiter in self._waiters if state == FINISHED else ():
                    if self._exception is None:
                        waiter.add_result(self)
                    else:
                        waiter.add_exception(self)
                self._condition.notify_all()
        for waker in tuple(self._wakers):  # type: ignore[arg-type]
            waker.wake()
        if self._done_callbacks:
            self._invoke_callbacks()

    def __class_getitem__(cls, item: Any) -> Any:
        return cls
