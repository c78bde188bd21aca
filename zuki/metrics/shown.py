"""Metrics as text and as a small piece of HTML, which looks the same on a dark page and on a light one."""

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

from zuki.metrics.counts import TaskCounts

if TYPE_CHECKING:
    from zuki.metrics.metrics import Metrics

Row = tuple[str, ...]

_MOST_ROWS = 32  # of workers; the others are told as one
_BAR = 20  # characters
_STATES = "running", "searching", "parked"
_COLOURS = {"running": "#3a9e5c", "searching": "#d9902f", "parked": "#8888"}
_STYLE = (
    "<style>.zuki-metrics{font-size:.9em;line-height:1.3}"
    ".zuki-metrics table{border-collapse:collapse;margin:.3em 0;background:none}"
    ".zuki-metrics th,.zuki-metrics td{padding:.1em .6em;text-align:right;color:inherit;background:none;"
    "border:0;border-bottom:1px solid #8885;font-variant-numeric:tabular-nums}"
    ".zuki-metrics th:first-child,.zuki-metrics td:first-child{text-align:left}"
    ".zuki-metrics i{display:inline-block;height:.7em}"
    ".zuki-metrics .bar{display:inline-block;width:10em;white-space:nowrap;font-size:1em;line-height:0}"
    "</style>"
)


def seconds(value: float) -> str:
    """Return a time as people write it."""
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("us", 1e-6)):
        if value >= size:
            return f"{value / size:.3g} {unit}"
    return f"{value * 1e9:.3g} ns"


def _parts(value: Sequence[float]) -> list[float]:
    whole = sum(value)
    return [part / whole if whole > 0 else 0.0 for part in value]


def tables_of(metrics: "Metrics") -> list[tuple[Row, list[Row]]]:
    """Return heads and rows of the tables that are shown."""
    return [_tasks(metrics), _pool(metrics)]


def _tasks(metrics: "Metrics") -> tuple[Row, list[Row]]:
    kinds = [(name, counts) for name, counts in metrics.tasks._asdict().items() if any(counts)]
    if len(kinds) > 1:
        kinds.append(("all", metrics.tasks.total))
    rows = [(name, *(f"{number:,}" for number in counts)) for name, counts in kinds]
    return ("tasks", *TaskCounts._fields), rows or [("none", *"00000")]


def _pool(metrics: "Metrics") -> tuple[Row, list[Row]]:
    steals, threads = metrics.steals, metrics.threads
    waiting = ", ".join(f"{count:,} {name}" for name, count in metrics.queues._asdict().items() if count)
    rate = metrics.tasks.total.ended / metrics.seconds if metrics.seconds > 0 else 0.0
    return ("executor", metrics.executor), [
        ("seconds", f"{metrics.seconds:.3f} ({rate:,.0f} tasks/s)"),
        ("steals", f"{steals.won:,} of {steals.tried:,} tries, {steals.lost:,} lost, "
                   f"{metrics.tasks_per_steal:.1f} tasks each"),
        ("sleeps", f"{metrics.parks:,}; {metrics.wakes:,} wakes, {metrics.spurious_wakes:,} for nothing"),
        ("contention", f"{metrics.contention:,} failed exchanges"),
        ("overflow", f"{metrics.overflow:,}"),
        ("waiting", waiting or "nothing"),
        ("threads", f"{threads.now} now, {threads.started:,} started, {threads.retired:,} retired"),
        ("utilisation", f"{metrics.utilisation:.0%}"),
        *_times(metrics),
    ]  # fmt: skip


def _times(metrics: "Metrics") -> list[Row]:
    measured = {"tasks take": metrics.durations, "nodes wait": metrics.latencies}
    return [(name, times.summary()) for name, times in measured.items() if times is not None]


def _workers(metrics: "Metrics") -> list[tuple[Row, list[float]]]:
    """Return, for each worker that was there, what is shown of it, and the parts of its time."""
    shown = []
    for row, worker in enumerate(metrics.workers):
        times = [worker.running, worker.searching, worker.parked]
        if sum(times) > 0:
            robbed = metrics.steals.by_victim[row] if row < len(metrics.steals.by_victim) else 0
            cells = (f"{row}", f"{worker.tasks:,}", f"{worker.steals:,}", f"{robbed:,}", f"{worker.parks:,}")
            shown.append((cells, _parts(times)))
    return shown


_WORKER_HEADS = "worker", "tasks", "steals", "robbed", "sleeps"


def as_text(metrics: "Metrics") -> str:
    """Return a few aligned tables."""
    blocks = [_aligned(heads, rows) for heads, rows in tables_of(metrics)]
    workers = _workers(metrics)
    rows = [(*cells, _text_bar(parts), f"{parts[0]:.0%}") for cells, parts in workers[:_MOST_ROWS]]
    if rows:
        blocks.append(_aligned((*_WORKER_HEADS, "runs #, searches +", ""), rows))
    if len(workers) > _MOST_ROWS:
        blocks.append(f"and {len(workers) - _MOST_ROWS} more workers")
    return "\n\n".join(blocks)


def _text_bar(parts: Sequence[float]) -> str:
    running, searching = (round(part * _BAR) for part in parts[:2])
    return ("#" * running + "+" * searching)[:_BAR].ljust(_BAR, ".")


def _aligned(heads: Row, rows: list[Row]) -> str:
    widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
    lines = []
    for row in (heads, *rows):
        first, *others = (
            cell.rjust(width) if at and len(widths) > 2 else cell.ljust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        lines.append("  ".join((first, *others)).rstrip())
    return "\n".join(lines)


def as_html(metrics: "Metrics") -> str:
    """Return a piece of HTML without scripts."""
    pieces = [_STYLE, '<div class="zuki-metrics">']
    pieces += [_html_table(heads, [[escape(cell) for cell in row] for row in rows])
               for heads, rows in tables_of(metrics)]  # fmt: skip
    workers = _workers(metrics)
    rows = [[*cells, _html_bar(parts)] for cells, parts in workers[:_MOST_ROWS]]
    if rows:
        pieces.append(_html_table((*_WORKER_HEADS, "time"), rows))
    if len(workers) > _MOST_ROWS:
        pieces.append(f"<p>and {len(workers) - _MOST_ROWS} more workers</p>")
    return "".join((*pieces, "</div>"))


def _html_table(heads: Row, rows: list[list[str]]) -> str:
    head = "".join(f"<th>{escape(name)}</th>" for name in heads)
    lines = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><tr>{head}</tr>{lines}</table>"


def _html_bar(parts: Sequence[float]) -> str:
    told = ", ".join(f"{name} {part:.0%}" for name, part in zip(_STATES, parts, strict=True))
    pieces = "".join(
        f'<i style="width:{part * 100:.1f}%;background:{_COLOURS[name]}"></i>'
        for name, part in zip(_STATES, parts, strict=True)
    )
    return f'<span class="bar" title="{told}">{pieces}</span> {parts[0]:.0%}'
