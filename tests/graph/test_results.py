"""Results: of each type, as arguments of other nodes, before and after runs."""

import numpy as np
import pytest

import zuki
from tests.graph import bodies

POINT = np.dtype([("x", np.float64), ("y", np.int32)])


@pytest.fixture(scope="module")
def executor():
    with zuki.Executor(max_threads=2) as made:
        yield made


def test_no_result_before_a_run(executor):
    graph = zuki.Graph("early")
    node = graph.add(bodies.plus, 1, 2)
    with pytest.raises(zuki.NodeNotRunError, match="node 'plus-0' of graph 'early' has not run"):
        node.result()
    graph.run(executor)
    late = graph.add(bodies.plus, node, 2)
    assert node.result() == 3
    with pytest.raises(zuki.NodeNotRunError, match="'plus-1'"):
        late.result()
    graph.run(executor)
    assert (node.result(), late.result()) == (3, 5)


@pytest.mark.parametrize("value", [3, 2.5, 1 + 2j, True, np.float32(1.5), np.int8(3)])
def test_scalars(executor, value):
    graph = zuki.Graph()
    node = graph.add(bodies.plus, value, value)
    doubled = graph.add(bodies.plus, node, node)
    graph.run(executor)
    assert node.result() == bodies.plus(value, value)
    assert type(node.result()) is type(bodies.plus(value, value))
    assert doubled.result() == bodies.plus(node.result(), node.result())


def test_arrays(executor):
    graph = zuki.Graph()
    made = graph.add(bodies.ramp, 5)
    summed = graph.add(bodies.total, made)
    both = graph.add(bodies.plus, made, np.ones(5))
    again = graph.add(bodies.total, both)
    for _ in range(3):
        graph.run(executor)
        assert made.result().tolist() == [0, 1, 2, 3, 4]
        assert (summed.result(), again.result()) == (10, 15)


def test_tuples(executor):
    graph = zuki.Graph()
    made = graph.add(bodies.pair, graph.add(bodies.plus, 1.0, 3.0))
    summed = graph.add(bodies.sum_of_pair, made)
    of_arrays = graph.add(bodies.pair, np.arange(3.0))
    arrays = graph.add(bodies.sum_of_pair, of_arrays)
    graph.run(executor)
    assert (made.result(), summed.result()) == ((4.0, 2.0), 6.0)
    assert arrays.result().tolist() == [0, 1.5, 3]


def test_records(executor):
    points = np.array([(1.5, 2), (3.5, 4)], POINT)
    graph = zuki.Graph()
    moved = graph.add(bodies.move_record, points[1], 8.0)
    made = graph.add(bodies.first_of, points[1:])
    summed = graph.add(bodies.sum_of_record, made)
    given = graph.add(bodies.sum_of_record, points[0])
    graph.run(executor)
    assert moved.result() is None
    assert made.result().tolist() == (8.0, 4)
    assert (summed.result(), given.result(), points["x"].tolist()) == (12.0, 3.5, [1.5, 8.0])


def test_results_vary_in_batches(executor):
    graph = zuki.Graph()
    ends = graph.add_many(bodies.plus, zuki.each(np.arange(10)), 1)
    shared = graph.add(bodies.plus, ends[0], 100)
    sums = graph.add_many(bodies.plus, zuki.each(ends), shared)
    graph.run(executor)
    assert sums.results() == [number + 1 + 101 for number in range(10)]
    assert sums[2].result() == 104
    assert [node.result() for node in sums[-2:]] == [110, 111]


def test_results_follow_the_arguments_from_run_to_run(executor):
    values = np.zeros(3)
    graph = zuki.Graph()
    summed = graph.add(bodies.total, values)
    plus_one = graph.add(bodies.plus, summed, 1)
    for number in range(10):
        values[:] = number
        graph.run(executor)
        assert (summed.result(), plus_one.result()) == (3 * number, 3 * number + 1)


def test_runs_of_one_graph_come_one_after_the_other(executor):
    values = np.ones(1)
    graph = zuki.Graph()
    graph.add(bodies.double, values)
    doubled = graph.add(bodies.total, values)
    graph.add(lambda array: None, values)
    futures = [graph.submit(executor) for _ in range(20)]
    assert [future.result(30).nodes for future in futures] == [3] * 20
    assert doubled.result() == 2**20


def test_results_need_a_type_that_bodies_can_take():
    graph = zuki.Graph()
    node = graph.add(bodies.maybe, 1)
    with pytest.raises(
        zuki.TaskError, match="argument 'x' of task 'plus': node 'maybe-0' may result in None"
    ):
        graph.add(bodies.plus, node, 1)
    made = graph.add(bodies.ramp, 3)
    with pytest.raises(zuki.TaskError, match="'declared' was declared for"):
        graph.add(bodies.declared, made)
    assert len(graph) == 2


def test_an_optional_result_is_read_by_python(executor):
    graph = zuki.Graph()
    nodes = graph.add(bodies.maybe, 1), graph.add(bodies.maybe, -1)
    graph.run(executor)
    assert [node.result() for node in nodes] == [1, None]
