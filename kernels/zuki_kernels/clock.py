"""The monotonic clock, and what a thread that spins does: hint, and give way."""

import platform

from llvmlite import ir
from numba import types
from numba.core import cgutils

from ._machine import WORD, call_symbol, compiles_to

_CLOCK_MONOTONIC = 6 if platform.system() == "Darwin" else 1
_ARM = platform.machine().lower() in ("aarch64", "arm64")


def _lower_now(context, builder, signature, args):
    moment = cgutils.alloca_once(builder, ir.ArrayType(WORD, 2))  # struct timespec: seconds, nanoseconds
    call_symbol(builder, "clock_gettime", ir.IntType(32), [ir.IntType(32)(_CLOCK_MONOTONIC), moment])
    seconds, nanoseconds = (builder.extract_value(builder.load(moment), index) for index in (0, 1))
    return builder.add(builder.mul(seconds, WORD(10**9)), nanoseconds)


def _lower_spin_hint(context, builder, signature, args):
    if _ARM:  # inline assembly aborts the process under Numba, the intrinsics do not
        call_symbol(builder, "llvm.aarch64.hint", ir.VoidType(), [ir.IntType(32)(1)])
    else:
        call_symbol(builder, "llvm.x86.sse2.pause", ir.VoidType(), [])
    return context.get_dummy_value()


def _lower_give_way(context, builder, signature, args):
    call_symbol(builder, "sched_yield", ir.IntType(32), [])
    return context.get_dummy_value()


@compiles_to(_lower_now, types.int64)
def now() -> int:
    """Return nanoseconds of the clock of `time.monotonic_ns`."""
    raise NotImplementedError


@compiles_to(_lower_spin_hint, types.void)
def spin_hint() -> None:
    """Tell the processor that this thread is spinning."""
    raise NotImplementedError


@compiles_to(_lower_give_way, types.void)
def give_way() -> None:
    """Let another thread run on this processor, if one waits for it."""
    raise NotImplementedError
