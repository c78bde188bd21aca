"""`spawn_detached`: tasks that nobody joins, in jitted code and from Python."""

import ctypes
from typing import Any

from llvmlite import binding, ir
from numba.core import cgutils, errors, types
from numba.core.dispatcher import Dispatcher
from numba.core.typing.templates import AbstractTemplate, infer_global
from numba.extending import lower_builtin

from zuki.errors import TaskError, ZukiError
from zuki.graph.graph import Graph
from zuki.runtime.failures import report_lost, report_lost_failure
from zuki.spawning import blocks
from zuki.spawning.kernel_calls import call_kernel
from zuki.task.lowering import block_bytes
from zuki_kernels import spawning
from zuki_kernels._machine import call_symbol
from zuki_kernels.blocks import HEAD_BYTES
from zuki_kernels.current import emit_current_hand

_WORD = ir.IntType(64)
_BYTES = ir.IntType(8).as_pointer()
_LOST = "zuki.lost"  # by this name compiled code finds what reports failures outside of a pool

_report_here = ctypes.CFUNCTYPE(None, ctypes.c_int64)(report_lost_failure)
binding.add_symbol(_LOST, ctypes.cast(_report_here, ctypes.c_void_p).value)


def spawn_detached(task: Any, *args: Any, executor: Any = None) -> None:
    """Let a task run by itself: nobody joins it, and who has spawned it does not wait for it.

    It begins when a worker of the pool has nothing else to do, and runs until it is done, also when
    the run has ended that it comes from. It waits for what it spawns. An executor that is shut down
    waits for it. Outside of a pool jitted code runs it in place.

    Parameters
    ----------
    task : Task or Numba function
        What is to run. Its result is dropped. What it raises is reported by `sys.unraisablehook`.
    *args
        What it takes, each in its place. Arrays stay alive until it has ended; others may write
        them meanwhile, for nothing orders the task and what comes after it.
    executor : Executor, optional
        From Python only: where it is to run; default: `default_executor`. In jitted code it is the one that
        runs the code.

    Raises
    ------
    TaskError
        There is no such task, or it cannot take these arguments; in jitted code a TypingError.
    ExecutorShutDownError
        The executor has been shut down.
    """
    if not isinstance(task, Dispatcher):
        raise TaskError(f"zuki.spawn_detached takes a task, not {task!r}")
    graph = Graph(f"detached {task.__name__}")
    graph.add(task, *args)
    graph.submit(executor).add_done_callback(_report)


def _report(future: Any) -> None:
    error = future.exception()
    if error is not None:
        report_lost(error, "Exception ignored in a task that was detached", None)


@infer_global(spawn_detached)
class _Template(AbstractTemplate):
    def generic(self, args, kws):
        if kws:
            raise errors.TypingError("zuki.spawn_detached takes a task, and its arguments by their places")
        handle = blocks.handle_of(self.context, "zuki.spawn_detached", args)
        for name, kind in zip(handle.task.argument_names, handle.arguments, strict=True):
            if isinstance(kind, types.Record):
                raise errors.TypingError(
                    f"zuki.spawn_detached: argument '{name}' of task '{handle.task.__name__}' is a record, "
                    "which nothing would keep alive: pass its array"
                )
        return types.none(args[0], *handle.arguments)


def _lower(context, builder, signature, args):
    given = signature.args[0]
    named = getattr(given, "dispatcher_type", given)
    handle = blocks.handle_of(context.typing_context, "zuki.spawn_detached", (named, *signature.args[1:]))
    callee = blocks.Callee(context, builder, handle)
    size = block_bytes(callee.layout)
    hand = emit_current_hand(builder)
    with builder.if_else(builder.icmp_unsigned("!=", hand, _WORD(0)), likely=True) as (inside, outside):
        with inside:
            memory = call_symbol(builder, "NRT_Allocate", _BYTES, [ir.IntType(64)(size)])
            with builder.if_then(cgutils.is_null(builder, memory), likely=False):
                context.call_conv.return_user_exc(builder, MemoryError, ("no memory for a detached task",))
            block = builder.ptrtoint(memory, _WORD)
            frame = blocks.Frame(
                context, builder, callee.layout, handle, builder.add(block, _WORD(HEAD_BYTES))
            )
            frame.fill(args[1:])
            verdict = call_kernel(context, builder, spawning.detach, hand, block, callee.kind())
            with builder.if_then(builder.icmp_unsigned("!=", verdict, _WORD(0)), likely=False):
                frame.give_back(frame.arguments())
                call_symbol(builder, "NRT_Free", ir.VoidType(), [memory])
                text = "no task can be detached: too many graphs are running"
                context.call_conv.return_user_exc(builder, ZukiError, (text,))
        with outside:
            frame, failure = blocks.run_in_place(context, builder, callee, size, args[1:])
            if frame.is_counted(frame.result_type):
                _, result = frame.result()
                context.nrt.decref(builder, frame.result_type, result)
            with builder.if_then(builder.icmp_unsigned("!=", failure, _WORD(0)), likely=False):
                call_symbol(builder, _LOST, ir.VoidType(), [failure])
    return context.get_dummy_value()


lower_builtin(spawn_detached, types.Dispatcher, types.VarArg(types.Any))(_lower)
lower_builtin(spawn_detached, types.RecursiveCall, types.VarArg(types.Any))(_lower)
