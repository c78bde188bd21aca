import numba
import numpy as np
import pytest
from numba import types

from tests.task import writes_callees as callees
from tests.task import writes_harness as harness
from zuki.task.typed_ir import operands_by_parameter, typed_ir_of

SQUARE = types.float64[:, ::1]


def test_the_typed_ir_of_a_compiled_overload_is_the_one_it_was_compiled_from():
    callees.total.compile((SQUARE,))
    typed_ir = typed_ir_of(callees.total, (SQUARE,))
    assert typed_ir.function is callees.total.py_func
    assert typed_ir.argument_names == ("source",)
    assert typed_ir.argument_types == (SQUARE,)
    assert typed_ir.blocks is callees.total.overloads[(SQUARE,)].type_annotation.blocks


def test_a_function_not_compiled_yet_is_only_typed():
    @numba.njit
    def double(values):
        values *= 2
        return values

    typed_ir = typed_ir_of(double, (SQUARE,))
    assert typed_ir.key == (double.py_func, (SQUARE,))
    assert not double.overloads


def test_a_function_that_came_from_a_cache_is_typed_anew():
    """A cached overload has the text of its annotation only."""

    @numba.njit
    def set_first(target, source):
        target[0, 0] = source[0, 0]

    set_first.compile((SQUARE, SQUARE))
    overload = set_first.overloads[(SQUARE, SQUARE)]
    set_first.overloads[(SQUARE, SQUARE)] = overload._replace(type_annotation=str(overload.type_annotation))
    body = harness.make_body("set_first(A, B)", set_first=set_first)
    assert harness.found_by_inference(body, harness.arguments().values()) == ({"A"}, {"A"})


def test_what_is_found_in_a_callee_is_kept():
    @numba.njit
    def copy_last(source, target):
        target[-1, 0] = source[-1, 0]

    body = harness.make_body("copy_last(B, A)", copy_last=copy_last)
    first = harness.found_by_inference(body, harness.arguments().values())
    (overload,) = copy_last.overloads.values()
    overload.type_annotation.blocks.clear()  # a second look would find nothing
    assert harness.found_by_inference(body, harness.arguments().values()) == first == ({"A"}, {"A"})


@pytest.mark.parametrize("function", [len, np.add, callees.scaled])
def test_only_jitted_functions_have_typed_ir(function):
    with pytest.raises(TypeError, match="not a function jitted for the CPU"):
        typed_ir_of(function, (SQUARE,))


def test_operands_are_given_to_parameters_by_position_keyword_and_star():
    class Call:
        args = ("a", "b", "c")
        kws = (("option", "d"),)

    def function(first, *others, option=None, unused=1):
        return first, others, option, unused

    assert operands_by_parameter(function, Call) == {
        "first": ("a",),
        "others": ("b", "c"),
        "option": ("d",),
    }
