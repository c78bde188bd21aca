"""A timeline: what each worker did when, as a picture."""

from collections.abc import Sequence

import numpy as np

from zuki.drawing.colours import LINE, MARK, colours_of, ink_on
from zuki.drawing.picture import Picture
from zuki.drawing.svg import LETTER, document, number, text
from zuki.drawing.words import columns, escaped, in_words, printable
from zuki.tracing.bars import Bar, bars_of, moments_of, shortest_bar, sleeps_of
from zuki.tracing.events import KINDS, NODE, PYTHON, STOLEN, Events
from zuki.tracing.longest import longest_way

_MARGIN = 14.0
_HIGH, _LOW = 20.0, 8.0  # pixels of a bar, and of one inside of another
_GAP = 10.0  # between two tracks
_AXIS = 26.0
_MOST_TRACKS = 128
_MOST_NAMES = 9  # that have colours of their own, and stand in the legend
_OTHERS = "#b4bcc5"
_LONGEST = 26  # letters of a label at the side
_READABLE = 4  # letters that must fit into a bar
_MOST_MARKED = 100_000  # nodes of a run whose longest way is looked for


class _Scale:
    """From nanoseconds to pixels."""

    def __init__(self, left: float, width: float, length: float) -> None:
        self.left, self.width, self.length = left, width, max(length, 1.0)

    def __call__(self, moment: float) -> float:
        return self.left + self.width * min(max(moment, 0.0), self.length) / self.length


def timeline_of(events: Events, width: float = 1040.0) -> Picture:
    """Draw a timeline.

    Parameters
    ----------
    events : Events
        The trace.
    width : float
        Of the picture, in pixels.

    Returns
    -------
    Picture
        A row for each worker or thread that ran tasks; time goes to the right.
    """
    busy = np.bincount(events.track[events.is_task], minlength=len(events.tracks))
    tracks = [track for track in range(len(events.tracks)) if busy[track]]
    shown, left_out = tracks[:_MOST_TRACKS], len(tracks) - _MOST_TRACKS
    labels = _labels(events, shown)
    side = LETTER * max((columns(label) for label in labels), default=0) + 10.0
    scale = _Scale(_MARGIN + side, width - 2 * _MARGIN - side, events.length)
    least = shortest_bar(events, len(shown), scale.width)
    marked = critical_events(events)
    colours = _colours(events)
    drawn, y = [text(_MARGIN, 24, _title(events, len(tracks)), is_title=True)], 40.0
    top = y
    rows: list[str] = []
    for track, label in zip(shown, labels, strict=True):
        svg, height = _row(events, track, scale, y, least, marked, colours)
        rows.append(text(_MARGIN, y + _HIGH - 6, label))
        rows += svg
        y += height + _GAP
    if not shown:
        rows.append(text(_MARGIN, y + 14, "no task has run"))
        y += 30.0
    else:
        drawn += _axis(scale, top, y)
        y += _AXIS
    drawn += rows
    if left_out > 0:
        drawn.append(text(_MARGIN, y, f"and {left_out} more rows"))
        y += 18.0
    legend, y = _legend(events, colours, bool(marked.any()), y, width)
    drawn += legend
    about = f"timeline of {int(events.is_task.sum()):,} tasks on {len(tracks)} tracks"
    return Picture(document(width, y + 8, drawn, about), width, y + 8, f"a {about}")


def critical_events(events: Events) -> np.ndarray:
    """Return which events are nodes on the longest way through their run's graph, by the times they took."""
    marked = np.zeros(len(events), bool)
    nodes = np.flatnonzero((events.kind == NODE) | (events.kind == PYTHON))
    for run in np.unique(events.run[nodes]).tolist():
        count = events.runs[run].outline.nodes if run >= 0 else 0
        if not 1 < count <= _MOST_MARKED:
            continue
        its = nodes[events.run[nodes] == run]
        durations = np.zeros(count)
        durations[events.detail[its]] = events.ended[its] - events.begun[its]
        sources, targets = events.runs[run].outline.edges()
        inside = (sources < count) & (targets < count)  # the graph may have grown since
        way = longest_way(sources[inside], targets[inside], durations)
        if len(way) > 1:
            marked[its[np.isin(events.detail[its], way)]] = True
    return marked


