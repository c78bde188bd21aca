"""NumPy's own sorts of numbers, called from compiled code.

NumPy sorts numbers of 32 and of 64 bits by vector instructions where the processor has them, such as
AVX-512, AVX2 or NEON. What does it stands in the table of functions that its C interface gives for each
dtype (`PyArray_ArrFuncs`). It takes memory and a count and touches no Python object: NumPy itself calls it
without the GIL.

Compiled code finds the addresses by the name of a symbol: the code may be cached, the addresses may not. So
who changes their order changes the name, and keeps the old one for older code.
An address is 0 where this NumPy has no such function, or one that goes through numbers one by one; that of
long integers, which are seldom asked for, is given as it is.
"""

import ctypes
from time import perf_counter

import numpy as np
from llvmlite import binding, ir
from numba import njit, types
from numba.extending import intrinsic

_SYMBOL = "zuki.numpy_sorts"
_DTYPES = np.uint32, np.int32, np.float32, np.uint64, np.float64
UNSIGNED, SIGNED, FLOATS, LONG, DOUBLES = range(len(_DTYPES))
# Of NumPy's C interface, version 2: places in its table, and in the table of a dtype
_INTERFACE = 0x2000000
_VERSION, _FUNCTIONS = 0, 365  # PyArray_GetNDArrayCVersion, PyDataType_GetArrFuncs
_SORT = 33  # behind 21 casts and 12 other functions
_MANY, _ROUNDS = 1024, 5  # numbers that are sorted to see how fast it is, and how often
_TIMES = 2  # as fast as one by one, at least; vectors are three to ten times as fast

_WORD = ir.IntType(64)
_BYTES = ir.IntType(8).as_pointer()


def _seconds(dtype: type, kind: str) -> float:
    """Return how long some numbers take to sort, at best."""
    numbers = np.arange(_ROUNDS * _MANY, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    times = []
    for given in numbers.astype(dtype).reshape(_ROUNDS, _MANY):  # others each time, or processors learn them
        begin = perf_counter()
        given.sort(kind=kind)
        times.append(perf_counter() - begin)
    return min(times)


def _find_addresses() -> list[int]:
    pointer_of = ctypes.pythonapi.PyCapsule_GetPointer
    pointer_of.restype, pointer_of.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    pointers = ctypes.POINTER(ctypes.c_void_p)
    interface = ctypes.cast(pointer_of(np._core._multiarray_umath._ARRAY_API, None), pointers)
    if ctypes.PYFUNCTYPE(ctypes.c_uint)(interface[_VERSION])() != _INTERFACE:
        return [0] * len(_DTYPES)
    one_by_one = _seconds(np.uint32, "stable")
    functions_of = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.py_object)(interface[_FUNCTIONS])
    found = []
    for dtype in _DTYPES:
        address = ctypes.cast(functions_of(np.dtype(dtype)), pointers)[_SORT] or 0
        is_fast = dtype is np.uint64 or _TIMES * _seconds(dtype, "quicksort") < one_by_one
        found.append(address if is_fast else 0)
    return found


addresses = np.array(_find_addresses(), np.int64)
binding.add_symbol(_SYMBOL, addresses.ctypes.data)


@intrinsic
def address_of(typing, which):
    """Return the address of a sort, or 0."""

    def emit(context, builder, signature, args):
        table = builder.module.globals.get(_SYMBOL)
        if table is None:
            table = ir.GlobalVariable(builder.module, ir.ArrayType(_WORD, len(_DTYPES)), _SYMBOL)
            table.linkage = "external"
        return builder.load(builder.gep(table, [ir.IntType(32)(0), args[0]]))

    return types.int64(types.int64), emit


@intrinsic
def sort_at(typing, address, numbers):
    """Sort what lies in an array, by the function at an address."""
    if not isinstance(numbers, types.Array) or numbers.ndim != 1 or numbers.layout != "C":
        return None

    def emit(context, builder, signature, args):
        made = context.make_array(signature.args[1])(context, builder, args[1])
        kind = ir.FunctionType(ir.IntType(32), [_BYTES, _WORD, _BYTES])
        function = builder.inttoptr(args[0], kind.as_pointer())
        builder.call(function, [builder.bitcast(made.data, _BYTES), made.nitems, _BYTES(None)])
        return context.get_dummy_value()

    return types.void(types.int64, numbers), emit


@njit
def can_sort(words):
    """Tell whether NumPy has fast sorts of such words."""
    if words.itemsize == 4:
        return address_of(UNSIGNED) != 0 and address_of(SIGNED) != 0 and address_of(FLOATS) != 0
    return words.itemsize == 8 and address_of(LONG) != 0 and address_of(DOUBLES) != 0
