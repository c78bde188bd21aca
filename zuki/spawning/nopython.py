"""`spawn` and `join` in jitted code: their types, and the code that stands for a call of each.

A spawn fills a block of the worker's arena with the arguments and takes it into the worker's
hand; the join of the newest block in hand is a direct call of the body (`zuki_kernels.hands`).
Outside a pool a spawn runs the body in place and the handle keeps the result.
"""

from concurrent.futures import CancelledError

from llvmlite import ir
from numba.core import callconv, cgutils, errors, types
from numba.core.typing.templates import AbstractTemplate, infer_global
from numba.extending import lower_builtin

from zuki.errors import TaskError
from zuki.spawning.api import join, spawn
from zuki.spawning.handles import JoinHandle, contains_handle, fields_of
from zuki.spawning.kernel_calls import call_kernel
from zuki.task.frames import lay_out, takes_no_space, value_type
from zuki.task.in_progress import compilation_of, innermost
from zuki.task.lowering import block_bytes
from zuki.task.task import task_of
from zuki_kernels import hands
from zuki_kernels.current import emit_current_hand
from zuki_kernels.dispatch import emit_stack_pointer

_WORD = ir.IntType(64)
_BYTES = ir.IntType(8).as_pointer()
_RAISED_OBJECT = 1
_REFUSALS = (
    (hands.TOO_DEEP, RecursionError, "too many tasks were spawned inside of one another, or not joined"),
    (hands.CANCELLED, CancelledError, "the run was stopped"),
)


@infer_global(spawn)
class _SpawnTemplate(AbstractTemplate):
    def generic(self, args, kws):
        named = (
            getattr(args[0], "dispatcher_type", args[0]) if args else None
        )  # in its own body, as recursive
        if kws or not isinstance(named, types.Dispatcher):
            raise errors.TypingError("zuki.spawn takes a task, and the task's arguments by their places")
        task = task_of(named.dispatcher)
        given = tuple(types.unliteral(kind) for kind in args[1:])
        if len(given) != len(task.argument_names):
            wanted = ", ".join(task.argument_names)
            raise errors.TypingError(
                f"zuki.spawn: task '{task.__name__}' takes {len(task.argument_names)} arguments ({wanted}), "
                f"not {len(given)}"
            )
        for name, kind in zip(task.argument_names, given, strict=True):
            if contains_handle(kind):
                raise errors.TypingError(
                    f"zuki.spawn: argument '{name}' of task '{task.__name__}' holds a handle, "
                    "which only the task that has spawned can join"
                )
        arguments, result = _resolve(self.context, task, given)
        return JoinHandle(task, result, arguments)(args[0], *arguments)


def _resolve(context, task, given):
    """Return the types that a task takes for these arguments, and its result's."""
    declared = task.declared_for(given)
    if declared != given and compilation_of(task, given) is not None:
        raise errors.TypingError(
            f"zuki.spawn: task '{task.__name__}' spawns itself, so its signature has to be declared: "
            f'@zuki.task("result({", ".join(map(str, given))})")'
        )
    if declared is not None:
        return declared, task.declared[declared]
    try:
        found = task.specialise(given)
    except TaskError as error:
        raise errors.TypingError(f"zuki.spawn: {error}") from error
    return found.argument_types, found.result_type


@infer_global(join)
class _JoinTemplate(AbstractTemplate):
    def generic(self, args, kws):
        if kws or len(args) != 1 or not isinstance(args[0], JoinHandle):
            raise errors.TypingError("zuki.join takes one handle, as zuki.spawn returned it")
        return args[0].result(args[0])


class _Callee:
    """The functions beside a task's body, as the module that is being written sees them."""

    def __init__(self, context, builder, handle) -> None:
        self.context, self.builder, self.handle = context, builder, handle
        task, arguments = handle.task, handle.arguments
        compilation = compilation_of(task, arguments)
        if compilation is None:
            task.compile_declared()  # it may spawn what is being compiled, whose name is known by now
            compiled = task.overloads[arguments]
            context.add_linking_libs([compiled.library])
            self.name = compiled.fndesc.llvm_func_name
        elif compilation.name is None:
            raise errors.LoweringError(
                f"zuki.spawn: task '{task.__name__}' spawns what spawns it, so both signatures have to be "
                "declared"
            )
        else:
            self.name = compilation.name
        self._is_later = compilation is not None and compilation is not innermost()
        self.layout = lay_out(context, handle.result, arguments)

    def _named(self, function: str) -> str:
        return f"zuki.{function}.{self.name}"

    def _function(self, name, kind):
        if self._is_later:
            return self.context.codegen().insert_unresolved_ref(self.builder, kind, name)
        return cgutils.get_or_insert_function(self.builder.module, kind, name)

    def body(self):
        kind = self.context.call_conv.get_function_type(self.handle.result, self.handle.arguments)
        return self._function(self.name, kind)

    def entry(self, frame):
        return self.builder.call(
            self._function(self._named("entry"), ir.FunctionType(_WORD, [_WORD])), [frame]
        )

    def kind(self):
        if self._is_later:
            describe = self._function(self._named("describe"), ir.FunctionType(_WORD, []))
            return self.builder.call(describe, [])
        module, name = self.builder.module, self._named("kind")
        there = module.globals.get(name)
        if there is None:
            there = ir.GlobalVariable(module, ir.ArrayType(_WORD, 3), name)
            there.linkage = "external"
        return self.builder.ptrtoint(there, _WORD)


