"""Which layer each box of a picture belongs to, so that lines lead downwards and are short.

Boxes are numbers from 0, lines are pairs of them. What leads to what is a bit set for each box, a
Python integer: fast enough for the thousand boxes that a picture may have.

The first layers are those of the longest way from a box without predecessors. From there boxes are
pulled down as long as that shortens lines: vertex promotion of Nikolov and Tarassov, "Graph
layering by promotion of nodes" (2006), upside down.
"""

Line = tuple[int, int]


def reachable(count: int, lines: list[Line]) -> list[int]:
    """Return for each box the set of boxes that it leads to, as bits.

    Parameters
    ----------
    count : int
        How many boxes there are.
    lines : list of (int, int)
        Which box leads to which.

    Returns
    -------
    list of int
        Bit j of item i is set if there is a way from i to j; bit i too, if i is on a circle.
    """
    sets = [0] * count
    backwards = sorted(lines, reverse=True)  # boxes are mostly in order: one pass is enough for those
    changed = True
    while changed:
        changed = False
        for source, target in backwards:
            found = sets[source] | sets[target] | 1 << target
            if found != sets[source]:
                sets[source] = found
                changed = True
    return sets


def without_circles(count: int, lines: list[Line]) -> tuple[list[Line], set[Line]]:
    """Turn round what closes circles.

    Parameters
    ----------
    count : int
        How many boxes there are.
    lines : list of (int, int)
        Which box leads to which; from a box to itself, none.

    Returns
    -------
    lines : list of (int, int)
        Without circles, each pair once.
    turned : set of (int, int)
        Those that were turned round, as they were: on a circle, and from a later to an earlier box.
    """
    reach = reachable(count, lines)
    turned = {(source, target) for source, target in lines if source > target and reach[target] >> source & 1}
    kept = {(target, source) if (source, target) in turned else (source, target) for source, target in lines}
    return sorted(kept), turned


def without_implied(count: int, lines: list[Line]) -> list[Line]:
    """Leave out what follows from the others: the transitive reduction.

    Parameters
    ----------
    count : int
        How many boxes there are.
    lines : list of (int, int)
        Which box leads to which, without circles.

    Returns
    -------
    list of (int, int)
        Those that no longer way stands for.
    """
    reach = reachable(count, lines)
    beyond = [0] * count  # what is reached by two lines or more
    for source, target in lines:
        beyond[source] |= reach[target]
    return [(source, target) for source, target in lines if not beyond[source] >> target & 1]


def layers_of(count: int, lines: list[Line]) -> list[int]:
    """Return the layer of each box, from 0.

    Parameters
    ----------
    count : int
        How many boxes there are.
    lines : list of (int, int)
        Which box leads to which, without circles.

    Returns
    -------
    list of int
        Greater at a line's target than at its source.
    """
    before, after = neighbours(count, lines)
    waiting = [len(sources) for sources in before]
    layer = [0] * count
    ready = [box for box in range(count) if not waiting[box]]
    for box in ready:
        for target in after[box]:
            layer[target] = max(layer[target], layer[box] + 1)
            waiting[target] -= 1
            if not waiting[target]:
                ready.append(target)
    _pull_down(layer, before, after, ready)
    used = {old: new for new, old in enumerate(sorted(set(layer)))}
    return [used[each] for each in layer]


def neighbours(count: int, lines: list[Line]) -> tuple[list[list[int]], list[list[int]]]:
    """Return for each box those with lines to it, and those that its lines lead to."""
    before: list[list[int]] = [[] for _ in range(count)]
    after: list[list[int]] = [[] for _ in range(count)]
    for source, target in lines:
        before[target].append(source)
        after[source].append(target)
    return before, after


def _pull_down(layer: list[int], before: list[list[int]], after: list[list[int]], order: list[int]) -> None:
    """Move boxes down, with what is close below them, while all lines together become shorter."""
    lowest = max(layer, default=0)
    improved = True
    while improved:
        improved = False
        for box in reversed(order):
            while len(after[box]) > len(before[box]):  # else nothing is to be won here
                moved = _close_below(box, layer, after)
                gain = sum(len(after[one]) - len(before[one]) for one in moved)
                if gain <= 0 or any(layer[one] == lowest for one in moved):
                    break
                for one in moved:
                    layer[one] += 1
                improved = True


def _close_below(box: int, layer: list[int], after: list[list[int]]) -> set[int]:
    """Return a box and all that would have to move down with it."""
    moved, found = {box}, [box]
    for one in found:
        for target in after[one]:
            if layer[target] == layer[one] + 1 and target not in moved:
                moved.add(target)
                found.append(target)
    return moved
