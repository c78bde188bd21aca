"""Wait on an address as each system offers it: Linux, macOS from 14.4, macOS before, Windows.

A way is a pair of lowerings. ``wait(builder, cell, expected, timeout)`` returns if the cell
differs, after ``timeout`` nanoseconds (none if negative), when woken, or for no reason;
``wake(builder, cell, count)`` wakes at least ``count`` threads, and may wake all.
"""

from llvmlite import ir
from numba.core import cgutils

from ._machine import WORD, call_symbol
from ._target import FUTEX, FUTEX_NUMBERS, OS_SYNC, ULOCK, WAIT_ON_ADDRESS, target_of

HALF = ir.IntType(32)
POINTER = ir.IntType(8).as_pointer()
_CELL_SIZE = WORD(8)  # bytes

_FUTEX_WAIT_PRIVATE = 128
_FUTEX_WAKE_PRIVATE = 129
_OS_CLOCK_MACH_ABSOLUTE_TIME = 32
_UL_COMPARE_AND_WAIT64 = 5
_ULF_WAKE_ALL = 1 << 8
_ULF_NO_ERRNO = 1 << 24
_INFINITE = (1 << 32) - 1  # milliseconds, to Windows


def is_endless(builder, timeout):
    """Whether a timeout is none."""
    return builder.icmp_signed("<", timeout, WORD(0))


def at_least(builder, number, least):
    """Return the greater one."""
    return builder.select(builder.icmp_signed("<", number, WORD(least)), WORD(least), number)


def at_most(builder, number, most):
    """Return the smaller one."""
    return builder.select(builder.icmp_signed(">", number, WORD(most)), WORD(most), number)


def timespec(builder, nanoseconds):
    """Return the address of a `struct timespec`."""
    moment = cgutils.alloca_once(builder, ir.ArrayType(WORD, 2))
    parts = builder.sdiv(nanoseconds, WORD(10**9)), builder.srem(nanoseconds, WORD(10**9))
    for index, part in enumerate(parts):
        builder.store(part, builder.gep(moment, [HALF(0), HALF(index)]))
    return moment


def milliseconds(builder, timeout):
    """Return a timeout as Windows wants it, rounded up."""
    up = builder.sdiv(builder.add(at_most(builder, timeout, 1 << 62), WORD(999_999)), WORD(10**6))
    finite = builder.trunc(at_most(builder, up, _INFINITE - 1), HALF)
    return builder.select(is_endless(builder, timeout), HALF(_INFINITE), finite)


def _futex(builder, cell, operation, value, timeout):
    number = FUTEX_NUMBERS[target_of(builder).processor]
    words = [WORD(number), builder.ptrtoint(cell, WORD), WORD(operation), value, timeout, WORD(0), WORD(0)]
    call_symbol(builder, "syscall", WORD, words, variadic=True)


def _futex_wait(builder, cell, expected, timeout):
    moment = builder.ptrtoint(timespec(builder, timeout), WORD)
    limit = builder.select(is_endless(builder, timeout), WORD(0), moment)
    _futex(builder, cell, _FUTEX_WAIT_PRIVATE, expected, limit)


def _futex_wake(builder, cell, count):
    _futex(builder, cell, _FUTEX_WAKE_PRIVATE, count, WORD(0))


def _os_sync_wait(builder, cell, expected, timeout):
    what = [builder.bitcast(cell, POINTER), expected, _CELL_SIZE, HALF(0)]
    with builder.if_else(is_endless(builder, timeout)) as (endless, finite):
        with endless:
            call_symbol(builder, "os_sync_wait_on_address", HALF, what)
        with finite:  # 0 is no timeout to it, but an error
            limit = [HALF(_OS_CLOCK_MACH_ABSOLUTE_TIME), at_least(builder, timeout, 1)]
            call_symbol(builder, "os_sync_wait_on_address_with_timeout", HALF, [*what, *limit])


def _os_sync_wake(builder, cell, count):
    what = [builder.bitcast(cell, POINTER), _CELL_SIZE, HALF(0)]
    call_by_count(builder, count, "os_sync_wake_by_address_any", "os_sync_wake_by_address_all", HALF, what)


def _ulock_wait(builder, cell, expected, timeout):
    limit = builder.select(is_endless(builder, timeout), WORD(0), at_least(builder, timeout, 1))  # 0: none
    operation = HALF(_UL_COMPARE_AND_WAIT64 | _ULF_NO_ERRNO)
    words = [operation, builder.bitcast(cell, POINTER), expected, limit, WORD(0)]
    call_symbol(builder, "__ulock_wait2", HALF, words)


def _ulock_wake(builder, cell, count):
    one = HALF(_UL_COMPARE_AND_WAIT64 | _ULF_NO_ERRNO)
    everyone = HALF(_UL_COMPARE_AND_WAIT64 | _ULF_NO_ERRNO | _ULF_WAKE_ALL)
    operation = builder.select(builder.icmp_signed(">", count, WORD(1)), everyone, one)
    call_symbol(builder, "__ulock_wake", HALF, [operation, builder.bitcast(cell, POINTER), WORD(0)])


def _windows_wait(builder, cell, expected, timeout):
    compared = cgutils.alloca_once(builder, WORD)
    builder.store(expected, compared)
    places = [builder.bitcast(place, POINTER) for place in (cell, compared)]
    call_symbol(builder, "WaitOnAddress", HALF, [*places, _CELL_SIZE, milliseconds(builder, timeout)])


def _windows_wake(builder, cell, count):
    what = [builder.bitcast(cell, POINTER)]
    call_by_count(builder, count, "WakeByAddressSingle", "WakeByAddressAll", ir.VoidType(), what)


def call_by_count(builder, count, for_one, for_all, result, arguments):
    """Call the first function if ``count`` is 1, else the second."""
    with builder.if_else(builder.icmp_signed(">", count, WORD(1))) as (several, one):
        with several:
            call_symbol(builder, for_all, result, arguments)
        with one:
            call_symbol(builder, for_one, result, arguments)


NATIVE_WAYS = {
    FUTEX: (_futex_wait, _futex_wake),
    OS_SYNC: (_os_sync_wait, _os_sync_wake),
    ULOCK: (_ulock_wait, _ulock_wake),
    WAIT_ON_ADDRESS: (_windows_wait, _windows_wake),
}
