"""Telling the processor which items of an array will be written soon."""

from numba import types
from numba.extending import intrinsic

from zuki_kernels.dispatch import emit_prefetch


@intrinsic
def prefetch(context, array, index):
    """Have the cache line of an item at hand, for writing; there need not be such an item."""
    if not isinstance(array, types.Array) or array.ndim != 1 or array.layout != "C":
        return None

    def emit(context, builder, signature, args):
        made = context.make_array(signature.args[0])(context, builder, args[0])
        emit_prefetch(builder, builder.gep(made.data, [args[1]]))
        return context.get_dummy_value()

    return types.void(array, types.uint64), emit
