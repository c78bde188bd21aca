"""Work, span and predictions: of schedules that are known, and of real runs."""

import xml.etree.ElementTree as ET
from dataclasses import replace

import numpy as np
import pytest

import zuki
from benchmarks import graphs
from tests.tracing import bodies
from zuki.errors import ZukiError
from zuki.tracing.longest import longest_way
from zuki.tracing.scaling import scaling_of
from zuki.tracing.simulate import LINGER, Simulation
from zuki.tracing.strands import strands_of, strands_of_nodes

NO_EDGES = np.zeros(0, np.int64)


def strands(durations, edges=(), steal=0.0):
    sources, targets = (np.array(edges, np.int64).reshape(-1, 2)[:, side] for side in (0, 1))
    durations = np.array(durations, float)
    names = np.arange(len(durations))
    return strands_of_nodes("made", durations, sources, targets, names, [f"n{n}" for n in names], 1.0, steal)


def test_a_chain_is_not_faster_on_more():
    made = scaling_of(strands([1.0, 2.0, 3.0], [(0, 1), (1, 2)]), [1, 2, 8])
    assert made.seconds == pytest.approx((6.0, 6.0, 6.0), rel=1e-3)
    assert (made.work, made.span) == (6.0, 6.0)
    assert made.parallelism == 1.0
    assert made.stalls_at == 1
    assert "the longest way takes 6 s (n2 50 %, n1 33 %, n0 17 %)" in made.reason


def test_what_is_apart_is_divided():
    made = scaling_of(strands([1.0] * 64), [1, 2, 4, 16, 64])
    assert made.speedups == pytest.approx((1, 2, 4, 16, 64), rel=0.01)
    assert made.stalls_at is None
    assert "up to 64 workers" in made.reason


def test_the_longest_tasks_come_first_and_one_that_is_too_long_is_the_span():
    made = scaling_of(strands([1.0] * 6 + [6.0]), [2, 3])
    assert made.seconds == pytest.approx((6.0, 6.0), rel=1e-3)


@pytest.mark.parametrize("workers", [1, 2, 3, 7, 64])
@pytest.mark.parametrize("graph", graphs.tiny(), ids=lambda graph: graph.kind)
def test_no_schedule_beats_the_bounds_and_none_is_worse_than_greedy(graph, workers):
    durations = 1e-3 * (1 + np.arange(graph.n) % 5)
    made = strands_of_nodes("g", durations, graph.src, graph.dst, np.zeros(graph.n, int), ["n"], 1.0, 1e-6)
    simulation = Simulation(made, wake=2e-6)
    work, span = simulation.work, simulation.span
    took = simulation.seconds(workers)
    assert max(span, work / workers) <= took * (1 + 1e-9)
    slack = graph.n * (1e-6 + 2e-6)
    assert took <= work / workers + span + slack  # Brent's and Graham's bound
    assert simulation.burdened_span >= span
    assert work == pytest.approx(durations.sum())


def test_thefts_and_wake_ups_cost_what_they_cost():
    fan = strands([1e-3, 1e-3, 1e-3], [(0, 1), (0, 2)], steal=1e-4)
    simulation = Simulation(fan, wake=5e-4)
    assert simulation.seconds(1) == pytest.approx(3e-3)
    assert simulation.seconds(2) == pytest.approx(2e-3 + 5e-4)  # the second one is asleep
    assert simulation.burdened_span == pytest.approx(2.1e-3)
    pair = strands([1e-3, LINGER / 2, 1e-3, 1e-3, 1e-3], [(0, 2), (1, 2), (2, 3), (2, 4)], steal=1e-4)
    assert Simulation(pair, wake=2e-4).seconds(2) == pytest.approx(3.2e-3)  # it was woken once more


def test_the_longest_way_is_found_in_any_order_of_nodes():
    edges = np.array([(3, 0), (0, 2), (3, 1), (1, 2)])
    way = longest_way(edges[:, 0], edges[:, 1], np.array([1.0, 5.0, 1.0, 1.0]))
    assert way.tolist() == [3, 1, 2]
    assert longest_way(NO_EDGES, NO_EDGES, np.zeros(0)).tolist() == []


@pytest.fixture(scope="module")
def one():
    with zuki.Executor(max_threads=1, name="one") as executor:
        zuki.run(bodies.fib, 5, executor=executor)
        yield executor


def test_a_traced_run_tells_its_scaling(one):
    graph = bodies.a_graph("scaled", count=30, nanoseconds=20_000)
    with zuki.trace(one) as t:
        report = graph.run(one)
    made = report.scaling([1, 2, 4])
    assert made.title == "scaled"
    assert made.tasks == 60
    assert made.work >= 60 * 19_900e-9
    assert made.work / 2.6 < made.span <= made.work
    assert made.seconds[0] == pytest.approx(made.work)
    again = t.scaling([1, 2, 4])
    assert again.work == pytest.approx(made.work, rel=1e-3)
    assert t.scaling([4, 2], run=0).workers == (2, 4)


def test_a_measured_run_tells_its_scaling(one):
    report = bodies.a_graph(count=10, nanoseconds=20_000).run(one, measure=True)
    made = report.scaling()
    assert made.work == pytest.approx(report.work)
    assert made.span == pytest.approx(report.span)
    assert made.workers[-1] == 64


