"""The clocks, and what a thread that spins does: hint, and give way."""

from llvmlite import ir
from numba import types
from numba.core import cgutils

from ._machine import WORD, call_symbol, compiles_to
from ._target import ARM, MACOS, WINDOWS, X86, target_of

_CLOCK_MONOTONIC = 1  # on Linux and its likes
_CLOCK_UPTIME_RAW = 8  # on macOS: the clock of `time.monotonic_ns`; its CLOCK_MONOTONIC counts sleep, too
_HALF = ir.IntType(32)


def _lower_now(context, builder, signature, args):
    system = target_of(builder).system
    if system == MACOS:
        return call_symbol(builder, "clock_gettime_nsec_np", WORD, [_HALF(_CLOCK_UPTIME_RAW)])
    if system == WINDOWS:
        return _performance_counter(builder)
    moment = cgutils.alloca_once(builder, ir.ArrayType(WORD, 2))  # struct timespec: seconds, nanoseconds
    call_symbol(builder, "clock_gettime", _HALF, [_HALF(_CLOCK_MONOTONIC), moment])
    seconds, nanoseconds = (builder.extract_value(builder.load(moment), index) for index in (0, 1))
    return builder.add(builder.mul(seconds, WORD(10**9)), nanoseconds)


def _performance_counter(builder):
    """Return Windows' counter in nanoseconds: the clock of `time.monotonic_ns` since Python 3.13."""
    ticks, frequency = (cgutils.alloca_once(builder, WORD) for _ in range(2))
    call_symbol(builder, "QueryPerformanceCounter", _HALF, [ticks])
    call_symbol(builder, "QueryPerformanceFrequency", _HALF, [frequency])  # ticks a second; a mere load
    ticks, frequency = builder.load(ticks), builder.load(frequency)
    seconds, rest = builder.udiv(ticks, frequency), builder.urem(ticks, frequency)  # in parts: no overflow
    nanoseconds = builder.udiv(builder.mul(rest, WORD(10**9)), frequency)
    return builder.add(builder.mul(seconds, WORD(10**9)), nanoseconds)


def _lower_ticks(context, builder, signature, args):
    if target_of(builder).processor not in (X86, ARM):
        return _lower_now(context, builder, signature, args)
    # `rdtsc`, or a load of CNTVCT_EL0: a call of the system's clock takes twice as long
    kind = ir.FunctionType(WORD, [])
    return builder.call(cgutils.get_or_insert_function(builder.module, kind, "llvm.readcyclecounter"), [])


def _lower_spin_hint(context, builder, signature, args):
    processor = target_of(builder).processor
    if processor == ARM:  # inline assembly aborts the process under Numba, the intrinsics do not
        call_symbol(builder, "llvm.aarch64.hint", ir.VoidType(), [_HALF(1)])
    elif processor == X86:
        call_symbol(builder, "llvm.x86.sse2.pause", ir.VoidType(), [])
    return context.get_dummy_value()


def _lower_give_way(context, builder, signature, args):
    name = "SwitchToThread" if target_of(builder).system == WINDOWS else "sched_yield"
    call_symbol(builder, name, _HALF, [])
    return context.get_dummy_value()


@compiles_to(_lower_now, types.int64)
def now() -> int:
    """Return nanoseconds of the clock of `time.monotonic_ns` (on Windows, of `time.perf_counter_ns`)."""
    raise NotImplementedError


@compiles_to(_lower_ticks, types.int64)
def ticks() -> int:
    """Return the processor's count of time, in a unit that `now` has to tell: the clock of traces.

    It runs at one speed, and alike on all processors, on what was built since 2008. No call of the
    processor waits for what comes before or after it in the code.
    """
    raise NotImplementedError


@compiles_to(_lower_spin_hint, types.void)
def spin_hint() -> None:
    """Tell the processor that this thread is spinning."""
    raise NotImplementedError


@compiles_to(_lower_give_way, types.void)
def give_way() -> None:
    """Let another thread run on this processor, if one waits for it."""
    raise NotImplementedError
