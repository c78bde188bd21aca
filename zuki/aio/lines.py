"""Who waits for something, in the order of coming.

What is waited for has a lock, held for a few instructions; whoever serves a waiter does so under
it. So a waiter that is cancelled knows whether it was served: if not, it leaves the line, and else
what it was given goes to the next.
"""

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from zuki.lane.wakers import current_waker, park


class Waiter:
    """A coroutine that waits, and what it is given."""

    __slots__ = ("gift", "is_served", "waker")

    def __init__(self, gift: Any = None) -> None:
        self.waker, self.is_served, self.gift = current_waker(), False, gift

    def serve(self, gift: Any = None) -> None:
        """Let it go on. Under the lock of what it waits for."""
        self.gift, self.is_served = gift, True
        self.waker.wake()


class Line:
    """Waiters, the first first; all under the lock of what they wait for."""

    __slots__ = ("_waiters",)

    def __init__(self) -> None:
        self._waiters: OrderedDict[Waiter, None] = OrderedDict()

    def __len__(self) -> int:
        return len(self._waiters)

    def join(self, gift: Any = None) -> Waiter:
        """Let the current coroutine stand at the end."""
        waiter = Waiter(gift)
        self._waiters[waiter] = None
        return waiter

    def pop(self) -> Waiter:
        """Take out the first; there must be one."""
        return self._waiters.popitem(last=False)[0]

    def leave(self, waiter: Waiter) -> None:
        """Take out one that does not wait any more."""
        self._waiters.pop(waiter, None)

    def serve_all(self) -> None:
        """Let all go on."""
        while self._waiters:
            self.pop().serve()


async def wait_in(
    line: Line, waiter: Waiter, lock: Any, pass_on: Callable[[Waiter], Any] | None = None
) -> Any:
    """Wait until a waiter is served; return its gift.

    If this is cancelled after it was served, ``pass_on(waiter)`` is called, under the lock.
    """
    try:
        while not waiter.is_served:
            await park()
    except BaseException:  # also if nobody runs it any more
        with lock:
            if not waiter.is_served:
                line.leave(waiter)
            elif pass_on is not None:
                pass_on(waiter)
        raise
    return waiter.gift
