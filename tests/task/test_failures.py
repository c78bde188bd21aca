"""Bodies that raise: the class, the arguments, the line, and nothing left behind."""

import gc
import sys
import traceback

import numba
import numpy as np
import pytest

import zuki
from tests.task.one_node import Balance, executor, outcome_of, through_a_graph

__all__ = ["executor"]


class CustomError(Exception):
    pass


class TwoPartError(Exception):
    def __init__(self, left, right):
        super().__init__(left, right)
        self.left, self.right = left, right


@numba.njit
def callee(x):
    if x > 0:
        raise IndexError("from a callee", x)  # the callee's line
    return x


@zuki.task
def static(x):
    raise ValueError("static", 3)


@zuki.task
def computed(x):
    raise ValueError("computed", x, x * 2.5, (x, "a"))  # the computed line


@zuki.task
def computed_text(x):
    raise ValueError("x is " + str(x))


@zuki.task
def computed_array(x):
    raise ValueError(np.arange(3)[x])


@zuki.task
def without_arguments(x):
    raise CustomError()


@zuki.task
def the_class(x):
    raise CustomError


@zuki.task
def custom(x):
    raise CustomError("custom", x)


@zuki.task
def two_parts(x):
    raise TwoPartError(x, "right")


@zuki.task
def asserted(x):
    if x < 5:
        raise AssertionError("too small")  # pytest would rewrite an assert
    return x


@zuki.task
def divided(x):
    return 1 // (x - 1)


@zuki.task
def divided_float(x):
    return 1.0 / (x - 1)


@zuki.task(error_model="numpy")
def divided_as_numpy_does(x):
    return 1.0 / (x - 1)


@zuki.task(boundscheck=True)
def out_of_bounds(x):
    return np.zeros(3)[x + 5]


@zuki.task
def in_callee(x):
    return callee(x)


@zuki.task
def missing_key(x):
    return {1: 2}[x + 7]


@zuki.task
def too_many(x):
    first, second = np.arange(3)
    return first + second


@zuki.task
def too_large(x):
    return np.empty(x * 2**60)


@zuki.task
def stop(x):
    raise StopIteration(x)


@zuki.task
def optional(x):
    if x > 0:
        raise ValueError("no result")


@zuki.task
def caught(x):
    try:
        callee(x)
    except Exception:
        return 5
    return 6


@zuki.task
def in_object_mode(x):
    with numba.objmode(y="int64"):
        y = {}[x]
    return y + 1


@zuki.task
def after_an_allocation(array):
    copy = array + 1
    if copy[0] > 0:
        raise ValueError("allocated", copy[0])
    return copy


BODIES = [
    *(static, computed, computed_text, computed_array, without_arguments, the_class, custom, two_parts),
    *(asserted, divided, divided_float, divided_as_numpy_does, out_of_bounds, in_callee, missing_key),
    *(too_many, too_large, stop, optional, caught),
]


@pytest.mark.parametrize("task", BODIES, ids=lambda task: task.__name__)
def test_a_graph_raises_what_a_call_in_place_raises(task, executor):
    assert outcome_of(through_a_graph, executor, task, 1) == outcome_of(task, 1)


@pytest.mark.filterwarnings("ignore:Code running in object mode")
def test_in_object_mode(executor):
    assert outcome_of(through_a_graph, executor, in_object_mode, 3) == (KeyError, (3,))
    balance = Balance()
    with balance:
        for _ in range(200):
            outcome_of(through_a_graph, executor, in_object_mode, 3)


@pytest.mark.parametrize(
    ("task", "comment"), [(computed, "the computed line"), (in_callee, "the callee's line")]
)
def test_the_traceback_ends_at_the_line_that_raised(task, comment, executor):
    graph = zuki.Graph("lines")
    node = graph.add(task, 1, name="here")
    for fails in (lambda: graph.run(executor), node.result):
        try:
            fails()
        except Exception as error:
            frame = traceback.extract_tb(error.__traceback__)[-1]
            notes = error.__notes__
        assert frame.filename == __file__
        assert comment in frame.line
        assert len(notes) == 1
        assert "'here'" in notes[0]
        assert "'lines'" in notes[0]


def test_a_failed_node_raises_again_and_runs_again(executor):
    @zuki.task(cache=False)
    def fail_once(counts):
        counts[0] += 1
        if counts[0] == 1:
            raise ValueError("the first time")
        return counts[0]

    counts = np.zeros(1, np.int64)
    graph = zuki.Graph()
    node = graph.add(fail_once, counts)
    for _ in range(2):
        with pytest.raises(ValueError, match="the first time"):
            graph.run(executor) if counts[0] == 0 else node.result()
    graph.run(executor)
    assert node.result() == 2


def fails(executor, graph):
    try:
        graph.run(executor)
    except ValueError:
        return
    raise AssertionError("did not fail")


FAILING = {"static": (static, 1), "after an allocation": (after_an_allocation, np.arange(3.0))}


@pytest.mark.parametrize("kind", FAILING)
def test_ten_thousand_failures_leave_nothing_behind(kind, executor):
    task, argument = FAILING[kind]

    def repeat(graphs, runs):
        for _ in range(graphs):
            graph = zuki.Graph()
            graph.add(task, argument)
            for _ in range(runs):
                fails(executor, graph)

    repeat(2, 2)
    gc.collect()
    before = sys.getallocatedblocks()
    with Balance(*[argument] * isinstance(argument, np.ndarray), ValueError):
        repeat(1000, 5)
        repeat(1, 5000)
    if task is static:  # what Numba itself leaks of computed arguments is in Python's memory
        assert sys.getallocatedblocks() - before < 1000


def test_ten_thousand_nodes_that_fail_in_one_run(executor):
    graph = zuki.Graph()
    nodes = graph.add_many(static, zuki.each(np.arange(10_000)))
    fails(executor, graph)
    gc.collect()
    before = sys.getallocatedblocks()
    with Balance():
        for _ in range(3):
            fails(executor, graph)
    assert sys.getallocatedblocks() - before < 1000
    for node in (nodes[0], nodes[999]):
        with pytest.raises(ValueError, match="static"):
            node.result()


def test_numba_errors_are_task_errors_with_their_message(executor):
    @zuki.task
    def wrong(x):
        return x.no_such_attribute

    with pytest.raises(numba.TypingError, match="no_such_attribute"):
        wrong(1)
    graph = zuki.Graph()
    with pytest.raises(zuki.TaskError, match="no_such_attribute") as caught:
        graph.add(wrong, 1)
    assert isinstance(caught.value, TypeError)
    assert isinstance(caught.value.__cause__, numba.TypingError)
    assert "wrong" in str(caught.value)
    assert "int64" in str(caught.value)
    with pytest.raises(zuki.TaskError, match="no_such_attribute"):
        zuki.task("int64(int64)")(wrong.py_func)
    assert len(graph) == 0
