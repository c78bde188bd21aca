"""Which bars a timeline has: events that can be seen one by one, and what is between them in a lump."""

from dataclasses import dataclass

import numpy as np

from zuki.tracing.events import JOINED, PARKED, STOLEN, WOKEN, Events

DEEPEST = 5  # tasks inside of tasks that have rows of their own
_MOST_BARS = 6000


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar of a timeline.

    Parameters
    ----------
    begun, ended : float
        Nanoseconds.
    depth : int
        How many bars it lies in.
    name : int
        Of its task, or of those most of whose time it is.
    event : int
        Its event, or -1 for many.
    count : int
        How many tasks it stands for.
    share : float
        Which part of it the tasks take.
    """

    begun: float
    ended: float
    depth: int
    name: int
    event: int
    count: int
    share: float


def depths_of(events: Events, chosen: np.ndarray) -> np.ndarray:
    """Return of some events of one track, by their begin, inside of how many others each is."""
    depths, open_until = np.zeros(len(chosen), np.int64), []
    for place, event in enumerate(chosen.tolist()):
        begun, ended = events.begun[event], events.ended[event]
        while open_until and open_until[-1] <= begun:
            open_until.pop()
        depths[place] = len(open_until)
        open_until.append(ended)
    return depths


def bars_of(events: Events, track: int, least: float, marked: np.ndarray) -> list[Bar]:
    """Return the bars of a track.

    Parameters
    ----------
    events : Events
        The trace.
    track : int
        Which track.
    least : float
        Nanoseconds of the shortest bar: what is shorter is put together with its neighbours.
    marked : ndarray of bool
        Events that are never put together with others, if they are as long.

    Returns
    -------
    list of Bar
        In the order in which they are to be drawn.
    """
    chosen = np.flatnonzero((events.track == track) & events.is_task)
    depths = np.minimum(depths_of(events, chosen), DEEPEST)
    bars = []
    for depth in range(int(depths.max(initial=-1)) + 1):
        at_depth = chosen[depths == depth]
        took = events.ended[at_depth] - events.begun[at_depth]
        long = (took >= least) | (marked[at_depth] & (took >= least / 4))
        for event in at_depth[long].tolist():
            begun, ended = float(events.begun[event]), float(events.ended[event])
            bars.append(Bar(begun, ended, depth, int(events.name[event]), event, 1, 1.0))
        bars += _lumps(events, at_depth[~long], depth, least)
    return bars


def _lumps(events: Events, short: np.ndarray, depth: int, least: float) -> list[Bar]:
    """Return bars that stand for short events: one for each stretch that has some."""
    if not len(short):
        return []
    stretch = (events.begun[short] // least).astype(np.int64)
    bars = []
    starts = np.flatnonzero(np.diff(stretch, prepend=-1))
    for first, last in zip(starts.tolist(), [*starts[1:].tolist(), len(short)], strict=True):
        some = short[first:last]
        took = (events.ended[some] - events.begun[some]).astype(float)
        by_name = np.bincount(events.name[some], took)
        event = int(some[0]) if len(some) == 1 else -1
        begun, ended = float(events.begun[some[0]]), float(events.ended[some].max())
        ended = max(ended, begun + least / 2)
        share = min(1.0, float(took.sum()) / (ended - begun))
        bars.append(Bar(begun, ended, depth, int(by_name.argmax()), event, len(some), share))
    return bars


def shortest_bar(events: Events, tracks: int, width: float) -> float:
    """Return how many nanoseconds a bar has at least, so that there are not too many of them."""
    lanes = max(1, tracks) * (DEEPEST + 1) // 2
    return max(events.length / width, events.length * lanes / _MOST_BARS, 1.0)


def sleeps_of(events: Events, track: int, least: float) -> list[tuple[float, float]]:
    """Return when a track slept for long enough to be seen."""
    found = np.flatnonzero((events.track == track) & (events.kind == PARKED))
    spans = np.stack([events.begun[found], events.ended[found]], axis=1).astype(float)
    return [(begun, ended) for begun, ended in spans.tolist() if ended - begun >= least]


def moments_of(events: Events, track: int, kind: int, least: float) -> list[float]:
    """Return moments at which something happened on a track, none nearer to another one than can be seen."""
    assert kind in (STOLEN, WOKEN, JOINED)
    found = np.sort(events.ended[(events.track == track) & (events.kind == kind)]).astype(float)
    if not len(found):
        return []
    return found[np.flatnonzero(np.diff(found // (2 * least), prepend=-1))].tolist()
