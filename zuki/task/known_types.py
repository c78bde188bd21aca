"""Which Numba types reach memory a task could write, and which of those the search for writes understands."""

from typing import Any

from numba.core import types

# Values of these types are copies or names of code: whoever holds one can reach no array through it.
_PLAIN = (
    types.Number,
    types.Boolean,
    types.NPDatetime,
    types.NPTimedelta,
    types.EnumMember,
    types.NoneType,
    types.Omitted,
    types.UnicodeType,
    types.UnicodeIteratorType,
    types.CharSeq,
    types.UnicodeCharSeq,
    types.StringLiteral,
    types.Bytes,
    types.SliceType,
    types.RangeType,
    types.RangeIteratorType,
    types.EllipsisType,
    types.DType,
    types.Module,
    types.BaseFunction,
    types.NumberClass,
    types.NamedTupleClass,
    types.ExceptionClass,
    types.ExceptionInstance,
    types.EnumClass,
    types.TypeRef,
    types.Dispatcher,
    types.RecursiveCall,
    types.FunctionType,
    types.ArrayFlags,
    types.NumpyNdIndexType,
    types.ContextManager,
)

# Reads and writes of these do what they say, and what is assigned into one of the first group is copied.
_BY_VALUE = {types.Array, types.NestedArray, types.Record, types.NumpyFlatType}
_BY_REFERENCE = {types.List, types.ListType, types.Set, types.DictType}
_ITERABLES = {
    types.ArrayIterator,
    types.ListIter,
    types.SetIter,
    types.UniTupleIter,
    types.ListTypeIterableType,
    types.ListTypeIteratorType,
    types.DictItemsIterableType,
    types.DictKeysIterableType,
    types.DictValuesIterableType,
    types.DictIteratorType,
    types.EnumerateType,
    types.ZipType,
    types.NumpyNdEnumerateType,
    types.NumpyNdIterType,
}
_OTHERS = {types.BoundFunction, types.ArrayCTypes, types.ByteArray, types.MemoryView, types.PyArray}
_UNDERSTOOD = _BY_VALUE | _BY_REFERENCE | _ITERABLES | _OTHERS

_ARRAY_ATTRIBUTES = {
    *("T", "ctypes", "dtype", "flags", "flat", "imag", "itemsize"),
    *("nbytes", "ndim", "real", "shape", "size", "strides"),
}


def _parts(numba_type: Any) -> tuple[types.Type, ...] | None:
    """Return the types of what an immutable wrapper holds, or None where `numba_type` is not one."""
    if isinstance(numba_type, types.Optional):
        return (numba_type.type,)
    if isinstance(numba_type, types.BaseTuple | types.LiteralList):
        return tuple(numba_type.types)
    if isinstance(numba_type, types.LiteralStrKeyDict):
        return tuple(numba_type.types)
    if isinstance(numba_type, types.Pair):
        return (numba_type.first_type, numba_type.second_type)
    return None


def _elements(numba_type: Any) -> tuple[types.Type, ...]:
    """Return the types of what a mutable container holds."""
    if isinstance(numba_type, types.DictType):
        return (numba_type.key_type, numba_type.value_type)
    return (numba_type.dtype,)


def reaches_memory(numba_type: Any) -> bool:
    """Tell whether a value of `numba_type` may give access to an argument's memory; unknown types may."""
    parts = _parts(numba_type)
    if parts is not None:
        return any(map(reaches_memory, parts))
    return not isinstance(numba_type, _PLAIN)


def is_understood(numba_type: Any) -> bool:
    """Tell whether the effects of operations on `numba_type` are known to be the usual ones.

    They are not for classes with methods of their own, generators, pointers and types of other packages:
    any operation on such a value may write whatever the value reaches.
    """
    parts = _parts(numba_type)
    if parts is not None:
        return all(map(is_understood, parts))
    if type(numba_type) in _BY_REFERENCE:
        return all(map(is_understood, _elements(numba_type)))
    return type(numba_type) in _UNDERSTOOD or isinstance(numba_type, _PLAIN)


def is_array(numba_type: Any) -> bool:
    """Tell whether `numba_type` is one of Numba's own array types."""
    return type(numba_type) in {types.Array, types.NestedArray}


def is_readonly(numba_type: Any) -> bool:
    """Tell whether `numba_type` is an array type that allows no assignment."""
    return is_array(numba_type) and not numba_type.mutable


def copies_on_store(numba_type: Any) -> bool:
    """Tell whether assignment into a value of `numba_type` copies, so that no alias is kept."""
    return type(numba_type) in _BY_VALUE


def selects_elements(index_type: Any) -> bool:
    """Tell whether indexing an array by `index_type` picks elements into a new array instead of a view."""
    if isinstance(index_type, types.BaseTuple):
        return any(map(selects_elements, index_type.types))
    return isinstance(index_type, types.Array) and index_type.ndim > 0


def attribute_is_field(numba_type: Any, name: str) -> bool:
    """Tell whether reading attribute `name` runs no code but Numba's own."""
    if is_array(numba_type):
        fields = numba_type.dtype.fields if isinstance(numba_type.dtype, types.Record) else ()
        return name in _ARRAY_ATTRIBUTES or name in fields
    if isinstance(numba_type, types.Record):
        return name in numba_type.fields
    return isinstance(numba_type, types.BaseNamedTuple) and name in numba_type.fields
