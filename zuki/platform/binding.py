"""Binding threads to processors, and undoing that.

Linux lets a new thread run where the thread that has started it may. So what a bound thread starts would be
bound, too, and has to be told otherwise.
"""

import ctypes
import os
import sys
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress

from zuki.platform.usable import affinity_mask

_bound_any: list[bool] = []  # not empty once a thread of this process was bound


class _Here(threading.local):
    mask: tuple[int, ...] | None = None  # where the process might run when this thread was bound


_here = _Here()


def bind(cpus: Iterable[int]) -> bool:
    """Let the calling thread run on these processors only; return False if the system refuses."""
    mask = affinity_mask()
    try:
        os.sched_setaffinity(0, cpus)  # 0 is the calling thread
    except OSError:  # none of them is the process's any more
        return False
    _here.mask = mask
    if not _bound_any:
        _bound_any.append(True)
    return True


def unbind() -> None:
    """Let the calling thread run wherever the process may, if it could have been bound.

    Threads that zuki starts and does not bind call this first. In a process where nobody was bound it does
    nothing: a mask that the program has given to its own threads stays.
    """
    if _bound_any:
        with suppress(OSError):
            os.sched_setaffinity(0, affinity_mask())


def unbind_child() -> None:
    """Let a forked process run where its parent may, though its main thread is that of a bound worker."""
    if _here.mask is not None:
        with suppress(OSError):
            os.sched_setaffinity(0, _here.mask)
        _here.mask = None
    _bound_any.clear()


def _find_current_cpu() -> Callable[[], int]:
    """Return what tells on which processor the calling thread runs, or -1 where the system does not tell."""
    found = getattr(ctypes.CDLL(None), "sched_getcpu", None) if sys.platform == "linux" else None
    return (lambda: -1) if found is None else found


_found: list[Callable[[], int]] = []


def current_cpu() -> int:
    """Return the processor on which the calling thread runs now, or -1 if that is not known."""
    if not _found:
        _found.append(_find_current_cpu())
    return int(_found[0]())
