"""Adding many nodes of one body at once."""

from typing import TYPE_CHECKING, Any

import numpy as np

from zuki.graph import adding
from zuki.graph.each import Each
from zuki.graph.waiting import Range
from zuki.task.specialisation import Specialisation
from zuki.task.task import Task

if TYPE_CHECKING:
    from zuki.graph.graph import Graph

_FEW = 4  # edges for each node up to which every node is connected with every one it waits for


def add_batch(graph: "Graph", task: Task, arguments: tuple[Any, ...], count: int, after: list[Range]) -> int:
    """Add ``count`` nodes, that do not wait for one another, and return the number of the first.

    Parameters
    ----------
    graph : Graph
        Where to add; nothing is changed if this raises.
    task : Task
        The body.
    arguments : tuple
        Its arguments; those that vary are `Each`.
    count : int
        How many nodes; at least 1.
    after : list of (int, int)
        Ranges of nodes that all wait for.

    Returns
    -------
    int
        The number of the first node.
    """
    found, nodes = adding.resolve(graph, task, adding.first_of(arguments))
    start = graph._contents.count
    if not nodes and adding.is_vectorised(found, arguments):
        frames, views = _add_vectorised(graph, found, arguments, count)
        varying = [(slot, writes) for slot, writes in views if isinstance(arguments[slot.argument], Each)]
        ranges = list(after)
        for slot, writes in views:
            if not isinstance(arguments[slot.argument], Each):
                view = frames[0, slot.view].tobytes()
                ranges += graph._regions.access_group(start, start + count, view, writes)
        if varying:
            _order(graph, start, [[(frame[slot.view].tobytes(), writes) for slot, writes in varying] for frame in frames])
    else:
        ranges = after
        _order(graph, start, _add_one_by_one(graph, task, arguments, count))
    graph._kept.append(arguments)
    _wait_for_all(graph, ranges, start, count)
    return start


def _add_vectorised(graph: "Graph", found: Specialisation, arguments: tuple[Any, ...], count: int) -> tuple[Any, Any]:
    frames = adding.make_frames(graph, found, arguments, count)
    address = frames.ctypes.data if frames.size else 0
    start = graph._contents.count
    graph._contents.add_segment(start + count, address, found.layout.size, graph._index_of(found))
    return frames, found.views


def _add_one_by_one(graph: "Graph", task: Task, arguments: tuple[Any, ...], count: int) -> list[list[tuple[bytes, bool]]]:
    """Add nodes whose frames hold what NumPy cannot write; return the views of each."""
    given = [adding.item_of(arguments, index) for index in range(count)]
    resolved = [adding.resolve(graph, task, values) for values in given]
    keys = []
    for values, (found, nodes) in zip(given, resolved, strict=True):
        frame = adding.make_frame(graph, found, values, nodes)
        keys.append(adding.keys_of(graph, found, frame))
        if found.counts_references:
            graph._holding.append((found, frame))
        node = graph._contents.add_segment(graph._contents.count + 1, frame, 0, graph._index_of(found))
        adding.link_results(graph, found, frame, nodes)
        _connect(graph, nodes.values(), node)
    return keys


def _order(graph: "Graph", start: int, keys: list[list[tuple[bytes, bool]]]) -> None:
    """Let each node wait for earlier nodes, not of the batch, that access the same memory."""
    regions = graph._regions
    for offset, accesses in enumerate(keys):
        before: set[int] = set()
        for key, writes in accesses:
            regions.earlier(start, key, writes, before)
        _connect(graph, before, start + offset)
    for offset, accesses in enumerate(keys):
        for key, writes in accesses:
            regions.record(start, start + offset, key, writes)


def _connect(graph: "Graph", sources: Any, target: int) -> None:
    graph._contents.sources.extend(sources)
    graph._contents.targets.extend([target] * len(sources))


def _wait_for_all(graph: "Graph", ranges: list[Range], start: int, count: int) -> None:
    """Let each of ``count`` nodes wait for all nodes of ``ranges``; through a node that joins those if they are many."""
    if not ranges:
        return
    sources = np.unique(np.concatenate([np.arange(*each) for each in ranges])).astype(np.int64)
    targets = np.arange(start, start + count)
    contents = graph._contents
    if len(sources) * count <= _FEW * (len(sources) + count):
        contents.add_edges(np.repeat(sources, count), np.tile(targets, len(sources)))
        return
    join = contents.add_segment(contents.count + 1, 0, 0, graph._index_of("join"))
    contents.add_edges(sources, np.full(len(sources), join))
    contents.add_edges(np.full(count, join), targets)
