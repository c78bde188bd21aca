"""The longest way through a graph whose nodes take known times, and orders in which nodes can run."""

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def successors_of(sources, targets, count):
    """Return each node's successors, as places in a list and the list, and how many nodes come before it.

    Parameters
    ----------
    sources, targets : ndarray of int
        Edges.
    count : int
        How many nodes there are.

    Returns
    -------
    first : ndarray of int64, shape (count + 1,)
        Where each node's successors begin.
    successors : ndarray of int64
        Those of a node in the order of its edges.
    waits_for : ndarray of int64, shape (count,)
        How many edges lead to each node.
    """
    first, waits_for = np.zeros(count + 1, np.int64), np.zeros(count, np.int64)
    for edge in range(len(sources)):
        first[sources[edge] + 1] += 1
        waits_for[targets[edge]] += 1
    for node in range(count):
        first[node + 1] += first[node]
    place, successors = first.copy(), np.empty(len(sources), np.int64)
    for edge in range(len(sources)):
        successors[place[sources[edge]]] = targets[edge]
        place[sources[edge]] += 1
    return first, successors, waits_for


@njit(cache=True, nogil=True)
def longest_ways(first, successors, waits_for, durations):
    """Return for each node how long the longest way takes that begins with it, and the node after it, or -1.

    Parameters
    ----------
    first, successors, waits_for : ndarray
        From `successors_of`.
    durations : ndarray of float64
        What each node takes.

    Returns
    -------
    ways : ndarray of float64
        How long.
    following : ndarray of int64
        The next node on that way.
    """
    count = len(durations)
    left, order, seen = waits_for.copy(), np.empty(count, np.int64), 0
    for node in range(count):
        if left[node] == 0:
            order[seen] = node
            seen += 1
    at = 0
    while at < seen:
        node = order[at]
        at += 1
        for edge in range(first[node], first[node + 1]):
            successor = successors[edge]
            left[successor] -= 1
            if left[successor] == 0:
                order[seen] = successor
                seen += 1
    ways, following = durations.copy(), np.full(count, -1)
    for place in range(seen - 1, -1, -1):
        node = order[place]
        best = 0.0
        for edge in range(first[node], first[node + 1]):
            successor = successors[edge]
            if following[node] < 0 or ways[successor] > best:
                best, following[node] = ways[successor], successor
        ways[node] = durations[node] + best
    return ways, following


def longest_way(sources: np.ndarray, targets: np.ndarray, durations: np.ndarray) -> np.ndarray:
    """Return the nodes on the longest way through a graph, from its begin.

    Parameters
    ----------
    sources, targets : ndarray of int
        Edges; there is no circle.
    durations : ndarray of float64
        What each node takes.

    Returns
    -------
    ndarray of int64
        The nodes.
    """
    if not len(durations):
        return np.zeros(0, np.int64)
    ways, following = longest_ways(*successors_of(sources, targets, len(durations)), durations)
    found = [int(ways.argmax())]
    while following[found[-1]] >= 0:
        found.append(int(following[found[-1]]))
    return np.array(found)
