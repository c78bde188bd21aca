"""Bad input: a clear error before anything runs, and nothing changed."""

import copy
import os
import pickle
import subprocess
import sys
import threading

import numpy as np
import pytest

import zuki
from tests.graph import bodies

OTHER = zuki.Graph("other")
STRANGER = OTHER.add(bodies.nothing)
STRANGERS = OTHER.add_many(bodies.nothing, count=2)


@zuki.task
def wrong(x):
    return x.no_such_attribute


BAD_ADDS = {
    "no body": (3, (), {}, zuki.TaskError, "must be a zuki.task or a callable, not a int"),
    "does not compile": (wrong, (1,), {}, zuki.TaskError, "(?s)'wrong' does not compile.*no_such_attribute"),
    "too few": (bodies.plus, (1,), {}, zuki.TaskError, r"takes 2 arguments \(x, y\), not 1"),
    "too many": (bodies.nothing, (1,), {}, zuki.TaskError, "takes 0 arguments .*not 1"),
    "defaults": (bodies.bounded, (), {}, zuki.TaskError, "takes 1 to 3 arguments .*not 0"),
    "any number": (bodies.any_number, (1,), {}, zuki.TaskError, r"takes \*values"),
    "no type": (bodies.plus, (object(), 1), {}, zuki.TaskError, "argument 'x' of task 'plus': .* a object"),
    "list": (bodies.total, ([1.0],), {}, zuki.TaskError, "argument 'values' .* is a list: pass a NumPy"),
    "declared": (bodies.declared, (np.ones(2),), {}, zuki.TaskError, "was declared for .*array"),
    "stranger as argument": (bodies.plus, (STRANGER, 1), {}, zuki.GraphError, "'other'> is of another"),
    "stranger for Python": (len, (STRANGER,), {}, zuki.GraphError, "of another graph than 'mine'"),
    "after a stranger": (bodies.nothing, (), {"after": STRANGER}, zuki.GraphError, "of another graph"),
    "after strangers": (bodies.nothing, (), {"after": [STRANGERS]}, zuki.GraphError, "of another graph"),
    "after a number": (bodies.nothing, (), {"after": 0}, zuki.GraphError, "after must be a node.* not a int"),
    "after a string": (bodies.nothing, (), {"after": "0"}, zuki.GraphError, "after must .* not a str"),
    "after numbers": (
        bodies.nothing,
        (),
        {"after": [0]},
        zuki.GraphError,
        "after must hold nodes, not a int",
    ),
    "name": (bodies.nothing, (), {"name": 3}, zuki.GraphError, "name must be a string, not a int"),
    "priority": (bodies.nothing, (), {"priority": 1.5}, zuki.GraphError, "priority must be an integer"),
    "great priority": (bodies.nothing, (), {"priority": 1 << 40}, zuki.GraphError, "must be between"),
    "negative cost": (bodies.nothing, (), {"cost": -1}, zuki.GraphError, "cost must be a finite number"),
    "great cost": (bodies.nothing, (), {"cost": 10**400}, zuki.GraphError, "cost must be a finite number"),
    "endless cost": (bodies.nothing, (), {"cost": float("nan")}, zuki.GraphError, "cost must be"),
}
BAD_BATCHES = {
    "Python": (len, ([1],), {"count": 1}, zuki.TaskError, "add_many needs a zuki.task"),
    "no count": (
        bodies.plus,
        (1, 2),
        {},
        zuki.GraphError,
        "needs count=, or an argument wrapped in zuki.each",
    ),
    "negative count": (bodies.nothing, (), {"count": -1}, zuki.GraphError, "count must be .* not -1"),
    "odd count": (bodies.nothing, (), {"count": 2.0}, zuki.GraphError, "count must be an integer"),
    "lengths": (bodies.plus, (zuki.each([1, 2]), zuki.each([1])), {}, zuki.GraphError, "0 2, argument 1 1"),
    "length and count": (bodies.plus, (zuki.each([1, 2]), 1), {"count": 3}, zuki.GraphError, "count 3"),
    "item": (bodies.plus, (zuki.each([1, object()]), 1), {}, zuki.TaskError, "'x' .* no type for a object"),
    "strange item": (bodies.plus, (zuki.each([1, STRANGER]), 1), {}, zuki.GraphError, "another graph"),
    "priorities": (bodies.nothing, (), {"count": 3, "priority": [1, 2]}, zuki.GraphError, "an array of 3"),
    "costs": (bodies.nothing, (), {"count": 3, "cost": [1.0, 2.0]}, zuki.GraphError, "an array of 3"),
}
ALSO_BATCHES = {name: BAD_ADDS[name] for name in BAD_ADDS if name != "no body"}
BAD_BATCHES |= {
    name: (body, arguments, {"count": 2, **options}, error, message)
    for name, (body, arguments, options, error, message) in ALSO_BATCHES.items()
    if isinstance(body, zuki.Task)
}
OTHER = zuki.Graph("other")
OTHER.add_many(bodies.nothing, count=2)

BAD_EDGES = {
    "behind": ([0], [3], "edge 0 leads from node 0 to node 3, .* 0 to 2"),
    "before": ([0, -1], [1, 1], "edge 1 leads from node -1"),
    "great": (np.array([1 << 40]), [1], "edge 0 leads from node 1099511627776"),
    "unsigned": (np.array([(1 << 64) - 1], np.uint64), [1], "edge 0"),
    "fractions": ([0.0], [1.0], r"sources must be nodes, or .* numbers, not float64\[1\]"),
    "nodes of another graph": (OTHER.nodes, [1, 2], "is of another graph than 'mine'"),
    "a node of another graph": ([1], [OTHER.nodes[0]], "is of another graph than 'mine'"),
    "a node and a number": ([OTHER.nodes[0], 1], [1, 2], "sources must hold nodes alone, or numbers alone"),
    "truth": ([0], [True], "targets must be .* not bool"),
    "one number": (0, 1, "one-dimensional"),
    "two dimensions": ([[0]], [[1]], "one-dimensional"),
    "lengths": ([0, 0], [1], "2 sources and 1 targets"),
}


