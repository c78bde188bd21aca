"""How a call of a task is begun from Python in one step, where its arguments are of the usual kinds.

    start    object (block, offer, arguments)  fills the frame in a row of the desk, and offers the row

It answers what `zuki_kernels.submitted.offer` answers, or None where an argument is not just what the body
was compiled for; then nothing was done, and `zuki.task.boxing` tells what is wrong, or converts. A thread
that wakes up after a pause finds nothing of this in the processor's caches, so it is short: each object is
looked at where CPython and NumPy keep its type and its value, and no reference is counted.
"""

import numpy as np
from llvmlite import binding, ir
from numba.core import types
from numba.np import numpy_support

from zuki.runtime.desk import FRAME_AT, FRAME_BYTES
from zuki.task.boxing import DTYPE_AT, Boxing, field_of_object, has_other_order
from zuki.task.emitting import BYTES, WORD
from zuki_kernels.runs import MAY_SPAWN

# Where CPython's C interface has an object's type, a float's value, the number of a tuple's items and these
_TYPE_AT = object.__basicsize__ - 8
_VALUE_AT = object.__basicsize__
_SIZE_AT = object.__basicsize__
_ITEMS_AT = tuple.__basicsize__

# Where NumPy's has the address of an array's items, its dimensions, shape, strides and flags
_DATA_AT, _DIMENSIONS_AT, _SHAPE_AT, _STRIDES_AT = (object.__basicsize__ + at for at in (0, 8, 16, 24))
_FLAGS_AT = object.__basicsize__ + 48
_KIND_AT = object.__basicsize__ + 12  # in a dtype: its number

_C_ORDER, _F_ORDER, _ALIGNED, _WRITEABLE = 1, 2, 0x100, 0x400  # flags of arrays
# By Numba's layout: which flags tell it, and their values; what is in both orders is C to Numba
_ORDERS = {"C": (_C_ORDER, _C_ORDER), "F": (_C_ORDER | _F_ORDER, _F_ORDER), "A": (_C_ORDER | _F_ORDER, 0)}

_NDARRAY = "zuki.ndarray"
binding.add_symbol(_NDARRAY, id(np.ndarray))

_INT32 = ir.IntType(32)
_EXACT = {types.int64: "PyLong_Type", types.float64: "PyFloat_Type", types.complex128: "PyComplex_Type"}


def can_be_started(layout, kinds) -> bool:
    """Tell whether there is a ``start`` for a frame, and arguments of such types."""
    return layout.size <= FRAME_BYTES and layout.borrows and all(map(_is_usual, kinds))


def _is_usual(kind) -> bool:
    if type(kind) is types.Array:
        return kind.aligned and isinstance(kind.dtype, types.Number | types.Boolean)
    return kind in _EXACT or kind in (types.boolean, types.none)


