"""Submitting calls of jitted tasks from Python."""

import ctypes
from contextlib import suppress
from typing import Any

import numpy as np
from numba._dispatcher import compute_fingerprint

from zuki.errors import TaskError, ZukiError
from zuki.graph.checks import checked_task
from zuki.lane.outcome import DONE
from zuki.lane.priority import NORMAL
from zuki.runtime.desk import FRAME_AT, FRAME_BYTES, Desk
from zuki.runtime.executor import Executor
from zuki.spawning.task_call import TaskCall, call_of
from zuki.task.specialisation import Specialisation
from zuki_kernels import submitted
from zuki_kernels._signals import held_back


def submit_task(
    executor: Executor, task: Any, arguments: tuple[Any, ...], options: dict[str, Any], level: int
) -> Any:
    """Submit a call of a jitted task to an executor, and return its future.

    A task that is not compiled for such arguments yet is called in the interpreter, so that this does not
    wait for the compiler; so is one that is given keywords, or has a priority.
    """
    pool = executor._pool
    desk = pool.desk
    if desk is None or level != NORMAL or options or pool.is_closed:
        return _submit_slowly(executor, task, arguments, options, level)
    try:
        last = task._last_submitted
    except AttributeError:  # Numba's
        return _submit_slowly(executor, task, arguments, options, level)
    if last is None or desk.recorder is not None:
        return _submit_known(executor, task, arguments)
    start, found = last
    try:
        block = desk.free.pop()
    except IndexError:
        return _submit_known(executor, task, arguments)
    call = None
    try:
        answer = start(block, desk.offer_code, arguments)
        # a worker wakes up the sooner, the less comes before: what only the caller needs is made now
        if answer is not None:
            if found.keeps_alive:
                desk.kept[block] = arguments
            call = call_of(desk, found, block + FRAME_AT, block, answer >> 1)
            call._is_listening = False
            if answer & 1:
                _start_thread(call)
    except BaseException:
        with held_back():
            frame = block + FRAME_AT
            _break_off(call or call_of(desk, found, frame, block, submitted.life_at(block)), arguments, 0)
        raise
    if call is None:  # they are not of the types of the call before
        desk.free.append(block)
        return _submit_known(executor, task, arguments)
    if pool.is_ended and call.cancel():  # meanwhile: nobody would ever run it
        executor._refuse()
    return call


def _submit_known(executor: Executor, task: Any, arguments: tuple[Any, ...]) -> Any:
    """Submit a call, if the task was compiled for the types of its arguments before."""
    try:
        found = task._by_fingerprint[compute_fingerprint(arguments)]
    except (KeyError, NotImplementedError):
        return _submit_slowly(executor, task, arguments, {}, NORMAL)
    if found.start is not None:
        task._last_submitted = found.start, found
    call = submit_call(executor._pool.desk, found, arguments)
    if call is None:
        return executor._submit_call(_first_call, (task, *arguments), {}, NORMAL)
    if executor._pool.is_ended and call.cancel():
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
    block: int | None
    try:
        block = desk.free.pop()
    except IndexError:
        block = desk.take_block()
        if block is None:
            return None
    call: TaskCall[Any] | None = None
    frame, held, kept, size = block + FRAME_AT, 0, arguments, found.layout.size
    try:
        if size > FRAME_BYTES:
            memory = np.zeros(size // 8, np.int64)
            frame, kept = memory.ctypes.data, (arguments, memory)
        if found.counts_references:  # what another call has left there is no reference
            ctypes.memset(frame, 0, size)
            held = frame
        if size:
            found.pack(frame, 0, *arguments)
        if desk.recorder is not None:
            desk.recorder.note_call(desk.node_of(block), found.name)
        answer = desk.offer(block, found.node_entry, frame)
        if found.keeps_alive or kept is not arguments:
            desk.kept[block] = kept
        call = call_of(desk, found, frame, block, answer >> 1)
        call._is_listening = False
        if answer & 1:
            _start_thread(call)
    except BaseException:
        with held_back():
            _break_off(call or call_of(desk, found, frame, block, submitted.life_at(block)), kept, held)
        raise
    return call


def _start_thread(call: TaskCall[Any]) -> None:
    """Start the thread that `offer` has asked for."""
    if not call._desk.start_thread(call._block) and call.cancel():
        raise ZukiError("there is no thread to run this, and none can be started")


def _break_off(call: TaskCall[Any], kept: Any, held: int) -> None:
    """Take back a call that an exception has broken off: of packing, or of a signal's handler.

    Parameters
    ----------
    call : TaskCall
        Its future, which nobody has seen.
    kept : object
        What its frame points to.
    held : int
        The address of a frame that holds references, or 0.
    """
    desk, block = call._desk, call._block
    if call._state in DONE:
        return
    if submitted.was_offered(block):
        desk.kept[block], call._is_listening = kept, False
        desk.start_thread(block)
        call.cancel()  # if it has begun, it is told of its end and hears it
        return
    if held:
        call._found.release(held)
    desk.free.append(block)
