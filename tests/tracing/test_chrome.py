"""Traces as files: what Chrome's format demands, and what Perfetto makes of them."""

import gzip
import json
import os
import stat
from collections import Counter

import pytest

import zuki
from tests.tracing import bodies, perfetto


@pytest.fixture(scope="module")
def trace():
    with zuki.Executor(max_threads=2, name="saved") as executor:
        graph = bodies.a_graph("named <script>alert(1)</script>", count=1000)
        graph.add(bodies.python_body, 1, name='quotes " and \\ and \u2713')
        with zuki.trace(executor) as made:
            graph.run(executor)
            zuki.run(bodies.fib, 10, executor=executor)
            executor.submit(bodies.python_body, 1).result()
        yield made


def test_what_is_written_is_chromes_format(trace, tmp_path):
    trace.save(tmp_path / "run.json")
    read = json.loads((tmp_path / "run.json").read_text())
    assert read["otherData"] == {"tasks": trace.tasks, "dropped events": 0}
    found = read["traceEvents"]
    phases = Counter(event["ph"] for event in found)
    assert set(phases) <= {"M", "X", "i"}
    assert phases["X"] + phases["i"] == len(trace)
    named = {(event["pid"], event["tid"]) for event in found if event["name"] == "thread_name"}
    for event in found:
        assert isinstance(event["name"], str)
        assert isinstance(event["pid"], int)
        assert isinstance(event["tid"], int)
        if event["ph"] != "M":
            assert (event["pid"], event["tid"]) in named
            assert event["ts"] >= 0
        if event["ph"] == "X":
            assert event["dur"] >= 0
        if event["ph"] == "i":
            assert event["s"] == "t"
    nodes = [event for event in found if event.get("cat") == "node"]
    assert Counter(event["args"]["task"] for event in nodes) == {"take": 1000, "other": 1000, "fib": 1}
    assert any(event["name"] == 'quotes " and \\ and \u2713' for event in found)


def test_a_file_may_be_compressed(trace, tmp_path):
    trace.save(str(tmp_path / "run.json.gz"))
    with gzip.open(tmp_path / "run.json.gz", "rt") as file:
        assert len(json.load(file)["traceEvents"]) > len(trace)


def test_a_file_has_the_rights_of_any_other(trace, tmp_path):
    trace.save(tmp_path / "run.json")
    (tmp_path / "other").write_text("")
    assert stat.S_IMODE(os.stat(tmp_path / "run.json").st_mode) == stat.S_IMODE(
        os.stat(tmp_path / "other").st_mode
    )


def test_a_file_that_cannot_be_written_leaves_nothing(trace, tmp_path):
    with pytest.raises(OSError, match="missing"):
        trace.save(tmp_path / "missing" / "run.json")
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match="folder"):
        trace.save(tmp_path / "folder")
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


def test_perfetto_loads_it(trace, tmp_path):
    trace.save(tmp_path / "run.json.gz")
    with perfetto.loaded(tmp_path / "run.json.gz", tmp_path / "perfetto.sock") as processor:
        rows = processor.query("select category, count(*) as many from slice group by category")
        found = {row.category: row.many for row in rows}
        assert found["node"] == 2001
        assert sum(found.values()) == len(trace)
        rows = processor.query("select name, dur from slice where category = 'node' order by ts")
        durations = {}
        for row in rows:
            durations.setdefault(row.name, []).append(row.dur)
        with gzip.open(tmp_path / "run.json.gz", "rt") as file:
            nodes = [event for event in json.load(file)["traceEvents"] if event.get("cat") == "node"]
        assert {name: len(each) for name, each in durations.items()} == Counter(n["name"] for n in nodes)
        assert sum(map(sum, durations.values())) == pytest.approx(1000 * sum(n["dur"] for n in nodes))
        threads = {row.name for row in processor.query("select name from thread where name is not null")}
        assert {track.label for track in trace.events.tracks} <= threads
        errors = processor.query("select sum(value) as many from stats where severity = 'error'")
        assert next(iter(errors)).many in (None, 0)


def test_pandas_makes_a_table_of_it(trace):
    pytest.importorskip("pandas")
    table = trace.to_dataframe()
    assert len(table) == len(trace)
    assert (table.kind == "node").sum() == 2001
    assert table[table.name == "take"].duration.min() > 0
    assert set(table.executor) == {"saved"}


def test_without_pandas_it_is_said_what_is_missing(trace, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pandas", None)
    with pytest.raises(ImportError, match=r"pip install 'zuki\[pandas\]'"):
        trace.to_dataframe()
