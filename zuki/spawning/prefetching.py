"""Telling the processor which items of an array will be written soon."""

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

_BYTES = ir.IntType(8).as_pointer()
_FOR_WRITING = 1, 3, 1  # to be written, to be kept, data


@intrinsic
def prefetch(context, array, index):
    """Have the cache line of an item at hand, for writing; there need not be such an item."""
    if not isinstance(array, types.Array) or array.ndim != 1 or array.layout != "C":
        return None

    def emit(context, builder, signature, args):
        made = context.make_array(signature.args[0])(context, builder, args[0])
        place = builder.bitcast(builder.gep(made.data, [args[1]]), _BYTES)
        flags = [ir.IntType(32)(flag) for flag in _FOR_WRITING]
        kind = ir.FunctionType(ir.VoidType(), [_BYTES, *(flag.type for flag in flags)])
        builder.call(
            cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0"), [place, *flags]
        )
        return context.get_dummy_value()

    return types.void(array, types.uint64), emit
