"""The functions that are compiled beside each body, and cached with it.

    entry    int64 (frame)            runs the body; 0, or its failure (see `zuki.runtime.failures`)
    pack, unpack                      see `zuki.task.boxing`
    start                             see `zuki.task.starting`
    release  void (frame)             gives back the references that the frame holds
    drop     int64 (frame)            gives back the references that the frame of a spawned task holds
    kind     entry, bytes, drop, name what `zuki_kernels.blocks` wants to know of a spawned task
    describe int64 ()                 the address of ``kind``
    writes   int64 ()                 the arguments that the body may write, a bit each
    spawns   int64 ()                 1 if the body may spawn tasks, else 0

Those that Python calls have the signature of a C function of CPython, and hold the GIL.
"""

from contextlib import contextmanager

from llvmlite import ir
from numba.core import cgutils

from zuki.task.emitting import BYTES, WORD, symbol
from zuki.task.frames import MOVES
from zuki.task.spawners import may_spawn
from zuki.task.starting import Starting
from zuki_kernels.blocks import HEAD_BYTES

_RAISED_OBJECT = 1  # bit of a failure: the address is of a Python exception, not of what Numba says of one


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


class _Functions(Starting):
    def add(self, writes: int, spawns: bool) -> None:
        self._add_entry()
        self.add_pack()
        self.add_unpack()
        self.add_start(spawns)
        self._add_release()
        self._add_kind()
        for name, answer in (("writes", writes), ("spawns", int(spawns))):
            builder, _ = self._define(name, ir.FunctionType(WORD, []))
            builder.ret(WORD(answer))

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

    def _fetch_raised(self, builder, python):
        """Take the exception that Python is raising out of the interpreter's hands; return its address."""
        slots = [cgutils.alloca_once_value(builder, python.get_null_object()) for _ in range(3)]
        kind = ir.FunctionType(ir.VoidType(), [python.pyobj.as_pointer()] * 3)
        for name in ("PyErr_Fetch", "PyErr_NormalizeException"):
            builder.call(cgutils.get_or_insert_function(self.module, kind, name), slots)
        for slot in (slots[0], slots[2]):
            python.decref(builder.load(slot))
        return builder.ptrtoint(builder.load(slots[1]), WORD)

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
        entry, drop = (self.module.get_global(self._name_of(name)) for name in ("entry", "drop"))
        name = self._add_name()
        words = ir.LiteralStructType([entry.type, WORD, drop.type, name.type])
        kind = ir.GlobalVariable(self.module, words, self._name_of("kind"))
        kind.initializer = words([entry, WORD(block_bytes(self.layout)), drop, name])
        kind.global_constant = True
        kind.linkage = "weak_odr"  # one code may be linked with it by two ways
        builder, _ = self._define("describe", ir.FunctionType(WORD, []))
        builder.ret(builder.ptrtoint(kind, WORD))

    def _add_name(self):
        """Add the body's name, as traces show it, with a zero byte at its end."""
        text = self.description.qualname.rpartition("<locals>.")[2].encode() + b"\0"
        letters = ir.ArrayType(ir.IntType(8), len(text))
        name = ir.GlobalVariable(self.module, letters, self._name_of("name"))
        name.initializer = letters(bytearray(text))
        name.global_constant = True
        name.linkage = "weak_odr"
        return name


def block_bytes(layout) -> int:
    """Return how much memory a spawned task takes: its block's words and its frame, in whole cache lines."""
    return -(-(HEAD_BYTES + max(layout.size, 8)) // 64) * 64