class Starting(Boxing):
    """Writes ``start``."""

    def add_start(self, spawns: bool) -> None:
        """Add what fills a frame and offers its row, if arguments of such types can be looked at so."""
        kinds = self.description.argtypes
        if not can_be_started(self.layout, kinds):
            return
        builder, (_closure, given, _keywords) = self._define("start", self.python_function())
        python = self.context.get_python_api(builder)
        misfit = builder.append_basic_block("misfit")
        block, offer = (python.long_as_longlong(_item(builder, given, place)) for place in range(2))
        arguments = _item(builder, given, 2)
        frame = builder.inttoptr(builder.add(block, WORD(FRAME_AT)), BYTES)
        count = field_of_object(builder, arguments, _SIZE_AT, WORD)
        _require(builder, misfit, _is(builder, count, len(kinds)))
        for index in range(len(kinds)):
            self._start_argument(builder, python, misfit, frame, index, _item(builder, arguments, index))
        entry = builder.ptrtoint(self.module.get_global(self._name_of("entry")), WORD)
        if spawns:
            entry = builder.or_(entry, WORD(MAY_SPAWN))
        answer = self._call_offer(builder, offer, block, entry, builder.ptrtoint(frame, WORD))
        builder.ret(python.long_from_longlong(answer))
        builder.position_at_end(misfit)
        builder.ret(python.make_none())

    def _call_offer(self, builder, address, *given):
        kinds = (types.int64,) * len(given)
        kernel = self.context.call_conv.get_function_type(types.int64, kinds)
        kernel = builder.inttoptr(address, kernel.as_pointer())
        _status, answer = self.context.call_conv.call_function(builder, kernel, types.int64, kinds, given)
        return answer  # a kernel does not raise

    def _start_argument(self, builder, python, misfit, frame, index, given) -> None:
        kind, offset = self.description.argtypes[index], self.layout.arguments[index]
        if kind is types.none:
            _require(builder, misfit, builder.icmp_unsigned("==", given, python.borrow_none()))
        elif kind is types.boolean:
            is_true, is_false = (
                builder.icmp_unsigned("==", given, python.get_c_object(name))
                for name in ("_Py_TrueStruct", "_Py_FalseStruct")
            )
            _require(builder, misfit, builder.or_(is_true, is_false))
            self._store(builder, frame, offset, kind, is_true)
        elif type(kind) is types.Array:
            _require_type(builder, python, misfit, given, _NDARRAY)
            self._start_array(builder, misfit, frame, offset, kind, given)
        else:
            _require_type(builder, python, misfit, given, _EXACT[kind])
            if kind is types.int64:
                value = self._integer(builder, python, misfit, given)
            else:  # as CPython keeps it, Numba keeps it, too
                value_type = self.context.get_value_type(kind)
                value = builder.load(field_of_object(builder, given, _VALUE_AT, value_type))
            self._store(builder, frame, offset, kind, value)

    def _integer(self, builder, python, misfit, given):
        value = python.long_as_longlong(given)
        with builder.if_then(builder.icmp_signed("==", value, value.type(-1)), likely=False):
            raised = python.err_occurred()
            is_too_large = builder.icmp_unsigned("!=", raised, raised.type(None))
            with builder.if_then(is_too_large, likely=False):
                python.err_clear()
                builder.branch(misfit)
        return value

    def _start_array(self, builder, misfit, frame, offset, kind, given) -> None:
        """Fill Numba's structure of an array: it borrows, so no meminfo tells of an owner."""
        dtype = numpy_support.as_dtype(kind.dtype)
        read_dtype = builder.load(field_of_object(builder, given, DTYPE_AT, BYTES))
        mask, wanted = _flags_of(kind)
        flags = builder.load(field_of_object(builder, given, _FLAGS_AT, _INT32))
        flags = builder.and_(flags, _INT32(mask))
        for found, is_to_be in (
            (field_of_object(builder, given, _DIMENSIONS_AT, _INT32), kind.ndim),
            (field_of_object(builder, read_dtype, _KIND_AT, _INT32), dtype.num),
        ):
            _require(builder, misfit, _is(builder, found, is_to_be))
        _require(builder, misfit, builder.icmp_unsigned("==", flags, _INT32(wanted)))
        _require(builder, misfit, builder.not_(has_other_order(builder, given)))
        shape, strides = (_lengths(builder, given, at, kind.ndim) for at in (_SHAPE_AT, _STRIDES_AT))
        items = WORD(1)
        for length in shape:
            items = builder.mul(items, length)
        data = builder.load(field_of_object(builder, given, _DATA_AT, WORD))
        parent = builder.ptrtoint(given, WORD)
        for place, word in enumerate((WORD(0), parent, items, WORD(dtype.itemsize), data, *shape, *strides)):
            builder.store(word, self._at(builder, frame, offset + 8 * place))


def _flags_of(kind) -> tuple[int, int]:
    """Return which flags of an array tell that Numba takes it for one of such a type, and their values."""
    looked_at, wanted = _ORDERS[kind.layout]
    return looked_at | _ALIGNED | _WRITEABLE, wanted | _ALIGNED | (_WRITEABLE if kind.mutable else 0)


def _lengths(builder, given, at, dimensions: int):
    table = builder.load(field_of_object(builder, given, at, WORD.as_pointer()))
    return [builder.load(builder.gep(table, [WORD(axis)])) for axis in range(dimensions)]


def _item(builder, items, place):
    return builder.load(field_of_object(builder, items, _ITEMS_AT + 8 * place, BYTES))


def _is(builder, field, wanted: int):
    found = builder.load(field)
    return builder.icmp_unsigned("==", found, found.type(wanted))


def _require(builder, misfit, condition) -> None:
    """Go on only if it is so."""
    fits = builder.append_basic_block("fits")
    builder.cbranch(condition, fits, misfit)
    builder.position_at_end(fits)


def _require_type(builder, python, misfit, given, name) -> None:
    kind = builder.load(field_of_object(builder, given, _TYPE_AT, BYTES))
    _require(builder, misfit, builder.icmp_unsigned("==", kind, python.get_c_object(name)))
