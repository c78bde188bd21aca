"""Atomic operations on the cells of a table.

A *table* is a C-contiguous two-dimensional ``int64`` array that threads share:
a row for each worker, task or event, a column for each of its fields. Outside
set-up, kernels touch a table by the functions below alone.

Each name ends in the ordering it carries. Compiled, each is one instruction;
interpreted, each raises: only the model in ``tests/model`` runs kernels as
plain Python, and it brings its own ``atomics``.
"""

from numba import types

from ._barrier import lower_fence_everywhere
from ._machine import ANY_TABLE, cell_of, compiles_to
from ._types import Table

_ALIGN = 8  # bytes
_CELL = (ANY_TABLE, types.intp, types.intp)


def _load(ordering):
    def lower(context, builder, signature, args):
        return builder.load_atomic(cell_of(context, builder, signature, args), ordering, _ALIGN)

    return compiles_to(lower, types.int64, *_CELL)


def _store(ordering):
    def lower(context, builder, signature, args):
        builder.store_atomic(args[3], cell_of(context, builder, signature, args), ordering, _ALIGN)
        return context.get_dummy_value()

    return compiles_to(lower, types.void, *_CELL, types.int64)


def _modify(operation, ordering):
    def lower(context, builder, signature, args):
        return builder.atomic_rmw(operation, cell_of(context, builder, signature, args), args[3], ordering)

    return compiles_to(lower, types.int64, *_CELL, types.int64)


def _cas(ordering):
    def lower(context, builder, signature, args):
        outcome = builder.cmpxchg(
            cell_of(context, builder, signature, args), args[3], args[4], ordering, "monotonic"
        )
        return builder.extract_value(outcome, 1)

    return compiles_to(lower, types.boolean, *_CELL, types.int64, types.int64)


def _fence(ordering, scope=None):
    def lower(context, builder, signature, args):
        builder.fence(ordering, scope)
        return context.get_dummy_value()

    return compiles_to(lower, types.void)


@_load("monotonic")
def load_relaxed(table: Table, row: int, field: int) -> int:
    """Return the cell; orders nothing."""
    raise NotImplementedError


@_load("acquire")
def load_acquire(table: Table, row: int, field: int) -> int:
    """Return the cell; no access below moves above this."""
    raise NotImplementedError


@_store("monotonic")
def store_relaxed(table: Table, row: int, field: int, value: int) -> None:
    """Set the cell; orders nothing."""
    raise NotImplementedError


@_store("release")
def store_release(table: Table, row: int, field: int, value: int) -> None:
    """Set the cell; no access above moves below this."""
    raise NotImplementedError


@_modify("add", "monotonic")
def add_relaxed(table: Table, row: int, field: int, amount: int) -> int:
    """Add ``amount`` to the cell; return what it held before; orders nothing."""
    raise NotImplementedError


@_modify("add", "acq_rel")
def add_acq_rel(table: Table, row: int, field: int, amount: int) -> int:
    """Add ``amount`` to the cell; return what it held before."""
    raise NotImplementedError


@_modify("or", "acq_rel")
def or_acq_rel(table: Table, row: int, field: int, bits: int) -> int:
    """Set ``bits`` in the cell; return what it held before."""
    raise NotImplementedError


@_modify("xchg", "acquire")
def exchange_acquire(table: Table, row: int, field: int, value: int) -> int:
    """Set the cell; return what it held before; no access below moves above this."""
    raise NotImplementedError


@_modify("xchg", "release")
def exchange_release(table: Table, row: int, field: int, value: int) -> int:
    """Set the cell; return what it held before; no access above moves below this."""
    raise NotImplementedError


@_modify("xchg", "acq_rel")
def exchange_acq_rel(table: Table, row: int, field: int, value: int) -> int:
    """Set the cell; return what it held before."""
    raise NotImplementedError


@_cas("monotonic")
def cas_relaxed(table: Table, row: int, field: int, expected: int, desired: int) -> bool:
    """Set the cell to ``desired`` if it holds ``expected``; return whether it did; orders nothing."""
    raise NotImplementedError


@_cas("acquire")
def cas_acquire(table: Table, row: int, field: int, expected: int, desired: int) -> bool:
    """Set the cell to ``desired`` if it holds ``expected``; return whether it did. A failure is relaxed."""
    raise NotImplementedError


@_cas("release")
def cas_release(table: Table, row: int, field: int, expected: int, desired: int) -> bool:
    """Set the cell to ``desired`` if it holds ``expected``; return whether it did. A failure is relaxed."""
    raise NotImplementedError


@_cas("acq_rel")
def cas_acq_rel(table: Table, row: int, field: int, expected: int, desired: int) -> bool:
    """Set the cell to ``desired`` if it holds ``expected``; return whether it did. A failure is relaxed."""
    raise NotImplementedError


@_fence("acquire")
def fence_acquire() -> None:
    """Order every load above before every access below."""
    raise NotImplementedError


@_fence("release")
def fence_release() -> None:
    """Order every access above before every store below."""
    raise NotImplementedError


@_fence("seq_cst")
def fence_seq_cst() -> None:
    """Order every access above before every access below, in one order for all threads."""
    raise NotImplementedError


@_fence("seq_cst", "singlethread")
def fence_here() -> None:
    """Do as `fence_seq_cst`, but only to a thread that calls `fence_everywhere`. No instruction."""
    raise NotImplementedError


@compiles_to(lower_fence_everywhere, types.void)
def fence_everywhere() -> None:
    """Do as if all threads of the process called `fence_seq_cst`, wherever they are. Some microseconds."""
    raise NotImplementedError
