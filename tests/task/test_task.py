"""What `zuki.task` makes: like `numba.njit`, and what it refuses."""

import numba
import numpy as np
import pytest

import zuki
from tests.task.one_node import executor, outcome_of, through_a_graph

__all__ = ["executor"]


def scale(x, factor=3):
    return x * factor


scaled = zuki.task(scale)
njitted = numba.njit(nogil=True)(scale)


@pytest.mark.parametrize(
    "arguments", [(2,), (2, 5), (2.5,), (np.arange(3),), (1j, 2), (True,), (), (1, 2, 3), ("a", 2), ((1, 2),)]
)
def test_a_call_in_place_is_njits(arguments):
    here, there = outcome_of(scaled, *arguments), outcome_of(njitted, *arguments)
    assert here[0] == there[0]
    assert type(here[1]) is type(there[1])
    if here[0] is not numba.TypingError:  # whose message names the source line
        assert np.all(here[1] == there[1])


def test_calls_with_keywords_and_defaults_are_njits():
    assert scaled(x=2) == scaled(factor=3, x=2) == 6


def test_a_jitted_function_may_call_a_task_also_without_its_defaults():
    @numba.njit
    def both(x):
        return scaled(x) + scaled(x, 1)

    assert both(2) == 8
    assert scaled.writes == frozenset()


def test_a_task_is_lazy_and_keeps_what_it_was_made_of():
    made = zuki.task(scale)
    assert made.signatures == []
    assert made.py_func is scale
    assert made.__name__ == "scale"
    assert made(2) == 6
    assert len(made.signatures) == 1
    assert repr(made) == "<zuki.task tests.task.test_task.scale>"


@pytest.mark.parametrize(
    "signature",
    ["int64(int64, int64)", numba.int64(numba.int64, numba.int64), (numba.int64, numba.int64)],
)
def test_a_declared_signature_is_compiled_at_once(signature, executor):
    made = zuki.task(signature)(scale)
    assert made.signatures == [(numba.int64, numba.int64)]
    assert made(2, 4) == through_a_graph(executor, made, 2) * 4 // 3 == 8
    assert made.signatures == [(numba.int64, numba.int64)]


def test_arguments_are_converted_to_a_declared_signature(executor):
    made = zuki.task(["float64(float64)", "float64(float64[::1])"])(lambda x: np.sum(x) / 2)
    for value in (3, np.float32(3), True, np.arange(3.0)):
        result = through_a_graph(executor, made, value)
        assert result == made(value)
        assert type(result) is type(made(value))
    assert len(made.signatures) == 2


def test_what_was_not_declared_is_refused():
    made = zuki.task("int64(int64)")(lambda x: x + 1)
    graph = zuki.Graph()
    with pytest.raises(zuki.TaskError, match="declared"):
        graph.add(made, "text")
    with pytest.raises(TypeError):
        made("text")
    assert len(graph) == 0


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"nopython": False}, "nopython=True"),
        ({"nogil": False}, "nogil=True"),
        ({"forceobj": True}, "forceobj=False"),
        ({"no_cpython_wrapper": True}, "no_cpython_wrapper=False"),  # a call would crash
        ({"no_such_option": 1}, "no_such_option"),
        ({"writes": ("y",)}, "names no argument: y"),
        ({"writes": ("x", 5)}, "names no argument: 5"),
        ({"writes": 5}, "names of arguments, not 5"),
    ],
)
def test_options_that_are_not_for_tasks(options, name):
    with pytest.raises(zuki.TaskError, match=name):
        zuki.task(**options)(scale)


@pytest.mark.parametrize(
    "given",
    [5, len, object, numba.njit(scale), scaled, numba.int64, "int64(", "int64", "no_type(int64)", ("int64",)],
)
def test_what_is_no_body_and_no_signature_is_refused(given):
    with pytest.raises(zuki.TaskError):
        zuki.task(given)(scale)


@pytest.mark.parametrize("given", [5, len, object, numba.njit(scale)])
def test_what_is_no_function_is_not_decorated(given):
    with pytest.raises(zuki.TaskError, match="decorates a function"):
        zuki.task(writes=())(given)


@pytest.mark.parametrize("signature", ["int64(int64)", "float64(float64, float64, float64)"])
def test_a_signature_of_another_arity_is_refused(signature):
    with pytest.raises(zuki.TaskError, match="Signature mismatch"):
        zuki.task(signature)(scale)


