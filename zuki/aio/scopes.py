"""A part of a coroutine that can be cancelled by itself.

A task has one wish to end at a time, and several may want to cancel parts of it: limits of time
around each other, groups. So the wish of scopes names them all; each takes itself out where
`CancelledError` arrives, and lets it go on while others are named. A wish of somebody else, to end
the whole task, outranks them.
"""

import threading
from typing import Any

from zuki.lane.wakers import current_task, is_cancellation


class Scope:
    """A part of the coroutine that runs on this thread; `cancel` may be called by any thread."""

    __slots__ = ("_lock", "is_cancelled", "is_closed", "task")

    def __init__(self) -> None:
        self.task = current_task()
        self.task.waker  # noqa: B018  (others wake it)
        self.is_cancelled = self.is_closed = False
        self._lock = threading.RLock()  # a finaliser may come here again

    def cancel(self) -> None:
        """Raise `CancelledError` at the next await of the task, unless the part is over."""
        with self._lock:
            if self.is_closed or self.is_cancelled:
                return
            self.is_cancelled = True
            task = self.task
            wish = task._wish
            if wish is None:
                task.cancel(self)
            elif wish and all(isinstance(one, Scope) for one in wish):
                task._wish = (*wish, self)

    fire = cancel

    def close(self) -> bool:
        """Say that the part is over; return whether it was cancelled. The task itself."""
        with self._lock:
            self.is_closed = True
        if self.is_cancelled:
            wish = self.task._wish
            if wish is not None and self in wish:  # it came too late
                self.task._wish = _others(wish) or None
        return self.is_cancelled

    def is_all_of(self, error: BaseException) -> bool:
        """Tell whether an exception is due to this alone; let others that it is due to be its reason.

        The scope is closed.
        """
        if not is_cancellation(error) or self not in error.args:
            return False
        error.args = _others(error.args)
        return not error.args


def _others(reasons: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return the reasons without scopes that are over."""
    return tuple(one for one in reasons if not (isinstance(one, Scope) and one.is_closed))
