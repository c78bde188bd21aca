"""The executor that is used where none is given."""

import os
import threading
from typing import Any

from zuki.lane.wakers import here
from zuki.runtime.executor import Executor

_lock = threading.Lock()
_default: Executor | None = None


def default_executor() -> Executor:
    """Return the executor that is used where none is given; made at the first call.

    Returns
    -------
    Executor
        One for the whole process; a new one if the last was shut down.
    """
    global _default
    found = _default
    if found is not None and not found._pool.is_closed:
        return found
    with _lock:
        if _default is None or _default._pool.is_closed:
            _default = Executor()
        return _default


def checked_executor(executor: Any) -> Executor:
    """Return an executor that was given; raise if it is something else.

    For None it is the one that runs the coroutine or the call that asks, else the default one.
    """
    if executor is None:
        servant = here.servant
        found = None if servant is None else servant._lanes.owner()
        return found or default_executor()
    if not isinstance(executor, Executor):
        raise TypeError(f"executor must be a zuki.Executor, not a {type(executor).__name__}")
    return executor


def set_default_executor(executor: Executor | None) -> Executor | None:
    """Choose the executor that is used where none is given.

    Parameters
    ----------
    executor : Executor or None
        It is not shut down by this; None lets one be made at the next use.

    Returns
    -------
    Executor or None
        The one that was used so far.

    Raises
    ------
    TypeError
        It is no executor of zuki's.
    """
    global _default
    if executor is not None and not isinstance(executor, Executor):
        raise TypeError(f"executor must be a zuki.Executor or None, not {type(executor).__name__}")
    with _lock:
        before, _default = _default, executor
    return before


def _after_fork() -> None:
    global _lock
    _lock = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
