"""What processors do with the bits of a word."""

from llvmlite import ir
from numba import types

from ._machine import compiles_to

_BIT = ir.IntType(1)


def _lower_leading_zeros(context, builder, signature, args):
    return builder.ctlz(args[0], _BIT(0))  # of 0 it is 64


@compiles_to(_lower_leading_zeros, types.int64, types.int64)
def leading_zeros(word: int) -> int:
    """Return how many of a word's highest bits are 0."""
    raise NotImplementedError
