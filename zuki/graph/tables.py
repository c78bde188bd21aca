"""Memory for a graph's tables."""

import numpy as np

from zuki_kernels.runs import NODE_FIELDS

_LINE = 64  # bytes


def table_of_nodes(count: int) -> np.ndarray:
    """Return an uninitialised table of so many nodes, whose rows begin at cache lines."""
    words = np.empty(count * NODE_FIELDS + _LINE // 8, np.int64)
    skipped = -words.ctypes.data % _LINE // 8
    return words[skipped : skipped + count * NODE_FIELDS].reshape(count, NODE_FIELDS)


def words_of_edges(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return uninitialised words for so many edges, two each, and a view of the edges."""
    words = np.empty((count + 1) // 2, np.int64)
    return words, words.view(np.uint32)[:count]
