"""Debug mode: steps of coroutines that hold their thread for long are reported.

A thread of its own looks at what servants do, and reports the step that it finds under way, with
the line at which it is. Python lets it look only while the step lets go of the interpreter now
and then. So who runs a step measures it, too, and reports at its end what nobody has seen.
"""

import os
import sys
import threading
import time
from contextlib import suppress
from types import FrameType
from typing import Any

from zuki.errors import NO_THREAD
from zuki.lane.lanes import Lanes
from zuki.lane.reporting import log
from zuki.lane.serving import STEPS, Servant
from zuki.lane.stacks import stack_above, stack_of
from zuki.lane.stillness import sources

SLOW = 0.1  # seconds
_LOOK = SLOW / 4
_DEPTH = 10  # lines that are remembered of where a coroutine was made
_IDLE = 1.0  # seconds without anybody who serves after which the thread ends


class WatchedServant(Servant):
    """A servant whose steps are watched; it remembers where coroutines are made, for Python's warnings.

    Parameters
    ----------
    lanes : Lanes
        Whose.
    outer : Servant, optional
        What the thread did before.
    """

    step: tuple[float, Any, str, FrameType] | None = None  # since when, whose, its name, above which frame
    reported: Any = None  # the step that was

    def __init__(self, lanes: Lanes, outer: Servant | None = None) -> None:
        super().__init__(lanes, outer)
        self.thread = threading.get_ident()
        self._depth = sys.get_coroutine_origin_tracking_depth()
        sys.set_coroutine_origin_tracking_depth(max(self._depth, _DEPTH))
        watch.add(self)

    def leave(self) -> None:
        """Serve no more."""
        sys.set_coroutine_origin_tracking_depth(self._depth)
        watch.servants.discard(self)
        super().leave()

    @property
    def current(self) -> Any:
        """Whose step it is in."""
        return self._current

    @current.setter
    def current(self, task: Any) -> None:
        self._current = task
        if task is not None and self.step is None:  # else it begins in the step of another one
            self.step = time.monotonic(), task, task.name, sys._getframe(1)

    def run_steps(self, queue: Any, most: int = STEPS) -> None:
        """Run a burst of steps, each measured."""
        for _ in range(most):
            super().run_steps(queue, 1)
            step, self.step = self.step, None
            if step is None:
                return
            since, task, name, _ = step
            seconds = time.monotonic() - since
            if seconds >= SLOW and self.reported is not step:
                where = stack_of(task._coroutine) or "  its end"
                log.warning("a step of coroutine %r took %.2f seconds, until\n%s", name, seconds, where)
            self.reported = None


class _Watch:
    """The thread that looks, while anybody serves in debug mode."""

    def __init__(self) -> None:
        self.servants: set[WatchedServant] = set()
        self._lock = threading.RLock()
        self.watcher: threading.Thread | None = None

    def add(self, servant: WatchedServant) -> None:
        """Look at a servant from now on."""
        with self._lock:
            self.servants.add(servant)
            if self.watcher is not None:
                return
            self.watcher = threading.Thread(target=self._look, name="zuki-slow-steps", daemon=True)
            try:
                self.watcher.start()
            except NO_THREAD:  # no more threads: servants measure
                self.watcher = None

    def _look(self) -> None:
        idle_since = time.monotonic()
        while True:
            time.sleep(_LOOK)
            now = time.monotonic()
            for servant in self.servants.copy():
                idle_since = now
                self._look_at(servant, now)
            with self._lock:
                if not self.servants and now - idle_since >= _IDLE:
                    self.watcher = None
                    return

    def _look_at(self, servant: WatchedServant, now: float) -> None:
        step = servant.step
        if step is None or now - step[0] < SLOW or servant.reported is step:
            return
        since, _, name, base = step
        frame = sys._current_frames().get(servant.thread)
        with suppress(AttributeError):  # it went on meanwhile
            stack = stack_above(frame, base)
            if servant.step is step:  # else the lines are those of another one
                servant.reported = step
                text = "a step of coroutine %r has taken %.2f seconds so far, and is at\n%s"
                log.warning(text, name, now - since, stack)

    # ---- see `zuki.lane.stillness` -----------------------------------------------------------------

    def is_still(self) -> bool:
        """Tell that it wakes nobody."""
        return True

    def threads(self) -> tuple[threading.Thread | None]:
        """Return the thread."""
        return (self.watcher,)

    def waiting(self) -> tuple[()]:
        """Return no coroutine."""
        return ()

    def forget(self) -> None:
        """Begin anew, in a forked child."""
        self.__init__()  # type: ignore[misc]


watch = _Watch()
sources.add(watch)

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=watch.forget)
