"""What signal handlers raise, held back while steps are taken that must not be torn apart.

Python calls signal handlers on the main thread, between any two of its instructions, and what
a handler raises is raised there. Between a turn's return and the use of its answer it
would lose a task; inside of Numba's compiler it leaves a lock locked. So every handler
that could raise is replaced by one that calls it, keeps what it raises, and tells whoever
is to hurry up. At the end of the outermost block the exception is raised.

A Python body that runs inside of a block is not of the pool's steps: it gets the exception at
once, as it would anywhere, and so do the blocks around it at their ends.
"""

import _signal  # signal.py's functions of the same names take 3 us each, not 0.3
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterable
from itertools import compress
from types import FrameType, TracebackType
from typing import Any, ClassVar

_NOT_TO_BE_CAUGHT = {"SIGKILL", "SIGSTOP"}
_SIGNALS = tuple(
    int(number)
    for number in sorted(signal.valid_signals())
    if getattr(number, "name", "") not in _NOT_TO_BE_CAUGHT
)


def call_body(function: Callable[..., Any], arguments: Iterable[Any]) -> Any:
    """Call a Python body: what handlers raise meanwhile is raised in it."""
    return function(*arguments)


class _Holding:
    """A handler in the place of another one, whose exceptions it keeps while a block is active."""

    def __init__(self, handler: Callable[[int, FrameType | None], object]) -> None:
        self.handler = handler

    def __call__(self, number: int, frame: FrameType | None) -> object:
        try:
            return self.handler(number, frame)
        except BaseException as error:
            block = held_back._innermost
            while block is not None:
                block._hear(error)
                block = block._outer
            if _is_to_be_raised(frame):
                raise
            return None


def _is_to_be_raised(frame: FrameType | None) -> bool:
    """Tell whether ``frame`` is outside of all blocks, or a body's inside of the innermost one."""
    block = held_back._innermost
    while block is not None and frame is not block._frame:
        if frame is None or frame.f_code is call_body.__code__:
            return True
        frame = frame.f_back
    return block is None


class held_back:  # noqa: N801  (used as a statement)
    """Hold what signal handlers raise back to the end of a ``with`` block.

    Outside of the main thread, where no handler runs, nothing is changed. A block inside of another one
    leaves the exception to that one, unless a body is between them.

    Attributes
    ----------
    errors : list of BaseException
        What was raised so far.
    """

    _innermost: ClassVar["held_back | None"] = None  # of the main thread
    # What the last block that was in no other has found and replaced: mostly the next one finds the same
    _found: ClassVar[tuple[list[Any], list[tuple[int, _Holding]]]] = ([], [])

    def __init__(self) -> None:
        self.errors: list[BaseException] = []
        self._tell: Callable[[], object] | None = None
        self._thread = threading.get_ident()
        self._outer: held_back | None = None
        self._frame: FrameType | None = None  # of the function that the block is in; set while it is active
        self._replaced: list[tuple[int, _Holding]] = []

    def __enter__(self) -> "held_back":
        if self._thread == threading.main_thread().ident:
            self._outer, self._frame = held_back._innermost, sys._getframe(1)
            held_back._innermost = self  # from here on exceptions are kept
            try:
                self._replace_handlers()
            except BaseException:  # of a handler that was not replaced yet
                held_back._innermost = self._outer
                self._put_handlers_back()
                raise
        return self

    def tell(self, function: Callable[[], object] | None) -> None:
        """Call ``function``, from now on instead of an earlier one, when a handler raises or if one has."""
        self._tell = function
        if function is not None and self.errors:
            function()

    def _hear(self, error: BaseException) -> None:
        self.errors.append(error)
        if self._tell is not None:
            self._tell()

    def _replace_handlers(self) -> None:
        handlers = [*map(_signal.getsignal, _SIGNALS)]
        found, stand_ins = held_back._found
        if self._outer is None and found == handlers:
            self._replaced = stand_ins
            for number, holding in stand_ins:
                _signal.signal(number, holding)
            return
        # all others are ignored, default, or not Python's
        for number, handler in compress(zip(_SIGNALS, handlers, strict=True), map(callable, handlers)):
            if not isinstance(handler, _Holding):
                holding = _Holding(handler)
                self._replaced.append((number, holding))
                _signal.signal(number, holding)
            elif self._outer is None:  # a block that has ended could not put it back
                self._replaced.append((number, handler))
        if self._outer is None:
            held_back._found = handlers, self._replaced

    def _put_handlers_back(self) -> None:
        for number, holding in self._replaced:
            if _signal.getsignal(number) is holding:  # else the program has changed it meanwhile
                _signal.signal(number, holding.handler)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._frame is None:
            return
        held_back._innermost = self._outer  # from here on exceptions are raised, or kept by the outer block
        self._frame = None
        try:
            self._put_handlers_back()  # where an exception prevents that, the stand-in raises what it hears
        finally:
            if self.errors and _is_to_be_raised(sys._getframe(1)):
                raise self.errors[0]


def _after_fork() -> None:
    """Forget, in a forked child, the blocks of the parent's main thread if another thread has forked."""
    block = held_back._innermost
    if block is not None and block._thread != threading.get_ident():
        held_back._innermost = None
        while block is not None:
            block._put_handlers_back()
            block = block._outer


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
