"""`spawn` and `join` in jitted code: their types, and the code that stands for a call of each.

A spawn fills a block of the worker's arena with the arguments and takes it into the worker's
hand; the join of the newest block in hand is a direct call of the body (`zuki_kernels.spawning`).
Outside a pool a spawn runs the body in place and the handle keeps the result.
"""

from concurrent.futures import CancelledError

from llvmlite import ir
from numba.core import callconv, cgutils, errors, types
from numba.core.typing.templates import AbstractTemplate, infer_global
from numba.extending import lower_builtin

from zuki.errors import TaskError
from zuki.spawning.api import join, spawn, wake
from zuki.spawning.blocks import Callee, Frame, handle_of, run_in_place
from zuki.spawning.handles import JoinHandle, fields_of
from zuki.spawning.kernel_calls import call_kernel
from zuki.task.frames import value_type
from zuki.task.lowering import block_bytes
from zuki_kernels import hands, spawning
from zuki_kernels.blocks import HEAD_BYTES
from zuki_kernels.current import emit_current_hand
from zuki_kernels.dispatch import emit_stack_pointer

_WORD = ir.IntType(64)
_BYTES = ir.IntType(8).as_pointer()
_RAISED_OBJECT = 1
_REFUSALS = (
    (spawning.TOO_DEEP, RecursionError, "too many tasks were spawned inside of one another, or not joined"),
    (spawning.CANCELLED, CancelledError, "the run was stopped"),
)


@infer_global(spawn)
class _SpawnTemplate(AbstractTemplate):
    def generic(self, args, kws):
        if kws:
            raise errors.TypingError("zuki.spawn takes the task's arguments by their places")
        handle = handle_of(self.context, "zuki.spawn", args)
        return handle(args[0], *handle.arguments)


@infer_global(join)
class _JoinTemplate(AbstractTemplate):
    def generic(self, args, kws):
        if kws or len(args) != 1 or not isinstance(args[0], JoinHandle):
            raise errors.TypingError("zuki.join takes one handle, as zuki.spawn returned it")
        return args[0].result(args[0])


@lower_builtin(spawn, types.Dispatcher, types.VarArg(types.Any))
@lower_builtin(spawn, types.RecursiveCall, types.VarArg(types.Any))
def _lower_spawn(context, builder, signature, args):
    handle = signature.return_type
    callee = Callee(context, builder, handle)
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
            address = builder.add(block, _WORD(HEAD_BYTES))
            Frame(context, builder, callee.layout, handle, address).fill(args[1:])
            stamp = call_kernel(context, builder, spawning.spawn, hand, block, callee.kind())
            made = fields_of(context, builder, handle)
            made.hand, made.block, made.stamp = hand, block, stamp
            builder.store(made._getvalue(), made_at)
        with outside:
            frame, failure = run_in_place(context, builder, callee, size, args[1:])
            made = fields_of(context, builder, handle)
            made.failure = failure
            made.absent, made.result = _fields_of_result(context, builder, frame, made)
            builder.store(made._getvalue(), made_at)
    return builder.load(made_at)


def _reserve(context, builder, *wanted):
    """Take memory for a block, or leave the function with the reason why there is none."""
    found = cgutils.alloca_once_value(builder, call_kernel(context, builder, spawning.reserve, *wanted))
    with builder.if_then(builder.icmp_unsigned("==", builder.load(found), _WORD(0)), likely=False):
        answer = call_kernel(context, builder, spawning.reserve_slowly, *wanted)
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
    callee = Callee(context, builder, handle)
    given = fields_of(context, builder, handle, value=args[0])
    result_type = value_type(handle.result)
    value_at = cgutils.alloca_once(builder, given.result.type)
    absent_at = cgutils.alloca_once_value(builder, ir.IntType(1)(0))
    # in a `try` the code goes on behind an exception, and must not find the result of an earlier join
    builder.store(cgutils.get_null_value(given.result.type), value_at)
    with builder.if_else(builder.icmp_unsigned("!=", given.hand, _WORD(0)), likely=True) as (inside, outside):
        with inside:
            frame = Frame(
                context, builder, callee.layout, handle, builder.add(given.block, _WORD(HEAD_BYTES))
            )
            newest = call_kernel(context, builder, spawning.take_newest, given.hand, given.block, given.stamp)
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
            left = call_kernel(context, builder, spawning.join_left, *its, _WORD(spawning.ALL_ABOVE))
            _raise_if(context, builder, left)
            if isinstance(handle.result, types.Optional):
                builder.store(status.is_none, absent_at)
            if handle.result is not types.none:
                builder.store(value, value_at)


def _join_slowly(context, builder, frame, given, value_at, absent_at) -> None:
    failure = call_kernel(context, builder, spawning.join_slowly, given.hand, given.block, given.stamp)
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
    """Leave the function with an exception that an entry has kept; see `zuki.runtime.failures`."""
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
    call_kernel(context, builder, spawning.join_left, *its, _WORD(spawning.NO_MORE_ABOVE))
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


@infer_global(wake)
class _WakeTemplate(AbstractTemplate):
    def generic(self, args, kws):
        if kws or len(args) != 1 or not isinstance(args[0], types.Integer):
            raise errors.TypingError("zuki.wake takes the number of a waker")
        return types.boolean(types.int64)


@lower_builtin(wake, types.int64)
def _lower_wake(context, builder, signature, args):
    hand = emit_current_hand(builder)
    is_inside = builder.icmp_signed("!=", hand, _WORD(0))
    with builder.if_then(is_inside):
        call_kernel(context, builder, spawning.join_slowly, hand, args[0], _WORD(spawning.RING))
    return is_inside