class _Frame:
    """The frame of a spawned task at an address."""

    def __init__(self, context, builder, layout, handle, address) -> None:
        self.context, self.builder, self.layout, self.handle = context, builder, layout, handle
        self._bytes = builder.inttoptr(address, _BYTES)
        self.result_type = value_type(handle.result)

    def _at(self, offset, kind=None):
        place = self.builder.gep(self._bytes, [_WORD(offset)])
        kind = _WORD if kind is None else self.context.get_data_type(kind)
        return self.builder.bitcast(place, kind.as_pointer())

    def is_counted(self, kind) -> bool:
        return not takes_no_space(kind) and self.context.data_model_manager[kind].contains_nrt_meminfo()

    def fill(self, args) -> None:
        """Store the arguments, with references of the frame's own."""
        builder = self.builder
        builder.store(_WORD(0), self._at(0))
        if self.is_counted(self.result_type):
            place = self._at(self.layout.result, self.result_type)
            builder.store(cgutils.get_null_value(place.type.pointee), place)
        for kind, offset, value in zip(self.handle.arguments, self.layout.arguments, args, strict=True):
            if takes_no_space(kind):
                continue
            if isinstance(kind, types.Record):
                builder.store(builder.ptrtoint(value, _WORD), self._at(offset))
                continue
            if self.is_counted(kind):
                self.context.nrt.incref(builder, kind, value)
            self.context.pack_value(builder, kind, value, self._at(offset, kind))

    def arguments(self) -> list:
        """Load the arguments."""
        loaded = []
        for kind, offset in zip(self.handle.arguments, self.layout.arguments, strict=True):
            if takes_no_space(kind):
                loaded.append(self.context.get_dummy_value())
            elif isinstance(kind, types.Record):
                address = self.builder.load(self._at(offset))
                loaded.append(self.builder.inttoptr(address, self.context.get_value_type(kind)))
            else:
                loaded.append(self.context.unpack_value(self.builder, kind, self._at(offset, kind)))
        return loaded

    def give_back(self, loaded) -> None:
        """Give back the references of the arguments."""
        for kind, value in zip(self.handle.arguments, loaded, strict=True):
            if self.is_counted(kind):
                self.context.nrt.decref(self.builder, kind, value)

    def result(self):
        """Load the result: a flag that says whether it is None, and its value."""
        absent = ir.IntType(1)(0)
        if self.layout.absent >= 0:
            word = self.builder.load(self._at(self.layout.absent))
            absent = self.builder.icmp_unsigned("!=", word, _WORD(0))
        if self.result_type is types.none:
            return absent, ir.IntType(8)(0)
        place = self._at(self.layout.result, self.result_type)
        return absent, self.context.unpack_value(self.builder, self.result_type, place)


