"""Timelines: what is drawn of a trace, and that it stays small and harmless."""

import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest

import zuki
from tests.tracing import bodies
from zuki.runtime.recording import NotedRun
from zuki.runtime.run import Outline
from zuki.tracing import bars
from zuki.tracing.events import NODE, PARKED, SPAWNED, STOLEN, Events, Track
from zuki.tracing.timeline import critical_events, timeline_of

SVG = "{http://www.w3.org/2000/svg}"


def outline(count, edges=(), name="made"):
    sources, targets = (
        np.array(column, np.int64) for column in (zip(*edges, strict=True) if edges else ((), ()))
    )
    return Outline(
        name, count, lambda: (np.zeros(count, np.int64), ["body"]), lambda node: f"node {node}",
        lambda: (sources, targets),
    )  # fmt: skip


def made(rows, names=("a", "b"), tracks=1, edges=(), dropped=0):
    """Events from rows: track, kind, name, node, begun, ended."""
    columns = [
        np.array(column, np.int64)
        for column in zip(*sorted(rows, key=lambda row: (row[4], -row[5])), strict=True)
    ]
    track, kind, name, node, begun, ended = columns or [np.zeros(0, np.int64)] * 6
    count = int(node.max(initial=-1)) + 1
    runs = [NotedRun(0, 0, outline(count, edges))]
    run = np.where((kind == NODE) & (node >= 0), 0, -1)
    made_tracks = [Track("pool", f"worker {row}", 0, row) for row in range(tracks)]
    length = int(ended.max(initial=0))
    return Events(
        made_tracks,
        list(names),
        runs,
        0,
        length,
        dropped,
        0,
        track,
        kind,
        name,
        run,
        node,
        begun,
        ended,
        0 * begun,
    )


def words_of(picture):
    root = ET.fromstring(picture.svg)
    return [element.text for element in root.iter(f"{SVG}text")], [
        one.text for one in root.iter(f"{SVG}title")
    ]


def test_a_bar_for_each_task():
    rows = [(0, NODE, 0, 0, 0, 40_000), (1, NODE, 1, 1, 50_000, 100_000), (0, PARKED, 0, -1, 40_000, 100_000)]
    texts, hovers = words_of(timeline_of(made(rows, tracks=2, edges=[(0, 1)])))
    assert {"worker 0", "worker 1", "node 0", "node 1", "a", "b", "critical path", "asleep"} <= set(texts)
    assert "2 tasks on 2 rows in 100 µs" in texts
    assert any(
        hover.startswith("node 0 (a): 40 µs; node, begun at 0 s; on the critical path") for hover in hovers
    )
    assert "asleep for 60 µs" in hovers


def test_the_critical_path_is_the_longest_way_of_the_run():
    rows = [(0, NODE, 0, node, 10 * node, 10 * node + took) for node, took in enumerate([5, 9, 2, 3])]
    found = critical_events(made(rows, edges=[(0, 1), (0, 2), (1, 3), (2, 3)]))
    assert found.tolist() == [True, True, False, True]
    alone = critical_events(made(rows[:1]))
    assert not alone.any()


def test_tasks_inside_of_tasks_lie_below():
    rows = [(0, SPAWNED, 0, -1, depth * 10, 1000 - depth * 10) for depth in range(12)]
    events = made(rows)
    assert bars.depths_of(events, np.arange(12)).tolist() == list(range(12))
    found = bars.bars_of(events, 0, 1.0, np.zeros(12, bool))
    assert sorted(bar.depth for bar in found) == [0, 1, 2, 3, 4, *[bars.DEEPEST] * 7]


def test_short_tasks_are_put_together():
    rows = [(0, SPAWNED, number % 2, -1, 10 * number, 10 * number + 4) for number in range(100_000)]
    events = made(rows)
    picture = timeline_of(events)
    assert len(picture.svg) < 400_000
    _, hovers = words_of(picture)
    assert sum(int(re.match(r"([\d,]+) short", hover)[1].replace(",", "")) for hover in hovers) == 100_000
    least = bars.shortest_bar(events, 1, 1000)
    assert all(0.3 < bar.share < 0.5 for bar in bars.bars_of(events, 0, least, np.zeros(len(events), bool)))


def test_thefts_are_marked_but_not_too_many():
    rows = [(0, STOLEN, 0, 1, number, number + 1) for number in range(10_000)]
    events = made([*rows, (0, NODE, 0, 0, 0, 10_001)])
    assert 1 < len(bars.moments_of(events, 0, STOLEN, 100.0)) <= 51
    assert bars.moments_of(events, 0, STOLEN, 1e9) == [1.0]
    assert bars.moments_of(made([]), 0, STOLEN, 1.0) == []
    texts, _ = words_of(timeline_of(events))
    assert "taken from another worker" in texts


def test_many_names_and_many_tracks():
    names = [f"<script>alert({number})</script>" for number in range(30)]
    rows = [
        (number % 200, NODE, number % 30, number, 100 * number, 100 * number + 99) for number in range(600)
    ]
    picture = timeline_of(made(rows, names=names, tracks=200, dropped=5))
    assert "<script" not in picture.svg
    texts, _ = words_of(picture)
    assert "21 more names" in texts
    assert "and 72 more rows" in texts
    assert any("5 older events are lost" in text for text in texts)
    assert "<script" not in picture._repr_html_().replace("<svg", "")


def test_a_trace_of_nothing_can_be_drawn(tmp_path):
    texts, _ = words_of(zuki.Trace().timeline())
    assert "no task has run" in texts
    zuki.Trace().timeline().save(tmp_path / "nothing.svg")
    assert (tmp_path / "nothing.svg").stat().st_size > 100


def test_a_real_trace_is_drawn(tmp_path):
    with zuki.Executor(max_threads=2) as executor, zuki.trace(executor) as t:
        bodies.a_graph("drawn", count=30, nanoseconds=20_000).run(executor)
    texts, _ = words_of(t.timeline(width=700))
    assert {"take", "other", "critical path"} <= set(texts)
    assert "<svg" in t._repr_html_()
    assert "take" in t._repr_html_()
    with pytest.raises(ValueError, match="width must be between"):
        t.timeline(width=3)
    with pytest.raises(OSError, match="missing"):
        t.timeline().save(tmp_path / "missing" / "t.svg")
