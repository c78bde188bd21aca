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
from numba.extending import lower_builtin, type_callable

Function = TypeVar("Function", bound=Callable[..., object])

TABLE = types.Array(types.int64, 2, "C")
WORD = ir.IntType(64)


def compiles_to(lower: Callable[..., Any], result: Any, *operands: Any) -> Callable[[Function], Function]:
    """Give the decorated function a type and an instruction; its own body runs only when interpreted."""

    def define(function: Function) -> Function:
        signature = inspect.signature(function)

        def type_of(_context):
            def typer(*given):
                fits = all(a == b if b is TABLE else b is not TABLE for a, b in zip(given, operands, strict=True))
                return result(*operands) if fits else None  # None: numba reports the call and its types

            typer.__signature__ = signature  # type: ignore[attr-defined]
            return typer

        type_callable(function)(type_of)
        lower_builtin(function, *operands)(lower)
        return function

    return define


def cell_of(context, builder, args):
    """Return the address of the cell that the first three arguments (table, row, field) name."""
    array = context.make_array(TABLE)(context, builder, args[0])
    return cgutils.get_item_pointer(context, builder, TABLE, array, list(args[1:3]), wraparound=False)


def call_symbol(builder, name, result, arguments, *, variadic=False):
    """Call a function of the C library or an LLVM intrinsic: only those may be cached by name."""
    fixed = [arguments[0].type] if variadic else [argument.type for argument in arguments]
    kind = ir.FunctionType(result, fixed, var_arg=variadic)
    return builder.call(cgutils.get_or_insert_function(builder.module, kind, name), arguments)
