"""What becomes of pools when the interpreter ends, and when the process forks."""

import atexit
import os
import threading
import weakref
from collections.abc import Callable
from typing import Any

from zuki.runtime import worker
from zuki.runtime.pool import Pool, renew_lock

_pools: "weakref.WeakSet[Pool]" = weakref.WeakSet()


def watch(pool: Pool) -> Pool:
    """Let a pool finish its runs when the interpreter ends, and begin anew in a forked child.

    Parameters
    ----------
    pool : Pool
        The pool.

    Returns
    -------
    Pool
        The same.
    """
    _pools.add(pool)
    return pool


def _finish_all() -> None:
    for pool in list(_pools):
        pool.shut_down(wait=True, cancel=False)


def _begin_all_anew() -> None:
    renew_lock()
    worker.seats.taken.clear()
    for pool in list(_pools):
        pool.begin_anew()


def _when_the_interpreter_ends(function: Callable[[], Any]) -> None:
    """Call ``function`` while threads can still start and run Python, as `concurrent.futures` does."""
    register = getattr(threading, "_register_atexit", None)
    (register or atexit.register)(function)


_when_the_interpreter_ends(_finish_all)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin_all_anew)
