"""What a user may say of nodes beside body and arguments: names, priorities, costs."""

from bisect import bisect_right
from typing import Any

import numpy as np

from zuki.errors import GraphError

_MOST = 1 << 31


class Names:
    """The names that nodes were given, by number."""

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._named: list[tuple[int, str]] = []  # one past the last node, and the name

    def add(self, start: int, stop: int, name: str) -> None:
        """Name the nodes from ``start``; numbers only grow."""
        self._starts.append(start)
        self._named.append((stop, name))

    def find(self, node: int) -> str | None:
        """Return the name of a node, with its place behind it where several share one."""
        row = bisect_right(self._starts, node) - 1
        if row < 0:
            return None
        stop, name = self._named[row]
        if node >= stop:
            return None
        start = self._starts[row]
        return name if stop - start == 1 else f"{name}[{node - start}]"


def checked_name(name: Any) -> str | None:
    """Return ``name``; raise if it is no string."""
    if name is not None and not isinstance(name, str):
        raise GraphError(f"name must be a string, not a {type(name).__name__}")
    return name


def checked_priority(priority: Any, count: int) -> Any:
    """Return a priority for each of ``count`` nodes, or one for all; raise if it is none."""
    if priority is None:
        return None
    values = np.asarray(priority)
    if values.dtype.kind not in "iu" or values.ndim > 1 or (values.ndim == 1 and len(values) != count):
        raise GraphError(f"priority must be an integer{_or_array(count)}, not {priority!r}")
    if values.size and not (values.min() >= -_MOST and values.max() < _MOST):
        raise GraphError(f"priority must be between {-_MOST} and {_MOST - 1}")
    return values.astype(np.int64)


def checked_cost(cost: Any, count: int) -> Any:
    """Return a cost for each of ``count`` nodes, or one for all; raise if it is none."""
    if cost is None:
        return None
    values = np.asarray(cost)
    fits = values.dtype.kind in "iuf" and values.shape in ((), (count,))
    if not fits or not np.all(np.isfinite(values) & (values >= 0)):
        raise GraphError(f"cost must be a finite number of at least 0{_or_array(count)}, not {cost!r}")
    return values.astype(np.float64)


def _or_array(count: int) -> str:
    return f", or an array of {count}" if count > 1 else ""
