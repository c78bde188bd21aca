"""What hands need of Python: addresses of functions, and the end of a thread's stack.

The kernel `joining.join` is as large as a turn. It is compiled, or loaded, when the first
task is joined that is not the newest in its spawner's hand: no program pays for it that
does not spawn.
"""

import ctypes
import sys
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from numba import types

from zuki.later import later
from zuki_kernels import joining
from zuki_kernels._jit import KERNEL_SOURCES, LazyCache
from zuki_kernels._signals import held_back
from zuki_kernels.hands import JOIN

if TYPE_CHECKING:
    from numba.core.ccallback import CFunc

callbacks = later("numba.core.ccallback")

_KEPT = 256 << 10  # bytes of a stack that a new task is not to find taken
_JOIN = ctypes.CFUNCTYPE(ctypes.c_int64, *[ctypes.c_int64] * 3)
_CALL = ctypes.CFUNCTYPE(ctypes.c_int64, *[ctypes.c_int64] * 5)

_lock = threading.Lock()
_compiled: "list[CFunc]" = []  # the kernel, when it is compiled


def _address_of_join() -> int:
    with _lock:
        if not _compiled:
            word = types.int64
            made = callbacks.CFunc(_join, ((word,) * 3, word), locals={}, options={})
            made._cache = LazyCache(_join, lambda: KERNEL_SOURCES)
            with held_back():
                made.compile()
            _compiled.append(made)
        return _compiled[0].address


def _join(hand, block, stamp):
    return joining.join(hand, block, stamp)


def _join_at_first(hand: int, block: int, stamp: int) -> int:
    address = _address_of_join()
    ctypes.c_int64.from_address(hand + 8 * JOIN).value = address  # from now on Python is not asked
    return _JOIN(address)(hand, block, stamp)


_join_at_first_here = _JOIN(_join_at_first)


def address_of_join() -> int:
    """Return the address of a C function that does what `joining.join` does."""
    return _compiled[0].address if _compiled else ctypes.cast(_join_at_first_here, ctypes.c_void_p).value or 0


def make_call(function: Callable[[int, int, int, int, int], int]) -> tuple[object, int]:
    """Return an object to be kept, and the address by which kernels call a Python function."""
    made = _CALL(function)
    return made, ctypes.cast(made, ctypes.c_void_p).value or 0


def renew_lock() -> None:
    """Make the lock anew in a forked child."""
    global _lock
    _lock = threading.Lock()


class _Stack(threading.local):
    limits: tuple[int, int] | None = None


_stack = _Stack()


def stack_limits() -> tuple[int, int]:
    """Return the addresses beyond which the calling thread's stack is not to grow.

    Returns
    -------
    limit, help_limit : int
        Of any task, and of the tasks of others; 0 if they are not known.
    """
    if _stack.limits is None:
        _stack.limits = _find_stack_limits() if sys.platform == "linux" else (0, 0)
    return _stack.limits


def _find_stack_limits() -> tuple[int, int]:
    library = ctypes.CDLL(None)
    if not hasattr(library, "pthread_getattr_np"):
        return 0, 0
    library.pthread_self.restype = ctypes.c_void_p
    attributes = (ctypes.c_int64 * 8)()  # a pthread_attr_t is 56 bytes
    lowest, size = ctypes.c_void_p(), ctypes.c_size_t()
    if library.pthread_getattr_np(ctypes.c_void_p(library.pthread_self()), attributes) != 0:
        return 0, 0
    library.pthread_attr_getstack(attributes, ctypes.byref(lowest), ctypes.byref(size))
    library.pthread_attr_destroy(attributes)
    begin = lowest.value or 0
    return begin + min(_KEPT, size.value // 4), begin + size.value // 2