def test_options_that_say_what_is_so_anyway_are_taken():
    assert zuki.task(nopython=True, nogil=True, forceobj=False)(scale)(2) == 6


def assembly(made):
    (text,) = made.inspect_llvm().values()
    return text


def test_fastmath_is_passed_through():
    def mean(a, b):
        return (a + b) / 2.0

    plain, fast = (
        zuki.task("float64(float64, float64)", cache=False, **o)(mean) for o in ({}, {"fastmath": True})
    )
    assert "fadd fast" not in assembly(plain)
    assert "fadd fast" in assembly(fast)


def test_boundscheck_and_error_model_are_passed_through(executor):
    def read(array, index):
        return array[index] / array[0]

    checked = zuki.task(boundscheck=True)(read)
    unchecked = zuki.task(error_model="numpy")(read)
    array = np.zeros(2)
    for call in (checked, lambda *arguments: through_a_graph(executor, checked, *arguments)):
        with pytest.raises(IndexError):
            call(array, 7)
        with pytest.raises(ZeroDivisionError):
            call(array, 1)
    assert np.isnan(unchecked(array, 1))
    assert np.isnan(through_a_graph(executor, unchecked, array, 1))


def test_locals_are_passed_through(executor):
    def narrow(x):
        y = x + 0.1
        return y * 1

    made = zuki.task(locals={"y": numba.float32})(narrow)
    plain = zuki.task(narrow)
    assert made(1.0) == through_a_graph(executor, made, 1.0) == np.float32(1.1)
    assert plain(1.0) == through_a_graph(executor, plain, 1.0) == 1.1


def test_inline_is_passed_through():
    inner = zuki.task(inline="always")(lambda x: x + 1)
    assert inner.targetoptions["inline"] == "always"
    assert numba.njit(lambda x: inner(x) * 2)(3) == 8
    assert not inner.overloads  # it became a part of its caller


def test_writes_are_the_given_ones_else_found():
    def copy(source, target):
        target[:] = source

    array = np.zeros(2)
    declared, named, found = (
        zuki.task(writes=("source",))(copy),
        zuki.task(writes="target")(copy),
        zuki.task(copy),
    )
    assert declared.writes == {"source"}
    assert named.writes == {"target"}
    assert found.writes == frozenset()
    found(array, array.copy())
    assert found.writes == {"target"}


@pytest.mark.parametrize(
    ("arguments", "told"),
    [((), "1 to 2 arguments"), ((1, 2, 3), "1 to 2 arguments"), (([1],), "a list"), (({},), "a dict")],
)
def test_a_graph_says_what_is_wrong_with_arguments(arguments, told):
    graph = zuki.Graph()
    with pytest.raises(zuki.TaskError, match=told):
        graph.add(scaled, *arguments)
    assert len(graph) == 0


@pytest.mark.parametrize("value", [object(), 10**30, range(3), {1}, lambda: 1, np.array([object()])])
def test_values_that_numba_cannot_take_are_refused_by_name(value):
    with pytest.raises(zuki.TaskError, match=r"'x'|does not compile"):
        zuki.Graph().add(scaled, value)


def test_star_arguments_are_for_calls_in_place():
    @zuki.task(cache=False)
    def count(*values):
        return len(values)

    assert count(1, 2.0, "c") == 3
    with pytest.raises(zuki.TaskError, match=r"\*values"):
        zuki.Graph().add(count, 1)


def test_a_type_that_does_not_compile_is_a_task_error_whatever_numba_raises():
    @zuki.task(cache=False)
    def numbered(count):
        return enumerate(range(count))

    with pytest.raises(zuki.TaskError, match="numbered"):
        zuki.Graph().add(numbered, 3)


factor = 1


def test_who_is_compiled_anew_is_so_for_graphs_and_executors_too(executor):
    global factor

    @zuki.task(cache=False)
    def scaled(number):
        return number * factor

    def seen():
        submitted = [executor.submit(scaled, 5).result(60) for _ in range(3)]
        return {scaled(5), through_a_graph(executor, scaled, 5), *submitted}

    assert seen() == {5}
    try:
        factor = 3
        scaled.recompile()
        assert seen() == {15}
    finally:
        factor = 1
