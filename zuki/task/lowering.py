"""The functions that are compiled beside each body, and cached with it.

    entry    int64 (frame)            runs the body; 0, or its failure (see `zuki.runtime.failures`)
    pack     object (frame, mask, *a) unboxes the arguments into a frame; those in ``mask`` are left out
    unpack   object (frame)           boxes the result
    release  void (frame)             gives back the references that the frame holds
    drop     int64 (frame)            gives back the references that the frame of a spawned task holds
    kind     entry, bytes, drop, name what `zuki_kernels.blocks` wants to know of a spawned task
    describe int64 ()                 the address of ``kind``
    writes   int64 ()                 the arguments that the body may write, a bit each
    spawns   int64 ()                 1 if the body may spawn tasks, else 0

``pack`` and ``unpack`` have the signature of a C function of CPython; they hold the GIL.
"""

import sys
from contextlib import contextmanager

from llvmlite import ir
from numba.core import cgutils, types

from zuki.task.frames import MOVES, lay_out, takes_no_space, value_type
from zuki.task.spawners import may_spawn
from zuki_kernels.blocks import HEAD_BYTES

WORD = ir.IntType(64)
BYTES = ir.IntType(8).as_pointer()
_RAISED_OBJECT = (
    1  # bit of a failure: it is the address of a Python exception, not of Numba's description of one
)

# Where NumPy's C interface says that an array has its dtype, and a dtype its byte order
_DTYPE_AT = object.__basicsize__ + 40
_BYTE_ORDER_AT = object.__basicsize__ + 10
_OTHER_ORDER = ord(">" if sys.byteorder == "little" else "<")


def _field_of_object(builder, given, offset, kind):
    address = builder.gep(builder.bitcast(given, BYTES), [WORD(offset)])
    return builder.bitcast(address, kind.as_pointer())


def symbol(function: str, description) -> str:
    """Return the name of a function beside the body that ``description`` (a numba fndesc) names."""
    return f"zuki.{function}.{description.llvm_func_name}"


def add_functions(context, library, description, environment, writes: int, calls_unknown: bool) -> None:
    """Add the functions to a body's library.

    Parameters
    ----------
    context, library, description, environment
        Numba's target context, and the body's code library, descriptor and environment.
    writes : int
        The arguments that the body may write, a bit each.
    calls_unknown : bool
        Whether the body calls functions that only their addresses name.
    """
    spawns = calls_unknown or may_spawn(library)
    module = context.create_module(symbol("module", description))
    _Functions(context, module, description, environment).add(writes, spawns)
    library.add_ir_module(module)


