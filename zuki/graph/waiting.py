"""What a new node waits for: reading the argument ``after``, and who comes before whom."""

from collections.abc import Iterable
from typing import Any

from zuki.errors import GraphError
from zuki.graph.node import Node, Nodes
from zuki.graph.state import GraphState

Range = tuple[int, int]


def ranges_of(state: GraphState, after: Any) -> list[Range]:
    """Return the nodes that ``after`` names, as ranges of numbers.

    Parameters
    ----------
    state : GraphState
        The graph that is added to.
    after : None, Node, Nodes, or an iterable of them
        What the user wrote.

    Returns
    -------
    list of (int, int)
        First number and one past the last, each.

    Raises
    ------
    GraphError
        Something else was given, or a node of another graph.
    """
    if after is None:
        return []
    if isinstance(after, Node):
        return [(checked(state, after), after.id + 1)]
    if isinstance(after, Nodes):
        if after.graph._state is not state:
            raise GraphError(f"after={after!r} is of another graph than {state.name!r}")
        return [(after.start, after.stop)]
    if isinstance(after, Iterable) and not isinstance(after, str | bytes):
        return [found for item in after for found in ranges_of(state, _not_nested(item))]
    raise GraphError(f"after must be a node, or an iterable of nodes, not a {type(after).__name__}")


def numbers_of(state: GraphState, after: Any) -> list[int]:
    """Return the numbers of the nodes that ``after`` names; see `ranges_of`."""
    return [number for start, stop in ranges_of(state, after) for number in range(start, stop)]


def _not_nested(item: Any) -> Any:
    if not isinstance(item, Node | Nodes):
        raise GraphError(f"after must hold nodes, not a {type(item).__name__}")
    return item


def checked(state: GraphState, node: Node) -> int:
    """Return the number of a node; raise if it is of another graph."""
    if node.graph._state is not state:
        raise GraphError(f"{node!r} is of another graph than {state.name!r}")
    return node.id
