"""The executor: what a user sees of a pool."""

import math
import os
import threading
import weakref
from types import TracebackType
from typing import Any

from zuki.platform.cpus import usable_cpus
from zuki.runtime.entering import run_on
from zuki.runtime.lifecycle import watch
from zuki.runtime.pool import Pool

_MOST_THREADS = 1024
_LONGEST = 1 << 62  # nanoseconds
_LEAST_STACK = 65536  # bytes; Python and Numba's frames need that much


def _checked_count(value: object, name: str, least: int, most: int) -> int:
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise TypeError(f"{name} must be an integer, not {type(value).__name__}")
    number = value.__index__()
    if not least <= number <= most:
        raise ValueError(f"{name} must be between {least} and {most}, not {number}")
    return number


def _nanoseconds(keep_alive: object) -> int:
    """Return what a pool is told: at least 1, or 0 for never."""
    if keep_alive is None:
        return 0
    if isinstance(keep_alive, bool | str) or not hasattr(keep_alive, "__float__"):
        raise TypeError(f"keep_alive must be seconds or None, not {type(keep_alive).__name__}")
    seconds = float(keep_alive)  # type: ignore[arg-type]
    if not 0 <= seconds < math.inf:
        raise ValueError(f"keep_alive must be at least 0 and finite, or None for never, not {seconds}")
    return max(1, min(_LONGEST, int(min(seconds, 1e10) * 1e9)))


def _default_threads() -> int:
    text = os.environ.get("ZUKI_NUM_THREADS", "").strip()
    if not text:
        return min(usable_cpus(), _MOST_THREADS)
    try:
        return _checked_count(int(text), "ZUKI_NUM_THREADS", 1, _MOST_THREADS)
    except ValueError:
        raise ValueError(
            f"ZUKI_NUM_THREADS must be a number between 1 and {_MOST_THREADS}, not {text!r}"
        ) from None


class Executor:
    """Runs graphs and tasks on a pool of threads that share their work.

    Threads start when there is work for them, and end when there was none for long. A thread
    that calls `Graph.run` helps, and counts as one of ``max_threads`` while it does.

    Parameters
    ----------
    max_threads : int, optional
        How many threads may run tasks at once. Default: the environment variable
        ``ZUKI_NUM_THREADS``, else the processors this process may use.
    min_threads : int, optional
        How many of the threads that have started stay, however long they have nothing to do.
    keep_alive : float or None, optional
        Seconds without anything to do after which a thread ends; None for never.
    stack_size : int, optional
        Bytes of stack for each thread; 0 for the system's default.
    name : str, optional
        What the threads' names begin with.

    Raises
    ------
    TypeError, ValueError
        A value is of another type, or out of range.

    Examples
    --------
    >>> import zuki
    >>> with zuki.Executor(max_threads=2) as executor:
    ...     executor
    <zuki.Executor 'zuki': up to 2 threads>
    """

    def __init__(
        self,
        max_threads: int | None = None,
        *,
        min_threads: int = 0,
        keep_alive: float | None = 10.0,
        stack_size: int = 0,
        name: str = "zuki",
    ) -> None:
        threads = (
            _default_threads()
            if max_threads is None
            else _checked_count(max_threads, "max_threads", 1, _MOST_THREADS)
        )
        least = _checked_count(min_threads, "min_threads", 0, threads)
        alive = _nanoseconds(keep_alive)
        stack = _checked_count(stack_size, "stack_size", 0, 1 << 40)
        if 0 < stack < _LEAST_STACK:
            raise ValueError(f"stack_size must be 0 or at least {_LEAST_STACK} bytes, not {stack}")
        if not isinstance(name, str):
            raise TypeError(f"name must be a string, not {type(name).__name__}")
        self._keep_alive = None if keep_alive is None else float(keep_alive)
        self._pool = watch(Pool(threads, least, alive, stack, name))
        weakref.finalize(self, self._pool.shut_down, False, False).atexit = False

    @property
    def max_threads(self) -> int:
        """How many threads may run tasks at once."""
        return self._pool.max_threads

    @property
    def min_threads(self) -> int:
        """How many threads stay, however long they have nothing to do."""
        return self._pool.min_threads

    @property
    def keep_alive(self) -> float | None:
        """Seconds without anything to do after which a thread ends; None for never."""
        return self._keep_alive

    @property
    def name(self) -> str:
        """What the threads' names begin with."""
        return self._pool.name

    def run(self, work: Any, /, *arguments: Any, **options: Any) -> Any:
        """Run a graph, or a task and what it spawns, to its end; this thread helps.

        Parameters
        ----------
        work : Graph, Task or Numba function
            What to run.
        *arguments
            What the task takes, each in its place; a graph takes none.
        **options
            For a graph ``progress`` and ``measure``, as for `Graph.run`; a task takes none.

        Returns
        -------
        object
            The task's result, or the graph's `Report`.

        Raises
        ------
        ExecutorShutDownError
            The executor has been shut down.
        TaskError
            There is nothing of that kind to run, or the task cannot take these arguments.
        BaseException
            What a body has raised.
        """
        return run_on(work, self, arguments, options)

    def submit(self, graph):
        """Begin to run a graph; the same as ``graph.submit(self)``.

        Parameters
        ----------
        graph : Graph
            What to run.

        Returns
        -------
        concurrent.futures.Future
            Its result is the run's `Report`.
        """
        return graph.submit(self)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Take no more work, and end the threads when what was taken is done.

        Parameters
        ----------
        wait : bool
            Return only when the threads have ended.
        cancel_futures : bool
            Start no further body of the graphs that run; their futures fail.
        """
        self._pool.shut_down(wait, cancel_futures)

    def __enter__(self) -> "Executor":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.shutdown()

    def __repr__(self) -> str:
        plural = "s" if self.max_threads > 1 else ""
        ended = ", shut down" if self._pool.is_closed else ""
        return f"<zuki.Executor {self.name!r}: up to {self.max_threads} thread{plural}{ended}>"


_lock = threading.Lock()
_default: Executor | None = None


def default_executor() -> Executor:
    """Return the executor that is used where none is given; made at the first call.

    Returns
    -------
    Executor
        One for the whole process; a new one if the last was shut down.
    """
    global _default
    with _lock:
        if _default is None or _default._pool.is_closed:
            _default = Executor()
        return _default


def _after_fork() -> None:
    global _lock
    _lock = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
