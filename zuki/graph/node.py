"""A graph's nodes, as a user holds them: a graph and a number."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, overload

import numpy as np

if TYPE_CHECKING:
    from zuki.graph.graph import Graph


class Node:
    """One task of a graph. Made by `Graph.add`; passed as an argument, it stands for its result.

    Parameters
    ----------
    graph : Graph
        The graph it belongs to.
    id : int
        Its number, from 0 in the order of adding.
    """

    __slots__ = ("graph", "id")

    def __init__(self, graph: "Graph", id: int) -> None:  # noqa: A002  (what users read)
        self.graph = graph
        self.id = id

    @property
    def name(self) -> str:
        """The name it was given, else its body's name and its number."""
        return self.graph._state.name_of(self.id)

    def result(self) -> Any:
        """Return what the body returned in the graph's last run.

        Returns
        -------
        object
            The result, as a call in place would have returned it.

        Raises
        ------
        NodeNotRunError
            The graph has not run since the node was added, or the node was passed over.
        BaseException
            What the body raised.
        """
        return self.graph._state.result_of(self.id)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Node) and other.graph is self.graph and other.id == self.id

    def __hash__(self) -> int:
        return hash((id(self.graph), self.id))

    def __repr__(self) -> str:
        return f"<zuki.Node {self.id} {self.name!r} of {self.graph.name!r}>"


class Nodes(Sequence[Node]):
    """Nodes with successive numbers, such as `Graph.add_many` adds.

    Parameters
    ----------
    graph : Graph
        The graph they belong to.
    start, stop : int
        The number of the first, and one past the number of the last.
    """

    __slots__ = ("graph", "start", "stop")

    def __init__(self, graph: "Graph", start: int, stop: int) -> None:
        self.graph, self.start, self.stop = graph, start, stop

    @property
    def ids(self) -> np.ndarray:
        """The nodes' numbers, an int64 array."""
        return np.arange(self.start, self.stop)

    def results(self) -> list[Any]:
        """Return the results of all, in order; see `Node.result`.

        Returns
        -------
        list
            One result for each node.
        """
        return [self.graph._state.result_of(number) for number in range(self.start, self.stop)]

    def __len__(self) -> int:
        return self.stop - self.start

    @overload
    def __getitem__(self, index: int) -> Node: ...

    @overload
    def __getitem__(self, index: slice) -> list[Node]: ...

    def __getitem__(self, index: int | slice) -> Node | list[Node]:
        numbers = range(self.start, self.stop)[index]
        if isinstance(numbers, range):
            return [Node(self.graph, number) for number in numbers]
        return Node(self.graph, numbers)

    def __iter__(self) -> Iterator[Node]:
        return (Node(self.graph, number) for number in range(self.start, self.stop))

    def __repr__(self) -> str:
        return f"<zuki.Nodes {self.start} to {self.stop - 1} of {self.graph.name!r}>"
