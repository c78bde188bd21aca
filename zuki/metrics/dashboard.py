"""A view of metrics in a notebook that is updated while tasks run; it needs no widget and no script."""

import threading
from collections import deque
from collections.abc import Callable
from html import escape
from types import TracebackType
from typing import Any

from zuki.later import import_now
from zuki.metrics.metrics import Metrics

_INTERVAL = 0.25  # seconds between two looks
_LOOKS = 5  # what is shown as being now is the time between the first and the last of so many


class Dashboard:
    """A view of an executor's metrics in a notebook: `Executor.dashboard`.

    It is updated by a thread of its own, which ends with the executor or with `close`; what was shown last
    stays. Can be used as a context manager.

    Parameters
    ----------
    read : callable
        Returns the metrics.
    is_over : callable
        Tells whether nothing more will happen.
    name : str
        What is seen.
    """

    def __init__(self, read: Callable[[], Metrics], is_over: Callable[[], bool], name: str) -> None:
        try:
            self._display: Any = import_now("IPython.display")
        except ImportError as error:
            raise ImportError(
                "a dashboard needs IPython: pip install 'zuki[notebook]'; "
                "without a notebook, print(executor.metrics())"
            ) from error
        self._read, self._is_over = read, is_over
        self._looks = deque([read()], _LOOKS)
        self._handle = self._display.display(self._page(), display_id=True)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._update, name=f"{name}-dashboard", daemon=True)
        self._thread.start()

    def _page(self) -> Any:
        now, recent = self._looks[-1], self._looks[-1] - self._looks[0]
        ended, rate = now.tasks.total.ended, recent.tasks.total.ended / max(recent.seconds, 1e-9)
        told = f"{escape(now.executor)}: {ended:,} tasks so far, {rate:,.0f} a second; below, the last second"
        if self._is_over():
            told, recent = f"{escape(now.executor)}: shut down after {ended:,} tasks; below, all of them", now
        return self._display.HTML(f"<p>{told}</p>{recent._repr_html_()}")

    def _update(self) -> None:
        is_over = False
        while not is_over and not self._ended.wait(_INTERVAL):
            is_over = self._is_over()  # before the look: then the last one sees all
            self._looks.append(self._read())
            if self._handle is not None:  # outside of IPython there is nothing to be updated
                self._handle.update(self._page())

    @property
    def is_open(self) -> bool:
        """Whether it is updated."""
        return self._thread.is_alive() and not self._ended.is_set()

    def close(self) -> None:
        """Update it no more, and wait for its thread's end."""
        self._ended.set()
        if self._thread is not threading.current_thread():
            self._thread.join()

    def __enter__(self) -> "Dashboard":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<zuki.Dashboard: {'open' if self.is_open else 'closed'}>"
