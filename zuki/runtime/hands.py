"""What hands need of Python: addresses of functions, and the end of a thread's stack.

The kernel `joining.join` is as large as a turn. It is compiled, or loaded, when the first
task is joined that is not the newest in its spawner's hand: no program pays for it that
does not spawn.
"""

import ctypes
import sys
import threading
from collections.abc import Callable

from numba import cfunc, types
from numba.core.ccallback import CFunc

from zuki_kernels import joining

_KEPT = 256 << 10  # bytes of a stack that a new task is not to find taken
_JOIN = ctypes.CFUNCTYPE(ctypes.c_int64, *[ctypes.c_int64] * 3)
_CALL = ctypes.CFUNCTYPE(ctypes.c_int64, *[ctypes.c_int64] * 5)

_lock = threading.Lock()
_compiled: list[CFunc] = []  # the kernel, when it is compiled


def _address_of_join() -> int:
    with _lock:
        if not _compiled:
            _compiled.append(cfunc(types.int64(types.int64, types.int64, types.int64))(_join))
        return _compiled[0].address


def _join(hand, block, stamp):
    return joining.join(hand, block, stamp)


def _join_at_first(hand: int, block: int, stamp: int) -> int:
    return _JOIN(_address_of_join())(hand, block, stamp)


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
    limit = -1


_stack = _Stack()


def stack_limit() -> int:
    """Return the address that the calling thread's stack is not to grow beyond, or 0 if it is not known."""
    if _stack.limit < 0:
        _stack.limit = _find_stack_limit() if sys.platform == "linux" else 0
    return _stack.limit


def _find_stack_limit() -> int:
    library = ctypes.CDLL(None)
    if not hasattr(library, "pthread_getattr_np"):
        return 0
    library.pthread_self.restype = ctypes.c_void_p
    attributes = (ctypes.c_int64 * 8)()  # a pthread_attr_t is 56 bytes
    lowest, size = ctypes.c_void_p(), ctypes.c_size_t()
    if library.pthread_getattr_np(ctypes.c_void_p(library.pthread_self()), attributes) != 0:
        return 0
    library.pthread_attr_getstack(attributes, ctypes.byref(lowest), ctypes.byref(size))
    library.pthread_attr_destroy(attributes)
    return (lowest.value or 0) + min(_KEPT, size.value // 4)
