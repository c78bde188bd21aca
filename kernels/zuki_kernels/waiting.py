"""Wait on an address: the one place where a thread sleeps without the interpreter.

A cell is 64 bits wide, the wait compares its low 32: values that threads wait on
stay below 2**31. Linux only so far, by the futex system call.
"""

import platform
import sys

from llvmlite import ir
from numba import types
from numba.core import cgutils

from ._machine import ANY_TABLE, WORD, call_symbol, cell_of, compiles_to
from ._types import Table

_SYS_FUTEX = {"x86_64": 202, "aarch64": 98, "arm64": 98}.get(platform.machine())
_FUTEX_WAIT_PRIVATE = 128
_FUTEX_WAKE_PRIVATE = 129

SUPPORTED = sys.platform == "linux" and _SYS_FUTEX is not None and sys.byteorder == "little"

FOREVER = -1  # timeout: none


def _futex(builder, cell, operation, value, timeout):
    words = [
        WORD(_SYS_FUTEX or 0),
        builder.ptrtoint(cell, WORD),
        WORD(operation),
        value,
        timeout,
        WORD(0),
        WORD(0),
    ]
    return call_symbol(builder, "syscall", WORD, words, variadic=True)


def _lower_wait(context, builder, signature, args):
    moment = cgutils.alloca_once(builder, ir.ArrayType(WORD, 2))
    limit, billion = args[4], WORD(10**9)
    for index, part in enumerate((builder.sdiv(limit, billion), builder.srem(limit, billion))):
        builder.store(part, builder.gep(moment, [ir.IntType(32)(0), ir.IntType(32)(index)]))
    endless = builder.icmp_signed("<", limit, WORD(0))
    timeout = builder.select(endless, WORD(0), builder.ptrtoint(moment, WORD))
    _futex(builder, cell_of(context, builder, signature, args), _FUTEX_WAIT_PRIVATE, args[3], timeout)
    return context.get_dummy_value()


def _lower_wake(context, builder, signature, args):
    return _futex(builder, cell_of(context, builder, signature, args), _FUTEX_WAKE_PRIVATE, args[3], WORD(0))


@compiles_to(_lower_wait, types.void, ANY_TABLE, types.intp, types.intp, types.int64, types.int64)
def wait(table: Table, row: int, field: int, expected: int, timeout: int) -> None:
    """Sleep while the cell holds ``expected``, until woken or ``timeout`` nanoseconds have passed.

    May return for no reason: look at the cell again. Orders nothing.
    """
    raise NotImplementedError


@compiles_to(_lower_wake, types.int64, ANY_TABLE, types.intp, types.intp, types.int64)
def wake(table: Table, row: int, field: int, count: int) -> int:
    """Wake up to ``count`` threads that wait on the cell; return how many there were."""
    raise NotImplementedError
