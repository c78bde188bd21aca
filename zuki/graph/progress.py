"""A progress bar for a run, fed by a thread that looks at a counter now and then."""

import threading
from collections.abc import Callable
from importlib import import_module
from types import TracebackType
from typing import Any

_INTERVAL = 0.1  # seconds between two looks


def find_tqdm() -> Any:
    """Return the progress bar's class; raise `ImportError`, naming the extra, if it is not installed."""
    try:
        return import_module("tqdm.auto").tqdm
    except ImportError as error:
        raise ImportError("progress=True needs tqdm: pip install 'zuki[progress]'") from error


class progress_bar:  # noqa: N801  (used as a statement)
    """Show how many of ``total`` nodes are done while a ``with`` block runs.

    Parameters
    ----------
    tqdm : class
        From `find_tqdm`.
    name : str
        What stands before the bar.
    total : int
        How many nodes there are.
    remaining : callable
        Answers how many are not done.
    """

    def __init__(self, tqdm: Any, name: str, total: int, remaining: Callable[[], int]) -> None:
        self._bar = tqdm(total=total, desc=name, unit="node")
        self._total, self._remaining = total, remaining
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._sample, name="zuki-progress", daemon=True)

    def __enter__(self) -> "progress_bar":
        self._thread.start()
        return self

    def _sample(self) -> None:
        while not self._ended.wait(_INTERVAL):
            self._show(self._total - self._remaining())

    def _show(self, done: int) -> None:
        self._bar.update(done - self._bar.n)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()
        if error is None:
            self._show(self._total)
        self._bar.close()
