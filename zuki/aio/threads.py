"""`to_thread`: calls that block, on threads of their own.

The threads start when all others are busy, up to a limit, and end when they had nothing to do for a
while. The one that was idle last gets the next call, so that those that are not needed end.
"""

import os
import threading
from collections import deque
from collections.abc import Callable
from contextvars import copy_context
from functools import partial
from typing import Any, TypeVar

from zuki.errors import NO_THREAD, ZukiError
from zuki.lane.ending import end_after_pools
from zuki.lane.future import Future
from zuki.lane.stillness import note_beginning, sources
from zuki.platform.binding import unbind

T = TypeVar("T")

_LIMIT = 256  # threads
_KEEP = 5.0  # seconds that a thread stays without a call


class _Call:
    """A call, and its future."""

    __slots__ = ("function", "future")

    def __init__(self, function: Callable[[], Any]) -> None:
        self.function, self.future = function, Future[Any]()

    def run(self) -> None:
        if not self.future.set_running_or_notify_cancel():
            return
        try:
            result = self.function()
        except BaseException as error:
            self.future.set_exception(error)
        else:
            self.future.set_result(result)


class _Seat:
    """Where an idle thread waits for a call."""

    __slots__ = ("call", "lock")

    def __init__(self) -> None:
        self.call: _Call | None = None
        self.lock = threading.Lock()
        self.lock.acquire()


class ElasticPool:
    """Threads for calls that block.

    Parameters
    ----------
    limit : int
        How many threads there are at most; other calls wait.
    keep_alive : float
        Seconds that a thread stays without a call.
    """

    def __init__(self, limit: int = _LIMIT, keep_alive: float = _KEEP) -> None:
        self._limit, self._keep_alive = limit, keep_alive
        self._lock = threading.RLock()  # a finaliser may come here again
        self._idle: list[_Seat] = []
        self._waiting: deque[_Call] = deque()
        self._threads: set[threading.Thread] = set()
        self._is_ended = False
        sources.add(self)

    def submit(self, function: Callable[[], T]) -> Future[T]:
        """Let a thread call a function; return its future."""
        call = _Call(function)
        note_beginning()
        with self._lock:
            if self._is_ended:
                raise ZukiError("the interpreter ends: no call can begin")
            if self._idle:
                seat = self._idle.pop()
                seat.call = call
                seat.lock.release()
                return call.future
            self._waiting.append(call)
            if len(self._threads) < self._limit:
                self._start(call)
        return call.future

    def _start(self, call: _Call) -> None:
        thread = threading.Thread(target=self._serve, name="zuki-blocking", daemon=True)
        self._threads.add(thread)
        try:
            thread.start()
        except NO_THREAD:
            self._threads.discard(thread)
            if not self._threads:  # nobody would ever come
                self._waiting.remove(call)
                raise ZukiError("there is no thread to call this, and none can be started") from None

    def _serve(self) -> None:
        unbind()
        seat = _Seat()
        while True:
            with self._lock:
                call = self._waiting.popleft() if self._waiting else None
                if call is None:
                    if self._is_ended:
                        self._threads.discard(threading.current_thread())
                        return
                    self._idle.append(seat)
            if call is None:
                call = self._wait(seat)
                if call is None:
                    return
            call.run()
            call = None  # its result is not kept alive for longer

    def _wait(self, seat: _Seat) -> _Call | None:
        """Return the next call; None if the thread is to end."""
        is_called = seat.lock.acquire(timeout=self._keep_alive)
        with self._lock:
            if not is_called and seat in self._idle:
                self._idle.remove(seat)
            elif not is_called:  # it was called just now
                seat.lock.acquire()
            call, seat.call = seat.call, None
            if call is None:
                self._threads.discard(threading.current_thread())
            return call

    # ---- see `zuki.lane.stillness` -----------------------------------------------------------------

    def is_still(self) -> bool:
        """Tell whether nothing is being called, nor waits for that."""
        with self._lock:
            return not self._waiting and len(self._idle) == len(self._threads)

    def threads(self) -> list[threading.Thread | None]:
        """Return all threads."""
        with self._lock:
            return list(self._threads)

    def waiting(self) -> tuple[()]:
        """Return no coroutine."""
        return ()

    # ---- the end -----------------------------------------------------------------------------------

    def end(self) -> None:
        """Make all calls that wait, and let the threads end."""
        with self._lock:
            self._is_ended = True
            idle, self._idle = self._idle, []
            for seat in idle:
                seat.lock.release()
            threads = list(self._threads)
        for thread in threads:
            if thread is not threading.current_thread():
                thread.join()


_pool = ElasticPool()


async def to_thread(function: Callable[..., T], /, *args: Any, **kwargs: Any) -> T:
    """Call a function that blocks on a thread of its own, and wait for it.

    The thread is none of an executor's, which go on meanwhile.

    Parameters
    ----------
    function : callable
        What is called, in a copy of the current context.
    *args, **kwargs
        What it is called with.

    Returns
    -------
    object
        What it returns.

    Raises
    ------
    TypeError
        It cannot be called.
    BaseException
        What it has raised. If this is cancelled, a call that has begun goes on, unheard; one that has not is
        never made.

    Examples
    --------
    >>> import time, zuki
    >>> zuki.run(zuki.to_thread(time.strftime, "%Y", time.gmtime(0)))
    '1970'
    """
    if not callable(function):
        raise TypeError(f"to_thread takes a function, not {function!r}")
    future = _pool.submit(partial(copy_context().run, function, *args, **kwargs))
    try:
        return await future
    except BaseException:
        future.cancel()
        raise


def retire() -> None:
    """Let the threads end once they have nothing to do; the next call starts new ones."""
    global _pool
    gone, _pool = _pool, ElasticPool()
    gone.end()


def _forget() -> None:
    """In a forked child: the threads are not there."""
    global _pool
    _pool = ElasticPool()


def _end() -> None:
    _pool.end()


end_after_pools(_end)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
