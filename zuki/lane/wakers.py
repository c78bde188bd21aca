"""How a coroutine waits: `Poll`, `Waker`, and the two things it may tell who runs it.

A coroutine that zuki runs yields `PARKED` to sleep until its waker is woken, and None to let
others run first. All else that can be awaited is made of these two. A wake that comes before
the coroutine sleeps is not lost: it then runs again. One that comes for no reason is allowed,
so who waits looks again.
"""

import sys
import threading
from collections.abc import Awaitable, Callable, Generator
from types import coroutine
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from zuki.errors import ZukiError
from zuki.later import import_now

if TYPE_CHECKING:
    from zuki.lane.coroutines import CoroutineTask


class _Parked:
    def __repr__(self) -> str:
        return "PARKED"


PARKED = _Parked()  # what a coroutine yields to sleep until it is woken


class Poll:
    """What `poll` answers: that there is no result yet, or the result.

    Use `Poll.PENDING` and `Poll.ready`.

    Parameters
    ----------
    is_ready : bool
        Whether there is a result.
    value : object
        The result.
    """

    __slots__ = ("is_ready", "value")
    PENDING: ClassVar["Poll"]

    def __init__(self, is_ready: bool, value: Any = None) -> None:
        self.is_ready, self.value = is_ready, value

    @classmethod
    def ready(cls, value: Any = None) -> "Poll":
        """Return the answer that there is a result.

        Parameters
        ----------
        value : object
            The result.

        Returns
        -------
        Poll
            The answer.
        """
        return cls(True, value)

    def __repr__(self) -> str:
        return f"Poll.ready({self.value!r})" if self.is_ready else "Poll.PENDING"


Poll.PENDING = Poll(False)


class Pollable(Protocol):
    """What can be asked whether it is ready."""

    def poll(self, waker: "Waker") -> Poll:
        """Return `Poll.ready` of the result, or keep the waker, which is then woken, and `Poll.PENDING`."""


class Waker:
    """The right to make one coroutine run; any thread may use it, as often as it likes.

    Wakes of a coroutine that is to run anyway are one wake; those that come after its end do nothing.

    Parameters
    ----------
    number : int
        Names the coroutine in one pool, this life of it.
    wake_number : callable
        Does it.
    """

    __slots__ = ("_wake_number", "number")

    def __init__(self, number: int, wake_number: Callable[[int], Any]) -> None:
        self.number, self._wake_number = number, wake_number

    def wake(self) -> None:
        """Let the coroutine run once more."""
        self._wake_number(self.number)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Waker):
            return NotImplemented
        return self.number == other.number and self._wake_number == other._wake_number

    def __hash__(self) -> int:
        return hash(self.number)

    def __repr__(self) -> str:
        return f"<zuki.Waker {self.number:#x}>"


class _Here(threading.local):
    """What the calling thread does for lanes."""

    servant: Any = None  # the innermost `Servant`


here = _Here()


def current_task() -> "CoroutineTask":
    """Return the coroutine that zuki runs on this thread now.

    Returns
    -------
    CoroutineTask
        The task.

    Raises
    ------
    ZukiError
        None is run by zuki.
    """
    servant = here.servant
    task = None if servant is None else servant.current
    if task is None:
        raise ZukiError("this is not inside of a coroutine that zuki runs")
    return task


def current_waker() -> Waker:
    """Return the waker of the coroutine that zuki runs on this thread now.

    Returns
    -------
    Waker
        The same one each time.

    Raises
    ------
    ZukiError
        None is run by zuki.
    """
    return current_task().waker


@coroutine
def park() -> Generator[Any, Any, None]:
    """Sleep until the waker of this coroutine is woken, or was since it began to run; or for no reason."""
    yield PARKED


@coroutine
def yield_now() -> Generator[None, Any, None]:
    """Let others run, then go on."""
    yield None


async def until_ready(pollable: Pollable) -> Any:
    """Ask something again and again, when it wakes, until it is ready.

    Parameters
    ----------
    pollable : object with a method poll
        See `Pollable`.

    Returns
    -------
    object
        Its result.
    """
    poll = getattr(pollable, "poll", None)
    if poll is None:
        raise TypeError(f"{pollable!r} has no method 'poll'")
    waker = current_waker()
    while True:
        answer = poll(waker)
        if not isinstance(answer, Poll):
            raise TypeError(f"{pollable!r}.poll must return a zuki.Poll, not {answer!r}")
        if answer.is_ready:
            return answer.value
        await park()


def as_coroutine(awaitable: Any) -> Any:
    """Return a coroutine for what can be awaited, or has a method ``poll``; raise TypeError for others."""
    if hasattr(awaitable, "__await__"):
        return _await(awaitable)
    if hasattr(awaitable, "poll"):
        return until_ready(awaitable)
    raise TypeError(f"a coroutine is wanted, or what can be awaited, not {awaitable!r}")


async def _await(awaitable: Awaitable[Any]) -> Any:
    return await awaitable


def load_asyncio() -> None:
    """Import asyncio, for its exception: when lanes are made, for it takes 17 ms, and is too late at exit."""
    import_now("asyncio")


def cancelled_error(*reason: Any) -> BaseException:
    """Return what a cancelled coroutine is thrown."""
    asyncio = sys.modules.get("asyncio") or import_now("asyncio")
    return asyncio.CancelledError(*reason)


def is_cancellation(error: BaseException) -> bool:
    """Tell whether an exception is asyncio's `CancelledError`."""
    asyncio = sys.modules.get("asyncio.exceptions")
    return asyncio is not None and isinstance(error, asyncio.CancelledError)
