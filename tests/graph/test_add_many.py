"""`Graph.add_many` and `each`: what varies, what is shared, and what orders them."""

from collections import deque

import numba
import numpy as np
import pytest

import zuki
from tests.graph import bodies

POINT = np.dtype([("x", np.float64), ("y", np.int32)])


@pytest.fixture(scope="module")
def executor():
    with zuki.Executor(max_threads=2) as made:
        yield made


def results_of(executor, body, *arguments, **options):
    graph = zuki.Graph()
    nodes = graph.add_many(body, *arguments, **options)
    graph.run(executor)
    return nodes.results()


SEQUENCES = {
    "int64": np.arange(7),
    "float32": np.arange(7, dtype=np.float32),
    "uint8": np.arange(7, dtype=np.uint8),
    "backwards": np.arange(7)[::-1],
    "strided": np.arange(14.0)[::2],
    "bool": np.arange(7) % 2 == 0,
    "complex": np.arange(7) * 1j,
    "list": [1, 2, 3],
    "list of two types": [1, 2.5, 3],
    "tuple": (1.0, 2.0),
    "range": range(5),
    "deque": deque([1, 2]),
    "list of arrays": [np.ones(2), np.zeros(3)],
    "rows": np.arange(12.0).reshape(4, 3),
    "columns": np.arange(12.0).reshape(3, 4).T,
    "three dimensions": np.arange(24.0).reshape(4, 3, 2),
    "one": np.array([5]),
}


@pytest.mark.parametrize("values", SEQUENCES.values(), ids=SEQUENCES)
def test_each_node_gets_its_item(executor, values):
    found = results_of(executor, bodies.plus, zuki.each(values), 1)
    assert len(found) == len(values)
    for result, value in zip(found, values, strict=True):
        assert np.array_equal(result, bodies.plus(value, 1))


def test_items_of_arrays_are_views(executor):
    values = np.zeros((4, 3))
    assert results_of(executor, bodies.fill, zuki.each(values), zuki.each(np.arange(4.0))) == [None] * 4
    assert values.tolist() == [[n] * 3 for n in range(4)]


def test_structured_arrays(executor):
    points = np.array([(n + 0.5, n) for n in range(5)], POINT)
    assert results_of(executor, bodies.sum_of_record, zuki.each(points)) == [2 * n + 0.5 for n in range(5)]
    graph = zuki.Graph()
    graph.add_many(bodies.move_record, zuki.each(points), zuki.each(np.arange(5.0)))
    sums = graph.add_many(bodies.sum_of_record, zuki.each(points))
    graph.run(executor)
    assert sums.results() == [2.0 * n for n in range(5)]


def test_nothing_varies(executor):
    assert results_of(executor, bodies.plus, 1, 2, count=3) == [3, 3, 3]
    assert results_of(executor, bodies.nothing, count=np.int64(2)) == [None, None]
    assert results_of(executor, bodies.bounded, zuki.each([20, 5]), count=2) == [9, 5]
    assert results_of(executor, numba.njit(lambda x: x + 1), zuki.each(np.arange(3))) == [1, 2, 3]


def test_empty_batches(executor):
    graph = zuki.Graph("few")
    assert list(graph.add_many(bodies.plus, 1, 2, count=0)) == []
    empty = graph.add_many(bodies.plus, zuki.each(np.empty(0)), 2, after=graph.add(bodies.nothing))
    assert (len(empty), empty.results(), empty.ids.tolist(), len(graph)) == (0, [], [], 1)
    assert repr(empty)
    graph.add(bodies.nothing, after=empty)
    graph.add_edges(empty.ids, empty.ids)
    graph.add_edges([], [])
    assert graph.run(executor).nodes == 2


def test_edges_between_nodes(executor):
    graph = zuki.Graph()
    seen = np.zeros(4)
    ends, starts = graph.add_many(bodies.nothing, count=2), graph.add_many(bodies.fill, seen, 1.0, count=2)
    graph.add_edges(starts, ends)
    graph.add_edges(list(starts), (ends[1], ends[0]))
    assert graph.run(executor).edges == 4


def test_nodes_of_a_batch(executor):
    graph = zuki.Graph("batches")
    graph.add(bodies.nothing)
    named = graph.add_many(bodies.nothing, count=3, name="tile")
    assert repr(named) == "<zuki.Nodes 1 to 3 of 'batches'>"
    assert (named.start, named.stop, named.ids.tolist(), named.ids.dtype) == (1, 4, [1, 2, 3], np.int64)
    assert [node.name for node in named] == ["tile[0]", "tile[1]", "tile[2]"]
    assert (named[-1].id, [node.id for node in named[1:]]) == (3, [2, 3])
    assert graph.add_many(bodies.nothing, count=1, name="single")[0].name == "single"
    with pytest.raises(IndexError):
        named[3]


@pytest.mark.parametrize("count", [1, 3, 30])
def test_shared_arrays_are_ordered_with_the_nodes_around(executor, count):
    values, results = np.zeros(count), np.zeros((count, 1))
    graph = zuki.Graph()
    for number in range(count):
        graph.add(bodies.fill, values[number : number + 1], 1.0)
    early = graph.add_many(bodies.total, values, count=count)
    graph.add(bodies.double, values)
    late = graph.add_many(bodies.total, zuki.each([values] * count))
    graph.add_many(bodies.fill, zuki.each(results), late[0])
    final = graph.add(bodies.total, results)
    graph.add(bodies.fill, values, 0.0)
    for _ in range(10):
        graph.run(executor)
        assert early.results() == [count] * count
        assert late.results() == [2 * count] * count
        assert (final.result(), values.sum()) == (2 * count**2, 0)
    assert ("join" in graph.to_dot()) == (count == 30)  # 30 x 30 edges would be too many


def test_batches_wait_for_all_of_after(executor):
    counter, order = np.zeros(1, np.int64), np.zeros(60, np.int64)
    graph = zuki.Graph()
    first = graph.add_many(bodies.stamp, counter, order, 0, count=20)
    second = graph.add_many(bodies.stamp, counter, order, 1, count=20, after=first)
    graph.add_many(bodies.stamp, counter, order, 2, count=20, after=[second, first[0]])
    with zuki.Executor(max_threads=1) as alone:
        graph.run(alone)
    assert order.tolist() == [0] * 20 + [1] * 20 + [2] * 20


def test_items_of_arrays_of_objects_keep_their_types(executor):
    graph = zuki.Graph()
    nodes = graph.add_many(bodies.plus, zuki.each(np.array([1, 2.5, True], object)), 1)
    executor.run(graph)
    assert [node.result() for node in nodes] == [2, 3.5, 2]


def test_numbers_in_another_byte_order_are_converted(executor):
    graph = zuki.Graph()
    values = np.arange(3.0)
    nodes = graph.add_many(bodies.plus, zuki.each(values.astype(values.dtype.newbyteorder())), 1)
    executor.run(graph)
    assert [node.result() for node in nodes] == [1.0, 2.0, 3.0]
