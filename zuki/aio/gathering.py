"""`gather`, `as_completed` and `shield`: several futures, or one that goes on by itself."""

import time
from collections import deque
from collections.abc import Iterable
from typing import Any

from zuki.aio.awaitables import as_future, as_futures
from zuki.aio.checks import checked_seconds
from zuki.aio.sleeping import timeout as limit_of
from zuki.lane.future import Future
from zuki.lane.wakers import current_waker, park


async def gather(*awaitables: Any, return_exceptions: bool = False) -> list[Any]:
    """Run several awaitables side by side, and return all results.

    Parameters
    ----------
    *awaitables
        Coroutines, which are spawned, futures, and whatever else can be awaited.
    return_exceptions : bool
        Whether exceptions are results like others. If not, the first is raised as soon as it is there; the
        others run on.

    Returns
    -------
    list
        The results, in the order of the awaitables.

    Raises
    ------
    TypeError
        One of them cannot be awaited; then nothing runs on.
    BaseException
        What the first of them has raised.

    Examples
    --------
    >>> import zuki
    >>> zuki.run(zuki.gather(zuki.sleep(0.002, "one"), zuki.sleep(0.001, "two")))
    ['one', 'two']
    """
    futures = as_futures(awaitables)
    results: list[Any] = [None] * len(futures)
    places: dict[Future[Any], list[int]] = {}
    for place, future in enumerate(futures):
        places.setdefault(future, []).append(place)
    async with _Ends(places) as ends:
        for _ in range(len(places)):
            try:
                future = await ends.next()
            except BaseException:  # this is cancelled
                for future in futures:
                    future.cancel()
                    future._hear()  # one that has failed by now is not reported
                raise
            try:
                result = future._outcome()
            except BaseException as error:
                if not return_exceptions:
                    raise
                result = error
            for place in places[future]:
                results[place] = result
    return results


class _End:
    __slots__ = ("_ends", "_future")

    def __init__(self, ends: "_Ends", future: Future[Any]) -> None:
        self._ends, self._future = ends, future

    def wake(self) -> None:
        self._ends.note(self._future)


class _Ends:
    """The futures of several that are done, in the order in which they are."""

    def __init__(self, futures: Iterable[Future[Any]]) -> None:
        self._waiting = set(futures)
        self._done: deque[Future[Any]] = deque()
        self._wakers: dict[Future[Any], _End] = {}

    def note(self, future: Future[Any]) -> None:
        """Hear that a future is done. Any thread."""
        try:
            self._waiting.remove(future)
        except KeyError:  # this was told twice
            return
        self._done.append(future)
        self._waker.wake()

    async def next(self) -> Future[Any]:
        """Wait for the next one; there must be one."""
        while not self._done:
            await park()
        return self._done.popleft()

    async def __aenter__(self) -> "_Ends":
        self._waker = current_waker()
        for future in list(self._waiting):
            self._wakers[future] = end = _End(self, future)
            future._add_waker(end)
        return self

    async def __aexit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Wait for none of them any more."""
        for future in list(self._waiting):
            future._drop_waker(self._wakers[future])


class _Completed:
    """Gives futures as they are done; for one ``async for``."""

    def __init__(self, awaitables: Iterable[Any], seconds: float | None) -> None:
        self._futures = dict.fromkeys(as_futures(awaitables))  # each once, in their order
        self._left = len(self._futures)
        self._deadline = None if seconds is None else time.monotonic() + seconds
        self._ends: _Ends | None = None

    def __aiter__(self) -> "_Completed":
        return self

    async def __anext__(self) -> Future[Any]:
        if not self._left:
            raise StopAsyncIteration
        if self._ends is None:
            self._ends = await _Ends(self._futures).__aenter__()
        self._ends._waker = current_waker()
        if self._deadline is None or self._ends._done:
            future = await self._ends.next()
        else:
            with limit_of(max(0.0, self._deadline - time.monotonic())):
                future = await self._ends.next()
        self._left -= 1
        return future

    def __del__(self) -> None:
        if getattr(self, "_ends", None) is not None:
            self._ends.close()  # type: ignore[union-attr]


def as_completed(awaitables: Iterable[Any], *, timeout: float | None = None) -> _Completed:
    """Go through several awaitables with ``async for``, in the order in which they are done.

    Parameters
    ----------
    awaitables : iterable
        Coroutines, which are spawned at once, futures, and whatever else can be awaited.
    timeout : float, optional
        Seconds from now until the last is done.

    Returns
    -------
    async iterator
        Of futures that are done: ``await`` gives the result, or raises. Futures are given as they are; for
        others it is their task.

    Raises
    ------
    TypeError
        One of them cannot be awaited.
    TimeoutError
        From the iterator: the time is over.

    Examples
    --------
    >>> import zuki
    >>> async def main():
    ...     naps = [zuki.sleep(seconds, seconds) for seconds in (0.04, 0.001)]
    ...     return [await future async for future in zuki.as_completed(naps)]
    >>> zuki.run(main())
    [0.001, 0.04]
    """
    seconds = None if timeout is None else checked_seconds("as_completed", timeout)
    return _Completed(awaitables, seconds)


async def shield(awaitable: Any) -> Any:
    """Await something that goes on if the coroutine that awaits it is cancelled.

    Parameters
    ----------
    awaitable : coroutine, future or awaitable
        A coroutine is spawned. A future is never cancelled by who awaits it.

    Returns
    -------
    object
        The result.

    Raises
    ------
    TypeError
        It cannot be awaited.
    """
    return await as_future(awaitable)
