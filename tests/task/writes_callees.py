"""Functions that the bodies of `test_writes` call."""

import ctypes
from typing import NamedTuple

import numba
import numpy as np
from numba import literal_unroll
from numba.experimental import jitclass
from numba.extending import overload, overload_method


class Pair(NamedTuple):
    left: np.ndarray
    right: np.ndarray


@jitclass([("values", numba.float64[::1])])
class Holder:
    def __init__(self, values):
        self.values = values

    def set(self, value):
        self.values[0] = value


@numba.vectorize
def scaled(value, factor):
    return value * factor


@numba.njit
def fill(target, value):
    target[0] = value


@numba.njit
def read_both(source, value):
    return source[0, 0] + value


@numba.njit
def deep(source, target):
    for i in range(len(source)):
        fill(target[i:], source[i, i])


@numba.njit
def copy_into(target, source):
    for i in range(len(target)):
        target[i, i] = source[i, i]


@numba.njit(fastmath=True)
def total(source):
    return source.sum()


@numba.njit
def first(source):
    return source[0]


@numba.njit
def halves(target, source, start, stop):
    if stop - start == 1:
        target[start, 0] = source[start, 0]
        return 0
    middle = (start + stop) // 2
    return halves(target, source, start, middle) + halves(target, source, middle, stop)


@numba.njit
def ping(target, source, count):
    if count == 0:
        return 0
    target[count, 0] = source[count, 0]
    return pong(target, source, count - 1)


@numba.njit
def pong(target, source, count):
    return 0 if count == 0 else ping(target, source, count - 1)


@numba.njit
def fill_all(*arrays):
    for array in literal_unroll(arrays):
        array[0] = 1.0


@numba.njit
def with_default(source, target=None):
    if target is not None:
        target[0] = source[0]


@numba.njit
def apply(function, target, source):
    function(target, source[0, 0])


@numba.njit(parallel=True)
def with_kernel(target, source):
    for i in numba.prange(len(target)):
        target[i, 0] = source[i, 0]


@numba.njit
def rows(source):
    for i in range(len(source)):
        source[i, 0] = i
        yield source[i]


@numba.njit
def address(source):
    return source.ctypes.data


@numba.njit("void(float64[::1])")
def clear(target):
    target[:] = 0


@numba.njit("void(float64[::1])")
def double(target):
    target *= 2


@ctypes.CFUNCTYPE(None, ctypes.c_void_p)
def external(pointer):
    """Stand for a C function: it could write."""


def unknown(left, right):
    """Stand for a function of another package."""


@overload(unknown)
def type_unknown(left, right):
    def write_both(left, right):
        left[0] = 1
        right[0] = 1

    return write_both


@overload_method(numba.types.Array, "mystery")
def type_mystery(array):
    def write(array):
        array[0] = 1

    return write


@numba.njit
def same(source):
    return source


@numba.njit
def pick(left, right, index):
    return left if index > 0 else right
