"""How long tasks took, and how long nodes that were ready waited for a worker."""

import numpy as np

from zuki.errors import ZukiError
from zuki.metrics.histogram import Histogram
from zuki.tracing.events import NODE, PYTHON, Events


def durations_of(events: Events, name: str | None = None) -> Histogram:
    """Return the histogram of what tasks took.

    Parameters
    ----------
    events : Events
        A trace.
    name : str, optional
        Of which tasks; default: of all.

    Returns
    -------
    Histogram
        From begin to end of each.

    Raises
    ------
    ZukiError
        There is no task of that name.
    """
    chosen = events.is_task
    if name is not None:
        chosen = chosen & np.isin(
            events.name, [number for number, known in enumerate(events.names) if known == name]
        )
        if not chosen.any():
            there = sorted({events.names[number] for number in np.unique(events.name[events.is_task])})
            raise ZukiError(f"no task {name!r} is in the trace; there are {', '.join(there) or 'none'}")
    return Histogram(f"durations of {name or 'all tasks'}", events.ended[chosen] - events.begun[chosen])


def latencies_of(events: Events) -> Histogram:
    """Return the histogram of what nodes waited for, from when they were ready to their begin.

    Parameters
    ----------
    events : Events
        A trace.

    Returns
    -------
    Histogram
        Of nodes of runs that are in the trace as a whole. A node is ready when the last of its predecessors
        has ended, or when its run begins.
    """
    waited = [np.zeros(0, np.int64)]
    for run, noted in enumerate(events.runs):
        nodes = np.flatnonzero(((events.kind == NODE) | (events.kind == PYTHON)) & (events.run == run))
        count = noted.outline.nodes
        inside = nodes[events.detail[nodes] < count]
        if len(np.unique(events.detail[inside])) < count:
            continue  # begun before the trace, failed, or partly lost
        begun, ended = np.zeros(count, np.int64), np.zeros(count, np.int64)
        begun[events.detail[inside]], ended[events.detail[inside]] = (
            events.begun[inside],
            events.ended[inside],
        )
        ready = np.full(count, noted.begun - events.origin)
        sources, targets = noted.outline.edges()
        known = (sources < count) & (targets < count)  # the graph may have grown since
        np.maximum.at(ready, targets[known], ended[sources[known]])
        waited.append(np.maximum(begun - ready, 0))
    return Histogram("time from ready to begin", np.concatenate(waited))
