"""`Lock`, `Semaphore` and `Event`: for coroutines of one executor or of several."""

import threading

from zuki.aio.checks import checked_count
from zuki.aio.lines import Line, Waiter, wait_in


class Semaphore:
    """A number of permits, each held by one coroutine at a time; who waits longest gets the next.

    Any thread may release; coroutines of several executors may wait.

    Parameters
    ----------
    value : int
        Permits at the beginning.
    max_value : int, optional
        More permits than this there never are: to release once too often is an error.

    Raises
    ------
    ValueError
        The number is negative, or above the largest.

    Examples
    --------
    >>> import zuki
    >>> async def main():
    ...     semaphore = zuki.Semaphore(2)
    ...     async with semaphore:
    ...         return semaphore.value
    >>> zuki.run(main())
    1
    """

    def __init__(self, value: int = 1, *, max_value: int | None = None) -> None:
        self._value = checked_count("value", value, 0)
        self._most = None if max_value is None else checked_count("max_value", max_value, 1)
        if self._most is not None and self._value > self._most:
            raise ValueError(f"value {value} is above max_value {max_value}")
        self._line = Line()
        self._guard = threading.RLock()  # a finaliser may come here again

    @property
    def value(self) -> int:
        """How many permits are free."""
        return self._value

    def locked(self) -> bool:
        """Return whether `acquire` would wait."""
        return self._value == 0

    async def acquire(self) -> bool:
        """Wait for a permit.

        Returns
        -------
        bool
            True.
        """
        with self._guard:
            if self._value > 0:  # then nobody waits
                self._value -= 1
                return True
            waiter = self._line.join()
        await wait_in(self._line, waiter, self._guard, self._pass_on)
        return True

    def try_acquire(self) -> bool:
        """Take a permit if one is free. Any thread.

        Returns
        -------
        bool
            Whether it was.
        """
        with self._guard:
            if self._value == 0:
                return False
            self._value -= 1
            return True

    def release(self) -> None:
        """Give a permit back. Any thread.

        Raises
        ------
        ValueError
            There are ``max_value`` already.
        """
        with self._guard:
            if self._value == self._most:
                raise ValueError(f"a semaphore is released too often: it has {self._most} permits already")
            self._pass_on()

    def _pass_on(self, waiter: Waiter | None = None) -> None:
        if self._line:
            self._line.pop().serve()
        else:
            self._value += 1

    async def __aenter__(self) -> None:
        await self.acquire()

    async def __aexit__(self, *error: object) -> None:
        self.release()

    def __repr__(self) -> str:
        return f"<zuki.{type(self).__name__}: {self._value} free, {len(self._line)} wait>"


class Lock:
    """What one coroutine at a time holds; who waits longest gets it next.

    Any thread may release it; coroutines of several executors may wait. It is not reentrant.

    Examples
    --------
    >>> import zuki
    >>> async def main():
    ...     lock = zuki.Lock()
    ...     async with lock:
    ...         return lock.locked()
    >>> zuki.run(main())
    True
    """

    def __init__(self) -> None:
        self._semaphore = Semaphore(1, max_value=1)

    def locked(self) -> bool:
        """Return whether somebody holds it."""
        return self._semaphore.locked()

    async def acquire(self) -> bool:
        """Wait for the lock.

        Returns
        -------
        bool
            True.
        """
        return await self._semaphore.acquire()

    def try_acquire(self) -> bool:
        """Take the lock if nobody holds it. Any thread.

        Returns
        -------
        bool
            Whether it was taken.
        """
        return self._semaphore.try_acquire()

    def release(self) -> None:
        """Let the next one have it. Any thread.

        Raises
        ------
        RuntimeError
            Nobody holds it.
        """
        try:
            self._semaphore.release()
        except ValueError:
            raise RuntimeError("a lock is released that nobody holds") from None

    async def __aenter__(self) -> None:
        await self._semaphore.acquire()

    async def __aexit__(self, *error: object) -> None:
        self.release()

    def __repr__(self) -> str:
        state = "locked" if self.locked() else "unlocked"
        return f"<zuki.Lock: {state}, {len(self._semaphore._line)} wait>"


class Event:
    """Something that happens, which coroutines wait for.

    Any thread may set it; coroutines of several executors may wait.

    Examples
    --------
    >>> import zuki
    >>> async def main():
    ...     event = zuki.Event()
    ...     zuki.submit(event.set)
    ...     return await event.wait()
    >>> zuki.run(main())
    True
    """

    def __init__(self) -> None:
        self._is_set = False
        self._line = Line()
        self._guard = threading.RLock()  # a finaliser may come here again

    def is_set(self) -> bool:
        """Return whether it has happened."""
        return self._is_set

    def set(self) -> None:
        """Let all go on that wait, and those that come. Any thread."""
        with self._guard:
            self._is_set = True
            self._line.serve_all()

    def clear(self) -> None:
        """Let those wait that come from now on. Any thread."""
        with self._guard:
            self._is_set = False

    async def wait(self) -> bool:
        """Wait until it is set; who waits then goes on, even if it is cleared at once.

        Returns
        -------
        bool
            True.
        """
        if self._is_set:
            return True
        with self._guard:
            if self._is_set:
                return True
            waiter = self._line.join()
        await wait_in(self._line, waiter, self._guard)
        return True

    def __repr__(self) -> str:
        return f"<zuki.Event: {'set' if self._is_set else 'unset'}, {len(self._line)} wait>"
