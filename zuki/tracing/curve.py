"""Speed-ups over numbers of workers, as a picture."""

from collections.abc import Sequence
from math import ceil, log2
from textwrap import wrap

from zuki.drawing.colours import LINE, MARK
from zuki.drawing.picture import Picture
from zuki.drawing.svg import LETTER, document, number, text
from zuki.drawing.words import columns, printable

_WIDTH, _HEIGHT = 680.0, 420.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 64.0, 24.0, 46.0, 112.0
_CURVE = "#2f7fd0"
_LONGEST = 105  # letters of a line
_LINES = 2  # of the reason


class _Axes:
    """From workers and speed-ups to pixels; both are doubled from line to line."""

    def __init__(self, most: int) -> None:
        self.doublings = max(1, ceil(log2(most)))
        self._broad, self._high = _WIDTH - _LEFT - _RIGHT, _HEIGHT - _TOP - _BOTTOM

    def x(self, workers: float) -> float:
        return _LEFT + self._broad * log2(workers) / self.doublings

    def y(self, speedup: float) -> float:
        return (
            _HEIGHT
            - _BOTTOM
            - self._high * min(max(log2(max(speedup, 1e-9)), 0.0), self.doublings) / self.doublings
        )


def curve_of(
    title: str,
    workers: Sequence[int],
    speedups: Sequence[float],
    parallelism: float,
    burdened: float,
    reason: str,
) -> Picture:
    """Draw speed-ups over numbers of workers.

    Parameters
    ----------
    title : str
        What was run.
    workers : sequence of int
        Numbers of workers, growing.
    speedups : sequence of float
        What is predicted for each.
    parallelism, burdened : float
        Bounds: work over span, and over the span with thefts.
    reason : str
        Why it is not faster.

    Returns
    -------
    Picture
        Both axes are logarithmic.
    """
    axes = _Axes(max(workers[-1], 2))
    drawn = [text(14, 24, printable(f"Predicted speed-up of {title}", 60), is_title=True)]
    for doubling in range(axes.doublings + 1):
        count = 2**doubling
        x, y = axes.x(count), axes.y(count)
        drawn.append(_line([(x, _TOP), (x, _HEIGHT - _BOTTOM)], LINE, 'stroke-opacity=".22"'))
        drawn.append(_line([(_LEFT, y), (_WIDTH - _RIGHT, y)], LINE, 'stroke-opacity=".22"'))
        drawn.append(text(x, _HEIGHT - _BOTTOM + 17, str(count), anchor="middle"))
        drawn.append(text(_LEFT - 8, y + 4, f"{count}x", anchor="end"))
    drawn.append(
        text(_LEFT + (_WIDTH - _LEFT - _RIGHT) / 2, _HEIGHT - _BOTTOM + 36, "workers", anchor="middle")
    )
    most = 2.0**axes.doublings
    dashed = 'stroke-dasharray="5 4"'
    drawn.append(_line([(axes.x(1), axes.y(1)), (axes.x(most), axes.y(most))], LINE, dashed))
    entries = [(f'<path d="M0 6h16" stroke="{LINE}" {dashed}/>', "as many times as workers")]
    for bound, more, words in (
        (parallelism, "", "work / span"),
        (burdened, 'stroke-dasharray="2 3"', "with thefts"),
    ):
        if bound < most:
            y = axes.y(bound)
            drawn.append(_line([(_LEFT, y), (_WIDTH - _RIGHT, y)], MARK, f'{more} stroke-opacity=".8"'))
        entries.append((f'<path d="M0 6h16" stroke="{MARK}" {more}/>', f"{words}: {bound:.3g}x"))
    points = [(axes.x(count), axes.y(fast)) for count, fast in zip(workers, speedups, strict=True)]
    drawn.append(_line(points, _CURVE, 'stroke-width="2.5" stroke-linejoin="round"'))
    for (x, y), count, fast in zip(points, workers, speedups, strict=True):
        words = f"{count} workers: {fast:.2f} times faster ({100 * fast / count:.0f} %)"
        circle = f'<circle cx="{number(x)}" cy="{number(y)}" r="4" fill="{_CURVE}">'
        drawn.append(f"{circle}<title>{words}</title></circle>")
        left = x < _LEFT + 12
        drawn.append(
            text(
                x + (7 if left else -7),
                y - 8,
                f"{fast:.2f}",
                is_small=True,
                anchor="start" if left else "end",
                halo="#ffffff",
            )
        )
    x = 14.0
    for element, words in [
        (f'<path d="M0 6h16" stroke="{_CURVE}" stroke-width="2.5"/>', "predicted"),
        *entries,
    ]:
        drawn.append(
            f'<g transform="translate({number(x)} {number(_HEIGHT - 64)})">{element}{text(22, 10, words)}</g>'
        )
        x += 22 + LETTER * columns(words) + 16
    for index, line in enumerate(wrap(printable(reason, _LINES * _LONGEST), _LONGEST)[:_LINES]):
        drawn.append(text(14, _HEIGHT - 30 + 15 * index, line, is_small=True))
    return Picture(
        document(_WIDTH, _HEIGHT, drawn, f"predicted speed-up of {title}"),
        _WIDTH,
        _HEIGHT,
        f"the predicted speed-up of {title}",
    )


def _line(points: Sequence[tuple[float, float]], colour: str, more: str) -> str:
    path = "L".join(f"{number(x)} {number(y)}" for x, y in points)
    return f'<path d="M{path}" fill="none" stroke="{colour}" {more}/>'
