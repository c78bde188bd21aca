"""A trace: taken by a ``with`` block, or of all that an executor has done."""

from collections.abc import Iterable
from types import TracebackType
from typing import Any

from zuki.drawing.picture import Picture
from zuki.errors import ZukiError
from zuki.metrics.histogram import Histogram
from zuki.runtime.config import EVENTS, checked_events
from zuki.runtime.executor import Executor
from zuki.runtime.lifecycle import follow, unfollow
from zuki.runtime.pool import Pool
from zuki.runtime.recorder import Recorder
from zuki.runtime.recording import Mark, Recording
from zuki.tracing.chrome import save
from zuki.tracing.events import Events, events_of
from zuki.tracing.frame import data_frame_of
from zuki.tracing.latency import durations_of, latencies_of
from zuki.tracing.scaling import USUAL, Scaling, scaling_of
from zuki.tracing.strands import longest_run, strands_of, wake_cost
from zuki.tracing.summary import Summary, summary_of
from zuki.tracing.timeline import timeline_of

_LEAST_WIDTH, _MOST_WIDTH = 300, 100_000  # pixels of a timeline


class Trace:
    """What executors have done for a while: which task ran when, on which worker.

    Each worker keeps its latest events; `dropped` tells how many older ones are lost. What goes on while
    the trace is looked at is not a part of it: a task is in it once it has ended.

    Parameters
    ----------
    recordings : list of Recording
        What was noted, one for each executor; not to be made by hand.

    Examples
    --------
    >>> import zuki
    >>> @zuki.task
    ... def work(n):
    ...     total = 0.0
    ...     for i in range(n):
    ...         total += i
    ...     return total
    >>> graph = zuki.Graph("example")
    >>> nodes = graph.add_many(work, zuki.each([1000, 2000, 3000]))
    >>> with zuki.trace() as t:
    ...     report = graph.run()
    >>> t.tasks
    3
    >>> t.summary()["work"].count
    3
    """

    def __init__(self, recordings: list[Recording] | None = None) -> None:
        self._recordings = recordings or []
        self._live: list[tuple[Recorder, Mark]] = []
        self._events: Events | None = None

    def _read(self) -> list[Recording]:
        return [*self._recordings, *(recorder.read(mark) for recorder, mark in self._live)]

    @property
    def events(self) -> Events:
        """Its events as a table; those so far, while it goes on."""
        if self._live:
            return events_of(self._read())
        if self._events is None:
            self._events = events_of(self._recordings)
        return self._events

    @property
    def tasks(self) -> int:
        """How many tasks have run: nodes, spawned tasks, calls, and steps of coroutines."""
        return int(self.events.is_task.sum())

    @property
    def dropped(self) -> int:
        """How many older events are lost, for want of room."""
        return self.events.dropped

    @property
    def seconds(self) -> float:
        """From its begin to its end."""
        return self.events.length * 1e-9

    def __len__(self) -> int:
        return len(self.events)

    def __bool__(self) -> bool:
        return True

    # ---- what it tells ----------------------------------------------------------------------------

    def summary(self) -> Summary:
        """Sum up the tasks by their names.

        Returns
        -------
        Summary
            For each name: count, total, mean and 95th percentile of the durations.
        """
        return summary_of(self.events)

    def durations(self, name: str | None = None) -> Histogram:
        """Return how often tasks took how long.

        Parameters
        ----------
        name : str, optional
            Of which task or callable; default: of all.

        Returns
        -------
        Histogram
            Of what has run, whatever came of it. Tasks that a task has run meanwhile count for both.

        Raises
        ------
        ZukiError
            No task of that name is in the trace.
        """
        return durations_of(self.events, name)

    def latencies(self) -> Histogram:
        """Return how often nodes waited how long from the end of their last predecessor to their begin.

        Returns
        -------
        Histogram
            Of the nodes of runs that are in the trace from begin to end. Who waits for no other is ready
            when their run begins.
        """
        return latencies_of(self.events)

    def timeline(self, *, width: float = 1040.0) -> Picture:
        """Draw what each worker did when.

        Bars have the colours of their tasks; tasks inside of tasks lie below; very short ones are put
        together. Nodes on the critical path are framed. Whoever points at a bar is told of it.

        Parameters
        ----------
        width : float
            Of the picture, in pixels.

        Returns
        -------
        Picture
            A notebook shows it; `Picture.save` keeps it.

        Raises
        ------
        ValueError
            The width is too small or too large.
        """
        if not _LEAST_WIDTH <= width <= _MOST_WIDTH:
            raise ValueError(f"width must be between {_LEAST_WIDTH} and {_MOST_WIDTH} pixels, not {width}")
        return timeline_of(self.events, float(width))

    def scaling(self, workers: Iterable[int] = USUAL, *, run: int | None = None) -> Scaling:
        """Predict what other numbers of workers would give, by a simulation of the pool.

        Parameters
        ----------
        workers : iterable of int
            Numbers of workers.
        run : int, optional
            Which run of the trace, from 0 on by their begin; default: the one whose nodes took longest.

        Returns
        -------
        Scaling
            Work, span, and what is predicted.

        Raises
        ------
        ZukiError
            There is no such run, or events of it are lost.
        """
        events = self.events
        if run is not None and run not in range(len(events.runs)):
            raise ZukiError(f"this trace has {len(events.runs)} runs, and no run {run}")
        chosen = longest_run(events) if run is None else run
        return scaling_of(strands_of(events, chosen), workers, wake_cost(events))

    def save(self, path: Any) -> None:
        """Write it as a file that Perfetto and Chrome's ``about:tracing`` load.

        Parameters
        ----------
        path : str or path
            Where to; with the ending ``.gz`` it is compressed.

        Raises
        ------
        OSError
            The file cannot be written; nothing is left of it.
        """
        save(self.events, path)

    def to_dataframe(self) -> Any:
        """Return its events as a table of pandas'.

        Returns
        -------
        pandas.DataFrame
            A row for each event: executor, track, kind, name, label, start and duration in seconds, run and
            node.

        Raises
        ------
        ImportError
            pandas is not installed.
        """
        return data_frame_of(self.events)

    def __repr__(self) -> str:
        events = self.events
        tasks, tracks = int(events.is_task.sum()), len(events.tracks)
        lost = f", {events.dropped:,} older events lost" if events.dropped else ""
        goes_on = ", goes on" if self._live else ""
        return (
            f"<zuki.Trace: {tasks:,} task{'s' * (tasks != 1)} on {tracks} track{'s' * (tracks != 1)} "
            f"in {events.length * 1e-9:.6f} s{lost}{goes_on}>"
        )

    def _repr_html_(self) -> str:
        return f"<div>{self.timeline()._repr_html_()}{self.summary()._repr_html_()}</div>"


