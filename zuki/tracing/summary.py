"""What the tasks of a trace took, by their names."""

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape

import numpy as np

from zuki.drawing.words import in_words
from zuki.tracing.events import KINDS, Events

_SHOWN = 30  # names in a notebook


@dataclass(frozen=True, slots=True)
class NameSummary:
    """What the tasks of one name took.

    Parameters
    ----------
    name : str
        The name of the task, or of the callable.
    kind : str
        ``"node"``, ``"spawned"``, ``"python node"``, ``"call"`` or ``"step"``.
    count : int
        How many have run.
    total, mean, p95 : float
        Seconds: all together, the mean, and what 95 % do not exceed. Tasks that a task has run meanwhile
        count for both.
    """

    name: str
    kind: str
    count: int
    total: float
    mean: float
    p95: float


class Summary:
    """The summaries of all names, those that took longest first; also by name.

    Parameters
    ----------
    rows : list of NameSummary
        One for each name and kind.
    seconds : float
        How long the trace is.
    dropped : int
        How many events are lost.
    """

    def __init__(self, rows: list[NameSummary], seconds: float, dropped: int) -> None:
        self.rows, self.seconds, self.dropped = rows, seconds, dropped

    def __iter__(self) -> Iterator[NameSummary]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, name: str) -> NameSummary:
        """Return the summary of a name; of several kinds the one that took longest."""
        for row in self.rows:
            if row.name == name:
                return row
        raise KeyError(name)

    def _lines(self) -> list[tuple[str, ...]]:
        return [
            (row.name, row.kind, f"{row.count:,}", *(in_words(t) for t in (row.total, row.mean, row.p95)))
            for row in self.rows
        ]

    def __str__(self) -> str:
        if not self.rows:
            return "no task has run"
        table = [_HEADS, *self._lines()]
        widths = [max(map(len, column)) for column in zip(*table, strict=True)]
        lines = [
            "  ".join(
                f"{cell:<{width}}" if at < 2 else f"{cell:>{width}}"
                for at, (cell, width) in enumerate(zip(row, widths, strict=True))
            ).rstrip()
            for row in table
        ]
        if self.dropped:
            lines.append(f"{self.dropped:,} older events are lost")
        return "\n".join(lines)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        if not self.rows:
            return "<p>no task has run</p>"
        right = "style='text-align:right'"
        head = "".join(f"<th {right if at > 1 else ''}>{text}</th>" for at, text in enumerate(_HEADS))
        body = "".join(
            "<tr>"
            + "".join(f"<td {right if at > 1 else ''}>{escape(cell)}</td>" for at, cell in enumerate(row))
            + "</tr>"
            for row in self._lines()[:_SHOWN]
        )
        if len(self.rows) > _SHOWN:
            body += f"<tr><td>{len(self.rows) - _SHOWN} more names</td></tr>"
        lost = f"; {self.dropped:,} older events are lost" if self.dropped else ""
        return (
            f"<table><caption>trace of {in_words(self.seconds)}{lost}</caption><tr>{head}</tr>{body}</table>"
        )


_HEADS = "name", "kind", "count", "total", "mean", "p95"


def summary_of(events: Events) -> Summary:
    """Sum up the tasks of a trace by their names."""
    tasks = np.flatnonzero(events.is_task)
    durations = (events.ended - events.begun)[tasks] * 1e-9
    keys = events.name[tasks] * len(KINDS) + events.kind[tasks]
    rows = []
    for key in np.unique(keys).tolist():
        took = durations[keys == key]
        name, kind = events.names[key // len(KINDS)], KINDS[key % len(KINDS)]
        p95 = float(np.percentile(took, 95))
        rows.append(NameSummary(name, kind, len(took), float(took.sum()), float(took.mean()), p95))
    rows.sort(key=lambda row: -row.total)
    return Summary(rows, events.length * 1e-9, events.dropped)
