"""Where the boxes of a layer stand, so that lines are straight.

Brandes and Köpf, "Fast and simple horizontal coordinate assignment" (2001): each knot is aligned
with the median of its neighbours, four times, from above and from below, from the left and from
the right; the place is the mean of the middle two. Knots that are aligned form a *block*; blocks
are moved together as those of dagre are, over a graph of blocks, which no fault of the original
compaction touches (Brandes, Walter and Zink 2020).
"""

from collections.abc import Iterable
from itertools import pairwise

from zuki.drawing.order import Knots


def places_of(knots: Knots, rows: list[list[int]], widths: list[float], gap: float) -> list[float]:
    """Return where the middle of each knot is, across its layer.

    Parameters
    ----------
    knots : Knots
        Boxes and joints.
    rows : list of list of int
        The knots of each layer, from left to right.
    widths : list of float
        Of each knot, in pixels.
    gap : float
        Pixels between two knots.

    Returns
    -------
    list of float
        Pixels; the leftmost edge is at 0.
    """
    if not rows:
        return []
    crossed = _cross_long_lines(knots, rows)
    four: list[list[float]] = []
    for upwards in (False, True):
        for leftwards in (False, True):
            turned = [row[::-1] if leftwards else row for row in (rows[::-1] if upwards else rows)]
            near = knots.after if upwards else knots.before
            root = _blocks(turned, near, crossed, len(knots.layer))
            placed = _compacted(turned, root, widths, gap)
            four.append([-place for place in placed] if leftwards else placed)
    _shift_together(four, widths)
    middle = [sum(sorted(places)[1:3]) / 2 for places in zip(*four, strict=True)]
    left = min(place - width / 2 for place, width in zip(middle, widths, strict=True))
    return [place - left for place in middle]


def _cross_long_lines(knots: Knots, rows: list[list[int]]) -> set[tuple[int, int]]:
    """Return the lines that cross a piece of a line between two joints, which is to be straight."""
    place = {knot: number for row in rows for number, knot in enumerate(row)}
    crossed: set[tuple[int, int]] = set()
    for above, below in pairwise(rows):
        checked, first = 0, -1  # the knots up to `checked` are done; what they lead to is right of `first`
        for number, knot in enumerate(below):
            inner = _joint_above(knots, knot)
            if inner is None and number < len(below) - 1:
                continue
            last = len(above) if inner is None else place[inner]
            for other in below[checked : number + 1]:
                for upper in knots.before[other]:
                    is_inner = upper >= knots.boxes and other >= knots.boxes
                    if not first <= place[upper] <= last and not is_inner:
                        crossed.add((upper, other))
            checked, first = number + 1, last
    return crossed


def _joint_above(knots: Knots, knot: int) -> int | None:
    """Return the joint that a joint hangs on, if it does."""
    if knot < knots.boxes or knots.before[knot][0] < knots.boxes:
        return None
    return knots.before[knot][0]


def _blocks(
    rows: list[list[int]], near: list[list[int]], crossed: set[tuple[int, int]], count: int
) -> list[int]:
    """Align each knot with a median neighbour in the row before; return the block of each, by its first."""
    place = {knot: number for row in rows for number, knot in enumerate(row)}
    root = list(range(count))
    for row in rows:
        last = -1  # the rightmost that somebody is aligned with: alignments do not cross
        for knot in row:
            others = sorted(near[knot], key=place.__getitem__)
            for other in _middle_of(others):
                if place[other] > last and not {(other, knot), (knot, other)} & crossed:
                    root[knot] = root[other]
                    last = place[other]
                    break
    return root


def _middle_of(others: list[int]) -> list[int]:
    half = (len(others) - 1) // 2
    return others[half : half + 1 + (len(others) % 2 == 0)] if others else []


def _compacted(rows: list[list[int]], root: list[int], widths: list[float], gap: float) -> list[float]:
    """Place the blocks as far left as they go, then each as near to what is right of it as that allows."""
    apart: dict[int, dict[int, float]] = {}  # by the left block and the right one
    waiting: dict[int, int] = {}
    for row in rows:
        for knot in row:
            apart.setdefault(root[knot], {})
            waiting.setdefault(root[knot], 0)
        for left, right in pairwise(row):
            least = (widths[left] + widths[right]) / 2 + gap
            to = apart[root[left]]
            if root[right] not in to:
                waiting[root[right]] = waiting.get(root[right], 0) + 1
            to[root[right]] = max(least, to.get(root[right], 0.0))
    order = [block for block in apart if not waiting[block]]
    place = dict.fromkeys(apart, 0.0)
    for block in order:
        for right, least in apart[block].items():
            place[right] = max(place[right], place[block] + least)
            waiting[right] -= 1
            if not waiting[right]:
                order.append(right)
    for block in reversed(order):
        if apart[block]:
            place[block] = max(place[block], min(place[to] - least for to, least in apart[block].items()))
    return [place[block] for block in root]


def _shift_together(four: list[list[float]], widths: list[float]) -> None:
    """Let the left ends of the two leftward ones be where the narrowest has its, and so the right ends."""
    ends = [(_least(placed, widths), _most(placed, widths)) for placed in four]
    left, right = min(ends, key=lambda end: end[1] - end[0])
    for number, (placed, (least, most)) in enumerate(zip(four, ends, strict=True)):
        shift = right - most if number % 2 else left - least
        four[number] = [place + shift for place in placed]


def _least(placed: Iterable[float], widths: list[float]) -> float:
    return min(place - width / 2 for place, width in zip(placed, widths, strict=True))


def _most(placed: Iterable[float], widths: list[float]) -> float:
    return max(place + width / 2 for place, width in zip(placed, widths, strict=True))
