"""The graphs that every system runs, as arrays of edges.

Node ids are a topological order: each edge goes from a smaller id to a larger one. The C++ program beside
this file builds the same graphs, in the same order of edges, from `kind` and `parameters` alone.
"""

from typing import NamedTuple

import numpy as np

WINDOW = 1000  # how far back the random graph's edges reach, and so about how parallel it is


class Graph(NamedTuple):
    """A graph of `n` nodes; node `dst[i]` waits for node `src[i]`."""

    kind: str
    parameters: tuple[int, int]
    n: int
    src: np.ndarray
    dst: np.ndarray


def chain(n: int = 1_000_000) -> Graph:
    """Return a line of nodes: nothing in it can run beside anything else."""
    ids = np.arange(n, dtype=np.int64)
    return Graph("chain", (n, 0), n, ids[:-1], ids[1:])


def stencil(width: int = 16, steps: int = 100_000) -> Graph:
    """Return `steps` rows of `width` nodes, each waiting for the three nearest of the row before it."""
    n = width * steps
    src = np.repeat(np.arange(n - width, dtype=np.int64), 3).reshape(-1, width, 3)
    offsets = np.array([-1, 0, 1])
    column = np.arange(width)[:, None] + offsets
    inside = np.broadcast_to((column >= 0) & (column < width), src.shape)
    return Graph("stencil", (width, steps), n, src[inside], (src + width + offsets)[inside])


def independent(n: int = 1_000_000) -> Graph:
    """Return nodes without edges."""
    nothing = np.zeros(0, np.int64)
    return Graph("independent", (n, 0), n, nothing, nothing)


def random(n: int = 1_000_000, degree: int = 3) -> Graph:
    """Return nodes that each wait for up to `degree` of the `WINDOW` before them, by a hash of the id."""
    node = np.arange(1, n, dtype=np.int64)[:, None]
    draw = _splitmix64((node * degree + np.arange(degree)).astype(np.uint64))
    src = node - 1 - (draw % np.minimum(node, WINDOW).astype(np.uint64)).astype(np.int64)
    repeated = np.zeros(src.shape, bool)
    for k in range(1, degree):
        repeated[:, k] = (src[:, k : k + 1] == src[:, :k]).any(axis=1)
    dst = np.broadcast_to(node, src.shape)
    return Graph("random", (n, degree), n, src[~repeated], dst[~repeated])


def fan(width: int = 1000, rounds: int = 1000) -> Graph:
    """Return `rounds` times one node, `width` nodes that wait for it, and one node that waits for those."""
    first = np.arange(rounds, dtype=np.int64)[:, None] * (width + 2)
    middle = first + 1 + np.arange(width)
    last = first + width + 1
    src = np.hstack((np.broadcast_to(first, middle.shape), middle, last))
    dst = np.hstack((middle, np.broadcast_to(last, middle.shape), last + 1))
    return Graph("fan", (width, rounds), rounds * (width + 2), src.ravel()[:-1], dst.ravel()[:-1])


def full() -> list[Graph]:
    """Return every graph at the size at which a system's cost per task has settled."""
    return [chain(), stencil(), independent(), random(), fan()]


def quick() -> list[Graph]:
    """Return every graph at a tenth of its full size."""
    return [chain(100_000), stencil(16, 10_000), independent(100_000), random(100_000), fan(1000, 100)]


def bearable() -> list[Graph]:
    """Return every graph at a size that takes the slowest of the Python systems about a second."""
    return [chain(10_000), stencil(16, 625), independent(10_000), random(10_000), fan(100, 100)]


def tiny() -> list[Graph]:
    """Return every graph at a size for tests."""
    return [chain(20), stencil(4, 10), independent(50), random(30), fan(5, 4)]


def shortened(graph: Graph, levels: int = 100) -> Graph:
    """Return the beginning of a deep graph, about `levels` tasks deep."""
    a, b = graph.parameters
    match graph.kind:
        case "chain":
            return chain(min(a, levels))
        case "stencil":
            return stencil(a, min(b, levels))
        case "fan":
            return fan(a, min(b, levels // 3))
    return graph  # the others are not deep


def _splitmix64(state: np.ndarray) -> np.ndarray:
    """Return the outputs of Vigna's splitmix64 for these counters; uint64 arithmetic wraps, as it should."""
    state = (state + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return state ^ (state >> np.uint64(31))
