"""From lists of nodes and edges to the tables that a run wants.

One thread does this while nobody runs the graph, on plain arrays: the only kernels, with those of
`numbering`, that touch cells without `atomics`.

The order of the nodes is Kahn's (1962); a node's rank is the length of the longest way
from it to a node without successors, so that what holds up most is taken first.
"""

import numpy as np

from ._jit import kernel
from ._types import Table
from .dependencies import FAILED, PASSED, epoch_of
from .runs import (
    BODY_SHIFT,
    FIRST,
    FRAME,
    HEIR_SHIFT,
    LINK,
    MOST_HEIRS,
    ROOT,
    SHAPE,
    STATE,
    body_of,
    first_edge_of,
    level_of,
    predecessors_of,
    shape,
    successors_of,
)

_MASK = (1 << BODY_SHIFT) - 1
_FEW = 24  # edges that are sorted by insertion


@kernel
def take_edges(sources, targets, count: int, taken_sources, taken_targets) -> int:
    """Copy edges, narrowing them; return the index of the first that names no node, or -1."""
    for index in range(sources.shape[0]):
        source, target = sources[index], targets[index]
        if source < 0 or source >= count or target < 0 or target >= count:
            return index
        taken_sources[index] = source
        taken_targets[index] = target
    return -1


@kernel
def count_edges(sources, targets, predecessors, successors) -> bool:
    """Count the edges at each node; return whether each leads to a later node."""
    forward = True
    for index in range(sources.shape[0]):
        source, target = sources[index], targets[index]
        successors[source] += 1
        predecessors[target] += 1
        forward = forward and source < target
    return forward


@kernel
def place_nodes(predecessors, successors, levels, nodes: Table) -> None:
    """Fill what a node's row says of its edges; FIRST is one past its edges until they are placed."""
    last = 0
    leveled = levels.shape[0] > 0
    for node in range(nodes.shape[0]):
        last += successors[node]
        nodes[node, STATE] = predecessors[node]
        nodes[node, SHAPE] = shape(levels[node] if leveled else 0, predecessors[node], successors[node])
        nodes[node, FIRST] = nodes[node, FIRST] + last


@kernel
def place_edges(sources, targets, nodes: Table, edges) -> None:
    """Put each edge among those of its source, from the last to the first."""
    for index in range(sources.shape[0] - 1, -1, -1):
        source = sources[index]
        first = nodes[source, FIRST] - 1
        nodes[source, FIRST] = first
        edges[first_edge_of(first)] = targets[index]


@kernel
def place_bodies(segments, nodes: Table) -> None:
    """Fill what a node's row says of its body; ``segments`` has rows of start, stop, frame, stride, body."""
    for row in range(segments.shape[0]):
        frame = segments[row, 2]
        for node in range(segments[row, 0], segments[row, 1]):
            nodes[node, FRAME] = frame
            nodes[node, FIRST] = segments[row, 4] << BODY_SHIFT
            frame += segments[row, 3]


@kernel
def sort_nodes(nodes: Table, edges, order) -> int:
    """Write the nodes in an order in which each comes after its predecessors; return how many that are.

    Fewer than there are: the others are on circles, or behind one.
    """
    waiting = np.empty(nodes.shape[0], np.int32)
    done = 0
    for node in range(nodes.shape[0]):
        waiting[node] = predecessors_of(nodes[node, SHAPE])
        if waiting[node] == 0:
            order[done] = node
            done += 1
    begun = 0
    while begun < done:
        node = order[begun]
        begun += 1
        first = first_edge_of(nodes[node, FIRST])
        for edge in range(first, first + successors_of(nodes[node, SHAPE])):
            target = edges[edge]
            waiting[target] -= 1
            if waiting[target] == 0:
                order[done] = target
                done += 1
    return done


@kernel
def longest_ways(nodes: Table, edges, order, costs, ways) -> float:
    """Write each node's rank; return the longest. Empty ``order``: by number; empty ``costs``: one each."""
    longest = 0.0
    count = nodes.shape[0]
    for position in range(count - 1, -1, -1):
        node = order[position] if order.shape[0] > 0 else position
        first = first_edge_of(nodes[node, FIRST])
        way = 0.0
        for edge in range(first, first + successors_of(nodes[node, SHAPE])):
            way = max(way, ways[edges[edge]])
        way += costs[node] if costs.shape[0] > 0 else 1.0
        ways[node] = way
        longest = max(longest, way)
    return longest


@kernel
def longest_way(nodes: Table, edges, ways, path) -> int:
    """Write the nodes on a longest way, given what `longest_ways` wrote; return how many there are."""
    node = np.argmax(ways)
    count = 0
    while count < nodes.shape[0]:  # as long as there is a node; no way has more than all
        path[count] = node
        count += 1
        first = first_edge_of(nodes[node, FIRST])
        last = first + successors_of(nodes[node, SHAPE])
        if first == last:
            break
        node = edges[first]
        for edge in range(first + 1, last):
            if ways[edges[edge]] > ways[node]:
                node = edges[edge]
    return count


