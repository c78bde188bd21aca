"""What hands need of Python: addresses of functions, and the end of a thread's stack.

The kernel `joining.join` is as large as a turn. It is compiled, or loaded, when the first
task is joined that is not the newest in its spawner's hand: no program pays for it that
does not spawn.
"""

import ctypes
import sys
import threading
from collections.abc import Callable

from numba import types

from zuki_kernels import joining

_KEPT = 256 << 10  # bytes of a stack that a new task is not to find taken
_JOIN = ctypes.CFUNCTYPE(ctypes.c_int32, *[ctypes.c_void_p] * 2, *[ctypes.c_int64] * 3)
_CALL = ctypes.CFUNCTYPE(ctypes.c_int64, *[ctypes.c_int64] * 5)

_lock = threading.Lock()
_addresses: list[int] = []  # of the kernel, when it is known


def _address_of_join() -> int:
    with _lock:
        if not _addresses:
            signature = (types.int64,) * 3
            joining.join.compile(signature)  # type: ignore[attr-defined]
            compiled = joining.join.overloads[signature]  # type: ignore[attr-defined]
            _addresses.append(compiled.library.get_pointer_to_function(compiled.fndesc.llvm_func_name))
        return _addresses[0]


def _join_at_first(answer: int, failure: int, hand: int, block: int, stamp: int) -> int:
    return _JOIN(_address_of_join())(answer, failure, hand, block, stamp)


_join_at_first_here = _JOIN(_join_at_first)


def address_of_join() -> int:
    """Return the address of a function that does what `joining.join` does, in Numba's calling convention."""
    return _addresses[0] if _addresses else ctypes.cast(_join_at_first_here, ctypes.c_void_p).value or 0


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
