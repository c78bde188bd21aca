"""Calls of kernels in the code that stands for calls of zuki's functions."""

from numba.core import types


def call_kernel(context, builder, kernel, *args):
    """Emit a call of a kernel that takes words and does not fail; return its answer.

    Parameters
    ----------
    context, builder
        Numba's target context, and the place of the call.
    kernel : kernel
        Of `zuki_kernels`.
    *args
        Words of the code that is written.
    """
    signature = (types.int64,) * len(args)
    kernel.compile(signature)
    compiled = kernel.overloads[signature]
    context.add_linking_libs([compiled.library])
    _, answer = context.call_internal_no_propagate(builder, compiled.fndesc, compiled.signature, args)
    return answer
