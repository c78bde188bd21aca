"""`Channel`: items from any number of coroutines to any number of others."""

import queue
import threading
from collections import deque
from typing import Any

from zuki.aio.checks import checked_count
from zuki.aio.lines import Line, Waiter, wait_in
from zuki.errors import ChannelClosedError
from zuki.lane.wakers import current_task, is_cancellation

_SENT, _CLOSED = object(), object()  # what waiters are given; a receiver gets its item in a tuple


class Channel:
    """A bounded queue of items, each of which one receiver gets, in the order of sending.

    Any thread may use the methods that do not wait; coroutines of several executors may send and receive.

    Parameters
    ----------
    capacity : int
        How many items there are at most that nobody has received; a sender waits for room.

    Raises
    ------
    ValueError
        The capacity is less than one.

    Examples
    --------
    >>> import zuki
    >>> async def produce(channel):
    ...     async with channel:  # closes it
    ...         for number in range(5):
    ...             await channel.send(number)
    >>> async def main():
    ...     channel = zuki.Channel(2)
    ...     zuki.spawn(produce(channel))
    ...     return [item async for item in channel]
    >>> zuki.run(main())
    [0, 1, 2, 3, 4]
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = checked_count("capacity", capacity, 1)
        self._items: deque[Any] = deque()
        self._senders, self._receivers = Line(), Line()
        self._guard = threading.RLock()  # a finaliser may come here again
        self._is_closed = False

    @property
    def capacity(self) -> int:
        """How many items have room."""
        return self._capacity

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return self._is_closed

    def __len__(self) -> int:
        return len(self._items)

    # ---- sending -----------------------------------------------------------------------------------

    def _send(self, item: Any) -> bool:
        """Send an item if there is room. Under the lock."""
        if self._is_closed:
            raise ChannelClosedError("the channel is closed: nothing can be sent")
        if self._receivers:
            self._receivers.pop().serve((item,))
        elif len(self._items) < self._capacity:
            self._items.append(item)
        else:
            return False
        return True

    async def send(self, item: Any) -> None:
        """Send an item; wait for room.

        If this is cancelled the item was not sent. A cancellation that comes when it was is delivered at
        the next await.

        Parameters
        ----------
        item : object
            Anything.

        Raises
        ------
        ChannelClosedError
            The channel is closed, or was before there was room.
        """
        with self._guard:
            if self._send(item):
                return
            waiter = self._senders.join(item)
        try:
            outcome = await wait_in(self._senders, waiter, self._guard)
        except BaseException as error:
            if waiter.gift is not _SENT or not waiter.is_served or not is_cancellation(error):
                raise
            task = current_task()
            if task._wish is None:
                task._wish = error.args
            return
        if outcome is _CLOSED:
            raise ChannelClosedError("the channel was closed before there was room")

    def send_nowait(self, item: Any) -> None:
        """Send an item without waiting. Any thread.

        Parameters
        ----------
        item : object
            Anything.

        Raises
        ------
        queue.Full
            There is no room.
        ChannelClosedError
            The channel is closed.
        """
        with self._guard:
            if not self._send(item):
                raise queue.Full(f"the channel has {self._capacity} items: there is no room")

    # ---- receiving ---------------------------------------------------------------------------------

    def _receive(self) -> tuple[Any, ...]:
        """Return the first item in a tuple, an empty one if there is none. Under the lock."""
        if self._items:
            item = self._items.popleft()
            if self._senders and len(self._items) < self._capacity:
                sender = self._senders.pop()
                self._items.append(sender.gift)
                sender.serve(_SENT)
            return (item,)
        if self._is_closed:
            raise ChannelClosedError("the channel is closed, and has no more items")
        return ()

    async def receive(self) -> Any:
        """Receive the next item; wait for one.

        If this is cancelled somebody else gets the item.

        Returns
        -------
        object
            The item.

        Raises
        ------
        ChannelClosedError
            The channel is closed, and has no more items.
        """
        with self._guard:
            if received := self._receive():
                return received[0]
            waiter = self._receivers.join()
        gift = await wait_in(self._receivers, waiter, self._guard, self._pass_on)
        if gift is _CLOSED:
            raise ChannelClosedError("the channel was closed, and has no more items")
        return gift[0]

    def receive_nowait(self) -> Any:
        """Receive the next item without waiting. Any thread.

        Returns
        -------
        object
            The item.

        Raises
        ------
        queue.Empty
            There is none.
        ChannelClosedError
            The channel is closed, and has no more items.
        """
        with self._guard:
            if received := self._receive():
                return received[0]
        raise queue.Empty("the channel has no items")

    def _pass_on(self, waiter: Waiter) -> None:
        """Let the item of a receiver that was cancelled be the next that is received."""
        if waiter.gift is _CLOSED:
            return
        if self._receivers:
            self._receivers.pop().serve(waiter.gift)
        else:
            self._items.appendleft(waiter.gift[0])

    # ---- the end -----------------------------------------------------------------------------------

    def close(self) -> None:
        """Take no more items; what was sent can be received. Any thread, as often as it likes."""
        with self._guard:
            self._is_closed = True
            while self._receivers:  # then there are no items
                self._receivers.pop().serve(_CLOSED)
            while self._senders:
                self._senders.pop().serve(_CLOSED)

    async def __aenter__(self) -> "Channel":
        return self

    async def __aexit__(self, *error: object) -> None:
        self.close()

    def __aiter__(self) -> "Channel":
        return self

    async def __anext__(self) -> Any:
        try:
            return await self.receive()
        except ChannelClosedError:
            raise StopAsyncIteration from None

    def __repr__(self) -> str:
        state = "closed" if self._is_closed else "open"
        return f"<zuki.Channel: {state}, {len(self._items)} of {self._capacity} items>"