@pytest.fixture(scope="module")
def executor():
    with zuki.Executor(max_threads=2) as made:
        yield made


@pytest.fixture
def graph(executor):
    """Check that a graph, and what its run gives, is the same after the test."""
    values = np.ones(3)
    made = zuki.Graph("mine")
    made.add(bodies.double, values)
    made.add(bodies.total, values)
    made.add(bodies.plus, 1, made.nodes[1])
    before = made.to_dot()
    yield made
    assert (len(made), made.to_dot()) == (3, before)
    assert made.run(executor).edges == 2
    assert made.nodes.results() == [None, 6, 7]
    made.add(bodies.fill, values, 0.0)
    made.run(executor)
    assert made.nodes.results() == [None, 12, 13, None]


@pytest.mark.parametrize(("body", "given", "options", "error", "message"), BAD_ADDS.values(), ids=BAD_ADDS)
def test_add(graph, body, given, options, error, message):
    with pytest.raises(error, match=message):
        graph.add(body, *given, **options)


@pytest.mark.parametrize(
    ("body", "given", "options", "error", "message"), BAD_BATCHES.values(), ids=BAD_BATCHES
)
def test_add_many(graph, body, given, options, error, message):
    with pytest.raises(error, match=message):
        graph.add_many(body, *given, **options)


@pytest.mark.parametrize(("sources", "targets", "message"), BAD_EDGES.values(), ids=BAD_EDGES)
def test_add_edges(graph, sources, targets, message):
    with pytest.raises(zuki.GraphError, match=message):
        graph.add_edges(sources, targets)


@pytest.mark.parametrize(
    "values", [3, np.array(3), "text", {"a": 1}, iter([1])], ids=lambda it: type(it).__name__
)
def test_each_needs_a_sequence(values):
    with pytest.raises(zuki.GraphError, match=r"zuki\.each needs"):
        zuki.each(values)


def test_a_graph_has_a_string_for_a_name():
    with pytest.raises(zuki.GraphError, match="name must be a string, not a int"):
        zuki.Graph(3)


def test_executors_that_cannot_run_it(executor):
    ended = zuki.Executor(max_threads=1)
    ended.shutdown()
    graph = zuki.Graph()
    node = graph.add(bodies.plus, 1, 2)
    graph.run(executor)
    for start in (graph.run, graph.submit, zuki.Graph().run, zuki.Graph().submit):
        with pytest.raises(zuki.ExecutorShutDownError):
            start(ended)
        with pytest.raises(TypeError, match=r"must be a zuki\.Executor, not a int"):
            start(2)
    assert node.result() == 3
    graph.run(executor)
    assert node.result() == 3


@pytest.mark.parametrize(("threads", "error"), [(0, ValueError), (-1, ValueError), (1.5, TypeError)])
def test_max_threads(threads, error):
    with pytest.raises(error, match="max_threads must be"):
        zuki.Executor(max_threads=threads)


def test_nothing_is_added_while_it_runs(executor):
    go_on, running = threading.Event(), threading.Event()
    graph = zuki.Graph("busy")
    graph.add(lambda: (running.set(), go_on.wait(30)))
    future = graph.submit(executor)
    try:
        assert running.wait(30)
        for change in (
            lambda: graph.add(bodies.nothing),
            lambda: graph.add(len, "text"),
            lambda: graph.add_many(bodies.nothing, count=2),
            lambda: graph.add_edges([0], [0]),
        ):
            with pytest.raises(zuki.GraphError, match="'busy' is running; add to it when the run has ended"):
                change()
    finally:
        go_on.set()
    assert future.result(30).nodes == len(graph) == 1
    graph.add(bodies.nothing)
    assert graph.run(executor).nodes == 2


def test_a_node_cannot_run_its_own_graph(executor):
    graph = zuki.Graph("own")
    graph.add(lambda: graph.run(executor))
    with pytest.raises(zuki.GraphError, match="'own' is running the node that wants to run it"):
        graph.submit(executor).result(30)


def test_parallel_bodies_need_a_layer_that_bears_threads():
    script = """
import zuki
@zuki.task(parallel=True)
def parallel(x): return x
graph = zuki.Graph()
for add in (graph.add, lambda *given: graph.add_many(*given, count=2)):
    try: add(parallel, 1)
    except zuki.TaskError as error: print(len(graph), error)
"""
    environment = {
        **os.environ,
        "NUMBA_THREADING_LAYER": "workqueue",
        "PYTHONPATH": os.pathsep.join(sys.path),
    }
    command = [sys.executable, "-c", script]
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=True)
    message = "0 task 'parallel' has parallel=True, and Numba's workqueue threading layer aborts the process"
    assert [line.startswith(message) for line in ran.stdout.splitlines()] == [True, True]


@pytest.mark.parametrize("copied", [pickle.dumps, copy.copy, copy.deepcopy])
def test_what_cannot_be_copied(copied):
    with pytest.raises(
        TypeError, match=r"graph 'mine' cannot be copied or pickled: .*build it where it is to run"
    ):
        copied(zuki.Graph("mine"))
    with zuki.Executor(1) as executor, pytest.raises(TypeError, match="executor 'zuki' cannot be copied"):
        copied(executor)
