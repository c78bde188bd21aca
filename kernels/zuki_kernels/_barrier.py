"""A fence for all threads of the process at once: `membarrier` on Linux, and what Windows has for it.

Where threads wait in other ways there is none: macOS has no such call, and what the portable way is for may
have none either. A pool asks `is_there` and, if not, does without (`solo`).
"""

import ctypes

from llvmlite import ir

from ._machine import WORD, call_symbol
from ._target import (
    BARRIER_NUMBERS,
    FUTEX,
    HOST,
    WAIT_ON_ADDRESS,
    WAY,
    are_here,
    target_named,
    target_of,
    way_of,
)

_PRIVATE_EXPEDITED = 8
_REGISTER_PRIVATE_EXPEDITED = 16
_OF_WINDOWS = "FlushProcessWriteBuffers"


def lower_fence_everywhere(context, builder, signature, args):
    """Write the call into a module; nothing where `is_there` says that there is none."""
    way = way_of(builder)
    if way == FUTEX:
        number = BARRIER_NUMBERS[target_of(builder).processor]
        words = [WORD(number), WORD(_PRIVATE_EXPEDITED), WORD(0), WORD(0)]
        call_symbol(builder, "syscall", WORD, words, variadic=True)
    elif way == WAIT_ON_ADDRESS:
        call_symbol(builder, _OF_WINDOWS, ir.VoidType(), [])
    return context.get_dummy_value()


def is_there() -> bool:
    """Tell whether `atomics.fence_everywhere` does what it says, and tell the system that it is wanted."""
    if WAY == WAIT_ON_ADDRESS:
        return are_here([_OF_WINDOWS])
    if WAY != FUTEX:
        return False
    number = BARRIER_NUMBERS[target_named(HOST).processor]
    words = map(ctypes.c_long, (number, _REGISTER_PRIVATE_EXPEDITED, 0, 0))
    return ctypes.CDLL(None).syscall(*words) == 0  # -1: an old kernel, or a sandbox that forbids it
