"""`Graph.add`: results, nodes as arguments, order by arrays, Python callables, names."""

import numba
import numpy as np
import pytest

import zuki
from tests.graph import bodies


@pytest.fixture(scope="module")
def executor():
    with zuki.Executor(max_threads=2) as made:
        yield made


def test_nodes_are_numbered_and_named(executor):
    graph = zuki.Graph("named")
    first, second = graph.add(bodies.plus, 1, 2), graph.add(bodies.plus, 3, 4, name="sum")
    assert [first.id, second.id] == [0, 1]
    assert [first.name, second.name] == ["plus-0", "sum"]
    assert (len(graph), list(graph.nodes)) == (2, [first, second])
    assert graph.nodes[-1] == second
    assert len({first, graph.nodes[0], second}) == 2
    assert graph.run(executor).nodes == 2
    assert graph.nodes.results() == [3, 7]


def test_after_takes_nodes_and_iterables_of_them(executor):
    order = []
    graph = zuki.Graph()
    first = graph.add(order.append, 0)
    many = graph.add_many(bodies.nothing, count=3, after=first)
    second = graph.add(order.append, 1, after=many)
    third = graph.add(order.append, 2, after=[second, many])
    graph.add(order.append, 3, after=(node for node in (third,)))
    graph.add(order.append, 4, after=graph.nodes)
    graph.run(executor)
    assert order == [0, 1, 2, 3, 4]


def test_defaults_of_bodies_are_filled_in(executor):
    graph = zuki.Graph()
    nodes = [graph.add(bodies.bounded, *given) for given in [(20,), (-3, -1), (20, 0, 30)]]
    graph.run(executor)
    assert [node.result() for node in nodes] == [9, -1, 20]


def test_arrays_order_writers_and_readers(executor):
    values = np.zeros((4, 4))
    graph = zuki.Graph()
    graph.add(bodies.fill, values, 1.0)
    before = graph.add(bodies.total, values.T)
    graph.add(bodies.double, values[1:3, ::2])
    after = graph.add(bodies.total, values)
    graph.add(bodies.fill, values, 0.0)
    for _ in range(20):
        graph.run(executor)
        assert (before.result(), after.result(), values.sum()) == (16, 20, 0)


def test_jitted_functions_are_bodies(executor):
    @numba.njit
    def halve(values):
        values /= 2

    values = np.full(3, 8.0)
    graph = zuki.Graph()
    graph.add(halve, values)
    graph.add(halve, values)
    summed = graph.add(bodies.total, values)
    graph.run(executor)
    assert summed.result() == 6


def test_callables_run_in_the_order_of_their_arrays(executor):
    values, seen = np.zeros(3), []
    graph = zuki.Graph()
    graph.add(bodies.fill, values, 2.0)
    graph.add(lambda array: seen.append(array.tolist()), values)
    graph.add(bodies.double, values)
    graph.add(lambda array: seen.append(array.tolist()), values[1:])
    graph.add(np.multiply, values, 3, values)
    graph.run(executor)
    assert seen == [[2, 2, 2], [4, 4]]
    assert values.tolist() == [12, 12, 12]


def test_callables_take_results_and_give_them(executor):
    graph = zuki.Graph()
    typed = graph.add(bodies.plus, 1, 2)
    text = graph.add("{} and {}".format, typed, "more")
    assert graph.add(len, text, name="length").name == "length"
    consumer = graph.add(bodies.plus, graph.add(float, typed), 0.5)  # jitted, of a result without a type
    assert graph.add(bodies.plus, typed, typed).name == "plus-5"
    for _ in range(3):
        graph.run(executor)
        assert graph.nodes.results() == [3, "3 and more", 10, 3.0, 3.5, 6]
    assert consumer.result() == 3.5
    assert text.name == "format-1"


def test_results_of_bodies_without_one(executor):
    graph = zuki.Graph()
    nodes = [graph.add(bodies.nothing), graph.add(bodies.fill, np.zeros(2), 1), graph.add(dict.fromkeys, "a")]
    graph.run(executor)
    assert [node.result() for node in nodes] == [None, None, {"a": None}]


def test_a_graph_keeps_its_arguments_alive(executor):
    graph = zuki.Graph()
    sums = [graph.add(bodies.total, np.full(1000, float(number))) for number in range(50)]
    many = graph.add_many(bodies.total, zuki.each(np.ones((50, 1000))))
    graph.run(executor)
    assert [node.result() for node in sums] == [1000.0 * number for number in range(50)]
    assert many.results() == [1000.0] * 50
