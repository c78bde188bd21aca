"""`zuki.each`: an argument that differs from node to node."""

from typing import Any

import numpy as np

from zuki.errors import GraphError


class Each:
    """Marks an argument of `Graph.add_many` that varies: node i gets item i. Made by `each`.

    Parameters
    ----------
    values : ndarray or sequence
        One item for each node; for an array of two or more dimensions the items are views.
    """

    __slots__ = ("values",)

    def __init__(self, values: Any) -> None:
        self.values = values

    def __len__(self) -> int:
        return len(self.values)

    def __repr__(self) -> str:
        return f"zuki.each(<{len(self)} values>)"


def each(values: Any) -> Each:
    """Mark an argument of `Graph.add_many` that differs from node to node.

    Parameters
    ----------
    values : ndarray, or sequence
        One item for each node: node i gets ``values[i]``. Items of an array of two or more
        dimensions are views of it.

    Returns
    -------
    Each
        The mark.

    Raises
    ------
    GraphError
        ``values`` has no length, or is an array without dimensions.

    Examples
    --------
    >>> import numpy as np
    >>> import zuki
    >>> zuki.each(np.arange(3))
    zuki.each(<3 values>)
    """
    if isinstance(values, Each):
        return values
    if isinstance(values, np.ndarray) and values.ndim == 0:
        raise GraphError("zuki.each needs an array with at least one dimension")
    if isinstance(values, np.ndarray) and values.ndim == 1:
        if values.dtype.hasobject:
            values = values.tolist()
        elif not values.dtype.isnative:  # its items are copied into the nodes, so they may be converted
            values = values.astype(values.dtype.newbyteorder("="))
    is_sequence = hasattr(values, "__len__") and hasattr(values, "__getitem__")
    if not is_sequence or isinstance(values, str | bytes | dict):
        raise GraphError(f"zuki.each needs an array or a sequence, not a {type(values).__name__}")
    return Each(values)
