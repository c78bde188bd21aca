"""From what was noted to a table of events: one row each, whoever has noted it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from zuki.runtime.recording import NotedRun, Recording, SubmittedCall
from zuki.task.titles import title_of
from zuki_kernels import tracing
from zuki_kernels.runs import NODE_BITS, NODE_MASK

NODE, SPAWNED, PYTHON, CALL, STEP, STOLEN, PARKED, WOKEN, JOINED = range(9)
KINDS = ("node", "spawned", "python node", "call", "step", "steal", "park", "wake", "join")
RUNS_SOMETHING = STEP  # kinds up to this one are tasks
_FROM_RINGS = {
    tracing.NODE: NODE,
    tracing.SPAWNED: SPAWNED,
    tracing.STOLEN: STOLEN,
    tracing.PARKED: PARKED,
    tracing.WOKEN: WOKEN,
    tracing.JOINED: JOINED,
}
_FROM_PYTHON = {"node": PYTHON, "call": CALL, "step": STEP}
_APART = 5_000  # nanoseconds that the two clocks may be apart
_LOST = 20_000  # nanoseconds before the end of an event before which the next call there was not submitted
_OF_NO_TASK = {STOLEN: "steal", PARKED: "park", WOKEN: "wake"}


@dataclass(frozen=True, slots=True)
class Track:
    """Where events happen: a worker, or a thread that is none.

    Parameters
    ----------
    executor : str
        The executor's name.
    label : str
        What it is called.
    pool : int
        Which of the pools of the trace.
    row : int
        The worker's, or -1.
    """

    executor: str
    label: str
    pool: int
    row: int


@dataclass(frozen=True, slots=True)
class Events:
    """All events of a trace, by their begin.

    Parameters
    ----------
    tracks : list of Track
        Where they happened.
    names : list of str
        Of tasks, and of what else happens.
    runs : list of NotedRun
        Runs, of all pools.
    origin : int
        Nanoseconds of the monotonic clock: what moments are counted from.
    length : int
        Nanoseconds from the begin of the trace to its end.
    dropped : int
        How many events are lost.
    whole_from : int
        Nanoseconds since ``origin`` from which on none is.
    track, kind, name, run, detail : ndarray
        Of each event: indices into ``tracks``, `KINDS`, ``names``, ``runs`` (or -1); the node, or the worker
        that was robbed, or -1.
    begun, ended : ndarray
        Of each: nanoseconds since ``origin``.
    packed : ndarray
        Of each: the word HOW of `zuki_kernels.tracing`, or 0.
    """

    tracks: list[Track]
    names: list[str]
    runs: list[NotedRun]
    origin: int
    length: int
    dropped: int
    whole_from: int
    track: np.ndarray
    kind: np.ndarray
    name: np.ndarray
    run: np.ndarray
    detail: np.ndarray
    begun: np.ndarray
    ended: np.ndarray
    packed: np.ndarray

    def __len__(self) -> int:
        return len(self.begun)

    @property
    def is_task(self) -> np.ndarray:
        """Which of them are tasks that have run."""
        return self.kind <= RUNS_SOMETHING

    def label_of(self, event: int) -> str:
        """Return the name of an event: of a node its own."""
        run = int(self.run[event])
        if run >= 0 and self.kind[event] in (NODE, PYTHON):
            return self.runs[run].outline.name_of(int(self.detail[event]))
        return self.names[int(self.name[event])]


_COLUMNS = "track", "kind", "name", "run", "detail", "begun", "ended", "packed"


class _Builder:
    """Gathers columns, and gives names numbers."""

    def __init__(self) -> None:
        self.tracks: list[Track] = []
        self.names: dict[str, int] = {}
        self.runs: list[NotedRun] = []
        self.whole_from = 0  # of the monotonic clock
        self.parts: list[tuple[np.ndarray, ...]] = []
        self._bodies: dict[int, tuple[np.ndarray, np.ndarray]] = {}  # of a run: bodies of nodes, their names

    def name(self, text: str) -> int:
        """Return the number of a name."""
        return self.names.setdefault(text, len(self.names))

    def bodies_of(self, run: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the index of the body of each node of a run, and the number of each body's name."""
        if run not in self._bodies:
            bodies, names = self.runs[run].outline.bodies()
            self._bodies[run] = bodies, np.array([self.name(name) for name in names], np.int64)
        return self._bodies[run]

    def nodes(
        self, tasks: np.ndarray, ended: np.ndarray, first_run: int, recording: Recording
    ) -> tuple[np.ndarray, ...]:
        """Return run, node and name of each of some tasks that ended then, and which of them ran nothing."""
        slots, nodes = tasks >> NODE_BITS, tasks & NODE_MASK
        run, name = np.full(len(tasks), -1), np.full(len(tasks), self.name("unknown"))
        runs = self.runs[first_run:]
        slot_of_run, begun = (np.array([getattr(one, what) for one in runs]) for what in ("slot", "begun"))
        for slot in np.unique(slots).tolist():
            of_it, its_runs = np.flatnonzero(slots == slot), np.flatnonzero(slot_of_run == slot)
            place = (
                np.searchsorted(begun[its_runs], ended[of_it], side="right") - 1
            )  # of those before, the last
            known = place >= 0
            run[of_it[known]] = first_run + its_runs[place[known]]
        for number in np.unique(run[run >= 0]).tolist():
            bodies, names = self.bodies_of(number)
            of_it = run == number
            if len(names) and nodes[of_it].max() < len(bodies):
                nodes[of_it] = self.runs[number].outline.nodes_at(nodes[of_it])
                name[of_it] = names[bodies[nodes[of_it]]]
        of_calls, idle = np.flatnonzero(slots == recording.desk), np.zeros(len(tasks), bool)
        if len(of_calls) and recording.calls:
            name[of_calls], idle[of_calls] = self.calls(recording.calls, nodes[of_calls], ended[of_calls])
        return run, nodes, name, idle

    def calls(
        self, submitted: list[SubmittedCall], nodes: np.ndarray, ended: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the names of submitted calls, and which of them others have run.

        A worker comes to each call once, and before its node is another call's: so those of a node are met in
        the order in which they were submitted, but those whose events are lost.
        """
        of_node: dict[int, list[SubmittedCall]] = {}
        for call in submitted:
            of_node.setdefault(call.node, []).append(call)
        name, idle = np.full(len(nodes), self.name("unknown")), np.zeros(len(nodes), bool)
        following = dict.fromkeys(of_node, 0)
        for event in np.argsort(ended, kind="stable").tolist():
            node, moment = int(nodes[event]), int(ended[event])
            calls, at = of_node.get(node, ()), following.get(node, 0)
            while at + 1 < len(calls) and calls[at + 1].moment < moment - _LOST:
                at += 1
            if at < len(calls) and calls[at].moment <= moment + _APART:
                name[event] = self.name(title_of(calls[at].name))
                idle[event] = calls[at].ran_elsewhere
                following[node] = at + 1
        return name, idle


def events_of(recordings: Sequence[Recording]) -> Events:
    """Return the events of some pools, in one table."""
    built = _Builder()
    origin = min((one.begun for one in recordings), default=0)
    for pool, recording in enumerate(recordings):
        first_run = len(built.runs)
        built.runs += sorted(recording.runs, key=lambda run: run.begun)
        _add_rings(built, pool, recording, first_run)
        _add_python(built, pool, recording, first_run)
    columns = [np.concatenate(column) for column in zip(*built.parts, strict=True)] if built.parts else []
    table = dict(zip(_COLUMNS, columns or [np.zeros(0, np.int64)] * len(_COLUMNS), strict=True))
    order = np.lexsort((-table["ended"], table["begun"]))
    table = {name: column[order] for name, column in table.items()}
    last = max((one.ended for one in recordings), default=0)
    for column in ("begun", "ended"):  # what began before the end may have been noted after it
        table[column] = np.minimum(table[column], last) - origin
    dropped = sum(sum(one.dropped.values()) + one.python_dropped for one in recordings)
    whole_from = max(0, built.whole_from - origin)
    return Events(
        built.tracks, list(built.names), built.runs, origin, last - origin, dropped, whole_from, **table
    )


def _add_rings(built: _Builder, pool: int, recording: Recording, first_run: int) -> None:
    of_python = {event.track for event in recording.python if isinstance(event.track, int)}
    for row in sorted(recording.rings.keys() | of_python):
        built.tracks.append(Track(recording.name, f"worker {row}", pool, row))
        events = recording.rings.get(row)
        if events is None:
            continue
        begun, ended, what, how = (np.array(events[:, field]) for field in range(tracing.EVENT_FIELDS))
        if recording.dropped[row]:
            built.whole_from = max(built.whole_from, int(ended[0]))  # they were noted when they had ended
        code = how & (1 << tracing.KIND_BITS) - 1
        asleep = code == tracing.PARKED
        begun[asleep] = np.maximum(begun[asleep], recording.begun)  # perhaps long before the trace
        kind = np.full(len(code), STOLEN)
        run, detail = np.full(len(code), -1), np.full(len(code), -1)
        name = np.zeros(len(code), np.int64)
        for noted, ours in _FROM_RINGS.items():
            kind[code == noted] = ours
        nodes = kind == NODE
        told = built.nodes(what[nodes], ended[nodes], first_run, recording)
        run[nodes], detail[nodes], name[nodes], idle = told
        kept = np.full(len(code), True)
        kept[nodes] = ~idle
        for ours, text in _OF_NO_TASK.items():
            name[kind == ours] = built.name(text)
        detail[kind == STOLEN] = what[kind == STOLEN]
        of_tasks = (kind == SPAWNED) | (kind == JOINED)
        for address in np.unique(what[of_tasks]).tolist():
            name[of_tasks & (what == address)] = built.name(title_of(recording.names[address]))
        track = np.full(len(code), len(built.tracks) - 1)
        columns = track, kind, name, run, detail, begun, ended, how
        built.parts.append(tuple(column[kept] for column in columns))


def _add_python(built: _Builder, pool: int, recording: Recording, first_run: int) -> None:
    if not recording.python:
        return
    places = {track.row: at for at, track in enumerate(built.tracks) if track.pool == pool}
    rows = []
    for event in recording.python:
        if event.track not in places:
            places[event.track] = len(built.tracks)  # type: ignore[index]
            built.tracks.append(Track(recording.name, str(event.track), pool, -1))
        kind, run, detail = _FROM_PYTHON[event.kind], -1, -1
        if kind == PYTHON:
            found = built.nodes(np.array([event.what]), np.array([event.ended]), first_run, recording)
            run, detail, name, _ = (int(column[0]) for column in found)
        else:
            name = built.name(event.what)
        rows.append((places[event.track], kind, name, run, detail, event.begun, event.ended, 0))  # type: ignore[index]
    built.parts.append(tuple(np.array(column, np.int64) for column in zip(*rows, strict=True)))
