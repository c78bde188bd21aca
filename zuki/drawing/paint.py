"""From a sketch to SVG."""

from zuki.drawing.colours import EDGE, INK, LINE, MARK, PAPER, ink_on
from zuki.drawing.layers import Line
from zuki.drawing.layout import Layout, Point, lay_out
from zuki.drawing.legend import legend_of
from zuki.drawing.picture import Picture
from zuki.drawing.sketch import Box, Sketch
from zuki.drawing.svg import LETTER, LINE_HEIGHT, SIZE, document, number, text
from zuki.drawing.words import columns, escaped, printable

MOST_LABELS = 64  # boxes; above that they are dots, and a legend says what their colours mean
_WIDEST = 26  # columns of a label
_DOT = 13.0  # pixels
_MARGIN = 14.0
_GAPS, _DOT_GAPS = (14.0, 30.0), (11.0, 24.0)  # between boxes of a layer, and between layers
_COUNT_GAPS = (24.0, 46.0)  # where lines have numbers beside them
_NEARER = 0.3  # of the way
_PORTS, _DOT_PORTS = 9.0, 0.0  # between lines where they meet a box
_HEAD, _DOT_HEAD = 3.4, 2.2  # half of what an arrow's head is broad
_PAGE = 920.0  # pixels: what is broader is turned, if that is less broad
_LOOP = 22.0  # pixels beside a box, for a line from it to itself
_STACK = 3.0  # pixels that the second box of a stack looks out


def painted(sketch: Sketch, direction: str | None = None, about: str = "") -> Picture:
    """Draw a sketch.

    Parameters
    ----------
    sketch : Sketch
        What to draw.
    direction : str, optional
        Where lines lead, ``"down"`` or ``"right"``; default: whichever is less broad, if down is too broad.
    about : str
        What it shows, for the picture's ``repr``.

    Returns
    -------
    Picture
        Complete.
    """
    is_labelled = len(sketch.boxes) <= MOST_LABELS
    sizes = [_size_of(box) if is_labelled else (_DOT, _DOT) for box in sketch.boxes]
    rightwards, layout = _laid_out(sketch, sizes, is_labelled, direction)
    legend, legend_size = legend_of(sketch, max(layout.width, 420.0))
    caption = [printable(line, 110) for line in sketch.caption if line]
    head = LINE_HEIGHT * len(caption) + 10.0
    broadest = max([layout.width, legend_size[0], *(LETTER * columns(line) for line in caption)])
    width, height = broadest + 2 * _MARGIN, head + layout.height + legend_size[1] + 2 * _MARGIN
    shift = (_MARGIN + (broadest - layout.width) / 2, _MARGIN + head)

    drawn = [
        text(_MARGIN, _MARGIN + LINE_HEIGHT * (row + 0.75), line, is_title=row == 0)
        for row, line in enumerate(caption)
    ]
    drawn.append(f'<g transform="translate({number(shift[0])} {number(shift[1])})">')
    drawn += _lines(sketch, layout, rightwards, _HEAD if is_labelled else _DOT_HEAD)
    for index, (box, size) in enumerate(zip(sketch.boxes, sizes, strict=True)):
        if (index, index) in sketch.lines:
            drawn.append(_loop(layout.centres[index], size, rightwards))
        drawn.append(_box(box, layout.centres[index], size, is_labelled))
    drawn += _counts(sketch, layout)
    drawn.append(f'</g><g transform="translate({_MARGIN} {number(shift[1] + layout.height)})">{legend}</g>')
    return Picture(document(width, height, drawn, "; ".join(caption)), width, height, about)


def _size_of(box: Box) -> Point:
    longest = max(columns(printable(line, _WIDEST)) for line in box.label)
    return LETTER * longest + 16.0, LINE_HEIGHT * len(box.label) + 9.0


def _laid_out(
    sketch: Sketch, sizes: list[Point], is_labelled: bool, direction: str | None
) -> tuple[bool, Layout]:
    """Return whether lines lead to the right, and where everything is."""
    lines = [line for line in sketch.lines if line[0] != line[1]]
    loops = {line[0] for line in sketch.lines if line[0] == line[1]}
    gaps, ports = (_GAPS, _PORTS) if is_labelled else (_DOT_GAPS, _DOT_PORTS)

    if is_labelled and any(count > 1 for count in sketch.lines.values()):
        gaps = _COUNT_GAPS

    def laid_out(rightwards: bool) -> Layout:
        room = [
            (width + 2 * _LOOP * (not rightwards), height + 2 * _LOOP * rightwards) if box in loops else size
            for box, size in enumerate(sizes)
            for width, height in [size]
        ]
        return lay_out(room, lines, rightwards, gaps, ports)

    if direction is not None:
        return direction == "right", laid_out(direction == "right")
    down = laid_out(False)
    if down.width <= _PAGE:
        return False, down
    right = laid_out(True)
    return (True, right) if right.width < down.width else (False, down)


