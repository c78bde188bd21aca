"""Adding one node."""

from collections.abc import Callable
from typing import Any

from numba._dispatcher import compute_fingerprint
from numba.core.dispatcher import Dispatcher

from zuki.graph import adding
from zuki.graph.checks import checked_callable, checked_task
from zuki.graph.extras import checked_cost, checked_name, checked_priority
from zuki.graph.node import Node
from zuki.graph.state import GraphState, OtherBody
from zuki.graph.waiting import checked, numbers_of
from zuki_kernels.runs import PYTHON

_NO_NODES: dict[int, int] = {}


def add_one(
    state: GraphState, body: Any, arguments: tuple[Any, ...], after: Any, name: Any, priority: Any, cost: Any
) -> int:
    """Add a node and return its number; change nothing if this raises. See `Graph.add`."""
    try:  # the way of almost all calls: a task that has met such arguments before
        found, nodes = body._by_fingerprint[compute_fingerprint(arguments)], _NO_NODES
    except (AttributeError, KeyError, NotImplementedError):
        if not isinstance(body, Dispatcher) or _takes_untyped_results(state, arguments):
            return _add_call(state, body, arguments, after, name, priority, cost)
        task = checked_task(body)
        arguments = task.complete(arguments)
        found, nodes = adding.resolve(state, task, arguments)
    if state.turn.locked():
        state.refuse_while_running()
    before = [] if after is None else numbers_of(state, after)
    if name is not None or priority is not None or cost is not None:
        name, priority, cost = checked_name(name), checked_priority(priority, 1), checked_cost(cost, 1)
    contents = state.contents
    node = contents.count
    frame = 0
    if found.layout.size:
        frame = adding.make_frame(state, found, arguments, nodes)
        if found.keeps_alive:
            state.kept.append(arguments)
        access = state.regions.access
        if nodes or found.records:
            for key, writes in adding.keys_of(state, found, frame, nodes):
                access(node, key, writes, before)
        elif found.covered:  # the same, at half the cost
            arena = state.arena
            at, window = frame - arena.base, arena.window
            for start, stop, writes in found.covered:
                access(node, window[at + start : at + stop].tobytes(), writes, before)
        if found.counts_references:
            state.holding.append((found, frame))
    contents.add_node(frame, found.layout.size, state.index_of(found))
    if nodes:
        adding.link_results(state, found, frame, nodes)
        before += nodes.values()
    if before or name is not None or priority is not None or cost is not None:
        _finish(state, node, before, name, priority, cost)
    return node


def _takes_untyped_results(state: GraphState, arguments: tuple[Any, ...]) -> bool:
    """Tell whether a node whose result's type is not known before it runs is among the arguments."""
    return any(
        isinstance(value, Node)
        and value.graph._state is state
        and isinstance(state.body_of(value.id), OtherBody)
        for value in arguments
    )


def _add_call(
    state: GraphState,
    body: Callable[..., Any],
    arguments: tuple[Any, ...],
    after: Any,
    name: Any,
    priority: Any,
    cost: Any,
) -> int:
    """Add a node that only the interpreter can run."""
    function = checked_callable(body)
    before = [checked(state, value) for value in arguments if isinstance(value, Node)]
    state.refuse_while_running()
    before += numbers_of(state, after)
    name, priority, cost = checked_name(name), checked_priority(priority, 1), checked_cost(cost, 1)
    node = state.contents.count
    for key, writes in adding.keys_of_values(state, arguments):
        state.regions.access(node, key, writes, before)
    state.calls[node] = function, arguments
    title = getattr(function, "__name__", type(function).__name__)
    state.contents.add_segment(node + 1, 0, 0, state.index_of(title, PYTHON))
    _finish(state, node, before, name, priority, cost)
    return node


def _finish(
    state: GraphState, node: int, before: list[int], name: str | None, priority: Any, cost: Any
) -> None:
    if before:
        contents = state.contents
        for number in set(before) if len(before) > 1 else before:
            contents.sources.append(number)
            contents.targets.append(node)
    if name is not None or priority is not None or cost is not None:
        state.describe(node, node + 1, name, priority, cost)
