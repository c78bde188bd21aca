"""From boxes of some size, and lines between them, to where everything is."""

from dataclasses import dataclass

from zuki.drawing.layers import Line, layers_of, without_circles
from zuki.drawing.order import Knots, knotted, ordered
from zuki.drawing.places import places_of

Point = tuple[float, float]

_JOINT = 3.0  # pixels across: what a line takes where it passes a layer
_STEEPEST = 0.16  # of the longest step to the side: what layers are further apart for
_MOST_APART = 70.0
_PORTS_APART = 9.0
_BESIDE = 5.0  # pixels: half of what is between two lines that lead there and back


@dataclass(frozen=True, slots=True)
class Layout:
    """Where boxes and lines are, in pixels from the upper left corner.

    Parameters
    ----------
    width, height : float
        Of the whole.
    centres : list of (float, float)
        Of each box.
    routes : dict
        For each line its points, from its source to its target; between an odd one and the next it is
        straight, else it leaves and arrives along the layers' direction.
    turned : set of (int, int)
        The lines that lead against the direction: they close circles.
    layers : int
        How many layers there are.
    """

    width: float
    height: float
    centres: list[Point]
    routes: dict[Line, list[Point]]
    turned: set[Line]
    layers: int


def lay_out(
    sizes: list[Point], lines: list[Line], rightwards: bool, gaps: Point, ports_apart: float = _PORTS_APART
) -> Layout:
    """Lay out boxes in layers.

    Parameters
    ----------
    sizes : list of (float, float)
        Width and height of each box, in pixels.
    lines : list of (int, int)
        Which box leads to which; from a box to itself, none.
    rightwards : bool
        Layers follow one another from left to right, not from top to bottom.
    gaps : (float, float)
        Pixels between two boxes of a layer, and between two layers.
    ports_apart : float
        Pixels between two lines where they meet a box, at most.

    Returns
    -------
    Layout
        Where everything is.
    """
    kept, turned = without_circles(len(sizes), lines)
    knots = knotted(layers_of(len(sizes), kept), kept)
    rows = ordered(knots)
    joints = [(_JOINT, _JOINT)] * (len(knots.layer) - len(sizes))
    along = [size[0] if rightwards else size[1] for size in [*sizes, *joints]]
    across = [size[1] if rightwards else size[0] for size in [*sizes, *joints]]
    places = places_of(knots, rows, across, gaps[0])
    middles, thick, depth = _layers_along(knots, rows, along, places, gaps[1])

    def point(a: float, b: float) -> Point:
        return (b, a) if rightwards else (a, b)

    centres = [point(places[box], middles[knots.layer[box]]) for box in range(len(sizes))]
    routes, wanted = {}, set(lines)
    ports = _ports(knots, places, across, ports_apart)
    for line, chain in knots.chains.items():
        first, last = chain[0], chain[-1]
        here, there = middles[knots.layer[first]], middles[knots.layer[last]]
        route = [point(ports[line, first], here + along[first] / 2)]
        for joint in chain[1:-1]:
            middle, half = middles[knots.layer[joint]], thick[knots.layer[joint]] / 2
            route += [point(places[joint], middle - half), point(places[joint], middle + half)]
        route.append(point(ports[line, last], there - along[last] / 2))
        back = line[1], line[0]
        if back in turned:
            routes[back] = route[::-1]
        if line in wanted:
            routes[line] = route
        if back in turned and line in wanted:  # one beside the other
            beside = min(_BESIDE, 0.15 * across[first], 0.15 * across[last])  # still at their boxes
            for each, shift in ((back, beside), (line, -beside)):
                routes[each] = [
                    (x + shift * (not rightwards), y + shift * rightwards) for x, y in routes[each]
                ]
    width = max((place + size / 2 for place, size in zip(places, across, strict=True)), default=0.0)
    return Layout(*point(width, depth), centres, routes, turned, len(rows))


def _layers_along(
    knots: Knots, rows: list[list[int]], along: list[float], places: list[float], gap: float
) -> tuple[list[float], list[float], float]:
    """Return the middle and the thickness of each layer, and where the last one ends."""
    middles, thick, end = [], [], 0.0
    for number, row in enumerate(rows):
        thickness = max(along[knot] for knot in row)
        middles.append(end + thickness / 2)
        thick.append(thickness)
        end += thickness
        if number < len(rows) - 1:
            steps = [abs(places[knot] - places[to]) for knot in row for to in knots.after[knot]]
            end += max(gap, min(_MOST_APART, _STEEPEST * max(steps, default=0.0)))
    return middles, thick, end


def _ports(
    knots: Knots, places: list[float], across: list[float], most_apart: float
) -> dict[tuple[Line, int], float]:
    """Return where each line meets its boxes, so that those on one side of a box do not meet in one point."""
    ends: dict[tuple[int, bool], list[tuple[float, Line]]] = {}
    for line, chain in knots.chains.items():
        ends.setdefault((chain[0], True), []).append((places[chain[1]], line))
        ends.setdefault((chain[-1], False), []).append((places[chain[-2]], line))
    ports = {}
    for (box, _), found in ends.items():
        found.sort()
        apart = min(most_apart, 0.7 * across[box] / len(found))
        for number, (_, line) in enumerate(found):
            ports[line, box] = places[box] + apart * (number - (len(found) - 1) / 2)
    return ports
