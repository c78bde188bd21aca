"""How what can be awaited becomes a future that runs beside the coroutine that awaits it."""

from typing import Any

from zuki.lane.coroutines import spawn_on
from zuki.lane.future import Future
from zuki.lane.priority import NORMAL, Priority
from zuki.lane.wakers import current_task


def as_future(awaitable: Any) -> Future[Any]:
    """Return a future as it is; let others run where the current coroutine runs."""
    if isinstance(awaitable, Future):
        return awaitable
    return spawn_on(current_task().lanes, awaitable)


def as_futures(awaitables: Any) -> list[Future[Any]]:
    """Return the futures of several; if one cannot be awaited, those that this has spawned are cancelled."""
    futures: list[Future[Any]] = []
    awaitables = list(awaitables)
    try:
        for awaitable in awaitables:
            futures.append(as_future(awaitable))
    except BaseException:
        for awaitable, future in zip(awaitables, futures, strict=False):
            if awaitable is not future:
                future.cancel()
        for awaitable in awaitables[len(futures) :]:  # else Python complains of each
            close(awaitable)
        raise
    return futures


def close(awaitable: Any) -> None:
    """Let a coroutine that is not to run not be missed."""
    if hasattr(awaitable, "close") and hasattr(awaitable, "send"):
        awaitable.close()


def level_of(priority: Any) -> int:
    """Return the level of a priority; raise if there is none such."""
    if priority is Priority.NORMAL:
        return NORMAL
    try:
        return Priority(priority).value
    except ValueError:
        raise ValueError(f"priority must be a zuki.Priority, not {priority!r}") from None
