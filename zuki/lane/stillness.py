"""Whether anything can happen in this process that wakes a coroutine; if not, those that wait do so for ever.

Any thread may wake a coroutine. So this is known only where all threads are: the system tells
which there are, and whoever starts threads of zuki's is a *source*, which tells which are its own and
whether they rest. All others must be in `resting`: they wait for a future, without a limit. And no
function waits for a signal. Where a library has threads of its own (Jupyter, a thread pool of
others) nothing is known. Those that Python does not know are taken for such as never wake
anybody if they were there when the kernels were loaded, as BLAS's are.

Who begins to serve lanes leaves a mark. If the mark stays the same while all is looked at three
times, and all rests each time, then all has rested the whole time: what ended just before it was
looked at was over before the second look, and what it has brought about the second look has seen, for
it was there then, or has left its mark.
"""

import os
import signal
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol
from weakref import WeakSet

from zuki.errors import DeadlockError
from zuki.lane.stacks import stack_of
from zuki.lane.wakers import here

if TYPE_CHECKING:
    from zuki.lane.coroutines import CoroutineTask
    from zuki.lane.lanes import Lanes
    from zuki.lane.serving import Servant

_LOOKS = 3
_BETWEEN = 0.02  # seconds
_MOST_TOLD = 20  # coroutines
_FIRST, _LONGEST = 1.5, 30.0  # seconds of waiting after which it is looked at, first and later


class Source(Protocol):
    """Who has threads."""

    def is_still(self) -> bool:
        """Tell whether none of the threads does anything, nor will by itself."""

    def threads(self) -> Iterable[threading.Thread | None]:
        """Return the threads."""

    def waiting(self) -> "Iterable[CoroutineTask]":
        """Return the coroutines that wait here."""


sources: WeakSet[Any] = WeakSet()
_mark = object()  # of the latest beginning
_resting: dict[int, tuple[Any, Any]] = {}  # by thread: what it waits for; the innermost servant of its steps


def note_beginning() -> None:
    """Note that something begins. Any thread, before it does."""
    global _mark
    _mark = object()


@contextmanager
def resting(future: Any) -> Iterator[None]:
    """Say that this thread does nothing until a future is done but what lanes tell of."""
    me = threading.get_ident()
    before = _resting.get(me)
    _resting[me] = future, here.servant
    try:
        yield
    finally:
        if before is None:
            del _resting[me]
        else:
            _resting[me] = before


def _servants_at_rest() -> "Iterator[Servant]":
    """Go through those in whose steps or calls threads rest."""
    for _, innermost in tuple(_resting.values()):
        if innermost is not None:
            yield from innermost.chain()


def steps_at_rest(lanes: "Lanes") -> int:
    """Return how many steps and calls of some lanes are under way whose threads rest."""
    return sum(servant.lanes is lanes for servant in _servants_at_rest())


def is_in_step(task: Any) -> bool:
    """Tell whether a step of a task is under way on a thread that rests."""
    return any(servant.current is task for servant in _servants_at_rest())


def can_nothing_happen() -> bool:
    """Tell whether it is known that nothing can happen any more but what the calling thread does."""
    if _is_a_signal_awaited():
        return False
    with _known_to_rest():
        before = _mark
        for _ in range(_LOOKS):
            if not _do_all_rest():
                return False
            time.sleep(_BETWEEN)
        return before is _mark


@contextmanager
def _known_to_rest() -> Iterator[None]:
    """Let the calling thread, which looks, be one of those that rest."""
    me = threading.get_ident()
    added = me not in _resting
    if added:
        _resting[me] = None, here.servant
    try:
        yield
    finally:
        if added:
            del _resting[me]


def _do_all_rest() -> bool:
    found = tuple(sources)
    threads = threading.enumerate()
    known = {
        thread for source in found for thread in source.threads()
    }  # numbers of those that ended are reused
    return (
        all(thread in known or thread.ident in _resting for thread in threads)
        and _native_threads() <= _harmless | {thread.native_id for thread in threads}
        and not any(future is not None and future.done() for future, _ in tuple(_resting.values()))
        and all(source.is_still() for source in found)
    )


def _is_a_signal_awaited() -> bool:
    usual = signal.SIG_DFL, signal.SIG_IGN, signal.default_int_handler, None
    handlers = (signal.getsignal(number) for number in signal.valid_signals())
    return any(getattr(handler, "handler", handler) not in usual for handler in handlers)


def _native_threads() -> set[int]:
    """Return the system's numbers of all threads; one that nobody has, where it does not tell."""
    try:
        return {int(name) for name in os.listdir("/proc/self/task")}
    except OSError:
        return {-1}


_harmless: set[int] = set()


def note_harmless_threads() -> None:
    """Take the threads that are there now, and that Python does not know, for such as never wake anybody."""
    _harmless.update(_native_threads() - {thread.native_id for thread in threading.enumerate()} - {-1})


def _after_fork() -> None:
    _harmless.clear()
    _resting.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


# ---- what is done about it ---------------------------------------------------------------------------


def deadlock() -> DeadlockError:
    """Return the error that tells of all coroutines that wait."""
    tasks = [task for source in tuple(sources) for task in source.waiting()]
    if not tasks:
        return DeadlockError("nothing is left that could end what this thread waits for")
    told = [f"{task!r}, at\n{stack_of(task._coroutine)}" for task in tasks[:_MOST_TOLD]]
    if len(tasks) > _MOST_TOLD:
        told.append(f"and {len(tasks) - _MOST_TOLD} more")
    count = f"{len(tasks)} coroutines that wait" if len(tasks) != 1 else "the only coroutine that waits"
    return DeadlockError(f"nothing is left that could wake {count}:\n" + "\n".join(told))


class Patience:
    """When a thread that waits without a limit looks whether it waits in vain: ever less often."""

    def __init__(self) -> None:
        self._interval = _FIRST
        self._next = time.monotonic() + _FIRST

    def left(self) -> float:
        """Return how many seconds it is to wait before it looks."""
        return max(0.0, self._next - time.monotonic())

    def is_in_vain(self) -> bool:
        """Look, if it is time to; tell whether nothing can happen any more."""
        if time.monotonic() < self._next:
            return False
        if can_nothing_happen():
            self._interval = _FIRST
            found = True
        else:
            self._interval = min(2 * self._interval, _LONGEST)
            found = False
        self._next = time.monotonic() + self._interval
        return found
