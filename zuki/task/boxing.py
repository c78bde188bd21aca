"""How Python objects become what a frame holds, and the other way round.

    pack     object (frame, mask, *a) unboxes the arguments into a frame; those in ``mask`` are left out
    unpack   object (frame)           boxes the result

Both have the signature of a C function of CPython; they hold the GIL.
"""

import sys

from llvmlite import ir
from numba.core import types

from zuki.task.emitting import BYTES, WORD, Emitter
from zuki.task.frames import takes_no_space

# Where NumPy's C interface says that an array has its dtype, and a dtype its byte order
DTYPE_AT = object.__basicsize__ + 40
_BYTE_ORDER_AT = object.__basicsize__ + 10
_OTHER_ORDER = ord(">" if sys.byteorder == "little" else "<")


def field_of_object(builder, given, offset, kind):
    """Return a pointer to what lies at ``offset`` in a Python object."""
    address = builder.gep(builder.bitcast(given, BYTES), [WORD(offset)])
    return builder.bitcast(address, kind.as_pointer())


def has_other_order(builder, given):
    """Emit whether the items of an array are in the order of bytes of other machines."""
    dtype = builder.load(field_of_object(builder, given, DTYPE_AT, BYTES))
    order = builder.load(field_of_object(builder, dtype, _BYTE_ORDER_AT, ir.IntType(8)))
    return builder.icmp_unsigned("==", order, order.type(_OTHER_ORDER))


class Boxing(Emitter):
    """Writes ``pack`` and ``unpack``."""

    def add_pack(self) -> None:
        """Add what fills a frame with any arguments that the body takes; it raises for others."""
        builder, (_closure, given, _keywords) = self._define("pack", self.python_function())
        python = self.context.get_python_api(builder)
        count = len(self.description.argtypes) + 2
        objects = [python.alloca_obj() for _ in range(count)]
        parsed = python.unpack_tuple(given, "pack", count, count, *objects)
        self.return_null_if(builder, python, builder.icmp_unsigned("==", parsed, parsed.type(None)))
        frame, mask = (python.long_as_longlong(builder.load(item)) for item in objects[:2])
        frame = builder.inttoptr(frame, BYTES)
        for index, kind in enumerate(self.description.argtypes):
            if takes_no_space(kind):
                continue
            left_out = builder.and_(mask, WORD(1 << min(index, 62)))
            with builder.if_then(builder.icmp_unsigned("==", left_out, WORD(0)), likely=True):
                self._pack_argument(builder, python, frame, index, kind, builder.load(objects[index + 2]))
        builder.ret(python.make_none())

    def _pack_argument(self, builder, python, frame, index, kind, given) -> None:
        self._refuse_other_byte_order(builder, python, index, kind, given)
        native = python.to_native_value(kind, given)
        self.return_null_if(builder, python, native.is_error)
        offset = self.layout.arguments[index]
        if isinstance(kind, types.Record):
            builder.store(builder.ptrtoint(native.value, WORD), self._at(builder, frame, offset))
        else:
            self._store(builder, frame, offset, kind, native.value)
        if native.cleanup is not None:
            native.cleanup()
        if self.layout.borrows and self._is_counted(kind):
            for slot in self.layout.arrays:
                if slot.argument == index:  # no reference to count: the graph keeps the array alive
                    builder.store(WORD(0), self._at(builder, frame, slot.offset))
            self.context.nrt.decref(builder, kind, native.value)

    def _refuse_other_byte_order(self, builder, python, index, kind, given) -> None:
        """Raise where an array's items are in the order of bytes of other machines.

        The fingerprints by which calls find their specialisation do not tell such arrays apart.
        """
        if isinstance(kind, types.BaseTuple):
            for place, item in enumerate(kind.types):
                if isinstance(item, types.Array | types.BaseTuple):
                    taken = python.tuple_getitem(given, place)
                    self._refuse_other_byte_order(builder, python, index, item, taken)
        if not isinstance(kind, types.Array):
            return
        with builder.if_then(has_other_order(builder, given), likely=False):
            python.err_set_string(
                "PyExc_TypeError",
                f"argument '{self.description.args[index]}' is an array in the byte order of other machines, "
                "for which nothing is compiled: pass array.astype(array.dtype.newbyteorder('='))",
            )
            builder.ret(python.get_null_object())

    def add_unpack(self) -> None:
        """Add what makes a Python object of the result in a frame."""
        builder, (_closure, given, _keywords) = self._define("unpack", self.python_function())
        python = self.context.get_python_api(builder)
        slot = python.alloca_obj()
        parsed = python.unpack_tuple(given, "unpack", 1, 1, slot)
        self.return_null_if(builder, python, builder.icmp_unsigned("==", parsed, parsed.type(None)))
        frame = builder.inttoptr(python.long_as_longlong(builder.load(slot)), BYTES)
        if self.layout.absent >= 0:
            absent = builder.load(self._at(builder, frame, self.layout.absent))
            with builder.if_then(builder.icmp_unsigned("!=", absent, WORD(0))):
                builder.ret(python.make_none())
        if self.result is types.none:
            builder.ret(python.make_none())
            return
        result = self._load(builder, frame, self.layout.result, self.result)
        if self._is_counted(self.result):
            self.context.nrt.incref(builder, self.result, result)
        builder.ret(python.from_native_return(self.result, result, self._environment(builder, python)))

    def _environment(self, builder, python):
        name = self.context.get_env_name(self.description)
        pointer = builder.load(self.context.declare_env_global(self.module, name))
        body = self.context.get_env_body(builder, pointer)
        python.emit_environment_sentry(pointer, return_pyobject=True, debug_msg=self.description.env_name)
        return python.get_env_manager(self.environment, body, pointer)

    @staticmethod
    def python_function():
        """Return the type of a C function that CPython calls with a tuple."""
        return ir.FunctionType(BYTES, [BYTES, BYTES, BYTES])

    @staticmethod
    def return_null_if(builder, python, condition) -> None:
        """Emit a return to CPython, for which an exception is set, on a condition."""
        with builder.if_then(condition, likely=False):
            builder.ret(python.get_null_object())
