"""Wait on an address: the one place where a thread sleeps without the interpreter.

Each system has its way (`_native_wait`), and there is one for those that have none
(`_portable_wait`). ``ZUKI_WAIT`` names the way, as `_target` spells it; it is read once.

A cell is 64 bits wide, and Linux compares its low 32: values that threads wait on
stay below 2**31.
"""

from numba import types

from ._machine import ANY_TABLE, cell_of, compiles_to
from ._native_wait import NATIVE_WAYS
from ._portable_wait import PORTABLE_WAY
from ._target import PORTABLE, way_of
from ._types import Table

FOREVER = -1  # timeout: none

_LOWERINGS = {**NATIVE_WAYS, PORTABLE: PORTABLE_WAY}


def _lower_wait(context, builder, signature, args):
    wait, _ = _LOWERINGS[way_of(builder)]
    wait(builder, cell_of(context, builder, signature, args), args[3], args[4])
    return context.get_dummy_value()


def _lower_wake(context, builder, signature, args):
    _, wake = _LOWERINGS[way_of(builder)]
    wake(builder, cell_of(context, builder, signature, args), args[3])
    return context.get_dummy_value()


@compiles_to(_lower_wait, types.void, ANY_TABLE, types.intp, types.intp, types.int64, types.int64)
def wait(table: Table, row: int, field: int, expected: int, timeout: int) -> None:
    """Sleep while the cell holds ``expected``, until woken or ``timeout`` nanoseconds have passed.

    May return for no reason: look at the cell again. Orders nothing.
    """
    raise NotImplementedError


@compiles_to(_lower_wake, types.void, ANY_TABLE, types.intp, types.intp, types.int64)
def wake(table: Table, row: int, field: int, count: int) -> None:
    """Wake at least ``count`` threads that wait on the cell, or all if there are fewer; it may wake others.

    The caller has changed the cell before: a thread that comes to wait now does not sleep.
    """
    raise NotImplementedError
