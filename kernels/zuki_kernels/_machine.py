"""How a plain Python function gets a machine instruction: what the machine layer shares.

A function of the machine layer (`atomics`, `clock`, `waiting`, `dispatch`) is a typed
Python function whose body raises; here it is given a Numba type and an LLVM lowering.
Not `@intrinsic`: type checkers reject every call of one. Not `@overload`: that compiles
a second trampoline for each.
"""

import inspect
from collections.abc import Callable
from typing import Any, TypeVar

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.imputils import lower_getattr_generic
from numba.core.typing.templates import AttributeTemplate, infer_getattr
from numba.extending import lower_builtin, models, register_model, type_callable

Function = TypeVar("Function", bound=Callable[..., object])

WORD = ir.IntType(64)


class BareTable(types.Type):
    """A table inside compiled code: address, rows, fields.

    Numba counts references to arrays; a count on a line that all workers share would cost
    more than the task. The Python side keeps the array alive.
    """

    def __init__(self) -> None:
        super().__init__("zuki.Table")


@register_model(BareTable)
class _BareTableModel(models.StructModel):
    def __init__(self, manager, kind) -> None:
        members = [("data", types.CPointer(types.int64)), ("shape", types.UniTuple(types.intp, 2))]
        super().__init__(manager, kind, members)


TABLE = types.Array(types.int64, 2, "C")  # as Python passes it
BARE = BareTable()


@infer_getattr
class _BareTableAttributes(AttributeTemplate):
    key = BareTable

    def resolve_shape(self, _table):
        return types.UniTuple(types.intp, 2)


@lower_getattr_generic(BareTable)
def _lower_attribute(context, builder, kind, value, attribute):
    return getattr(cgutils.create_struct_proxy(kind)(context, builder, value), attribute)


class _AnyTable:
    """As an operand: a table of either kind."""


ANY_TABLE = _AnyTable()


def compiles_to(lower: Callable[..., Any], result: Any, *operands: Any) -> Callable[[Function], Function]:
    """Give the decorated function a type and an instruction; its own body runs only when interpreted."""

    def define(function: Function) -> Function:
        signature = inspect.signature(function)

        def type_of(_context):
            def typer(*given):
                exact = []
                for kind, wanted in zip(given, operands, strict=True):
                    is_table = kind in (TABLE, BARE)
                    if is_table != (wanted is ANY_TABLE):
                        return None  # numba reports the call and its types
                    exact.append(kind if is_table else wanted)
                return result(*exact)

            typer.__signature__ = signature  # type: ignore[attr-defined]
            return typer

        type_callable(function)(type_of)
        for table in (TABLE, BARE) if ANY_TABLE in operands else (None,):
            lower_builtin(function, *(table if kind is ANY_TABLE else kind for kind in operands))(lower)
        return function

    return define


def bare_of(context, builder, kind, value):
    """Return the bare table of a table of either kind."""
    if kind == BARE:
        return cgutils.create_struct_proxy(BARE)(context, builder, value)
    array = context.make_array(kind)(context, builder, value)
    bare = cgutils.create_struct_proxy(BARE)(context, builder)
    bare.data, bare.shape = array.data, array.shape
    return bare


def cell_of(context, builder, signature, args):
    """Return the address of the cell that the first three arguments (table, row, field) name."""
    table = bare_of(context, builder, signature.args[0], args[0])
    fields = builder.extract_value(table.shape, 1)
    index = builder.add(builder.mul(args[1], fields, flags=["nsw"]), args[2], flags=["nsw"])
    return builder.gep(table.data, [index], inbounds=True)


def call_symbol(builder, name, result, arguments, *, variadic=False):
    """Call a function of the C library or an LLVM intrinsic: only those may be cached by name."""
    fixed = [arguments[0].type] if variadic else [argument.type for argument in arguments]
    kind = ir.FunctionType(result, fixed, var_arg=variadic)
    return builder.call(cgutils.get_or_insert_function(builder.module, kind, name), arguments)
