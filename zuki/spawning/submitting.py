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
        found = task._last_submitted
    except AttributeError:  # Numba's
        return _submit_slowly(executor, task, arguments, options, level)
    call = None
    if found is not None:
        call = submit_call(desk, found, arguments, is_guess=True)
    if call is None:
        try:
            found = task._by_fingerprint[compute_fingerprint(arguments)]
        except (KeyError, NotImplementedError):
            return _submit_slowly(executor, task, arguments, options, level)
        if found.start is not None:
            task._last_submitted = found
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


def submit_call(
    desk: Desk, found: Specialisation, arguments: tuple[Any, ...], is_guess: bool = False
) -> TaskCall[Any] | None:
    """Submit a call to a pool, and return its future; None if there is no room for one more.

    A thread is awake the sooner, the less comes before it: what only the caller needs is made afterwards.

    Parameters
    ----------
    desk : Desk
        The pool's.
    found : Specialisation
        What is called.
    arguments : tuple
        All that it takes.
    is_guess : bool
        The arguments may be others; then None is the answer, too.
    """
    block: int | None
    try:
        block = desk.free.pop()
    except IndexError:
        block = desk.take_block()
        if block is None:
            return None
    frame, keeps_alive, kept, held, call = block + FRAME_AT, found.keeps_alive, arguments, 0, None
    try:
        answer = None
        if found.start is not None and desk.recorder is None:
            answer = found.start(block, desk.offer_code, arguments)
        if answer is None and not is_guess:
            size = found.layout.size
            if size > FRAME_BYTES:
                memory = np.zeros(size // 8, np.int64)
                frame, keeps_alive, kept = memory.ctypes.data, True, (arguments, memory)
            if found.counts_references:  # what another call has left there is no reference
                ctypes.memset(frame, 0, size)
                held = frame
            if size:
                found.pack(frame, 0, *arguments)
            if desk.recorder is not None:
                desk.recorder.note_call(desk.node_of(block), found.name)
            answer = desk.offer(block, found.node_entry, frame)
        if answer is not None:
            if keeps_alive:
                desk.kept[block] = kept
            call = call_of(desk, found, frame, block, answer >> 1)
            call._is_listening = False
            if answer & 1 and not desk.start_thread(block) and call.cancel():
                raise ZukiError("there is no thread to run this, and none can be started")
            return call
    except BaseException:
        with held_back():
            _break_off(call or call_of(desk, found, frame, block, submitted.life_at(block)), kept, held)
        raise
    desk.free.append(block)
    return None


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