@kernel
def _is_less_urgent(nodes: Table, ways, one: int, other: int) -> bool:
    """Tell whether node ``one`` is to be taken after ``other``."""
    first, second = level_of(nodes[one, SHAPE]), level_of(nodes[other, SHAPE])
    return first > second or (first == second and ways[one] < ways[other])


@kernel
def sort_edges(nodes: Table, edges, ways) -> None:
    """Let the edges of each node lead to ever more urgent nodes."""
    for node in range(nodes.shape[0]):
        first = first_edge_of(nodes[node, FIRST])
        count = successors_of(nodes[node, SHAPE])
        gap = 1
        while count > _FEW and gap < count // 3:  # Shell's sort with Knuth's gaps, where there are many
            gap = 3 * gap + 1
        while gap > 0:
            for index in range(first + gap, first + count):
                target = edges[index]
                place = index
                while place >= first + gap and _is_less_urgent(nodes, ways, target, edges[place - gap]):
                    edges[place] = edges[place - gap]
                    place -= gap
                edges[place] = target
            gap //= 3


@kernel
def name_heirs(nodes: Table, edges) -> None:
    """Name of each node's successors the first that is no other node's heir, if there is one.

    So the nodes fall into lines, as the columns of a stencil do. Who runs a line finds in the caches what the
    nodes of it hand on. For nodes whose successors are equally urgent.
    """
    inherits = np.zeros(nodes.shape[0], np.bool_)
    for node in range(nodes.shape[0]):
        shape = nodes[node, SHAPE]
        first = first_edge_of(nodes[node, FIRST])
        for place in range(min(successors_of(shape), MOST_HEIRS)):
            heir = edges[first + place]
            if not inherits[heir]:
                inherits[heir] = True
                nodes[node, SHAPE] = shape | (place + 1) << HEIR_SHIFT
                break


@kernel
def place_roots(nodes: Table, margins: Table) -> int:
    """Write the nodes that wait for nobody into the ROOT cells, by their numbers; return how many."""
    count = 0
    for node in range(nodes.shape[0]):
        if predecessors_of(nodes[node, SHAPE]) == 0:
            margins[count, ROOT] = node
            count += 1
    return count


@kernel
def successors_differ(nodes: Table, edges, ways) -> bool:
    """Tell whether a node has two successors of different rank."""
    for node in range(nodes.shape[0]):
        first = first_edge_of(nodes[node, FIRST])
        for edge in range(first + 1, first + successors_of(nodes[node, SHAPE])):
            if ways[edges[edge]] != ways[edges[first]]:
                return True
    return False


@kernel
def successors_of_all(nodes: Table):
    """Return how many edges leave each node."""
    degrees = np.empty(nodes.shape[0], np.int64)
    for node in range(nodes.shape[0]):
        degrees[node] = successors_of(nodes[node, SHAPE])
    return degrees


@kernel
def forget_edges(nodes: Table) -> None:
    """Keep of the nodes what does not depend on edges."""
    for node in range(nodes.shape[0]):
        nodes[node, FIRST] &= ~_MASK


@kernel
def frame_and_body(nodes: Table, node: int) -> tuple[int, int]:
    """Return the address of a node's frame, and the index of its body."""
    return nodes[node, FRAME], body_of(nodes[node, FIRST])


@kernel
def count_bodies(nodes: Table):
    """Return how many nodes each body has."""
    most = -1
    for node in range(nodes.shape[0]):
        most = max(most, body_of(nodes[node, FIRST]))
    counts = np.zeros(most + 1, np.int64)
    for node in range(nodes.shape[0]):
        counts[body_of(nodes[node, FIRST])] += 1
    return counts


@kernel
def bodies_of_all(nodes: Table):
    """Return the index of the body of each node."""
    bodies = np.empty(nodes.shape[0], np.int64)
    for node in range(nodes.shape[0]):
        bodies[node] = body_of(nodes[node, FIRST])
    return bodies


@kernel
def outcomes(nodes: Table, epoch: int):
    """Return how a run went for each node: 0 if its body returned, else `FAILED` or `PASSED`."""
    found = np.empty(nodes.shape[0], np.int64)
    for node in range(nodes.shape[0]):
        state = nodes[node, STATE]
        found[node] = state & (FAILED | PASSED) if epoch_of(state) == epoch else PASSED
    return found


@kernel
def failed(nodes: Table, margins: Table, most: int):
    """Return up to ``most`` nodes whose body raised in the last run, and the failures they left."""
    found = np.empty((most, 2), np.int64)
    count = 0
    for node in range(nodes.shape[0]):
        if nodes[node, STATE] & FAILED and margins[node, LINK] != 0 and count < most:
            found[count, 0], found[count, 1] = node, margins[node, LINK]
            margins[node, LINK] = 0  # its failure is given away
            count += 1
    return found[:count]


@kernel
def state_of(nodes: Table, node: int) -> int:
    """Return the STATE of a node."""
    return nodes[node, STATE]