class _Functions:
    def __init__(self, context, module, description, environment) -> None:
        self.context, self.module = context, module
        self.description, self.environment = description, environment
        self.layout = lay_out(context, description.restype, description.argtypes)
        self.result = value_type(description.restype)

    def add(self, writes: int, spawns: bool) -> None:
        self._add_entry()
        self._add_pack()
        self._add_unpack()
        self._add_release()
        self._add_kind()
        for name, answer in (("writes", writes), ("spawns", int(spawns))):
            builder, _ = self._define(name, ir.FunctionType(WORD, []))
            builder.ret(WORD(answer))

    def _define(self, name, kind):
        function = ir.Function(self.module, kind, symbol(name, self.description))
        return ir.IRBuilder(function.append_basic_block("entry")), function.args

    def _at(self, builder, frame, offset, kind=None):
        """Return a pointer to what lies at ``offset`` in the frame."""
        place = builder.gep(frame, [WORD(offset)])
        if kind is None:
            return builder.bitcast(place, WORD.as_pointer())
        return builder.bitcast(place, self.context.get_data_type(kind).as_pointer())

    def _load(self, builder, frame, offset, kind):
        if takes_no_space(kind):
            return self.context.get_dummy_value()
        return self.context.unpack_value(builder, kind, self._at(builder, frame, offset, kind))

    def _load_argument(self, builder, frame, index):
        kind, offset = self.description.argtypes[index], self.layout.arguments[index]
        if isinstance(kind, types.Record):
            return builder.inttoptr(
                builder.load(self._at(builder, frame, offset)), self.context.get_value_type(kind)
            )
        return self._load(builder, frame, offset, kind)

    def _store(self, builder, frame, offset, kind, value):
        if kind is not types.none:
            self.context.pack_value(builder, kind, value, self._at(builder, frame, offset, kind))

    # ---- entry ------------------------------------------------------------------------------------

    def _add_entry(self) -> None:
        context, description = self.context, self.description
        body_type = context.call_conv.get_function_type(description.restype, description.argtypes)
        body = ir.Function(self.module, body_type, description.llvm_func_name)
        builder, (address,) = self._define("entry", ir.FunctionType(WORD, [WORD]))
        frame = builder.inttoptr(address, BYTES)
        if description.argtypes:
            self._move_in(builder, frame)
        arguments = [self._load_argument(builder, frame, index) for index in range(len(description.argtypes))]
        status, result = context.call_conv.call_function(
            builder, body, description.restype, description.argtypes, arguments
        )
        with builder.if_then(status.is_ok, likely=True):
            self._keep_result(builder, frame, status, result)
            builder.ret(WORD(0))
        with builder.if_then(status.is_user_exc):
            builder.ret(builder.ptrtoint(status.excinfoptr, WORD))
        python = context.get_python_api(builder)
        lock = python.gil_ensure()
        context.call_conv.raise_error(builder, python, status)
        raised = self._fetch_raised(builder, python)
        python.gil_release(lock)
        builder.ret(builder.or_(raised, WORD(_RAISED_OBJECT)))

    def _move_in(self, builder, frame) -> None:
        """Copy the results of other tasks that are this one's arguments."""
        with self._each_move(builder, frame) as (source, target, size):
            cgutils.raw_memcpy(builder, target, source, size, 1)

    @contextmanager
    def _each_move(self, builder, frame):
        """Emit a loop over the frame's moves; yield from where each is, to where, and its bytes."""
        moves = builder.load(self._at(builder, frame, MOVES))
        with builder.if_then(builder.icmp_unsigned("!=", moves, WORD(0)), likely=False):
            table = builder.inttoptr(moves, WORD.as_pointer())
            with cgutils.for_range(builder, builder.load(table)) as loop:
                first = builder.add(builder.mul(loop.index, WORD(3)), WORD(1))
                source, target, size = (
                    builder.load(builder.gep(table, [builder.add(first, WORD(item))])) for item in range(3)
                )
                yield builder.inttoptr(source, BYTES), builder.inttoptr(target, BYTES), size

    def _keep_result(self, builder, frame, status, result) -> None:
        layout = self.layout
        if layout.absent >= 0:
            builder.store(builder.zext(status.is_none, WORD), self._at(builder, frame, layout.absent))
            with builder.if_then(builder.not_(status.is_none)):
                self._replace_result(builder, frame, result)
        else:
            self._replace_result(builder, frame, result)

    def _replace_result(self, builder, frame, result) -> None:
        counted = self._is_counted(self.result)
        before = self._load(builder, frame, self.layout.result, self.result) if counted else None
        self._store(builder, frame, self.layout.result, self.result, result)
        if counted:  # the result of the run before
            self.context.nrt.decref(builder, self.result, before)

    def _is_counted(self, kind) -> bool:
        return not takes_no_space(kind) and self.context.data_model_manager[kind].contains_nrt_meminfo()

    def _fetch_raised(self, builder, python):
        """Take the exception that Python is raising out of the interpreter's hands; return its address."""
        slots = [cgutils.alloca_once_value(builder, python.get_null_object()) for _ in range(3)]
        kind = ir.FunctionType(ir.VoidType(), [python.pyobj.as_pointer()] * 3)
        for name in ("PyErr_Fetch", "PyErr_NormalizeException"):
            builder.call(cgutils.get_or_insert_function(self.module, kind, name), slots)
        for slot in (slots[0], slots[2]):
            python.decref(builder.load(slot))
        return builder.ptrtoint(builder.load(slots[1]), WORD)

    # ---- pack and unpack --------------------------------------------------------------------------

    def _add_pack(self) -> None:
        builder, (_closure, given, _keywords) = self._define("pack", self._python_function())
        python = self.context.get_python_api(builder)
        count = len(self.description.argtypes) + 2
        objects = [python.alloca_obj() for _ in range(count)]
        parsed = python.unpack_tuple(given, "pack", count, count, *objects)
        self._return_null_if(builder, python, builder.icmp_unsigned("==", parsed, parsed.type(None)))
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
        self._return_null_if(builder, python, native.is_error)
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
        dtype = builder.load(_field_of_object(builder, given, _DTYPE_AT, BYTES))
        order = builder.load(_field_of_object(builder, dtype, _BYTE_ORDER_AT, ir.IntType(8)))
        with builder.if_then(builder.icmp_unsigned("==", order, order.type(_OTHER_ORDER)), likely=False):
            python.err_set_string(
                "PyExc_TypeError",
                f"argument '{self.description.args[index]}' is an array in the byte order of other machines, "
                "for which nothing is compiled: pass array.astype(array.dtype.newbyteorder('='))",
            )
            builder.ret(python.get_null_object())

    def _add_unpack(self) -> None:
        builder, (_closure, given, _keywords) = self._define("unpack", self._python_function())
        python = self.context.get_python_api(builder)
        slot = python.alloca_obj()
        parsed = python.unpack_tuple(given, "unpack", 1, 1, slot)
        self._return_null_if(builder, python, builder.icmp_unsigned("==", parsed, parsed.type(None)))
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
    def _python_function():
        return ir.FunctionType(BYTES, [BYTES, BYTES, BYTES])

    @staticmethod
    def _return_null_if(builder, python, condition) -> None:
        with builder.if_then(condition, likely=False):
            builder.ret(python.get_null_object())

    # ---- release ----------------------------------------------------------------------------------

    def _add_release(self) -> None:
        builder, (address,) = self._define("release", ir.FunctionType(ir.VoidType(), [WORD]))
        frame = builder.inttoptr(address, BYTES)
        if self._is_counted(self.result):
            held = self._load(builder, frame, self.layout.result, self.result)
            self.context.nrt.decref(builder, self.result, held)
        if not self.layout.borrows:
            with self._each_move(builder, frame) as (_, target, size):  # what was moved in is another frame's
                cgutils.memset(builder, target, size, 0)
            for index, kind in enumerate(self.description.argtypes):
                if self._is_counted(kind):
                    self.context.nrt.decref(builder, kind, self._load_argument(builder, frame, index))
        builder.ret_void()

    # ---- spawned tasks ----------------------------------------------------------------------------

    def _add_kind(self) -> None:
        builder, (address,) = self._define("drop", ir.FunctionType(WORD, [WORD]))
        frame = builder.inttoptr(address, BYTES)
        if self._is_counted(self.result):
            held = self._load(builder, frame, self.layout.result, self.result)
            self.context.nrt.decref(builder, self.result, held)
        for index, kind in enumerate(self.description.argtypes):
            if self._is_counted(kind):
                self.context.nrt.decref(builder, kind, self._load_argument(builder, frame, index))
        builder.ret(WORD(0))
        entry, drop = (self.module.get_global(symbol(name, self.description)) for name in ("entry", "drop"))
        name = self._add_name()
        words = ir.LiteralStructType([entry.type, WORD, drop.type, name.type])
        kind = ir.GlobalVariable(self.module, words, symbol("kind", self.description))
        kind.initializer = words([entry, WORD(block_bytes(self.layout)), drop, name])
        kind.global_constant = True
        kind.linkage = "weak_odr"  # one code may be linked with it by two ways
        builder, _ = self._define("describe", ir.FunctionType(WORD, []))
        builder.ret(builder.ptrtoint(kind, WORD))

    def _add_name(self):
        """Add the body's name, as traces show it, with a zero byte at its end."""
        text = self.description.qualname.rpartition("<locals>.")[2].encode() + b"\0"
        letters = ir.ArrayType(ir.IntType(8), len(text))
        name = ir.GlobalVariable(self.module, letters, symbol("name", self.description))
        name.initializer = letters(bytearray(text))
        name.global_constant = True
        name.linkage = "weak_odr"
        return name


def block_bytes(layout) -> int:
    """Return how much memory a spawned task takes: its block's words and its frame, in whole cache lines."""
    return -(-(HEAD_BYTES + max(layout.size, 8)) // 64) * 64
