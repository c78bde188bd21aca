"""The future of a call of a jitted task that was submitted from Python.

The worker that runs such a call makes no Python object (`zuki_kernels.submitted`). The future looks at the
call's word when it is asked. Only when somebody is to be told of the end, a callback, a coroutine or
`concurrent.futures.wait`, it asks to be told.
"""

import time
from collections.abc import Callable
from sys import is_finalizing
from threading import get_ident
from typing import Any, TypeVar

from zuki.errors import ZukiError
from zuki.lane.future import Future
from zuki.lane.outcome import CANCELLED, DONE, FINISHED, HAS_LOCK, PENDING
from zuki.lane.wakers import Poll, Waker, here
from zuki.runtime.desk import Desk
from zuki.runtime.failures import exception_of
from zuki.runtime.seat import row_of_this_thread
from zuki.runtime.waiting import work_until
from zuki.task.specialisation import Specialisation
from zuki_kernels import submission, submitted
from zuki_kernels._signals import held_back

T = TypeVar("T")

_new = object.__new__
_LOOK = 50_000_000  # nanoseconds between two looks at the signals of a thread that waits
_UNUSUAL = submission.FETCHED | submission.CANCELLED | submission.LISTENED | submitted.FAILED | submitted.LAST


class TaskCall(Future[T]):
    """The future of a submitted call of a jitted task.

    Who waits for it without a limit, and finds it not begun, runs the task itself.
    """

    __slots__ = ("_block", "_desk", "_found", "_frame", "_is_listening", "_life")

    _block: int  # address of its row
    _desk: Desk
    _found: Specialisation
    _frame: int  # its address; below 0: a thread, minus its number, has taken what is there
    _is_listening: bool
    _life: int
    _parties = 2  # who has to be done with the row before it is left, if this is told of the end

    # ---- how it is ---------------------------------------------------------------------------------

    def _bits(self) -> int:
        return submitted.look(self._block, self._life)

    def done(self) -> bool:
        """Return whether it was cancelled or has finished."""
        if self._state not in DONE and self._bits() & submission.OVER:
            self._settle()
        return self._state in DONE

    def cancelled(self) -> bool:
        """Return whether it was cancelled."""
        return self.done() and super().cancelled()

    def running(self) -> bool:
        """Return whether it is being run now."""
        return not self.done() and self._bits() & submission.STARTED != 0

    def poll(self, waker: Waker) -> Poll:
        """Do as `Future.poll`."""
        self.done()
        return super().poll(waker)

    def result(self, timeout: float | None = None) -> T:
        """Wait for the end, and return the result; run the task if nobody has begun to.

        Parameters
        ----------
        timeout : float, optional
            Seconds to wait at most; the task is run here only if there is no such limit.

        Returns
        -------
        object
            The result.
        """
        if timeout is None and self._state == PENDING:
            thread, desk = get_ident(), self._desk
            try:
                if desk.recorder is None:  # `_attend`, in place
                    before = desk.attend(self._block, self._life, 0, thread)
                else:
                    before = self._attend(0, thread)
                if before != submitted.NOT_YET:
                    self._conclude(before, thread)
            except BaseException:
                self._go_on(thread)
                raise
        if self._state == FINISHED and self._exception is None:
            return self._result
        return super().result(timeout)

    # ---- waiting -----------------------------------------------------------------------------------

    def _wait(self, timeout: float | None) -> None:
        thread = get_ident()
        try:
            self._wait_as(thread, timeout)
        except BaseException:
            self._go_on(thread)
            raise

    def _wait_as(self, thread: int, timeout: float | None) -> None:
        if self._state in DONE:
            return
        desk, block, life = self._desk, self._block, self._life
        before = self._attend(0 if timeout is None or desk.is_forsaken else -1, thread)
        if before == submitted.NOT_YET:
            self._refuse_if_forsaken()
            if here.servant is not None or row_of_this_thread(desk.pool) is not None:
                self._work_meanwhile(timeout)
                return
            if timeout is not None:
                super()._wait(timeout)
                return
        while before == submitted.NOT_YET:
            before = desk.attend(block, life, _LOOK, thread)
        self._conclude(before, thread)
        while self._state not in DONE:  # another thread has the result, and says so next
            self._refuse_if_forsaken()
            time.sleep(0)

    def _refuse_if_forsaken(self) -> None:
        if self._desk.is_forsaken:
            name = self._found.name
            raise ZukiError(f"the process was forked while {name} ran: its result is in the parent")

    def _attend(self, timeout: int, thread: int) -> int:
        """Do as `submitted.attend`, and note for a trace if the task was run here."""
        desk = self._desk
        recorder = desk.recorder
        if recorder is None:
            return desk.attend(self._block, self._life, timeout, thread)
        begun = time.monotonic_ns()
        before = desk.attend(self._block, self._life, timeout, thread)
        if before & submitted.RAN_HERE and before != submission.STALE:
            recorder.note_run(begun, desk.node_of(self._block), self._found.name)
        return before

    def _work_meanwhile(self, timeout: float | None) -> None:
        """Wait on a thread that others wait for."""
        self._ask_to_be_told()
        pool = self._desk.pool
        if row_of_this_thread(pool) is None:
            here.servant.wait_for(self, timeout)
            return
        if here.servant is not None:
            here.servant.let_go()  # it is stuck for as long as this takes
        work_until(pool, self, timeout)

    def _make_condition(self) -> Any:
        self._ask_to_be_told()  # first: once it is made this is not called again
        return super()._make_condition()

    def _add_waker(self, waker: Any) -> None:
        super()._add_waker(waker)
        self._ask_to_be_told()

    def _ask_to_be_told(self) -> None:
        """Let `hear` be called at the end; settle it now if it is over."""
        desk = self._desk
        with desk.lock:
            if self._is_listening or self._state in DONE:
                return
            self._is_listening = desk.listen(self._block, self._life, self)
        if not self._is_listening:
            self._settle()

    def hear(self) -> None:
        """Be told that it is over. Once, if this listens."""
        try:
            self._settle()
        finally:
            self._leave_as_listener()

    # ---- the end -----------------------------------------------------------------------------------

    def cancel(self) -> bool:
        """Cancel it, if it has not begun.

        Returns
        -------
        bool
            Whether it is cancelled.
        """
        if self._state not in DONE and submitted.cancel(self._block, self._life):
            self._settle()
            self._desk.hear()
            self._desk.tell_last()
        return self.cancelled()

    def _claim(self) -> bool:
        """Refuse: whoever runs it sets its result."""
        return False

    def _settle(self) -> None:
        """Take the result of a call that is over, and be done."""
        thread = get_ident()
        try:
            self._conclude(self._desk.take(self._block, self._life, thread), thread)
        except BaseException:
            self._go_on(thread)
            raise

    def _conclude(self, before: int, thread: int) -> None:
        """Be done, if what was set before says that this thread has the right to the result."""
        if before & _UNUSUAL:
            with held_back():  # who is told is told
                self._conclude_unusually(before, thread)
            return
        desk, found, frame = self._desk, self._found, self._frame
        # what this raises may be a signal's: `_go_on` tells
        result = found.unpack(frame) if found.layout.size else None
        self._result, self._frame = result, -thread
        if found.counts_references:
            found.release(frame)
        if desk.kept:
            desk.let_go(self._block)
        if before & submission.PASSED:
            desk.free.append(self._block)
        else:
            desk.leave(self._block, self._life)
        if HAS_LOCK and self._wakers is None:  # as `Outcome._close`
            self._state = FINISHED
        else:
            self._close(FINISHED)

    def _conclude_unusually(self, before: int, thread: int) -> None:
        """Do as `_conclude` where somebody is told, or there is no result, or no right to it."""
        desk, found, frame = self._desk, self._found, self._frame
        if before == submission.STALE or before & submission.FETCHED:
            if before & submitted.LAST:
                desk.tell_last()
            return
        error = result = None
        if before & submitted.FAILED:
            error = exception_of(submitted.failure_of(self._block))
        elif found.layout.size and not before & submission.CANCELLED:
            try:
                result = found.unpack(frame)
            except BaseException as raised:
                error = raised
        self._result, self._exception, self._frame = result, error, -thread
        if found.counts_references:
            found.release(frame)
        desk.let_go(self._block)
        is_heard = before & submission.LISTENED != 0
        if is_heard:
            self._leave_as_listener()
        else:
            desk.leave(self._block, self._life)
        if before & submission.CANCELLED:
            self._close(CANCELLED)
            self._notify_cancel()
        else:
            self._close(FINISHED)
        if is_heard:
            desk.hear()  # who has run it in place has told nobody
        if before & submitted.LAST:
            desk.tell_last()

    def _go_on(self, thread: int) -> None:
        """Be done, if a signal's handler has broken off what this thread was about to do with the result."""
        with held_back():
            if self._state in DONE:
                return
            if self._frame == -thread:  # nothing is left to do but this
                self._close(FINISHED)
                return
            before = submitted.taken(self._block, self._life, thread)
            if before != submission.STALE:
                self._conclude_unusually(before, thread)

    def _leave_as_listener(self) -> None:
        """Leave the row when both are done: who has taken the result, and who was told."""
        desk = self._desk
        with desk.lock:
            self._parties -= 1
            if self._parties > 0:
                return
        desk.leave(self._block, self._life)

    def __del__(self, is_finalizing: Callable[[], bool] = is_finalizing) -> None:
        # it may outlive this module, whose names are None then
        try:
            is_left = self._state not in DONE and not self._is_listening
        except AttributeError:  # an interrupt has come before it was filled
            return
        if is_left and not is_finalizing():
            self._ask_to_be_told()  # what is kept for it is let go when it is over


def call_of(desk: Desk, found: Specialisation, frame: int, block: int, life: int) -> TaskCall[Any]:
    """Return a future whose owner is yet to say that it is not told of the end, when a call is offered."""
    call: TaskCall[Any] = _new(TaskCall)
    call._is_listening = True
    call._desk = desk
    call._found = found
    call._frame = frame
    call._block = block
    call._life = life
    call._result = None
    call._exception = None
    call._wakers = None
    call._state = PENDING
    return call