def shape_of(trace, name, run=0):
    """The strands of a run, where those of a name take 1 and the others nothing."""
    found = strands_of(trace.events, run)
    return Simulation(replace(found, durations=(found.names == found.titles.index(name)).astype(float)))


def test_a_run_of_two_workers_tells_its_scaling():
    with zuki.Executor(max_threads=2) as two, zuki.trace(two) as t:
        bodies.a_graph(count=30, nanoseconds=50_000).run(two)
        zuki.run(bodies.leaves, 20, 100_000, executor=two)
    assert t.scaling([1, 2], run=0).tasks == 60
    made = t.scaling([1, 2, 64], run=1)
    assert made.tasks == 21
    assert made.work >= 20 * 99_500e-9
    shape = shape_of(t, "leaf", 1)
    assert (shape.work, shape.span) == (20.0, 1.0)


def test_leaves_may_run_side_by_side_and_a_chain_of_spawns_may_not(one):
    with zuki.trace(one) as t:
        zuki.run(bodies.leaves, 20, 50_000, executor=one)
    made = t.scaling([1, 2, 4, 64])
    assert made.tasks == 21
    assert made.parallelism == pytest.approx(made.work / made.span)
    shape = shape_of(t, "leaf")
    assert (shape.work, shape.span) == (20.0, 1.0)

    @zuki.task("int64(int64, int64)")
    def one_by_one(count, nanoseconds):
        total = 0
        for _ in range(count):
            total += zuki.join(zuki.spawn(bodies.leaf, nanoseconds))
        return total

    with zuki.trace(one) as t:
        assert zuki.run(one_by_one, 20, 50_000, executor=one) == 20
    shape = shape_of(t, "leaf")
    assert (shape.work, shape.span) == (20.0, 20.0)


def test_a_tree_of_spawns_has_the_span_of_its_depth(one):
    with zuki.trace(one) as t:
        zuki.run(bodies.fib, 14, executor=one)
    made = t.scaling([1, 2, 16])
    assert made.tasks == 610
    assert made.seconds[0] == pytest.approx(made.work)
    node = next(row for row in t.summary() if row.kind == "node")
    assert made.work == pytest.approx(node.total, rel=1e-6)  # strands are all of its time, once
    shape = shape_of(t, "fib")
    assert shape.work >= 610
    assert shape.span < 100
    assert shape.seconds(1) == shape.work


def test_graphs_whose_nodes_spawn(one):
    graph = zuki.Graph("spawns")
    first = graph.add(bodies.leaves, 5, 20_000)
    graph.add(bodies.leaves, 5, 20_000, after=first)
    with zuki.trace(one) as t:
        graph.run(one)
    made = t.scaling([1, 2])
    assert made.tasks == 12
    assert made.span >= 2 * 19_900e-9
    assert made.seconds[0] == pytest.approx(made.work)


def test_what_cannot_be_scaled(one):
    report = bodies.a_graph(count=2).run(one)
    with pytest.raises(ZukiError, match="measure=True"):
        report.scaling()
    with pytest.raises(ZukiError, match="nothing to be scaled"):
        zuki.Trace().scaling()
    with zuki.Executor(max_threads=1) as small, zuki.trace(small, events=16) as t:
        bodies.a_graph(count=100).run(small)
        lost = t.scaling
    with pytest.raises(ZukiError, match="room for more events"):
        lost()
    with pytest.raises(ZukiError, match="1 runs, and no run 7"):
        t.scaling(run=7)
    made = bodies.a_graph(count=2).run(one, measure=True)
    with pytest.raises(ValueError, match="workers must be between"):
        made.scaling([0])
    with pytest.raises(ValueError, match="at least one"):
        made.scaling([])
    with pytest.raises(TypeError, match="workers must be an integer"):
        made.scaling(["many"])
    assert made.scaling(3).workers == (3,)


def test_spawned_tasks_that_have_lost_their_spawners():
    with zuki.Executor(max_threads=1) as small, zuki.trace(small, events=16) as t:
        zuki.run(bodies.fib, 10, executor=small)
    with pytest.raises(ZukiError, match="some spawned tasks of 'run of fib' are not in the trace"):
        t.scaling()


def test_it_is_shown(one, tmp_path):
    made = scaling_of(strands([1e-3] * 8, [(0, n) for n in range(1, 8)]), [1, 2, 4, 16, 64])
    text = str(made)
    assert "parallelism 4.0" in text
    assert "64" in text
    root = ET.fromstring(made.picture().svg)
    words = {element.text for element in root.iter("{http://www.w3.org/2000/svg}text")}
    assert {"workers", "64x", "predicted"} <= words
    assert "<svg" in made._repr_html_()
    evil = strands_of_nodes("<script>", np.ones(1), NO_EDGES, NO_EDGES, np.zeros(1, int), ["<script>"], 1.0)
    assert "<script" not in scaling_of(evil, [1, 2])._repr_html_()
    assert scaling_of(strands([]), [1, 2]).speedups == (1.0, 1.0)


def test_strands_of_one_run_only(one):
    with zuki.trace(one) as t:
        bodies.a_graph(count=3).run(one)
        bodies.a_graph(count=5).run(one)
    assert [strands_of(t.events, run).tasks for run in (0, 1)] == [6, 10]
