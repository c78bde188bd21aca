"""Submitting calls of jitted tasks from Python."""

import ctypes
from contextlib import suppress
from typing import Any

import numpy as np
from numba._dispatcher import compute_fingerprint

from zuki.errors import TaskError, ZukiError
from zuki.graph.checks import checked_task
from zuki.lane.outcome import DONE, PENDING
from zuki.lane.priority import NORMAL
from zuki.runtime.desk import FRAME_AT, FRAME_BYTES, Desk
from zuki.runtime.executor import Executor
from zuki.spawning.task_call import TaskCall
from zuki.task.specialisation import Specialisation
from zuki_kernels import submitted
from zuki_kernels._signals import held_back

_new = object.__new__


def submit_task(
    executor: Executor, task: Any, arguments: tuple[Any, ...], options: dict[str, Any], level: int
) -> Any:
    """Submit a call of a jitted task to an executor, and return its future.

    A task that is not compiled for such arguments yet is called in the interpreter, so that this does not
    wait for the compiler; so is one that is given keywords, or has a priority.
    """
    try:
        found = task._by_fingerprint[compute_fingerprint(arguments)]
    except (AttributeError, KeyError, NotImplementedError):
        found = None
    pool = executor._pool
    desk = pool.desk
    if found is None or desk is None or level != NORMAL or options or pool.is_closed:
        return _submit_slowly(executor, task, arguments, options, level)
    call = submit_call(desk, found, arguments)
    if call is None:
        return executor._submit_call(_first_call, (task, *arguments), options, level)
    if pool.is_ended and call.cancel():  # meanwhile: nobody would ever run it
        executor._refuse()
    return call


def _submit_slowly(
    executor: Executor, task: Any, arguments: tuple[Any, ...], options: dict[str, Any], level: int
) -> Any:
    if executor._pool.is_closed:
        executor._refuse()
    if level == NORMAL and not options:
        with suppress(TaskError, KeyError, NotImplementedError):
            made = checked_task(task)
            complete = made.complete(arguments)
            if compute_fingerprint(complete) in made._by_fingerprint and executor._open_desk() is not None:
                return submit_task(executor, made, complete, options, level)
    return executor._submit_call(_first_call, (task, *arguments), options, level)


def _first_call(task: Any, *arguments: Any, **keywords: Any) -> Any:
    """Call a task in the interpreter, and let it be compiled for the next such call."""
    if not keywords:
        with suppress(TaskError):  # the call itself tells why
            made = checked_task(task)
            made.specialise_for(made.complete(arguments))
    return task(*arguments, **keywords)


def submit_call(desk: Desk, found: Specialisation, arguments: tuple[Any, ...]) -> TaskCall[Any] | None:
    """Submit a call to a pool, and return its future; None if there is no room for one more.

    Parameters
    ----------
    desk : Desk
        The pool's.
    found : Specialisation
        What is called.
    arguments : tuple
        All that it takes.
    """
    call: TaskCall[Any] = _new(TaskCall)
    block: int | None
    try:
        block = desk.free.pop()
    except IndexError:
        block = desk.take_block()
        if block is None:
            return None
    call._state, call._result, call._exception, call._wakers = PENDING, None, None, None
    call._desk, call._found, call._frame, call._block = desk, found, 0, block
    call._is_listening = True  # until it is offered there is nothing to be told of
    try:
        frame = block + FRAME_AT
        pack, size, keeps_alive, entry = found.for_calls
        if size:
            if size > FRAME_BYTES:
                memory = np.zeros(size // 8, np.int64)
                frame, desk.kept[block] = memory.ctypes.data, (arguments, memory)
            elif keeps_alive:
                desk.kept[block] = arguments
            if found.counts_references:  # what another call has left there is no reference
                ctypes.memset(frame, 0, size)
            call._frame = frame
            pack(frame, 0, *arguments)
        call._frame = frame
        if desk.recorder is not None:
            desk.recorder.note_call(desk.node_of(block), found.name)
        answer = desk.offer(block, entry, frame)
        call._life, call._is_listening = answer >> 1, False
        if answer & 1 and not desk.start_thread(block) and call.cancel():
            raise ZukiError("there is no thread to run this, and none can be started")
    except BaseException:
        _break_off(call)
        raise
    return call


def _break_off(call: TaskCall[Any]) -> None:
    """Take back a call that an exception has broken off: of packing, or of a signal's handler."""
    desk, block, found = call._desk, call._block, call._found
    with held_back():
        if call._state in DONE:
            return
        if submitted.was_offered(block):
            call._life, call._is_listening = submitted.life_at(block), False
            desk.start_thread(block)
            call.cancel()  # if it has begun, it is told of its end and hears it
            return
        if call._frame and found.counts_references:
            found.release(call._frame)
        desk.let_go(block)
        desk.free.append(block)