def _lines(sketch: Sketch, layout: Layout, rightwards: bool, half: float) -> list[str]:
    """Draw all lines of one look as one path: a picture may have a thousand."""
    plain = [line for line in layout.routes if line not in sketch.marked and line not in layout.turned]
    looks = (
        (plain, LINE, 1.2, ""),
        (sorted(layout.turned - sketch.marked), LINE, 1.2, ' stroke-dasharray="4 3"'),
        (sorted(layout.routes.keys() & sketch.marked), MARK, 2.8, ""),
    )
    drawn = []
    for lines, colour, thickness, dashes in looks:
        if not lines:
            continue
        ways = "".join(_way(layout.routes[line], rightwards) for line in lines)
        heads = "".join(
            _head(layout.routes[line][-2:], rightwards, half + 0.6 * (thickness - 1.2)) for line in lines
        )
        drawn.append(f'<path fill="none" stroke="{colour}" stroke-width="{thickness}"{dashes} d="{ways}"/>')
        drawn.append(f'<path fill="{colour}" d="{heads}"/>')
    return drawn


def _way(route: list[Point], rightwards: bool) -> str:
    """Return a smooth path through the points of a route."""
    x, y = route[0]
    way = [f"M{number(x)} {number(y)}"]
    for place, (to_x, to_y) in enumerate(route[1:], 1):
        if place % 2 == 0 or (x == to_x if not rightwards else y == to_y):
            way.append(f"L{number(to_x)} {number(to_y)}")
        elif rightwards:
            half = number((x + to_x) / 2)
            way.append(f"C{half} {number(y)} {half} {number(to_y)} {number(to_x)} {number(to_y)}")
        else:
            half = number((y + to_y) / 2)
            way.append(f"C{number(x)} {half} {number(to_x)} {half} {number(to_x)} {number(to_y)}")
        x, y = to_x, to_y
    return "".join(way)


def _head(last: list[Point], rightwards: bool, half: float) -> str:
    """Return the head of an arrow at the end of a route."""
    (x, y), (to_x, to_y) = last
    long = 1.9 * half
    if rightwards:
        back = to_x - long if to_x >= x else to_x + long
        return (
            f"M{number(back)} {number(to_y - half)}L{number(to_x)} {number(to_y)}"
            f"L{number(back)} {number(to_y + half)}z"
        )
    back = to_y - long if to_y >= y else to_y + long
    return (
        f"M{number(to_x - half)} {number(back)}L{number(to_x)} {number(to_y)}"
        f"L{number(to_x + half)} {number(back)}z"
    )


def _loop(centre: Point, size: Point, rightwards: bool) -> str:
    """Draw a line from a box to itself: beside it, or below it where lines lead to the right."""
    x, y = centre
    if rightwards:
        edge, near, far = y + size[1] / 2, 9.0, _LOOP
        way = (
            f"M{number(x + near)} {number(edge)}C{number(x + near)} {number(edge + far)} "
            f"{number(x - near)} {number(edge + far)} {number(x - near)} {number(edge)}"
        )
        head = _head([(x - near, edge + far), (x - near, edge)], False, _HEAD)
    else:
        edge, near, far = x + size[0] / 2, 7.0, _LOOP
        way = (
            f"M{number(edge)} {number(y + near)}C{number(edge + far)} {number(y + near)} "
            f"{number(edge + far)} {number(y - near)} {number(edge)} {number(y - near)}"
        )
        head = _head([(edge + far, y - near), (edge, y - near)], True, _HEAD)
    return f'<path fill="none" stroke="{LINE}" stroke-width="1.2" d="{way}"/><path fill="{LINE}" d="{head}"/>'


def _box(box: Box, centre: Point, size: Point, is_labelled: bool) -> str:
    """Draw a box with its label, or a dot."""
    (x, y), (width, height) = centre, size
    edge, thickness = (MARK, 3.0) if box.is_marked else (EDGE, 1.0)
    look = f'fill="{box.colour}" stroke="{edge}" stroke-width="{thickness}"'
    if box.is_faint:
        look += ' stroke-dasharray="3 2"'
    title = f"<title>{escaped(box.title, 400)}</title>"
    if not is_labelled:
        return f'<circle cx="{number(x)}" cy="{number(y)}" r="{_DOT / 2}" {look}>{title}</circle>'
    left, top = x - width / 2, y - height / 2
    place = f'width="{number(width)}" height="{number(height)}" rx="5"'
    shapes = f'<rect x="{number(left)}" y="{number(top)}" {place} {look}/>'
    if box.is_stack:
        behind = f'<rect x="{number(left + _STACK)}" y="{number(top + _STACK)}" {place} {look}/>'
        shapes = behind + shapes
    ink = INK if box.is_faint else ink_on(box.colour)
    first = y - LINE_HEIGHT * (len(box.label) - 1) / 2 + 0.35 * SIZE
    written = "".join(
        text(
            x,
            first + LINE_HEIGHT * row,
            printable(line, _WIDEST),
            colour=ink,
            is_small=row > 0,
            anchor="middle",
        )
        for row, line in enumerate(box.label)
    )
    return f"<g>{title}{shapes}{written}</g>"


def _counts(sketch: Sketch, layout: Layout) -> list[str]:
    """Write beside each line that stands for several edges how many."""
    drawn = []
    for line, count in sketch.lines.items():
        if count > 1 and line[0] != line[1]:
            x, y = _place_of_count(layout, line)
            drawn.append(text(x, y + 3.5, f"{count:,}", is_small=True, anchor="middle", halo=PAPER))
    return drawn


def _place_of_count(layout: Layout, line: Line) -> Point:
    """Return the middle of a line; of two that lead there and back, a place nearer to its source."""
    route = layout.routes[line]
    half = len(route) // 2
    (x, y), (to_x, to_y) = route[half - 1 : half + 1]
    share = _NEARER if (line[1], line[0]) in layout.routes else 0.5
    return x + (to_x - x) * share, y + (to_y - y) * share
