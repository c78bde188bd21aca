"""What was noted of a pool, as it is handed to who shows it."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from zuki.runtime.run import Outline


@dataclass(slots=True)
class NotedRun:
    """A run of a trace.

    Parameters
    ----------
    slot : int
        Where the pool kept it.
    begun : int
        Nanoseconds of the monotonic clock.
    outline : Outline
        What it is made of.
    ended : int or None
        Nanoseconds; None if it goes on.
    """

    slot: int
    begun: int
    outline: Outline
    ended: int | None = None


@dataclass(frozen=True, slots=True)
class PythonEvent:
    """Something that Python has run: a node's body, a call, a step of a coroutine.

    Parameters
    ----------
    begun, ended : int
        Nanoseconds of the monotonic clock.
    track : int or str
        The worker's row, or the name of a thread that is none.
    kind : str
        ``"node"``, ``"call"`` or ``"step"``.
    what : object
        A node's task, else a name.
    """

    begun: int
    ended: int
    track: int | str
    kind: str
    what: Any


@dataclass(slots=True)
class SubmittedCall:
    """A submitted call of a jitted task.

    Parameters
    ----------
    moment : int
        When it was submitted, in nanoseconds of the monotonic clock.
    node : int
        Which node of the desk's run it is, as long as nobody has its result.
    name : str
        The task's.
    ran_elsewhere : bool
        Whether who waited for it has run it: then a worker that comes to the node runs nothing.
    """

    moment: int
    node: int
    name: str
    ran_elsewhere: bool = False


@dataclass(frozen=True, slots=True)
class Recording:
    """What was noted of one pool.

    Parameters
    ----------
    name : str
        The executor's.
    max_threads : int
        How many workers may be awake.
    begun, ended : int
        Nanoseconds of the monotonic clock.
    rings : dict
        For each row of workers that has noted any: its events, the oldest first, in nanoseconds.
    dropped : dict
        For each of these rows: how many older ones are lost.
    python : list of PythonEvent
        What Python has run.
    python_dropped : int
        How many older ones are lost.
    runs : list of NotedRun
        By their begin.
    names : dict
        Of spawned tasks, by the addresses of their kinds.
    desk : int
        The slot that submitted calls of jitted tasks are nodes of, or -1.
    calls : list of SubmittedCall
        Such calls, by their submission.
    """

    name: str
    max_threads: int
    begun: int
    ended: int
    rings: dict[int, np.ndarray]
    dropped: dict[int, int]
    python: list[PythonEvent]
    python_dropped: int
    runs: list[NotedRun]
    names: dict[int, str] = field(default_factory=dict)
    desk: int = -1
    calls: list[SubmittedCall] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Mark:
    """Where a trace begins.

    Parameters
    ----------
    moment : int
        Nanoseconds of the monotonic clock.
    heads : list of int
        How many events each worker had noted.
    python : int
        How many Python had.
    """

    moment: int
    heads: list[int]
    python: int