@lower_builtin(spawn, types.Dispatcher, types.VarArg(types.Any))
@lower_builtin(spawn, types.RecursiveCall, types.VarArg(types.Any))
def _lower_spawn(context, builder, signature, args):
    handle = signature.return_type
    callee = _Callee(context, builder, handle)
    made = fields_of(context, builder, handle)
    size = block_bytes(callee.layout)
    if size > hands.LARGEST_BLOCK:
        raise errors.LoweringError(
            f"zuki.spawn: the arguments and the result of task '{handle.task.__name__}' take {size} bytes; "
            f"{hands.LARGEST_BLOCK} is the most"
        )
    hand = emit_current_hand(builder)
    made_at = cgutils.alloca_once_value(builder, cgutils.get_null_value(made._getvalue().type))
    with builder.if_else(builder.icmp_unsigned("!=", hand, _WORD(0)), likely=True) as (inside, outside):
        with inside:
            block = _reserve(context, builder, hand, _WORD(size), emit_stack_pointer(builder))
            address = builder.add(block, _WORD(hands.HEAD_BYTES))
            _Frame(context, builder, callee.layout, handle, address).fill(args[1:])
            stamp = call_kernel(context, builder, hands.spawn, hand, block, callee.kind())
            made = fields_of(context, builder, handle)
            made.hand, made.block, made.stamp = hand, block, stamp
            builder.store(made._getvalue(), made_at)
        with outside:
            with builder.goto_entry_block():  # Numba's own way would clear it at each call
                space = builder.alloca(ir.ArrayType(_WORD, size // 8))
            address = builder.ptrtoint(space, _WORD)
            frame = _Frame(context, builder, callee.layout, handle, address)
            frame.fill(args[1:])
            made = fields_of(context, builder, handle)
            made.failure = callee.entry(address)
            frame.give_back(frame.arguments())
            made.absent, made.result = _fields_of_result(context, builder, frame, made)
            builder.store(made._getvalue(), made_at)
    return builder.load(made_at)


def _reserve(context, builder, *wanted):
    """Take memory for a block, or leave the function with the reason why there is none."""
    found = cgutils.alloca_once_value(builder, call_kernel(context, builder, hands.reserve, *wanted))
    with builder.if_then(builder.icmp_unsigned("==", builder.load(found), _WORD(0)), likely=False):
        answer = call_kernel(context, builder, hands.reserve_slowly, *wanted)
        builder.store(answer, found)
        for verdict, error, text in _REFUSALS:
            with builder.if_then(builder.icmp_signed("==", answer, _WORD(verdict)), likely=False):
                context.call_conv.return_user_exc(builder, error, (text,))
    return builder.load(found)


def _fields_of_result(context, builder, frame, made):
    absent, result = frame.result()
    kind = made.absent.type
    return absent if kind == absent.type else builder.zext(absent, kind), result


@lower_builtin(join, JoinHandle)
def _lower_join(context, builder, signature, args):
    handle = signature.args[0]
    callee = _Callee(context, builder, handle)
    given = fields_of(context, builder, handle, value=args[0])
    result_type = value_type(handle.result)
    value_at = cgutils.alloca_once(builder, given.result.type)
    absent_at = cgutils.alloca_once_value(builder, ir.IntType(1)(0))
    # in a `try` the code goes on behind an exception, and must not find the result of an earlier join
    builder.store(cgutils.get_null_value(given.result.type), value_at)
    with builder.if_else(builder.icmp_unsigned("!=", given.hand, _WORD(0)), likely=True) as (inside, outside):
        with inside:
            frame = _Frame(
                context, builder, callee.layout, handle, builder.add(given.block, _WORD(hands.HEAD_BYTES))
            )
            newest = call_kernel(context, builder, hands.take_newest, given.hand, given.block, given.stamp)
            with builder.if_else(builder.trunc(newest, ir.IntType(1)), likely=True) as (mine, other):
                with mine:
                    _call_directly(context, builder, callee, frame, given, value_at, absent_at)
                with other:
                    _join_slowly(context, builder, frame, given, value_at, absent_at)
        with outside:
            _raise_if(context, builder, given.failure)
            builder.store(given.result, value_at)
            builder.store(builder.icmp_unsigned("!=", given.absent, given.absent.type(0)), absent_at)
            if result_type is not types.none and frame.is_counted(result_type):
                context.nrt.incref(builder, result_type, given.result)
    if handle.result is types.none:
        return context.get_dummy_value()
    value = builder.load(value_at)
    if isinstance(handle.result, types.Optional):
        made = context.make_helper(builder, handle.result)
        made.valid = builder.not_(builder.load(absent_at))
        made.data = value
        return made._getvalue()
    return value


def _call_directly(context, builder, callee, frame, given, value_at, absent_at) -> None:
    handle = frame.handle
    loaded = frame.arguments()
    status, value = context.call_conv.call_function(
        builder, callee.body(), handle.result, handle.arguments, loaded
    )
    frame.give_back(loaded)
    its = given.hand, given.block, _WORD(block_bytes(callee.layout))
    with builder.if_else(status.is_error, likely=False) as (failed, ended):
        with failed:  # what it has spawned is done with before anybody may catch the exception
            builder.call(_dropper(context, builder.module), [*its, status.code])
            _propagate(context, builder, status.code, status.excinfoptr)
        with ended:
            left = call_kernel(context, builder, hands.join_left, *its)
            _raise_if(context, builder, left)
            if isinstance(handle.result, types.Optional):
                builder.store(status.is_none, absent_at)
            if handle.result is not types.none:
                builder.store(value, value_at)


def _join_slowly(context, builder, frame, given, value_at, absent_at) -> None:
    failure = call_kernel(context, builder, hands.join_slowly, given.hand, given.block, given.stamp)
    was_joined = builder.icmp_signed("==", failure, _WORD(-1))
    with builder.if_else(was_joined, likely=False) as (joined, ended):
        with joined:
            convention = context.call_conv
            convention.set_static_user_exc(builder, TaskError, ("this handle has been joined before",))
            excinfo = builder.load(convention._get_excinfo_argument(builder.function))
            _propagate(context, builder, callconv.RETCODE_USEREXC, excinfo)
        with ended:
            frame.give_back(frame.arguments())
            _raise_if(context, builder, failure)
            absent, value = frame.result()
            builder.store(value, value_at)
            builder.store(absent, absent_at)


def _raise_if(context, builder, failure) -> None:
    """Leave the function with an exception that an entry has kept; see `zuki.task.failures`."""
    with builder.if_then(builder.icmp_unsigned("!=", failure, _WORD(0)), likely=False):
        is_object = builder.and_(failure, _WORD(_RAISED_OBJECT))
        excinfo = callconv.excinfo_ptr_t
        with builder.if_else(builder.icmp_unsigned("!=", is_object, _WORD(0))) as (kept, described):
            with kept:
                builder.call(_raiser(context, builder.module), [failure])
                _propagate(context, builder, callconv.RETCODE_EXC, cgutils.get_null_value(excinfo))
            with described:
                _propagate(context, builder, callconv.RETCODE_USEREXC, builder.inttoptr(failure, excinfo))


def _helper(module, name, *kinds):
    """Return a function of this module by its name, and where its code goes if that is not written yet.

    It stands alone, because what it needs on the stack would be cleared in each call of the body that joins.
    """
    function = module.globals.get(name)
    if function is not None:
        return function, None
    function = ir.Function(module, ir.FunctionType(ir.VoidType(), kinds), name)
    function.linkage = "internal"
    function.attributes.add("noinline")
    return function, ir.IRBuilder(function.append_basic_block("entry"))


def _raiser(context, module):
    """Return a function that sets a kept exception."""
    function, builder = _helper(module, "zuki.raise_kept", _WORD)
    if builder is not None:
        python = context.get_python_api(builder)
        lock = python.gil_ensure()
        raised = builder.inttoptr(builder.sub(function.args[0], _WORD(_RAISED_OBJECT)), python.pyobj)
        kind = ir.FunctionType(ir.VoidType(), [python.pyobj, python.pyobj])
        of = ir.FunctionType(python.pyobj, [python.pyobj])
        type_of = cgutils.get_or_insert_function(module, of, "PyObject_Type")
        set_error = cgutils.get_or_insert_function(module, kind, "PyErr_SetObject")
        class_of = builder.call(type_of, [raised])
        builder.call(set_error, [class_of, raised])
        python.decref(class_of)
        python.decref(raised)
        python.gil_release(lock)
        builder.ret_void()
    return function


def _dropper(context, module):
    """Return a function that joins what a task has left that failed: given its hand, block, size and status.

    Others' tasks may run meanwhile, so what Python is raising is put aside.
    """
    function, builder = _helper(module, "zuki.drop_left", _WORD, _WORD, _WORD, ir.IntType(32))
    if builder is None:
        return function
    *its, code = function.args
    python = context.get_python_api(builder)
    slots = [builder.alloca(python.pyobj) for _ in range(3)]
    is_python = builder.icmp_signed("==", code, callconv.RETCODE_EXC)

    def call_python(name, kinds, values):
        with builder.if_then(is_python):
            lock = python.gil_ensure()
            called = cgutils.get_or_insert_function(module, ir.FunctionType(ir.VoidType(), kinds), name)
            builder.call(called, values())
            python.gil_release(lock)

    call_python("PyErr_Fetch", [python.pyobj.as_pointer()] * 3, lambda: slots)
    call_kernel(context, builder, hands.drop_left, *its)
    call_python("PyErr_Restore", [python.pyobj] * 3, lambda: [builder.load(slot) for slot in slots])
    builder.ret_void()
    return function


def _forgetter(context, module):
    """Return a function that forgets what Python is raising."""
    function, builder = _helper(module, "zuki.forget_raised")
    if builder is not None:
        python = context.get_python_api(builder)
        lock = python.gil_ensure()
        python.err_clear()
        python.gil_release(lock)
        builder.ret_void()
    return function


def _propagate(context, builder, code, excinfo) -> None:
    """Leave the function with an exception; or in a `try` go on, which looks for what is described there.

    Numba's own way would go on there as if nothing had been raised in Python.
    """
    convention = context.call_conv
    code = callconv._const_int(code) if isinstance(code, int) else code
    builder.store(excinfo, convention._get_excinfo_argument(builder.function))
    in_try = convention.check_try_status(builder).in_try
    with builder.if_then(builder.not_(in_try)):
        convention._return_errcode_raw(builder, code)
    with builder.if_then(builder.icmp_signed("==", code, callconv.RETCODE_EXC)):
        builder.call(_forgetter(context, builder.module), [])
        convention.set_static_user_exc(builder, TaskError, ("a task has raised an exception in Python",))