class trace:  # noqa: N801  (used as a statement)
    """Trace what is done while a ``with`` block runs.

    Costs some 20 nanoseconds for each task, most of it for one look at the processor's clock.

    Parameters
    ----------
    executor : Executor, optional
        Whose work; default: that of all executors, those made meanwhile too.
    events : int
        How many events of each worker are kept, the latest; rounded up to a power of two. One takes 32 bytes.

    Raises
    ------
    TypeError, ValueError
        An argument is of another type, or out of range.

    Examples
    --------
    >>> import zuki
    >>> with zuki.trace() as t:
    ...     pass
    >>> t.tasks
    0
    """

    def __init__(self, executor: Executor | None = None, *, events: int = EVENTS) -> None:
        if executor is not None and not isinstance(executor, Executor):
            raise TypeError(f"executor must be a zuki.Executor, not a {type(executor).__name__}")
        self._executor, self._room = executor, checked_events(events, "events")
        self._pools: list[Pool] = []
        self._trace: Trace | None = None

    def __enter__(self) -> Trace:
        if self._trace is not None:
            raise ZukiError("a zuki.trace is used once; make another one")
        self._trace = Trace()
        follow(self._add, None if self._executor is None else self._executor._pool)
        return self._trace

    def _add(self, pool: Pool) -> None:
        assert self._trace is not None
        self._trace._live.append(pool.traces.begin(self._room))
        self._pools.append(pool)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        made = self._trace
        assert made is not None
        unfollow(self._add)
        made._recordings = made._read()
        for pool, (recorder, _) in zip(self._pools, made._live, strict=True):
            pool.traces.end(recorder)
        made._live = []


def trace_of(executor: Executor) -> Trace:
    """Return what an executor has done since it was made with ``trace=True``.

    Parameters
    ----------
    executor : Executor
        Whose work.

    Returns
    -------
    Trace
        A copy of what was noted so far.

    Raises
    ------
    ZukiError
        The executor was made without a trace.
    """
    pool = executor._pool
    if not pool.trace_events:
        raise ZukiError(
            f"executor {executor.name!r} is not traced: make it with trace=True, or use zuki.trace"
        )
    recorder, mark = pool.traces.whole
    return Trace([recorder.read(mark)])
