"""What stands below a picture: what its colours mean."""

from zuki.drawing.colours import EDGE, MARK, on_scale
from zuki.drawing.layout import Point
from zuki.drawing.sketch import Sketch
from zuki.drawing.svg import LETTER, number, text
from zuki.drawing.words import columns, printable

_ROW = 19.0  # pixels
_STEPS = 6  # colours of the scale that are shown
_MOST = 14  # kinds that are named
_LONGEST = 40  # columns


def legend_of(sketch: Sketch, width: float) -> tuple[str, Point]:
    """Draw the legend of a sketch.

    Parameters
    ----------
    sketch : Sketch
        Whose legend.
    width : float
        How broad it may be; rows follow one another below.

    Returns
    -------
    svg : str
        Its elements; empty if nothing needs to be said.
    size : (float, float)
        Width and height.
    """
    drawn: list[str] = []
    x, y, broadest = 0.0, _ROW, 0.0
    for element, words in _entries(sketch):
        step = 20.0 + LETTER * columns(words)
        if x and x + step > width:
            x, y = 0.0, y + _ROW
        drawn.append(f'<g transform="translate({number(x)} {number(y)})">{element}{text(18, 10, words)}</g>')
        x += step + 14.0
        broadest = max(broadest, x - 14.0)
    if sketch.scale is not None:
        if drawn:
            y += _ROW
        scale, step = _scale_of(*sketch.scale)
        drawn.append(f'<g transform="translate(0 {number(y)})">{scale}</g>')
        broadest = max(broadest, step)
    if not drawn:
        return "", (0.0, 0.0)
    return "".join(drawn), (broadest, y + _ROW)


def _entries(sketch: Sketch) -> list[tuple[str, str]]:
    """Return what is drawn and what is said of it."""
    swatch = f'<rect width="12" height="12" rx="3" stroke="{EDGE}" fill="'
    entries = [
        (f'{swatch}{colour}"/>', printable(words, _LONGEST)) for colour, words in sketch.legend[:_MOST]
    ]
    if len(sketch.legend) > _MOST:
        entries.append(("", f"and {len(sketch.legend) - _MOST} more"))
    if sketch.path:
        entries.append((f'<path stroke="{MARK}" stroke-width="3" d="M0 6h13"/>', sketch.path))
    return entries


def _scale_of(least: str, most: str) -> tuple[str, float]:
    """Draw the scale, between the words of its ends; return how broad it is, too."""
    x = LETTER * columns(least) + 8.0
    steps = [
        f'<rect x="{number(x + 22 * step)}" width="22" height="12" fill="{on_scale(step / (_STEPS - 1))}"/>'
        for step in range(_STEPS)
    ]
    end = x + 22 * _STEPS + 8.0
    frame = f'<rect x="{number(x)}" width="{22 * _STEPS}" height="12" fill="none" stroke="{EDGE}"/>'
    return text(0, 10, least) + "".join(steps) + frame + text(end, 10, most), end + LETTER * columns(most)
