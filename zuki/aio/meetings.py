"""`Condition` and `Barrier`: coroutines that wait for each other."""

import threading
from collections.abc import Callable
from typing import Any

from zuki.aio.checks import checked_count
from zuki.aio.lines import Line, Waiter, wait_in
from zuki.aio.locks import Lock
from zuki.lane.wakers import is_cancellation


class Condition:
    """A lock, and coroutines that wait under it until something has changed.

    Parameters
    ----------
    lock : Lock, optional
        The lock; several conditions may share one.

    Raises
    ------
    TypeError
        It is no `Lock`.

    Examples
    --------
    >>> import zuki
    >>> async def main():
    ...     condition, found = zuki.Condition(), []
    ...     async def wait():
    ...         async with condition:
    ...             await condition.wait_for(lambda: found)
    ...     task = zuki.spawn(wait())
    ...     async with condition:
    ...         found.append(1)
    ...         condition.notify()
    ...     await task
    >>> zuki.run(main())
    """

    def __init__(self, lock: Lock | None = None) -> None:
        if lock is not None and not isinstance(lock, Lock):
            raise TypeError(f"a zuki.Lock is wanted, not {lock!r}")
        self._lock = lock or Lock()
        self._line = Line()
        self._guard = threading.RLock()  # a finaliser may come here again
        self._unrunnable = 0  # those that were closed while they waited, and do not hold the lock

    def locked(self) -> bool:
        """Return whether somebody holds the lock."""
        return self._lock.locked()

    async def acquire(self) -> bool:
        """Wait for the lock.

        Returns
        -------
        bool
            True.
        """
        return await self._lock.acquire()

    def release(self) -> None:
        """Let the next one have the lock.

        Raises
        ------
        RuntimeError
            Nobody holds it.
        """
        self._lock.release()

    async def wait(self) -> bool:
        """Release the lock, wait to be notified, and hold the lock again; also if this is cancelled.

        Returns
        -------
        bool
            True.

        Raises
        ------
        RuntimeError
            Nobody holds the lock.
        """
        self._check("wait")
        with self._guard:
            waiter = self._line.join()
        self._lock.release()
        try:
            await wait_in(self._line, waiter, self._guard, self._pass_on)
        except GeneratorExit:  # nobody runs it any more: it cannot wait for the lock
            self._unrunnable += 1
            raise
        except BaseException:
            await self._hold_again(None)
            raise
        await self._hold_again(waiter)
        return True

    async def _hold_again(self, waiter: Waiter | None) -> None:
        """Wait for the lock, whatever happens; if this is cancelled, somebody else is notified."""
        cancelled = None
        while True:
            try:
                await self._lock.acquire()
                break
            except GeneratorExit:
                self._unrunnable += 1
                if waiter is not None:
                    with self._guard:
                        self._pass_on(waiter)
                raise
            except BaseException as error:
                if not is_cancellation(error):
                    raise
                cancelled = error
        if cancelled is not None:
            if waiter is not None:
                with self._guard:
                    self._pass_on(waiter)
            try:
                raise cancelled
            finally:
                cancelled = None  # its traceback holds this frame

    async def wait_for(self, predicate: Callable[[], Any]) -> Any:
        """Wait until a function returns something true.

        Parameters
        ----------
        predicate : callable
            Called with the lock held, now and after each notification.

        Returns
        -------
        object
            What it has returned.
        """
        while not (found := predicate()):
            await self.wait()
        return found

    def notify(self, n: int = 1) -> None:
        """Let some of those go on that wait, the first first. Who holds the lock.

        Parameters
        ----------
        n : int
            How many at most.

        Raises
        ------
        RuntimeError
            Nobody holds the lock.
        """
        count = checked_count("n", n, 0)
        self._check("notify")
        with self._guard:
            for _ in range(min(count, len(self._line))):
                self._line.pop().serve()

    def notify_all(self) -> None:
        """Let all go on that wait. Who holds the lock."""
        self._check("notify")
        with self._guard:
            self._line.serve_all()

    def _pass_on(self, waiter: Waiter) -> None:
        if self._line:
            self._line.pop().serve()

    def _check(self, what: str) -> None:
        if not self._lock.locked():
            raise RuntimeError(f"Condition.{what} is for who holds its lock, and nobody does")

    async def __aenter__(self) -> None:
        await self._lock.acquire()

    async def __aexit__(self, kind: type[BaseException] | None, *error: object) -> None:
        if kind is not None and issubclass(kind, GeneratorExit) and self._unrunnable:
            self._unrunnable -= 1
            return
        self._lock.release()

    def __repr__(self) -> str:
        return f"<zuki.Condition: {'locked' if self.locked() else 'unlocked'}, {len(self._line)} wait>"


class Barrier:
    """Where coroutines wait until there are enough of them; then all go on, and it begins anew.

    Parameters
    ----------
    parties : int
        How many.

    Raises
    ------
    ValueError
        It is less than one.

    Examples
    --------
    >>> import zuki
    >>> async def main():
    ...     barrier = zuki.Barrier(2)
    ...     return sorted(await zuki.gather(barrier.wait(), barrier.wait()))
    >>> zuki.run(main())
    [0, 1]
    """

    def __init__(self, parties: int) -> None:
        self._parties = checked_count("parties", parties, 1)
        self._line = Line()
        self._guard = threading.RLock()  # a finaliser may come here again
        self._is_broken = False

    @property
    def parties(self) -> int:
        """How many are to come."""
        return self._parties

    @property
    def n_waiting(self) -> int:
        """How many wait."""
        return len(self._line)

    @property
    def broken(self) -> bool:
        """Whether `abort` was called."""
        return self._is_broken

    async def wait(self) -> int:
        """Wait for the others. Who is cancelled has not come.

        Returns
        -------
        int
            Which of them this is, from 0, in the order of coming.

        Raises
        ------
        threading.BrokenBarrierError
            The barrier is, or was meanwhile, aborted or reset.
        """
        with self._guard:
            if self._is_broken:
                raise threading.BrokenBarrierError("the barrier is broken")
            if len(self._line) + 1 == self._parties:
                for place in range(self._parties - 1):
                    self._line.pop().serve(place)
                return self._parties - 1
            waiter = self._line.join()
        place = await wait_in(self._line, waiter, self._guard)
        if place is None:
            raise threading.BrokenBarrierError("the barrier was broken while this waited")
        return int(place)

    def abort(self) -> None:
        """Let all that wait or come raise `threading.BrokenBarrierError`. Any thread."""
        with self._guard:
            self._is_broken = True
            self._line.serve_all()

    def reset(self) -> None:
        """Let all that wait raise `threading.BrokenBarrierError`, and begin anew. Any thread."""
        with self._guard:
            self._is_broken = False
            self._line.serve_all()

    def __repr__(self) -> str:
        state = "broken" if self._is_broken else f"{len(self._line)} of {self._parties} wait"
        return f"<zuki.Barrier: {state}>"
