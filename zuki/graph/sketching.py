"""From a graph, and what came of its last run, to the sketch of a picture."""

from dataclasses import dataclass
from math import log
from typing import TYPE_CHECKING

import numpy as np

from zuki.drawing.colours import FAILED, NOT_RUN, colours_of, on_scale
from zuki.drawing.layers import Line, layers_of, without_circles, without_implied
from zuki.drawing.order import joints_needed
from zuki.drawing.sketch import Box, Sketch
from zuki.drawing.words import counted, in_words, times
from zuki.errors import GraphError
from zuki.graph.grouping import by_kind, folded, kinds_of

if TYPE_CHECKING:
    from zuki.graph.graph import Graph

MOST_NODES = 300  # that are drawn one by one where nobody asks for it
_MOST_AT_ALL = 1000
_DENSE = 3  # edges a node: above that those are left out that follow from others
_MANY_JOINTS, _MOST_JOINTS = 1000, 4000  # see `zuki.drawing.order`
_NANOSECOND = 1e-9
_BY_ORDERS = 30.0  # the longest time over the shortest, above which colours go by its logarithm


@dataclass(frozen=True, slots=True)
class _Seen:
    """What a picture is made from."""

    graph: "Graph"
    names: list[str]  # of kinds
    kinds: np.ndarray  # of nodes
    edges: np.ndarray  # (edges, 2)
    seconds: np.ndarray | None  # of nodes, of the last measured run
    path: np.ndarray  # the nodes on its critical path, in order
    failed: np.ndarray  # nodes whose bodies raised in the last run
    not_run: np.ndarray  # nodes that it passed over


def sketch_of(graph: "Graph", collapse: bool | None, most: int = MOST_NODES) -> Sketch:
    """Return what is to be drawn of a graph.

    Parameters
    ----------
    graph : Graph
        The graph.
    collapse : bool or None
        Whether nodes of one name are one box; None: if there are more than ``most``.
    most : int
        See above.

    Returns
    -------
    Sketch
        Without places.

    Raises
    ------
    GraphError
        There are too many nodes, or edges, to draw each of them.
    """
    state = graph._state
    count = state.contents.count
    if collapse is False and count > _MOST_AT_ALL:
        raise GraphError(
            f"graph {graph.name!r} has {count:,} nodes, and at most {_MOST_AT_ALL:,} can be drawn one by "
            "one: let collapse be None or True"
        )
    names, kinds = kinds_of(state)
    seen = _Seen(graph, names, kinds, _edges_of(state), *state.last_run())
    note = ""
    if collapse or (collapse is None and count > most):
        return _by_name(seen, "" if collapse else f"one box for each task: it has more than {most} nodes")
    edges, note = _thinned(count, seen.edges)
    groups = folded(kinds, edges) if collapse is None else np.arange(count)
    lines = _lines(edges, groups)
    joints = _joints(int(groups.max(initial=-1)) + 1, lines)
    if joints <= _MOST_JOINTS:
        return _one_by_one(seen, groups, lines, note)
    if collapse is False:
        raise GraphError(
            f"graph {graph.name!r} has edges over too many layers for a picture of each: "
            "let collapse be None or True"
        )
    return _by_name(seen, "one box for each task: its edges cross too many layers")


def _edges_of(state) -> np.ndarray:
    sources, targets = state.contents.all_edges()
    return np.stack([sources, targets], axis=1).astype(np.int64)


def _lines(edges: np.ndarray, groups: np.ndarray) -> dict[Line, int]:
    """Return the lines between boxes, and how many edges each stands for."""
    count = int(groups.max(initial=-1)) + 1
    codes, counts = np.unique(groups[edges[:, 0]] * count + groups[edges[:, 1]], return_counts=True)
    return {divmod(code, count): number for code, number in zip(codes.tolist(), counts.tolist(), strict=True)}


def _thinned(count: int, edges: np.ndarray) -> tuple[np.ndarray, str]:
    """Leave out edges that follow from others if there are many; say so."""
    lines = _lines(edges, np.arange(count))
    kept, turned = without_circles(count, [line for line in lines if line[0] != line[1]])
    is_dense = len(kept) > _DENSE * count or joints_needed(layers_of(count, kept), kept) > _MANY_JOINTS
    if turned or not is_dense:
        return edges, ""
    fewer = without_implied(count, kept)
    if len(fewer) == len(kept):
        return edges, ""
    note = f"{counted(len(kept) - len(fewer), 'edge')} that others imply are left out"
    return np.array(fewer, np.int64).reshape(-1, 2), note


def _joints(count: int, lines: dict[Line, int]) -> int:
    kept, _ = without_circles(count, [line for line in lines if line[0] != line[1]])
    return joints_needed(layers_of(count, kept), kept)


# ---- one by one --------------------------------------------------------------------------------------


