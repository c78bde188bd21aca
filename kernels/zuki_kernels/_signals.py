"""Ctrl-C while the main thread compiles kernels or runs tasks: noted at once, raised at the end."""

import signal
import threading
from collections.abc import Callable
from types import FrameType, TracebackType


class deferred_interrupt:  # noqa: N801  (used as a statement)
    """Put SIGINT's handler off to the end of a ``with`` block.

    An exception that a signal handler raised between two of the pool's own steps would lose
    what the last step answered. Outside the main thread, and where the program has a
    handler of its own, nothing is changed.

    Parameters
    ----------
    on_interrupt : callable
        Called, in the handler, at the first signal.
    """

    def __init__(self, on_interrupt: Callable[[], None]) -> None:
        self._on_interrupt = on_interrupt
        self._handler: Callable[[int, FrameType | None], object] | None = None
        self._frame: FrameType | None = None
        self._pending = False

    def __enter__(self) -> "deferred_interrupt":
        if threading.current_thread() is threading.main_thread():
            handler = signal.getsignal(signal.SIGINT)
            inside_another = getattr(handler, "__func__", None) is deferred_interrupt._note
            if inside_another or handler is signal.default_int_handler:
                self._handler = handler
                signal.signal(signal.SIGINT, self._note)
        return self

    def _note(self, _number: int, frame: FrameType | None) -> None:
        self._frame = frame
        if not self._pending:
            self._pending = True
            self._on_interrupt()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._handler is None:
            return
        signal.signal(signal.SIGINT, self._handler)
        if self._pending:
            self._handler(signal.SIGINT, self._frame)
