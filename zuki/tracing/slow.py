"""A log of slow tasks: what takes longer than it should is told while the program goes on.

The tasks know nothing of it: they are traced, and a thread looks now and then at what was noted since it
has looked last.
"""

import logging
import math
import threading
import time
from collections import deque
from contextlib import suppress
from dataclasses import replace
from types import TracebackType
from typing import Any

import numpy as np

from zuki.errors import NO_THREAD, ZukiError
from zuki.runtime.config import EVENTS, checked_events
from zuki.runtime.executor import Executor
from zuki.runtime.lifecycle import follow, unfollow
from zuki.runtime.pool import Pool
from zuki.runtime.recording import Mark, PythonEvent, Recording
from zuki.tracing.events import KINDS, NODE, PYTHON, Events, events_of
from zuki_kernels import tracing

_INTERVAL = 0.2  # seconds between two looks
_log = logging.getLogger("zuki.slow")


class _Followed:
    """What is read of one pool, bit by bit.

    Parameters
    ----------
    pool : Pool
        Whose.
    events : int
        How many events of each worker there is to be room for.
    least : int
        Nanoseconds that a task takes at least that is told of.
    """

    def __init__(self, pool: Pool, events: int, least: int) -> None:
        self._pool, self._least = pool, least
        self._recorder, self._mark = pool.traces.begin(events)
        self._python: deque[PythonEvent] = deque(maxlen=self._recorder.events)
        self._recorder.followers.append(self._python)

    def look(self) -> tuple[Recording, int]:
        """Return what was slow since the last look, and how many events were lost meanwhile."""
        read, heads = self._recorder.read(self._mark), self._mark.heads.copy()
        for row, events in read.rings.items():
            heads[row] += read.dropped[row] + len(events)
        self._mark = Mark(read.ended, heads, self._mark.python)
        rings = {row: events[self._is_slow(events)] for row, events in read.rings.items()}
        python = [self._python.popleft() for _ in range(len(self._python))]
        slow = replace(
            read,
            rings={row: events for row, events in rings.items() if len(events)},
            dropped=dict.fromkeys(rings, 0),
            ended=time.monotonic_ns(),  # some have ended since it began to read
            python=[event for event in python if event.ended - event.begun >= self._least],
        )
        return slow, sum(read.dropped.values())

    def _is_slow(self, events: np.ndarray) -> np.ndarray:
        return events[:, tracing.ENDED] - events[:, tracing.BEGUN] >= self._least

    def end(self) -> None:
        """Follow it no more."""
        self._recorder.followers.remove(self._python)
        self._pool.traces.end(self._recorder)


class log_slow_tasks:  # noqa: N801  (used as a statement)
    """Log each task that takes long, while a ``with`` block runs.

    Nodes of graphs, spawned tasks, calls and steps of coroutines count; a task is told of within a fraction
    of a second after its end. They are traced meanwhile, at some 20 nanoseconds each: see `trace`.

    Records have the level WARNING. Beside their text they have as attributes, which a formatter may write as
    JSON: ``task``, ``label`` (a node's own name), ``kind``, ``seconds``, ``begun`` (as `time.time`),
    ``executor``, ``track`` (the worker, or the thread) and ``graph`` (or None).

    Parameters
    ----------
    seconds : float
        How long a task takes at least that is logged.
    executor : Executor, optional
        Whose tasks; default: those of all executors, those made meanwhile too.
    logger : logging.Logger, optional
        What they are logged to; default: the logger ``zuki.slow``.
    events : int
        How many events of each worker are kept between two looks; see `dropped`.

    Raises
    ------
    TypeError, ValueError
        An argument is of another type, or out of range.

    Examples
    --------
    >>> import zuki
    >>> with zuki.log_slow_tasks(0.5) as slow:
    ...     zuki.submit(abs, -1).result()
    1
    >>> slow.count
    0
    """

    def __init__(
        self,
        seconds: float = 0.1,
        executor: Executor | None = None,
        *,
        logger: logging.Logger | None = None,
        events: int = EVENTS,
    ) -> None:
        if isinstance(seconds, bool | str) or not hasattr(seconds, "__float__"):
            raise TypeError(f"seconds must be a number, not a {type(seconds).__name__}")
        if not 0 <= float(seconds) < math.inf:
            raise ValueError(f"seconds must be at least 0 and finite, not {seconds}")
        if executor is not None and not isinstance(executor, Executor):
            raise TypeError(f"executor must be a zuki.Executor, not a {type(executor).__name__}")
        if logger is not None and not hasattr(logger, "warning"):
            raise TypeError(f"logger must be a logging.Logger, not a {type(logger).__name__}")
        self._least, self._executor = int(min(float(seconds), 1e9) * 1e9), executor
        self._logger, self._room = logger or _log, checked_events(events, "events")
        self._followed: list[_Followed] = []
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look_again, name="zuki-slow-tasks", daemon=True)
        self._is_used = False
        self._count = self._dropped = 0

    @property
    def count(self) -> int:
        """How many tasks were logged so far."""
        return self._count

    @property
    def dropped(self) -> int:
        """How many events were lost, for want of room: slow tasks may be among them."""
        return self._dropped

    def __enter__(self) -> "log_slow_tasks":
        if self._is_used:
            raise ZukiError("a zuki.log_slow_tasks is used once; make another one")
        self._is_used = True
        follow(self._add, None if self._executor is None else self._executor._pool)
        with suppress(*NO_THREAD):  # no more threads: all is told at the end
            self._thread.start()
        return self

    def _add(self, pool: Pool) -> None:
        self._followed.append(_Followed(pool, self._room, self._least))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        if self._thread.ident is not None:
            self._thread.join()
        unfollow(self._add)
        self._look()
        for followed in self._followed:
            followed.end()

    def _look_again(self) -> None:
        while not self._ended.wait(_INTERVAL):
            self._look()

    def _look(self) -> None:
        for followed in self._followed.copy():
            slow, dropped = followed.look()
            self._dropped += dropped
            found = events_of([slow])
            for event in np.flatnonzero(found.is_task).tolist():
                self._tell(found, event)

    def _tell(self, events: Events, event: int) -> None:
        begun = events.origin + int(events.begun[event])
        seconds = int(events.ended[event] - events.begun[event]) * 1e-9
        kind, run, track = int(events.kind[event]), int(events.run[event]), events.tracks[events.track[event]]
        of_graph = run >= 0 and kind in (NODE, PYTHON)
        told: dict[str, Any] = {
            "task": events.names[int(events.name[event])],
            "label": events.label_of(event),
            "kind": KINDS[kind],
            "seconds": seconds,
            "begun": time.time() - (time.monotonic_ns() - begun) * 1e-9,
            "executor": track.executor,
            "track": track.label,
            "graph": events.runs[run].outline.name if of_graph else None,
        }
        self._count += 1
        self._logger.warning(
            "%s %r took %.6f s on %s of executor %r",
            told["kind"], told["label"], seconds, told["track"], told["executor"], extra=told,
        )  # fmt: skip
