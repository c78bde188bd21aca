"""Bodies that raise: what the run raises, what runs all the same, and what each node tells."""

import traceback

import numba
import numpy as np
import pytest

import zuki
from tests.graph import bodies
from zuki.graph import running


@pytest.fixture(scope="module")
def executor():
    with zuki.Executor(max_threads=2) as made:
        yield made


def check_passed_over(*nodes):
    for node in nodes:
        with pytest.raises(zuki.NodeNotRunError, match=node.name):
            node.result()


def test_a_body_that_raises(executor):
    values, other = np.zeros(6), np.zeros((2, 3))
    graph = zuki.Graph("careful")
    first = graph.add(bodies.fill, values, 1.0)
    failing = graph.add(bodies.refuse_small, values, 2, 1.5, name="doubtful")
    after = graph.add(bodies.double, values)
    later = graph.add(bodies.total, values)
    python = graph.add(lambda *given: given, later, failing)
    alone = graph.add(bodies.fill, other, 3.0)
    alone_too = graph.add(bodies.total, other)
    with pytest.raises(ValueError, match="too small") as caught:
        graph.run(executor)
    error = caught.value
    assert (type(error), error.args) == (ValueError, ("too small", 2))
    last = traceback.extract_tb(error.__traceback__)[-1]
    assert (last.filename, last.lineno) == (bodies.__file__, bodies.FAILING_LINE)
    called = "values: float64[6], place: int64, least: float64"
    assert error.__notes__ == [f"in node 'doubtful' of graph 'careful', called with {called}"]
    with pytest.raises(ValueError, match="too small"):
        failing.result()
    check_passed_over(after, later, python)
    assert (first.result(), alone.result(), alone_too.result()) == (None, None, 18)
    assert values.tolist() == [1] * 6


def test_a_callable_that_raises(executor):
    graph = zuki.Graph("calls")
    failing = graph.add({}.__getitem__, "missing")
    typed, called = graph.add(bodies.plus, 1, 2), graph.add(repr, failing)
    last = graph.add(bodies.nothing, after=called)
    with pytest.raises(KeyError) as caught:
        graph.run(executor)
    assert caught.value.args == ("missing",)
    assert caught.value.__notes__ == ["in node '__getitem__-0' of graph 'calls', called with str"]
    assert typed.result() == 3
    check_passed_over(called, last)
    with pytest.raises(KeyError):
        failing.result()


@pytest.mark.parametrize("wrong", [{}, "text", None], ids=["dict", "str", "None"])
def test_a_result_that_a_jitted_body_cannot_take(executor, wrong):
    graph = zuki.Graph()
    made = graph.add(lambda: wrong)
    consumer = graph.add(bodies.total, made, name="consumer")
    after = graph.add(bodies.plus, consumer, 1)
    with pytest.raises(numba.TypingError) as caught:
        graph.run(executor)
    assert caught.value.__notes__ == ["in node 'consumer' of graph 'graph', called with Node"]
    assert made.result() is wrong
    check_passed_over(after)


def test_several_bodies_that_raise(executor):
    values = np.array([0.0, 9.0, 0.0, 9.0, 0.0])
    graph = zuki.Graph()
    nodes = graph.add_many(bodies.refuse_small, values, zuki.each(np.arange(5)), 5.0)
    after = graph.add_many(bodies.plus, zuki.each(nodes), 1)
    with pytest.raises(ValueError, match="too small") as caught:
        graph.submit(executor).result(30)
    first, number = caught.value.__notes__
    assert first.startswith(f"in node '{nodes[caught.value.args[1]].name}' of graph 'graph', called with ")
    assert number == "2 more of its nodes failed"
    for place in (0, 2, 4):
        with pytest.raises(ValueError, match="too small") as caught:
            nodes[place].result()
        assert caught.value.args == ("too small", place)
    assert (nodes[1].result(), nodes[3].result(), after[1].result(), after[3].result()) == (1, 3, 2, 4)
    check_passed_over(after[0], after[2], after[4])


def test_more_failures_than_are_kept(executor, monkeypatch):
    monkeypatch.setattr(running, "_MOST_FAILURES", 3)
    graph = zuki.Graph()
    nodes = graph.add_many(bodies.refuse_small, np.zeros(8), zuki.each(np.arange(8)), 5.0)
    graph.add(bodies.nothing, after=nodes)
    for _ in range(2):
        with pytest.raises(ValueError, match="too small") as caught:
            graph.run(executor)
        assert "7 more of its nodes failed" in caught.value.__notes__
        kept = []
        for node in nodes:
            with pytest.raises((ValueError, zuki.NodeNotRunError)) as caught:
                node.result()
            kept.append(caught.type is ValueError)
            assert kept[-1] or "kept" in str(caught.value)
        assert sum(kept) == 3


def test_the_note_names_the_node_of_the_exception_when_not_all_are_kept(monkeypatch):
    monkeypatch.setattr(running, "_MOST_FAILURES", 3)
    graph = zuki.Graph()
    places = np.arange(8)
    graph.add_many(bodies.refuse_small, np.zeros(8), zuki.each(places), 5.0, name="node", priority=places)
    with zuki.Executor(max_threads=1) as alone, pytest.raises(ValueError, match="too small") as caught:
        graph.run(alone)
    assert f"'node[{caught.value.args[1]}]'" in caught.value.__notes__[0]


def test_a_graph_runs_again_after_a_failure(executor):
    values = np.zeros(1)
    graph = zuki.Graph()
    failing = graph.add(bodies.refuse_small, values, 0, 1.0)
    after = graph.add(bodies.plus, failing, 7)
    for _ in range(3):
        values[0] = 0
        with pytest.raises(ValueError, match="too small") as caught:
            graph.run(executor)
        assert len(caught.value.__notes__) == 1
        check_passed_over(after)
        values[0] = 1
        assert graph.run(executor).nodes == 2
        assert (failing.result(), after.result(), values[0]) == (0, 7, 2)


@pytest.mark.parametrize("length", [1, 2, 3, 40])
def test_cycles(executor, length):
    graph = zuki.Graph()
    before = graph.add(bodies.plus, 1, 2)
    circle = graph.add_many(bodies.nothing, count=length, name="round", after=before)
    graph.run(executor)
    graph.add_edges(circle.ids, np.roll(circle.ids, -1))
    graph.add(bodies.nothing, after=circle)
    for start in (graph.run, graph.submit):
        with pytest.raises(zuki.GraphCycleError, match="the graph has a cycle: ") as caught:
            start(executor)
        assert sorted(node.id for node in caught.value.nodes) == circle.ids.tolist()
        names = str(caught.value).removeprefix("the graph has a cycle: ").split(" -> ")
        assert names[0] == names[-1] == caught.value.nodes[0].name
        assert ("... 28 more ..." in names) == (length == 40)
        for first, second in zip(caught.value.nodes, caught.value.nodes[1:], strict=False):
            assert circle.start + (first.id - circle.start + 1) % length == second.id
    assert before.result() == 3
