"""What a run was made of: strands, which nothing interrupts, and which of them wait for which.

A node of a graph is one strand if it spawns nothing. A task that spawns is cut where it spawns and where it
joins: what it spawned waits for the strand before the spawn, and the strand after the join for what was
spawned. When exactly a task was spawned nobody has noted; the stamps tell between which events, and there
spawns are put at equal distances.
"""

from collections import defaultdict
from dataclasses import dataclass, field

import numpy as np

from zuki.errors import ZukiError
from zuki.tracing.events import JOINED, NODE, PYTHON, SPAWNED, STOLEN, WOKEN, Events
from zuki_kernels import tracing

_USUAL_STEAL = 1e-6  # seconds, where nothing was stolen
_STAMPS, _NEWESTS = 1 << tracing.STAMP_BITS, 1 << tracing.NEWEST_BITS


@dataclass(frozen=True, slots=True)
class Strands:
    """Strands, and the edges between them.

    Parameters
    ----------
    durations : ndarray of float64
        Seconds of each.
    names : ndarray of int64
        Of each, its place in ``titles``.
    sources, targets : ndarray of int64
        Edges. Of those that leave a strand the last one leads to what its worker goes on with.
    titles : list of str
        Names of tasks.
    tasks : int
        How many tasks they are parts of.
    steal : float
        Seconds that a theft takes.
    seconds : float
        What the run took.
    title : str
        Of the run.
    """

    durations: np.ndarray
    names: np.ndarray
    sources: np.ndarray
    targets: np.ndarray
    titles: list[str]
    tasks: int
    steal: float
    seconds: float
    title: str


def strands_of_nodes(
    title: str,
    durations: np.ndarray,
    sources: np.ndarray,
    targets: np.ndarray,
    names: np.ndarray,
    titles: list[str],
    seconds: float,
    steal: float = _USUAL_STEAL,
) -> Strands:
    """Return the strands of a graph whose nodes spawn nothing; each is one node.

    Parameters
    ----------
    title : str
        The graph's name.
    durations : ndarray of float64
        Seconds of each node.
    sources, targets : ndarray of int
        The graph's edges.
    names : ndarray of int
        Of each node.
    titles : list of str
        What these are.
    seconds : float
        What the run took.
    steal : float
        Seconds that a theft takes.

    Returns
    -------
    Strands
        As many as nodes.
    """
    count = len(durations)
    inside = (sources < count) & (targets < count)  # the graph may have grown since
    edges = sources[inside].astype(np.int64), targets[inside].astype(np.int64)
    return Strands(durations, names, *edges, titles, count, steal, seconds, title)


def longest_run(events: Events) -> int:
    """Return which run of a trace took longest, by the time of its nodes.

    Raises
    ------
    ZukiError
        No run is in the trace.
    """
    nodes = np.flatnonzero(((events.kind == NODE) | (events.kind == PYTHON)) & (events.run >= 0))
    if not len(nodes):
        raise ZukiError("there is no run of a graph or of a task in this trace: nothing to be scaled")
    took = np.bincount(events.run[nodes], (events.ended - events.begun)[nodes])
    return int(took.argmax())


def strands_of(events: Events, run: int) -> Strands:
    """Return the strands of a run of a trace.

    Parameters
    ----------
    events : Events
        The trace.
    run : int
        Which of its runs.

    Raises
    ------
    ZukiError
        Events of the run are lost.
    """
    noted = events.runs[run]
    nodes = np.flatnonzero(((events.kind == NODE) | (events.kind == PYTHON)) & (events.run == run))
    outline = noted.outline
    missing = outline.nodes - len(np.unique(events.detail[nodes]))
    if missing > 0 or noted.begun - events.origin < events.whole_from:
        what = f"{missing:,} of the {outline.nodes:,} nodes" if missing > 0 else "some spawned tasks"
        raise ZukiError(
            f"{what} of {outline.name!r} are not in the trace: "
            "trace the whole run, with room for more events (zuki.trace(events=...))"
        )
    track_pool = np.array([track.pool for track in events.tracks])
    pool = int(track_pool[events.track[nodes[0]]])
    begun, ended = events.begun[nodes].min(), events.ended[nodes].max()
    same = (track_pool[events.track] == pool) & (events.begun >= begun) & (events.ended <= ended)
    spawned = np.flatnonzero(same & (events.kind == SPAWNED))
    steal = steal_cost(events)
    sources, targets = outline.edges()
    if not len(spawned):
        durations, names = np.zeros(outline.nodes), np.zeros(outline.nodes, np.int64)
        durations[events.detail[nodes]] = (events.ended - events.begun)[nodes] * 1e-9
        names[events.detail[nodes]] = events.name[nodes]
        seconds = float(ended - begun) * 1e-9
        return strands_of_nodes(
            outline.name, durations, sources, targets, names, events.names, seconds, steal
        )
    joined = np.flatnonzero(same & (events.kind == JOINED))
    family = _Family(events, nodes, spawned, joined)
    return family.cut(outline.name, sources, targets, float(ended - begun) * 1e-9, steal)


