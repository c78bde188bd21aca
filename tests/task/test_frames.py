"""Every kind of argument and result, through a frame and back, as a call in place gives it."""

from typing import NamedTuple

import numba
import numpy as np
import pytest
from numba import typed

import zuki
from tests.task.one_node import Balance, executor, same, through_a_graph

__all__ = ["executor"]


class Point(NamedTuple):
    x: object
    y: object


RECORD = np.dtype([("x", np.float64), ("n", np.int8), ("v", np.float32, (3,)), ("s", "U2")], align=True)
PACKED = np.dtype([("n", np.int8), ("x", np.float64)])
SQUARE = np.arange(12.0).reshape(3, 4)


def made_unaligned():
    array = np.zeros(33, np.uint8)[1:].view(np.float64)
    array[:] = np.arange(4)
    return array


def made_readonly():
    array = np.arange(3.0)
    array.flags.writeable = False
    return array


def made_records(dtype=RECORD):
    array = np.zeros(3, dtype)
    array["x"], array["n"] = [1.5, 2.5, 3.5], [1, 2, 3]
    return array


INTEGERS = ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"]
NUMBERS = [*INTEGERS, "float32", "float64", "complex64", "complex128", "bool"]
VALUES = {
    **{f"{name} {end}": np.dtype(name).type(end) for name in NUMBERS for end in (0, 1, 77)},
    **{f"least {name}": np.dtype(name).type(np.iinfo(name).min) for name in INTEGERS},
    **{f"most {name}": np.dtype(name).type(np.iinfo(name).max) for name in INTEGERS},
    "int": -(2**62),
    "float": -1e300,
    "infinity": float("inf"),
    "complex": 1.5 - 2j,
    "True": True,
    "False": False,
    "None": None,
    "text": "häß\U0001f600",
    "no text": "",
    "ascii": "abc",
    "bytes": b"abc",
    "date": np.datetime64("2020-02-29", "D"),
    "no date": np.datetime64("NaT", "us"),
    "duration": np.timedelta64(-5, "ns"),
    "type": np.float32,
    "dtype": np.dtype("int16"),
    "no tuple": (),
    "tuple": (1, 2, 3),
    "mixed tuple": (np.int8(1), 2.5, True, "a", None, 1j),
    "nested tuple": (1, (2.5, (np.int8(3), (), (False,))), (b"x",)),
    "arrays in a tuple": (np.arange(3), SQUARE.T, (np.arange(2, dtype=np.int8),), 7),
    "like arrays in a tuple": (np.arange(3.0), np.arange(4.0)),
    "namedtuple": Point(1, 2.5),
    "arrays in namedtuples": Point(Point(np.arange(3.0), 1), (SQUARE[:, 1], np.int16(2))),
    "C": SQUARE,
    "F": np.asfortranarray(SQUARE),
    "transposed": SQUARE.T,
    "strided": SQUARE[::2, 1::2],
    "reversed": SQUARE[::-1, ::-1],
    "broadcast": np.broadcast_to(np.arange(3.0), (2, 3)),
    "readonly": made_readonly(),
    "unaligned": made_unaligned(),
    "no dimensions": np.array(3.5),
    "empty": np.zeros((0, 3)),
    "empty strided": np.zeros((4, 0))[::2],
    "five dimensions": np.arange(8).reshape(2, 1, 2, 1, 2),
    **{f"array of {name}": np.arange(3).astype(name) for name in NUMBERS},
    "array of texts": np.array(["ab", "c"]),
    "array of bytes": np.array([b"ab", b"c"]),
    "array of dates": np.array(["2020-01-01", "NaT"], "M8[s]"),
    "array of durations": np.arange(3).astype("m8[ms]"),
    "records": made_records(),
    "strided records": made_records()[::2],
    "packed records": made_records(PACKED),
    "recarray": made_records().view(np.recarray),
    "record": made_records()[1],
    "packed record": made_records(PACKED)[1],
    "record of a recarray": made_records().view(np.recarray)[2],
    "typed list": typed.List([1.0, 2.0]),
    "typed list of arrays": typed.List([np.arange(3.0)]),
}


@zuki.task(cache=False)
def same_again(value):
    return value


@pytest.mark.parametrize("kind", VALUES)
def test_a_value_comes_back_as_from_a_call_in_place(kind, executor):
    value = VALUES[kind]
    returned, through = same_again(value), through_a_graph(executor, same_again, value)
    assert same(returned, through)


@pytest.mark.parametrize(
    "kind", ["C", "transposed", "strided", "reversed", "unaligned", "records", "no dimensions"]
)
def test_an_array_that_comes_back_is_the_same_memory(kind, executor):
    array = VALUES[kind]
    assert np.shares_memory(through_a_graph(executor, same_again, array), array)


@zuki.task
def many(a, b, c, d, e, f, g, h, i, j):
    return f, g[0], e.sum(), h, a + b + c + d, j, i


def test_many_arguments_keep_their_places(executor):
    values = (np.int8(1), 2.5, np.float32(0.5), True, np.arange(3), "text", (4, 5), None, 1j, made_records())
    assert same(many(*values), through_a_graph(executor, many, *values))


@zuki.task
def fresh(count):
    return np.arange(count), (np.ones(count), "made " + str(count))


