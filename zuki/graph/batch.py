"""Adding many nodes of one body at once."""

from typing import Any

import numpy as np

from zuki.graph import adding
from zuki.graph.each import Each
from zuki.graph.state import GraphState
from zuki.graph.waiting import Range
from zuki.task.specialisation import Specialisation
from zuki.task.task import Task

_FEW = 4  # edges for each node up to which every node is connected with every one it waits for


def add_batch(
    state: GraphState, task: Task, arguments: tuple[Any, ...], count: int, after: list[Range]
) -> int:
    """Add ``count`` nodes, that do not wait for one another, and return the number of the first.

    Parameters
    ----------
    state : GraphState
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
    found, nodes = adding.resolve(state, task, adding.first_of(arguments))
    start = state.contents.count
    if not nodes and adding.is_vectorised(found, arguments):
        frames, views = _add_vectorised(state, found, arguments, count)
        varying = [(slot, writes) for slot, writes in views if isinstance(arguments[slot.argument], Each)]
        ranges = list(after)
        for slot, writes in views:
            if not isinstance(arguments[slot.argument], Each):
                view = frames[0, slot.view].tobytes()
                ranges += state.regions.access_group(start, start + count, view, writes)
        if varying:
            _order(
                state,
                start,
                [[(frame[slot.view].tobytes(), writes) for slot, writes in varying] for frame in frames],
            )
    else:
        ranges = after
        _order(state, start, _add_one_by_one(state, task, arguments, count))
    state.kept.append(arguments)
    _wait_for_all(state, ranges, start, count)
    return start


def _add_vectorised(
    state: GraphState, found: Specialisation, arguments: tuple[Any, ...], count: int
) -> tuple[Any, Any]:
    frames = adding.make_frames(state, found, arguments, count)
    address = frames.ctypes.data if frames.size else 0
    start = state.contents.count
    state.contents.add_segment(start + count, address, found.layout.size, state.index_of(found))
    return frames, found.views


def _add_one_by_one(
    state: GraphState, task: Task, arguments: tuple[Any, ...], count: int
) -> list[list[tuple[bytes, bool]]]:
    """Add nodes whose frames hold what NumPy cannot write; return the views of each."""
    given = [adding.item_of(arguments, index) for index in range(count)]
    resolved = [adding.resolve(state, task, values) for values in given]
    frames: list[int] = []
    keys = []
    try:
        for values, (found, nodes) in zip(given, resolved, strict=True):
            frames.append(adding.make_frame(state, found, values, nodes))
            keys.append(adding.keys_of(state, found, frames[-1], nodes))
    except BaseException:
        for (found, _), frame in zip(resolved, frames, strict=False):
            found.release(frame)
        raise
    for (found, nodes), frame in zip(resolved, frames, strict=True):
        if found.counts_references:
            state.holding.append((found, frame))
        node = state.contents.add_segment(state.contents.count + 1, frame, 0, state.index_of(found))
        adding.link_results(state, found, frame, nodes)
        _connect(state, nodes.values(), node)
    return keys


def _order(state: GraphState, start: int, keys: list[list[tuple[bytes, bool]]]) -> None:
    """Let each node wait for earlier nodes, not of the batch, that access the same memory."""
    regions = state.regions
    for offset, accesses in enumerate(keys):
        before: set[int] = set()
        for key, writes in accesses:
            regions.earlier(start, key, writes, before)
        _connect(state, before, start + offset)
    for offset, accesses in enumerate(keys):
        for key, writes in accesses:
            regions.record(start, start + offset, key, writes)


def _connect(state: GraphState, sources: Any, target: int) -> None:
    state.contents.sources.extend(sources)
    state.contents.targets.extend([target] * len(sources))


def _wait_for_all(state: GraphState, ranges: list[Range], start: int, count: int) -> None:
    """Let each of ``count`` nodes wait for all of ``ranges``, joined in a node first if they are many."""
    if not ranges:
        return
    sources = np.unique(np.concatenate([np.arange(*each) for each in ranges])).astype(np.int64)
    targets = np.arange(start, start + count)
    contents = state.contents
    if len(sources) * count <= _FEW * (len(sources) + count):
        contents.add_edges(np.repeat(sources, count), np.tile(targets, len(sources)))
        return
    join = contents.add_segment(contents.count + 1, 0, 0, state.index_of("join"))
    contents.add_edges(sources, np.full(len(sources), join))
    contents.add_edges(np.full(count, join), targets)
