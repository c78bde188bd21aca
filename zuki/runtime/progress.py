"""Progress bars, fed by a thread that looks at counters now and then: tasks know nothing of them."""

import threading
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from types import TracebackType
from typing import Any

_INTERVAL = 0.1  # seconds between two looks

Look = Callable[[], tuple[int, int | None]]


def find_tqdm(asked: str) -> Any:
    """Return the class of bars that fits where this runs.

    Parameters
    ----------
    asked : str
        What needs it, for the message.

    Returns
    -------
    class
        One of `tqdm`, for a terminal or for a notebook.

    Raises
    ------
    ImportError
        It is not installed; the message names the extra that brings it.
    """
    try:
        bars = import_module("tqdm.auto").tqdm
    except ImportError as error:
        raise ImportError(f"{asked} needs tqdm: pip install 'zuki[progress]'") from error
    return type("Bar", (bars,), {"monitor_interval": 0})  # without the thread that looks after bars for ever


class SampledBar:
    """A bar that is there while a ``with`` block runs.

    Parameters
    ----------
    bars : class
        From `find_tqdm`.
    look : callable
        Answers how much is done, and of how much; None if nobody knows.
    **options
        For the bar: its ``desc``, ``unit`` and others of `tqdm`.
    """

    def __init__(self, bars: Any, look: Look, **options: Any) -> None:
        self._look = look
        self._bar = bars(total=look()[1], **options)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._sample, name="zuki-progress", daemon=True)

    def __enter__(self) -> "SampledBar":
        with suppress(RuntimeError):  # no more threads: the bar comes to its end nevertheless
            self._thread.start()
        return self

    def _sample(self) -> None:
        while not self._ended.wait(_INTERVAL):
            self._show()

    def _show(self) -> None:
        done, total = self._look()
        if total != self._bar.total and total is not None:
            self._set_total(total)
        self._bar.update(max(done - self._bar.n, 0))

    def _set_total(self, total: int) -> None:
        """Let the bar's end be elsewhere; a notebook's has a width of its own."""
        bar, was_known = self._bar, bool(self._bar.total)
        bar.total = total
        container = getattr(bar, "container", None)
        if container is not None:
            widget = container.children[1]
            widget.max = total
            if not was_known:
                widget.bar_style, widget.layout.width = "", None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        if self._thread.ident is not None:
            self._thread.join()
        self._show()
        self._bar.close()