@zuki.task
def views(array):
    return array, array[1:], array.T, (array[0], array.sum())


@zuki.task
def perhaps(count):
    if count > 0:
        return np.arange(count)
    return None


@zuki.task
def perhaps_a_number(count):
    return count if count > 0 else None


@zuki.task
def nothing(array):
    array[0] += 1


@zuki.task
def a_list(count):
    return typed.List([count, count + 1])


@zuki.task
def text(value):
    return value + "!"


RESULTS = {
    "fresh arrays": (fresh, 3),
    "views": (views, SQUARE),
    "an optional array": (perhaps, 3),
    "no optional array": (perhaps, 0),
    "an optional number": (perhaps_a_number, 3),
    "no optional number": (perhaps_a_number, 0),
    "nothing": (nothing, np.zeros(2)),
    "a typed list": (a_list, 5),
    "text": (text, "ä"),
}


@pytest.mark.parametrize("kind", RESULTS)
def test_results_of_every_kind(kind, executor):
    task, argument = RESULTS[kind]
    assert same(task(argument), through_a_graph(executor, task, argument))


def test_a_view_that_a_body_returns_is_of_its_argument(executor):
    array = np.arange(12.0).reshape(3, 4)
    whole, part, turned, (row, _) = through_a_graph(executor, views, array)
    for view in (whole, part, turned, row):
        assert np.shares_memory(view, array)


def test_a_result_outlives_its_graph_and_its_next_run(executor):
    graph = zuki.Graph()
    node = graph.add(fresh, 4)
    graph.run(executor)
    first, (ones, _) = node.result()
    again, _ = node.result()
    assert again is not first
    assert np.shares_memory(again, first)
    first[0] = 99
    graph.run(executor)
    assert node.result()[0][0] == 0
    del graph, node
    assert first.tolist() == [99, 1, 2, 3]
    assert ones.tolist() == [1, 1, 1, 1]


def test_a_record_is_not_copied(executor):
    @zuki.task(cache=False)
    def set_n(record):
        record.n = 42

    records = made_records()
    through_a_graph(executor, set_n, records[1])
    assert records["n"].tolist() == [1, 42, 3]


def test_an_argument_is_alive_as_long_as_its_graph(executor):
    @zuki.task(cache=False)
    def total(array, pair):
        return array.sum() + pair[0].sum()

    graph = zuki.Graph()
    node = graph.add(total, np.full(1000, 2.0), (np.full(1000, 3.0),))
    graph.run(executor)
    assert node.result() == 5000


LEAKS = {
    **RESULTS,
    "typed list": (same_again, typed.List([1.0])),
    "tuple of arrays": (same_again, (np.arange(3.0), SQUARE)),
    "record argument": (same_again, VALUES["record"]),
    "array argument": (same_again, np.arange(3.0)),
    "text argument": (same_again, "ä" * 50),
}


@pytest.mark.parametrize("kind", LEAKS)
def test_runs_and_graphs_leave_nothing_behind(kind, executor):
    task, argument = LEAKS[kind]
    parts = argument if isinstance(argument, tuple) else (argument,)
    counted = [part for part in parts if isinstance(part, np.ndarray | typed.List)]

    def repeat(graphs, runs):
        for _ in range(graphs):
            graph = zuki.Graph()
            node = graph.add(task, argument)
            for _ in range(runs):
                graph.run(executor)
                node.result()

    repeat(2, 2)
    with Balance(*counted):
        repeat(100, 2)
        repeat(1, 1000)


def test_ten_thousand_graphs_leave_nothing_behind(executor):
    array = np.arange(3.0)
    through_a_graph(executor, views, array.reshape(1, 3))
    with Balance(array):
        for _ in range(10_000):
            zuki.Graph().add(views, array.reshape(1, 3))


def test_ten_thousand_runs_leave_nothing_behind(executor):
    array = np.arange(6.0).reshape(2, 3)
    graph = zuki.Graph()
    node = graph.add(views, array)
    graph.run(executor)
    node.result()
    with Balance(array):
        for _ in range(10_000):
            graph.run(executor)
            node.result()


def test_a_graph_that_never_ran_leaves_nothing_behind():
    array, items = np.arange(3.0), typed.List([1.0])
    zuki.Graph().add(same_again, (array, items))
    with Balance(array, items):
        for _ in range(100):
            zuki.Graph().add(same_again, (array, items))


def test_results_that_pass_from_node_to_node_leave_nothing_behind(executor):
    @zuki.task(cache=False)
    def total(pair):
        return pair[0].sum() + len(pair[1][1])

    def repeat(count):
        for _ in range(count):
            graph = zuki.Graph()
            node = graph.add(total, graph.add(fresh, 5))
            for _ in range(3):
                graph.run(executor)
                assert node.result() == 16

    repeat(2)
    with Balance():
        repeat(300)


@numba.njit
def twice(function, value):
    return function(function(value))


def test_jitted_functions_are_arguments(executor):
    @numba.njit
    def add_one(value):
        return value + 1

    @zuki.task(cache=False)
    def call(function, value):
        return twice(function, value)

    assert through_a_graph(executor, call, add_one, 5) == call(add_one, 5) == 7