def _one_by_one(seen: _Seen, groups: np.ndarray, lines: dict[Line, int], note: str) -> Sketch:
    """Return a sketch with a box for each node, or for several alike."""
    members: list[list[int]] = [[] for _ in range(int(groups.max(initial=-1)) + 1)]
    for node, group in enumerate(groups.tolist()):
        members[group].append(node)
    failed, not_run, path = set(seen.failed.tolist()), set(seen.not_run.tolist()), set(seen.path.tolist())
    by_name = colours_of(seen.names)
    scale = None
    if seen.seconds is not None:
        means = [float(seen.seconds[nodes].mean()) for nodes in members]
        scale = _Scale(means, [box for box, nodes in enumerate(members) if not not_run.issuperset(nodes)])
    boxes = []
    for box, nodes in enumerate(members):
        name = seen.names[seen.kinds[nodes[0]]]
        colour = by_name[name] if scale is None else scale.colours[box]
        if failed.intersection(nodes):
            colour = FAILED
        is_faint = not_run.issuperset(nodes)
        boxes.append(
            Box(
                _label(seen, nodes, name, is_faint),
                _title(seen, nodes, name, failed, not_run),
                NOT_RUN if is_faint else colour,
                is_marked=bool(path.intersection(nodes)),
                is_stack=len(nodes) > 1,
                is_faint=is_faint,
            )
        )
    counts = np.bincount(seen.kinds, minlength=len(seen.names)).tolist()
    legend = [(by_name[name], times(name, count)) for name, count in zip(seen.names, counts, strict=True)]
    return Sketch(
        _caption(seen, note),
        boxes,
        lines,
        _marked(seen, groups),
        _extra_legend(seen) if scale else [*legend, *_extra_legend(seen)],
        scale.ends if scale and boxes else None,
        _path_in_words(seen),
    )


def _label(seen: _Seen, nodes: list[int], name: str, is_faint: bool) -> tuple[str, ...]:
    first = seen.graph._state.name_of(nodes[0]) if len(nodes) == 1 else times(name, len(nodes))
    if seen.seconds is None or is_faint:
        return (first,)
    return (first, in_words(float(seen.seconds[nodes].sum())))


def _title(seen: _Seen, nodes: list[int], name: str, failed: set[int], not_run: set[int]) -> str:
    if len(nodes) > 1:
        title = f"{counted(len(nodes), 'node')} of {name}, {nodes[0]} to {nodes[-1]}"
    else:
        title = f"{seen.graph._state.name_of(nodes[0])}: node {nodes[0]}, task {name}"
    if seen.seconds is not None:
        title += f", {in_words(float(seen.seconds[nodes].sum()))}"
    for found, word in ((failed, "failed"), (not_run, "not run")):
        number = len(found.intersection(nodes))
        if number:
            title += f", {word}" if number == len(nodes) else f", {number} {word}"
    return title


def _extra_legend(seen: _Seen) -> list[tuple[str, str]]:
    return [
        (colour, f"{len(nodes):,} {word}")
        for colour, nodes, word in ((FAILED, seen.failed, "failed"), (NOT_RUN, seen.not_run, "not run"))
        if len(nodes)
    ]


# ---- by name -----------------------------------------------------------------------------------------


def _by_name(seen: _Seen, note: str) -> Sketch:
    """Return a sketch with a box for each name of tasks."""
    names, groups = by_kind(seen.names, seen.kinds)
    counts = np.bincount(groups, minlength=len(names)).tolist()
    by_colour = colours_of(names)
    totals = None
    if seen.seconds is not None:
        totals = np.bincount(groups, weights=seen.seconds, minlength=len(names)).tolist()
    scale = None if totals is None else _Scale(totals, list(range(len(totals))), " in all")
    on_path = set(np.unique(groups[seen.path]).tolist())
    lines = _lines(seen.edges, groups)
    boxes = []
    for box, (name, count) in enumerate(zip(names, counts, strict=True)):
        label: tuple[str, ...] = (name, times("", count))
        title = f"{name}: {counted(count, 'node')}"
        if totals is not None:
            label = (name, f"{times('', count)}, {in_words(totals[box])}")
            title += f", {in_words(totals[box])} in all, {in_words(totals[box] / count)} each"
        if (box, box) in lines:
            title += f", {counted(lines[box, box], 'edge')} among them"
        colour = by_colour[name] if scale is None else scale.colours[box]
        boxes.append(Box(label, title, colour, box in on_path, is_stack=count > 1))
    return Sketch(
        _caption(seen, note),
        boxes,
        lines,
        _marked(seen, groups),
        _extra_legend(seen),
        scale.ends if scale and boxes else None,
        _path_in_words(seen),
    )


# ---- both --------------------------------------------------------------------------------------------


class _Scale:
    """Colours for times, and what the ends of the scale are called."""

    def __init__(self, times: list[float], which: list[int], of: str = "") -> None:
        counting = [times[box] for box in which]
        least, most = min(counting, default=0.0), max(counting, default=0.0)
        by_orders = most > _BY_ORDERS * max(least, _NANOSECOND)
        if by_orders:
            least = max(least, _NANOSECOND)
            parts = [log(max(time, least) / least) / log(most / least) for time in times]
        else:
            parts = [(time - least) / (most - least) if most > least else 0.0 for time in times]
        self.colours = [on_scale(part) for part in parts]
        self.ends = in_words(least), in_words(most) + of + ", logarithmic" * by_orders


def _marked(seen: _Seen, groups: np.ndarray) -> set[Line]:
    """Return the lines on the critical path, but from a box to itself."""
    along = groups[seen.path]
    steps = np.stack([along[:-1], along[1:]], axis=1)
    return {line for line in _lines(steps, groups) if line[0] != line[1]}


def _path_in_words(seen: _Seen) -> str:
    if seen.seconds is None or not len(seen.path):
        return ""
    time = in_words(float(seen.seconds[seen.path].sum()))
    return f"critical path: {counted(len(seen.path), 'node')}, {time}"


def _caption(seen: _Seen, note: str) -> tuple[str, ...]:
    graph = seen.graph
    size = f"{counted(len(graph), 'node')}, {counted(len(seen.edges), 'edge')}"
    return (f"{graph.name}: {size}", note)
