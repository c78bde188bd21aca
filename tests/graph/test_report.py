"""What a run tells of itself."""

from xml.etree import ElementTree

import numpy as np
import pytest

import zuki
from tests.graph import bodies


@pytest.fixture(scope="module")
def executor():
    with zuki.Executor(max_threads=2) as made:
        yield made


@pytest.fixture
def graph():
    made = zuki.Graph("<reported>")
    values = np.ones(20_000)
    made.add(bodies.fill, values, 2.0)
    made.add_many(bodies.total, values, count=10)
    made.add(bodies.double, values)
    return made


def test_fields(executor, graph):
    report = graph.run(executor)
    assert (report.graph, report.nodes) == ("<reported>", len(graph))
    assert report.edges == graph.to_dot().count("->")
    assert report.seconds > 0
    assert 1 <= report.workers <= 2
    assert report.steals >= 0
    assert (report.work, report.span) == (None, None)
    assert "span" not in str(report)
    with pytest.raises(AttributeError):
        report.nodes = 3


def test_work_and_span(executor, graph):
    for report in (
        graph.run(executor, measure=True),
        executor.run(graph, measure=True),
        graph.submit(executor, measure=True).result(30),
    ):
        assert report.work > report.span > 0
        assert report.span <= report.seconds
    assert graph.run(executor).work is None


def test_a_chain_has_no_other_way(executor):
    graph = zuki.Graph()
    values = np.ones(1000)
    for _ in range(5):
        graph.add(bodies.double, values)
    report = graph.run(executor, measure=True)
    assert report.work == pytest.approx(report.span)
    assert report.work > 0


def test_callables_are_measured(executor):
    graph = zuki.Graph()
    graph.add(sum, range(100_000))
    graph.add(sum, range(100_000))
    report = graph.run(executor, measure=True)
    assert report.work > report.span > 0


def test_one_worker_steals_nothing(graph):
    with zuki.Executor(max_threads=1) as alone:
        report = graph.run(alone)
    assert (report.workers, report.steals) == (1, 0)


def test_an_empty_graph(executor):
    graph = zuki.Graph()
    for report in (graph.run(executor), graph.submit(executor).result(30)):
        assert (report.nodes, report.edges, report.workers, report.steals) == (0, 0, 0, 0)
        assert "0 ns a node" in str(report)
    report = graph.run(executor, measure=True)
    assert (report.work, report.span) == (0, 0)
    assert "at most 1.0 times" in str(report)


def test_as_text_and_table(executor, graph):
    report = graph.run(executor, measure=True)
    names = [line.split()[0] for line in str(report).splitlines()]
    assert names == ["graph", "nodes", "edges", "seconds", "workers", "steals", "work", "span"]
    assert f"nodes  {len(graph)}" in str(report)
    assert "times faster" in str(report)
    table = ElementTree.fromstring(report._repr_html_())
    assert table.find("caption").text == "run of <reported>"
    assert [row.find("th").text for row in table.findall("tr")] == names[1:]
    assert table.find("tr").find("td").text == str(len(graph))
