"""Entering a compiled body, and tables that live at an address.

Below this file are addresses; above it, tasks and tables are opaque numbers and arrays.
"""

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.callconv import RETCODE_USEREXC

from ._jit import kernel
from ._machine import ANY_TABLE, BARE, WORD, bare_of, call_symbol, cell_of, compiles_to
from ._types import Table

_CACHE_LINE = 64  # bytes, of x86-64 and most others


def _lower_call(context, builder, signature, args):
    kind = ir.FunctionType(WORD, [WORD]).as_pointer()
    return builder.call(builder.inttoptr(args[0], kind), [args[1]])


def _lower_table_at(context, builder, signature, args):
    address, rows, fields = args
    table = cgutils.create_struct_proxy(BARE)(context, builder)
    table.data = builder.inttoptr(address, table.data.type)
    table.shape = cgutils.pack_array(builder, [rows, fields])
    return table._getvalue()


def _lower_address_of(context, builder, signature, args):
    return builder.ptrtoint(cell_of(context, builder, signature, args), WORD)


def _lower_call_words(context, builder, signature, args):
    kind = ir.FunctionType(WORD, [WORD] * (len(args) - 1)).as_pointer()
    return builder.call(builder.inttoptr(args[0], kind), args[1:])


def _lower_bare(context, builder, signature, args):
    table = bare_of(context, builder, signature.args[0], args[0])
    table.shape = cgutils.pack_array(builder, [builder.extract_value(table.shape, 0), args[1]])
    return table._getvalue()


def _lower_raise(context, builder, signature, args):
    convention = context.call_conv
    with builder.if_then(builder.icmp_unsigned("!=", args[0], WORD(0))):
        slot = convention._get_excinfo_argument(builder.function)
        builder.store(builder.inttoptr(args[0], slot.type.pointee), slot)
        convention._return_errcode_raw(builder, RETCODE_USEREXC)
    return context.get_dummy_value()


@compiles_to(_lower_raise, types.void, types.int64)
def fail_with(description: int) -> None:
    """Leave the calling kernel with the exception that Numba described at an address, as a body left it."""
    raise NotImplementedError


@compiles_to(_lower_call, types.int64, types.int64, types.int64)
def call(entry: int, frame: int) -> int:
    """Run the body whose entry is at address ``entry`` on ``frame``; return 0, or its failure."""
    raise NotImplementedError


def _lower_free(context, builder, signature, args):
    call_symbol(builder, "NRT_Free", ir.VoidType(), [builder.inttoptr(args[0], ir.IntType(8).as_pointer())])
    return context.get_dummy_value()


@compiles_to(_lower_free, types.void, types.int64)
def free(address: int) -> None:
    """Free memory that jitted code has allocated."""
    raise NotImplementedError


@compiles_to(_lower_table_at, BARE, types.int64, types.intp, types.intp)
def table_at(address: int, rows: int, fields: int) -> Table:
    """View the words at ``address`` as a table."""
    raise NotImplementedError


@compiles_to(_lower_address_of, types.int64, ANY_TABLE, types.intp, types.intp)
def address_of(table: Table, row: int, field: int) -> int:
    """Return the address of a cell."""
    raise NotImplementedError


@compiles_to(_lower_call_words, types.int64, *[types.int64] * 4)
def call_join(function: int, hand: int, block: int, stamp: int) -> int:
    """Call `joining.join` by its address: the kernels below it cannot name it."""
    raise NotImplementedError


@compiles_to(_lower_call_words, types.int64, *[types.int64] * 6)
def call_python(function: int, me: int, reason: int, task: int, ended: int, start: int) -> int:
    """Let Python do what a turn has asked for; return how the Python body went that was to be run."""
    raise NotImplementedError


def emit_stack_pointer(builder):
    """Emit the look at the stack's end that `stack_pointer` returns; return it as a number."""
    kind = ir.FunctionType(ir.IntType(8).as_pointer(), [])
    saved = cgutils.get_or_insert_function(builder.module, kind, "llvm.stacksave.p0")
    return builder.ptrtoint(builder.call(saved, []), WORD)


def _lower_stack_pointer(context, builder, signature, args):
    return emit_stack_pointer(builder)


@compiles_to(_lower_stack_pointer, types.int64)
def stack_pointer() -> int:
    """Return the address up to which the calling thread's stack is in use; stacks grow downwards."""
    raise NotImplementedError


def emit_prefetch(builder, place):
    """Emit that the cache line at a pointer will be written soon; it need not be memory of ours."""
    place = builder.bitcast(place, ir.IntType(8).as_pointer())
    flags = [ir.IntType(32)(flag) for flag in (1, 3, 1)]  # to be written, to be kept, data
    kind = ir.FunctionType(ir.VoidType(), [place.type, *(flag.type for flag in flags)])
    builder.call(cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0"), [place, *flags])


def _lower_prefetch(context, builder, signature, args):
    emit_prefetch(builder, cell_of(context, builder, signature, (*args, WORD(0))))
    return context.get_dummy_value()


@compiles_to(_lower_prefetch, types.void, ANY_TABLE, types.intp)
def prefetch(table: Table, row: int) -> None:
    """Tell the processor that a row will be wanted; the row need not be there."""
    raise NotImplementedError


def _lower_prefetch_target(context, builder, signature, args):
    address = builder.load(cell_of(context, builder, signature, args))
    for line in range(2):
        place = builder.add(address, WORD(line * _CACHE_LINE))
        emit_prefetch(builder, builder.inttoptr(place, ir.IntType(8).as_pointer()))
    return context.get_dummy_value()


@compiles_to(_lower_prefetch_target, types.void, ANY_TABLE, types.intp, types.intp)
def prefetch_target(table: Table, row: int, field: int) -> None:
    """Do as `prefetch` with two cache lines at the address in a cell, which nobody writes meanwhile."""
    raise NotImplementedError


@compiles_to(_lower_bare, BARE, ANY_TABLE, types.intp)
def bare(table: Table, fields: int) -> Table:
    """View a table without counting references to it; whoever called the kernel keeps it alive.

    ``fields`` is how many the table has: a constant lets the compiler multiply by it with a shift.
    """
    raise NotImplementedError


@kernel
def raise_failure(description: int) -> None:
    """Raise in Python the exception that Numba described at an address, and free the description."""
    fail_with(description)
