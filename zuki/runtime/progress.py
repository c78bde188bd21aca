"""Progress bars, fed by a thread that looks at counters now and then: tasks know nothing of them."""

import threading
import warnings
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Any

from zuki.errors import NO_THREAD
from zuki.later import import_now
from zuki.runtime.config import checked_count
from zuki.runtime.default import checked_executor
from zuki.runtime.executor import Executor

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
        with warnings.catch_warnings():  # a notebook without ipywidgets: its bars are text, and that will do
            warnings.simplefilter("ignore")
            bars = import_now("tqdm.auto").tqdm
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
        with suppress(*NO_THREAD):  # no more threads: the bar comes to its end nevertheless
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


class progress:  # noqa: N801  (used as a statement)
    """Show a bar of what an executor has done while a ``with`` block runs.

    It counts tasks of all kinds: nodes of graphs, calls, coroutines, and what jitted code spawns. Its end is
    what the executor knows of: it moves on as more is submitted or spawned. The executor runs as it would
    without: a thread looks at its counters ten times a second, and ends with the block.

    Parameters
    ----------
    executor : Executor, optional
        Whose work is shown; default: the one for the whole process.
    total : int, optional
        How many tasks there will be, where that is known.
    description : str, optional
        What stands before the bar; default: the executor's name.

    Raises
    ------
    ImportError
        tqdm is not installed; the message names the extra that brings it.
    TypeError, ValueError
        An argument is none of these.

    Examples
    --------
    >>> import zuki
    >>> with zuki.Executor(max_threads=2) as executor, zuki.progress(executor):
    ...     list(executor.map(abs, range(-3, 0)))
    [3, 2, 1]
    """

    def __init__(
        self, executor: Executor | None = None, *, total: int | None = None, description: str | None = None
    ) -> None:
        self._bars = find_tqdm("zuki.progress")
        self._executor = checked_executor(executor)
        self._total = None if total is None else checked_count(total, "total", 0, 1 << 62)
        if description is not None and not isinstance(description, str):
            raise TypeError(f"description must be a string, not a {type(description).__name__}")
        self._description = self._executor.name if description is None else description
        self._before = 0
        self._bar: SampledBar | None = None

    def __enter__(self) -> "progress":
        self._before = self._executor.metrics().tasks.total.ended
        self._bar = SampledBar(self._bars, self._look, desc=self._description, unit="task")
        self._bar.__enter__()
        return self

    def _look(self) -> tuple[int, int | None]:
        tasks = self._executor.metrics().tasks.total
        done = tasks.ended - self._before
        return done, self._total if self._total is not None else done + tasks.queued or None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._bar is not None
        self._bar.__exit__(kind, error, trace)