def _labels(events: Events, tracks: Sequence[int]) -> list[str]:
    several = len({events.tracks[track].pool for track in tracks}) > 1
    return [
        printable(f"{events.tracks[track].executor}: " * several + events.tracks[track].label, _LONGEST)
        for track in tracks
    ]


def _title(events: Events, tracks: int) -> str:
    tasks = int(events.is_task.sum())
    lost = f"; {events.dropped:,} older events are lost" if events.dropped else ""
    rows = f" on {tracks} row{'s' * (tracks != 1)}" if tracks else ""
    return f"{tasks:,} task{'s' * (tasks != 1)}{rows} in {in_words(events.length * 1e-9)}{lost}"


def _colours(events: Events) -> dict[int, str]:
    """Return the colours of names, those that took longest first."""
    tasks = events.is_task
    took = np.bincount(events.name[tasks], (events.ended - events.begun)[tasks], minlength=len(events.names))
    there = np.bincount(events.name[tasks], minlength=len(events.names)) > 0
    ordered = [name for name in np.argsort(-took).tolist() if there[name]]
    colours = colours_of(events.names[name] for name in ordered[:_MOST_NAMES])
    return {name: colours.get(events.names[name], _OTHERS) for name in ordered}


def _row(
    events: Events,
    track: int,
    scale: _Scale,
    y: float,
    least: float,
    marked: np.ndarray,
    colours: dict[int, str],
) -> tuple[list[str], float]:
    """Draw a track; return how high it is, too."""
    bars = bars_of(events, track, least, marked)
    deepest = max((bar.depth for bar in bars), default=0)
    height = _HIGH + _LOW * deepest
    end = scale(events.length)
    svg = [_line(scale.left, y + _HIGH / 2, f"H{number(end)}", 0.5)]
    for begun, ended in sleeps_of(events, track, 2 * least):
        left, right = scale(begun), scale(ended)
        shade = _rect(left, y + 6, right - left, _HIGH - 12, LINE, ' fill-opacity=".28"')
        svg.append(_hovered(f"asleep for {in_words((ended - begun) * 1e-9)}", shade))
    for bar in bars:
        svg.append(_bar(events, bar, scale, y, colours, bar.event >= 0 and bool(marked[bar.event])))
    for moment in moments_of(events, track, STOLEN, least):
        x = scale(moment)
        mark = f'<path d="M{number(x)} {number(y - 1)}l-3 -5h6z" fill="{MARK}"/>'
        svg.append(_hovered("took a task from another worker", mark))
    return svg, height


def _bar(
    events: Events, bar: Bar, scale: _Scale, y: float, colours: dict[int, str], is_critical: bool
) -> str:
    left, right = scale(bar.begun), scale(bar.ended)
    high = _HIGH if bar.depth == 0 else _LOW
    top = y if bar.depth == 0 else y + _HIGH + _LOW * (bar.depth - 1)
    broad = max(right - left, 0.5)
    colour = colours.get(bar.name, _OTHERS)
    outline = f' stroke="{MARK}" stroke-width="2"' if is_critical else ""
    if is_critical:
        left, top, broad, high = left + 1, top + 1, max(broad - 2, 0.5), high - 2
    faint = f' fill-opacity="{0.35 + 0.65 * bar.share:.2f}"' if bar.share < 1 else ""
    svg = _rect(left, top, broad, high, colour, faint + outline)
    if bar.depth == 0 and bar.event >= 0:
        fits = int((broad - 6) / LETTER)
        if fits >= _READABLE:
            words = printable(events.label_of(bar.event), fits)
            svg += text(left + 3, top + high / 2 + 4, words, colour=ink_on(colour))
    return _hovered(_hover(events, bar, is_critical), svg)


