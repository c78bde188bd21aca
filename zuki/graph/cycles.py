"""Finding a circle of nodes that wait for one another."""

from collections.abc import Callable
from typing import Any

import numpy as np

from zuki.errors import GraphCycleError

_MOST_NAMES = 12


def raise_cycle(
    sources: np.ndarray,
    targets: np.ndarray,
    sorted_nodes: np.ndarray,
    count: int,
    node_of: Callable[[int], Any],
) -> None:
    """Raise `GraphCycleError` for a graph of which only ``sorted_nodes`` could be put in order."""
    left = np.ones(count, bool)
    left[sorted_nodes] = False
    inside = left[sources] & left[targets]
    # every node that is left waits for one that is left: going from waiter to waited for must come round
    waits_for = dict(zip(targets[inside].tolist(), sources[inside].tolist(), strict=True))
    node = int(np.flatnonzero(left)[0])
    seen: dict[int, None] = {}
    while node not in seen:
        seen[node] = None
        node = waits_for[node]
    way = list(seen)
    circle = tuple(node_of(number) for number in reversed(way[way.index(node) :]))
    names = [str(member.name) for member in circle]
    if len(names) > _MOST_NAMES:
        names[_MOST_NAMES - 1 : -1] = [f"... {len(names) - _MOST_NAMES} more ..."]
    raise GraphCycleError(f"the graph has a cycle: {' -> '.join([*names, names[0]])}", circle)
