"""In which order the boxes of a layer stand, so that few lines cross.

A line over several layers becomes a chain of *joints*, one in each layer between. Then layers are
sorted by the mean place of their neighbours in the layer before, down and up again (Sugiyama,
Tagawa and Toda 1981), and neighbours are exchanged where that helps (Gansner and others 1993).
Whatever had the fewest crossings is kept.
"""

from bisect import bisect_right, insort
from dataclasses import dataclass
from itertools import pairwise

from zuki.drawing.layers import Line, neighbours

_SWEEPS = 24
_WITHOUT_GAIN = 6  # sweeps, after which nothing is hoped for
_EXCHANGES = 8  # passes over all neighbours
_WORTH_EXCHANGING = 2500  # knots; above that it takes too long


@dataclass
class Knots:
    """Boxes and joints, in layers. Boxes keep their numbers, joints follow.

    Parameters
    ----------
    layer : list of int
        Of each knot.
    boxes : int
        How many are boxes.
    before, after : list of list of int
        Neighbours of each knot in the layer above and in that below.
    chains : dict
        For each line the knots that it leads through, from its source to its target.
    """

    layer: list[int]
    boxes: int
    before: list[list[int]]
    after: list[list[int]]
    chains: dict[Line, list[int]]


def joints_needed(layer: list[int], lines: list[Line]) -> int:
    """Return how many joints `knotted` would make."""
    return sum(layer[target] - layer[source] - 1 for source, target in lines)


def knotted(layer: list[int], lines: list[Line]) -> Knots:
    """Cut lines at each layer.

    Parameters
    ----------
    layer : list of int
        Of each box.
    lines : list of (int, int)
        Which box leads to which.

    Returns
    -------
    Knots
        Every line leads from one layer to the next.
    """
    layer = list(layer)
    boxes = len(layer)
    chains, pieces = {}, []
    for source, target in lines:
        chain = [source]
        for between in range(layer[source] + 1, layer[target]):
            chain.append(len(layer))
            layer.append(between)
        chain.append(target)
        chains[source, target] = chain
        pieces += pairwise(chain)
    before, after = neighbours(len(layer), pieces)
    return Knots(layer, boxes, before, after, chains)


def ordered(knots: Knots) -> list[list[int]]:
    """Return the knots of each layer, from left to right.

    Parameters
    ----------
    knots : Knots
        From `knotted`.

    Returns
    -------
    list of list of int
        One list for each layer.
    """
    rows = _first_order(knots)
    best, fewest = [list(row) for row in rows], crossings(knots, rows)
    without_gain = 0
    for sweep in range(_SWEEPS):
        if not fewest or without_gain == _WITHOUT_GAIN:
            break
        _sweep(knots, rows, downwards=sweep % 2 == 0, later_first=sweep // 2 % 2 == 1)
        if len(knots.layer) <= _WORTH_EXCHANGING:
            _exchange(knots, rows)
        crossed = crossings(knots, rows)
        without_gain += 1
        if crossed < fewest:
            best, fewest, without_gain = [list(row) for row in rows], crossed, 0
    return best


def _first_order(knots: Knots) -> list[list[int]]:
    """Put each knot behind those whose ways end before: boxes in their order, joints by their lines'."""
    rank: list[tuple[int, int]] = [(box, -1) for box in range(knots.boxes)]
    rank += [(0, 0)] * (len(knots.layer) - knots.boxes)
    for (source, target), chain in knots.chains.items():
        for joint in chain[1:-1]:
            rank[joint] = (source, target)
    rows: list[list[int]] = [[] for _ in range(max(knots.layer, default=-1) + 1)]
    for knot in sorted(range(len(knots.layer)), key=rank.__getitem__):
        rows[knots.layer[knot]].append(knot)
    return rows


def _places(rows: list[list[int]], count: int) -> list[int]:
    places = [0] * count
    for row in rows:
        for place, knot in enumerate(row):
            places[knot] = place
    return places


def _sweep(knots: Knots, rows: list[list[int]], downwards: bool, later_first: bool) -> None:
    """Sort each layer by the mean place of the neighbours in the one that was sorted before it."""
    places = _places(rows, len(knots.layer))
    near = knots.before if downwards else knots.after
    for row in rows[1:] if downwards else rows[-2::-1]:
        keys = {
            knot: sum(places[other] for other in near[knot]) / len(near[knot])
            if near[knot]
            else float(places[knot])
            for knot in row
        }
        if later_first:  # of those with equal keys
            row.reverse()
        row.sort(key=keys.__getitem__)
        for place, knot in enumerate(row):
            places[knot] = place


def crossings(knots: Knots, rows: list[list[int]]) -> int:
    """Return how many pairs of lines cross.

    Parameters
    ----------
    knots : Knots
        From `knotted`.
    rows : list of list of int
        The knots of each layer, from left to right.

    Returns
    -------
    int
        The sum over all pairs of layers.
    """
    places = _places(rows, len(knots.layer))
    crossed = 0
    for row in rows:
        passed: list[int] = []  # where lines end, of all that begin further left
        for knot in row:
            ends = sorted(places[other] for other in knots.after[knot])
            crossed += sum(len(passed) - bisect_right(passed, end) for end in ends)
            for end in ends:
                insort(passed, end)
    return crossed


def _exchange(knots: Knots, rows: list[list[int]]) -> None:
    """Exchange neighbours while that leaves fewer crossings."""
    places = _places(rows, len(knots.layer))
    for _ in range(_EXCHANGES):
        gained = False
        for row in rows:
            for place in range(len(row) - 1):
                left, right = row[place], row[place + 1]
                gain = 0
                for near in (knots.before, knots.after):
                    gain += _inverted(near[left], near[right], places)
                if gain > 0:
                    row[place], row[place + 1] = right, left
                    places[left], places[right] = place + 1, place
                    gained = True
        if not gained:
            return


def _inverted(left: list[int], right: list[int], places: list[int]) -> int:
    """Return how many crossings two knots with these neighbours have, less those if they changed places."""
    difference = 0
    for one in left:
        for other in right:
            difference += (places[one] > places[other]) - (places[one] < places[other])
    return difference