def _hover(events: Events, bar: Bar, is_critical: bool) -> str:
    """Return what is told of a bar to whom points at it."""
    begun = in_words(bar.begun * 1e-9)
    if bar.event < 0:
        return f"{bar.count:,} short tasks, most of them {events.names[bar.name]}; from {begun} on"
    label, name = events.label_of(bar.event), events.names[bar.name]
    title = label if label == name else f"{label} ({name})"
    lines = [
        f"{title}: {in_words((bar.ended - bar.begun) * 1e-9)}",
        f"{KINDS[events.kind[bar.event]]}, begun at {begun}",
    ]
    if is_critical:
        lines.append("on the critical path")
    return "; ".join(lines)


def _axis(scale: _Scale, top: float, bottom: float) -> list[str]:
    """Draw moments below, with lines up to the top."""
    step = _round_step(scale.length / 8)
    svg = []
    for tick in range(int(scale.length / step) + 1):
        x = scale(tick * step)
        svg.append(_line(x, top - 6, f"V{number(bottom)}", 0.25))
        anchor = "middle" if x < scale.left + scale.width - 24 else "end"
        words = "0" if tick == 0 else in_words(tick * step * 1e-9)
        svg.append(text(x, bottom + 14, words, is_small=True, anchor=anchor))
    return svg


def _rect(x: float, y: float, width: float, height: float, fill: str, more: str = "") -> str:
    place = f'x="{number(x)}" y="{number(y)}" width="{number(width)}" height="{number(height)}"'
    return f'<rect {place} fill="{fill}"{more}/>'


def _line(x: float, y: float, onward: str, opacity: float) -> str:
    path = f"M{number(x)} {number(y)}{onward}"
    return f'<path d="{path}" stroke="{LINE}" stroke-opacity="{opacity}"/>'


def _hovered(words: str, svg: str) -> str:
    return f"<g><title>{escaped(words)}</title>{svg}</g>"


def _round_step(least: float) -> float:
    power = 10.0 ** np.floor(np.log10(least))
    return float(next(power * factor for factor in (1, 2, 5, 10) if power * factor >= least))


def _legend(
    events: Events, colours: dict[int, str], has_path: bool, y: float, width: float
) -> tuple[list[str], float]:
    """Draw what the colours mean; return where that ends, too."""
    named = [(colour, printable(events.names[name], 40)) for name, colour in colours.items()][:_MOST_NAMES]
    entries = [(f'<rect width="12" height="12" rx="2" fill="{colour}"/>', words) for colour, words in named]
    if len(colours) > _MOST_NAMES:
        words = f"{len(colours) - _MOST_NAMES} more names"
        entries.append((f'<rect width="12" height="12" rx="2" fill="{_OTHERS}"/>', words))
    if has_path:
        mark = f'<rect x="1" y="1" width="10" height="10" fill="none" stroke="{MARK}" stroke-width="2"/>'
        entries.append((mark, "critical path"))
    if (events.kind == STOLEN).any():
        entries.append((f'<path d="M6 10l-4 -7h8z" fill="{MARK}"/>', "taken from another worker"))
    if entries:
        entries.append((f'<rect y="3" width="12" height="6" fill="{LINE}" fill-opacity=".28"/>', "asleep"))
    svg, x, y = [], _MARGIN, y + 6
    for element, words in entries:
        step = 18 + LETTER * columns(words) + 16
        if x > _MARGIN and x + step > width - _MARGIN:
            x, y = _MARGIN, y + 19
        svg.append(f'<g transform="translate({number(x)} {number(y)})">{element}{text(18, 10, words)}</g>')
        x += step
    return svg, y + (19 if entries else 0)
