"""Which nodes of a graph are one box of its picture."""

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from zuki.graph.state import GraphState

MOST_KINDS = 40  # names that have boxes of their own where a graph is drawn by name
_FEW = 16  # like nodes that are drawn one by one

Groups = np.ndarray  # int64: for each node the number of its box


def kinds_of(state: "GraphState") -> tuple[list[str], np.ndarray]:
    """Return the names of a graph's bodies, in the order of their first nodes, and each node's among them.

    Parameters
    ----------
    state : GraphState
        The graph.

    Returns
    -------
    names : list of str
        Each once.
    kinds : ndarray of int64, shape (nodes,)
        An index into ``names`` for each node.
    """
    bodies = state.contents.bodies()
    count = len(bodies)
    first = np.full(len(state.bodies), count, np.int64)
    first[bodies[::-1]] = np.arange(count - 1, -1, -1)  # what is written last stays: the first node
    names: dict[str, int] = {}
    place = np.zeros(len(state.bodies), np.int64)
    for body in np.argsort(first, kind="stable").tolist():
        if first[body] < count:
            place[body] = names.setdefault(state.bodies[body].name, len(names))
    return list(names), place[bodies]


def by_kind(names: list[str], kinds: np.ndarray) -> tuple[list[str], Groups]:
    """Return one box for each name; the rarest of too many names share one.

    Parameters
    ----------
    names : list of str
        Of the kinds.
    kinds : ndarray of int64
        Of each node.

    Returns
    -------
    names : list of str
        Of the boxes.
    groups : ndarray of int64
        The box of each node.
    """
    if len(names) <= MOST_KINDS:
        return names, kinds
    counts = np.bincount(kinds, minlength=len(names))
    kept = np.sort(np.argsort(-counts, kind="stable")[: MOST_KINDS - 1])
    box = np.full(len(names), len(kept), np.int64)
    box[kept] = np.arange(len(kept))
    others = f"{len(names) - len(kept)} other tasks"
    return [*(names[kind] for kind in kept.tolist()), others], box[kinds]


def folded(kinds: np.ndarray, edges: np.ndarray) -> Groups:
    """Return a box for each node, but one for many alike: in a row, or between the same nodes.

    Parameters
    ----------
    kinds : ndarray of int64, shape (nodes,)
        Nodes of different kinds are not alike.
    edges : ndarray of int64, shape (edges, 2)
        Sources and targets.

    Returns
    -------
    ndarray of int64
        The box of each node; boxes are in the order of their first nodes.
    """
    count = len(kinds)
    before: list[set[int]] = [set() for _ in range(count)]
    after: list[set[int]] = [set() for _ in range(count)]
    for source, target in edges.tolist():
        before[target].add(source)
        after[source].add(target)
    leader = list(range(count))
    alike: dict[object, list[int]] = {}
    for node, kind in enumerate(kinds.tolist()):
        alike.setdefault((kind, frozenset(before[node]), frozenset(after[node])), []).append(node)
    rows = _rows(kinds.tolist(), before, after)
    for nodes in [*alike.values(), *rows]:
        if len(nodes) > _FEW:
            for node in nodes:
                leader[node] = min(nodes)
    boxes = {node: box for box, node in enumerate(sorted(set(leader)))}
    return np.array([boxes[node] for node in leader], np.int64)


def _rows(kinds: list[int], before: list[set[int]], after: list[set[int]]) -> list[list[int]]:
    """Return rows of nodes of one kind: each waits for the one before it and no other, and alone does so."""

    def follower(node: int) -> int | None:
        if len(after[node]) != 1:
            return None
        (other,) = after[node]
        return other if before[other] == {node} and kinds[other] == kinds[node] else None

    follow = [follower(node) for node in range(len(kinds))]
    heads = set(range(len(kinds))) - {node for node in follow if node is not None}
    rows = []
    for head in heads:
        row, node = [head], follow[head]
        while node is not None:
            row.append(node)
            node = follow[node]
        rows.append(row)
    return rows
