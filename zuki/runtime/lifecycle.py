"""What becomes of pools when the interpreter ends, and when the process forks."""

import atexit
import gc
import os
import threading
import weakref
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from llvmlite.binding.ffi import lib as llvm
from numba.core.compiler_lock import global_compiler_lock

from zuki.lane import outcome, wakers
from zuki.lane.ending import end_all
from zuki.lane.stillness import sources
from zuki.later import importing
from zuki.platform.binding import unbind_child
from zuki.runtime import desk, hands, seat, warm
from zuki.runtime.pool import Pool
from zuki.runtime.workers import stack_lock
from zuki_kernels import current
from zuki_kernels._jit import making

_listeners: list[Callable[[Pool], object]] = []  # are told of each pool that is made
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
    sources.add(pool)
    for listener in list(_listeners):
        listener(pool)
    return pool


def pools() -> list[Pool]:
    """Return the pools that there are.

    Returns
    -------
    list of Pool
        Those that have ended among them.
    """
    return list(_pools)


def follow(listener: Callable[[Pool], object], only: Pool | None = None) -> None:
    """Tell a function of pools, until `unfollow`.

    Parameters
    ----------
    listener : callable
        Is called with each pool that is open, and with each that is made from now on.
    only : Pool, optional
        It is called with this one, and no other.
    """
    if only is not None:
        listener(only)
        return
    _listeners.append(listener)
    for pool in pools():
        if not pool.is_closed:
            listener(pool)


def unfollow(listener: Callable[[Pool], object]) -> None:
    """Tell a function of no more pools.

    Parameters
    ----------
    listener : callable
        What `follow` was given.
    """
    if listener in _listeners:
        _listeners.remove(listener)


def _finish_all() -> None:
    for pool in list(_pools):
        pool.cancel_coroutines()  # the one that they wait for might never come
        pool.shut_down(wait=True, cancel=False)
    end_all()


# What one thread at a time may do, and what a fork must not cut in two: in the child, where the other threads
# are missing, a lock would stay locked for ever and what it guards half done. So who forks waits until nobody
# does it. Who holds one of these may ask for those after it, not for those before it.
_LOCKS = global_compiler_lock, llvm._lock, stack_lock, importing, making

_taken = ExitStack()  # by the thread that forks: it alone touches this


def _before_fork() -> None:
    global _taken
    with ExitStack() as taken:
        for lock in _LOCKS:
            taken.enter_context(lock)
        if gc.isenabled():  # in the child, finalisers have to wait until pools have new locks
            gc.disable()
            taken.callback(gc.enable)
        _taken = taken.pop_all()


def _after_fork() -> None:
    _taken.close()


def _after_fork_in_child() -> None:
    unbind_child()
    seat.seats.taken.clear()
    if warm.is_warm():
        current.hold(0)
    warm.renew_lock()
    hands.renew_lock()
    desk.begin_anew()
    outcome.renew_lock()
    wakers.here.servant = None
    pools = list(_pools)
    for pool in pools:  # all of them first: what one forgets may end another one
        pool.renew_lock()
    for pool in pools:
        pool.begin_anew()
    _after_fork()


def _when_the_interpreter_ends(function: Callable[[], Any]) -> None:
    """Call ``function`` while threads can still start and run Python, as `concurrent.futures` does."""
    register = getattr(threading, "_register_atexit", None)
    (register or atexit.register)(function)


_when_the_interpreter_ends(_finish_all)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork, after_in_parent=_after_fork, after_in_child=_after_fork_in_child)