def steal_cost(events: Events) -> float:
    """Return how many seconds a theft takes: the median, or what is usual if there was none."""
    stolen = events.kind == STOLEN
    if not stolen.any():
        return _USUAL_STEAL
    return float(np.median((events.ended - events.begun)[stolen])) * 1e-9


def wake_cost(events: Events) -> float | None:
    """Return how many seconds pass from a wake-up until the worker that slept goes on, or None."""
    woken = np.sort(events.ended[events.kind == WOKEN])
    slept = np.sort(events.ended[(events.kind != WOKEN) & (events.kind != JOINED) & (events.kind > STOLEN)])
    if not len(woken) or not len(slept):
        return None
    after = np.searchsorted(slept, woken)
    waited = slept[np.minimum(after, len(slept) - 1)] - woken
    waited = waited[(after < len(slept)) & (waited >= 0)]
    return float(np.median(waited)) * 1e-9 if len(waited) else None


@dataclass(slots=True)
class _Task:
    """A task that has run, and what lies in its time."""

    event: int
    newest: int  # stamp of the last task that its worker had spawned when it began
    inside: list[int] = field(default_factory=list)  # events, by their begin
    children: list[int] = field(default_factory=list)  # events, by their stamps


class _Family:
    """Who has spawned whom, in one run."""

    def __init__(self, events: Events, nodes: np.ndarray, spawned: np.ndarray, joined: np.ndarray) -> None:
        self._events, self._nodes = events, nodes
        self._tasks: dict[int, _Task] = {}
        self._stamps: dict[int, int] = {}
        self._newest: dict[int, int] = {}
        self._kind = events.kind.tolist()
        self._begun, self._ended = events.begun.tolist(), events.ended.tolist()
        self._rows = [events.tracks[track].row for track in events.track.tolist()]
        self._owners: dict[int, int] = {}
        self._read(np.sort(np.concatenate([spawned, joined])).tolist())
        self._joins = {self._key(event): event for event in joined.tolist()}
        self._nest(np.sort(np.concatenate([nodes, spawned, joined])).tolist(), spawned.tolist())

    def _read(self, chosen: list[int]) -> None:
        """Take the packed words apart, and undo that stamps are cut off: they are near one another."""
        packed = self._events.packed[chosen] if chosen else np.zeros(0, np.int64)
        words = packed >> tracing.KIND_BITS
        owners = words & (1 << tracing.OWNER_BITS) - 1
        stamps = words >> tracing.OWNER_BITS & _STAMPS - 1
        newest = words >> tracing.OWNER_BITS + tracing.STAMP_BITS
        for event, owner, stamp, last in zip(
            chosen, owners.tolist(), stamps.tolist(), newest.tolist(), strict=True
        ):
            self._owners[event], self._stamps[event], self._newest[event] = owner, stamp, last

    def _key(self, event: int) -> tuple[int, int]:
        return self._owners[event], self._stamps[event]

    def _is_later(self, stamp: int, newest: int) -> bool:
        """Tell whether a task with a stamp was spawned after the one that was newest."""
        return 0 < (stamp - newest) % _NEWESTS < _NEWESTS // 2

    def _nest(self, chosen: list[int], spawned: list[int]) -> None:
        """Find for each event what it lies in, and for each spawned task its spawner."""
        open_on: dict[int, list[int]] = defaultdict(list)  # by row: tasks and joins that have not ended
        for event in chosen:
            begun, row = self._begun[event], self._rows[event]
            for stack in open_on.values():
                while stack and self._ended[stack[-1]] <= begun:
                    stack.pop()
            stack = open_on[row]
            if stack and self._kind[stack[-1]] != JOINED:
                self._tasks[stack[-1]].inside.append(event)
            if self._kind[event] != JOINED:
                newest = self._newest.get(event, -1)
                self._tasks[event] = _Task(event, newest)
            if self._kind[event] == SPAWNED:
                self._find_spawner(event, open_on[self._owners[event]])
            stack.append(event)

    def _find_spawner(self, event: int, stack: list[int]) -> None:
        stamp = self._stamps[event]
        for task in reversed(stack):
            if self._kind[task] == JOINED:
                continue
            newest = self._tasks[task].newest
            if newest < 0 or self._is_later(stamp, newest):
                self._tasks[task].children.append(event)
                return

    # ---- cutting ----------------------------------------------------------------------------------

    def cut(
        self, title: str, sources: np.ndarray, targets: np.ndarray, seconds: float, steal: float
    ) -> Strands:
        """Cut the tasks into strands."""
        self._durations: list[float] = []
        self._names: list[int] = []
        self._edges: list[tuple[int, int]] = []
        self._first: dict[int, int] = {}
        self._last: dict[int, int] = {}
        for event in self._tasks:
            self._first[event] = self._strand(event)
        late: list[tuple[int, int]] = []  # a spawned task, and the strand that waits for it
        for task in self._tasks.values():
            self._cut(task, late)
        self._edges += [(self._last[child], strand) for child, strand in late]
        node_of = {int(self._events.detail[event]): event for event in self._nodes.tolist()}
        for source, target in zip(sources.tolist(), targets.tolist(), strict=True):
            if source in node_of and target in node_of:
                self._edges.append((self._last[node_of[source]], self._first[node_of[target]]))
        edges = np.array(self._edges, np.int64).reshape(-1, 2)
        return Strands(
            np.array(self._durations) * 1e-9, np.array(self._names, np.int64), edges[:, 0], edges[:, 1],
            self._events.names, len(self._tasks), steal, seconds, title,
        )  # fmt: skip

    def _strand(self, event: int) -> int:
        self._durations.append(0.0)
        self._names.append(int(self._events.name[event]))
        return len(self._durations) - 1

    def _cut(self, task: _Task, late: list[tuple[int, int]]) -> None:
        """Cut a task where it spawns, and where something that it waits for lies in its time."""
        since = (
            task.newest
            if task.newest >= 0
            else self._stamps.get(next(iter(task.children), -1), 0) - _NEWESTS // 2
        )
        children = sorted(task.children, key=lambda child: (self._stamps[child] - since) % _NEWESTS)
        spawned = 0
        strand, moment = self._first[task.event], self._begun[task.event]
        waited: set[int] = set()
        mine = {self._key(child): child for child in children}
        for inner in [*task.inside, None]:
            end = self._ended[task.event] if inner is None else self._begun[inner]
            newest = None if inner is None else self._newest.get(inner)
            before = spawned
            while spawned < len(children) and (
                newest is None or not self._is_later(self._stamps[children[spawned]], newest)
            ):
                spawned += 1
            piece = max(0, end - moment) / (spawned - before + 1)
            self._durations[strand] += piece
            for child in children[before:spawned]:
                following = self._strand(task.event)
                self._edges += [(strand, self._first[child]), (strand, following)]
                strand = following
                self._durations[strand] += piece
            if inner is None:
                break
            moment = self._ended[inner]
            joined = self._joined_by(inner, task, mine)
            if joined is not None and joined not in waited:
                waited.add(joined)
                following = self._strand(task.event)
                self._edges.append((strand, following))
                late.append((joined, following))
                strand = following
        left = [child for child in children if child not in waited]
        if left:
            following = self._strand(task.event)
            self._edges.append((strand, following))
            late += [(child, following) for child in left]
            strand = following
        self._last[task.event] = strand

    def _joined_by(self, inner: int, task: _Task, mine: dict[tuple[int, int], int]) -> int | None:
        """Return the task that is joined where an event lies in another task's time, if it is its child."""
        if self._kind[inner] == SPAWNED:
            return inner if mine.get(self._key(inner)) == inner else None
        if self._kind[inner] == JOINED:
            return mine.get((self._rows[task.event], self._stamps[inner]))
        return None
