"""Where a coroutine is: the lines at which it, and what it awaits, have stopped."""

from collections.abc import Iterator
from traceback import StackSummary
from types import FrameType
from typing import Any

_KINDS = (("cr_frame", "cr_await"), ("gi_frame", "gi_yieldfrom"), ("ag_frame", "ag_await"))


def stack_of(coroutine: Any) -> str:
    """Return the lines at which a coroutine waits, the innermost last; empty if it is over."""
    return _text(_frames_of(coroutine))


def _frames_of(coroutine: Any) -> Iterator[FrameType]:
    while coroutine is not None:
        for frame, awaited in _KINDS:
            if hasattr(coroutine, frame):
                found = getattr(coroutine, frame)
                if found is not None:
                    yield found
                coroutine = getattr(coroutine, awaited)
                break
        else:
            return  # Python does not tell what is behind it


def stack_above(frame: FrameType | None, outermost: FrameType | None) -> str:
    """Return the lines at which a thread is, from what ``outermost`` calls to ``frame``, the innermost."""
    frames = []
    while frame is not None and frame is not outermost:
        frames.append(frame)
        frame = frame.f_back
    return _text(reversed(frames))


def _text(frames: Any) -> str:
    summary = StackSummary.extract((frame, frame.f_lineno) for frame in frames)
    return "".join(summary.format())
