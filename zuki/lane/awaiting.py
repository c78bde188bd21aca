"""How a coroutine of an asyncio loop awaits a future: wake-ups into a loop go in batches.

A loop is told of something by `call_soon_threadsafe`, which takes microseconds and writes to
a socket. So what a loop waits for is collected, and the loop is told once for all that came
until it looks.
"""

import sys
from collections import deque
from collections.abc import Generator
from typing import Any
from weakref import WeakKeyDictionary, ref

_mailboxes: "WeakKeyDictionary[Any, _Mailbox]" = WeakKeyDictionary()


def running_loop() -> Any:
    """Return the asyncio loop that runs on this thread, or None."""
    asyncio = sys.modules.get("asyncio.events")
    return None if asyncio is None else asyncio._get_running_loop()


class _Mailbox:
    """What a loop has to hear of."""

    def __init__(self, loop: Any) -> None:
        self._loop = ref(loop)  # whose mailbox this is: it may go
        self._arrived: deque[Any] = deque()
        self._is_told = False

    def post(self, waiter: Any) -> None:
        """Let the loop set the result of its own future. Any thread."""
        self._arrived.append(waiter)
        if not self._is_told:
            self._is_told = True  # before the call: the loop takes it back before it looks
            loop = self._loop()
            try:
                loop.call_soon_threadsafe(self._open)
            except (AttributeError, RuntimeError):  # it is gone, or was closed: nobody waits any more
                self._arrived.clear()

    def _open(self) -> None:
        self._is_told = False
        arrived = self._arrived
        while arrived:
            waiter = arrived.popleft()
            if not waiter.done():
                waiter.set_result(None)


class _LoopWaker:
    """Wakes what waits in a loop."""

    __slots__ = ("_mailbox", "_waiter")

    def __init__(self, mailbox: _Mailbox, waiter: Any) -> None:
        self._mailbox, self._waiter = mailbox, waiter

    def wake(self) -> None:
        self._mailbox.post(self._waiter)


def awaited_by_asyncio(future: Any, loop: Any) -> Generator[Any, Any, None]:
    """Wait in a coroutine of ``loop`` until a future is done; a cancelled wait cancels the future."""
    mailbox = _mailboxes.get(loop)
    if mailbox is None:
        mailbox = _mailboxes[loop] = _Mailbox(loop)  # only the loop's own thread comes here
    waiter = loop.create_future()
    waker = _LoopWaker(mailbox, waiter)
    future._add_waker(waker)
    try:
        yield from waiter
    except BaseException:
        future._drop_waker(waker)
        if waiter.cancelled():
            future.cancel()
        raise
