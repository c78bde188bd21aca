import re

import numpy as np
import pytest
from numba import njit, types
from numba.core.typing.templates import AbstractTemplate

from tests.task.writes_callees import scaled
from zuki.task import known_calls
from zuki.task.known_calls import KnownCall, known_call


def function_type(function):
    """Return the type that Numba gives a function it implements."""
    return types.Function(type("Template", (AbstractTemplate,), {"key": function}))


def out_at(*operands):
    return KnownCall(written=frozenset(operands))


@pytest.mark.parametrize(
    ("function", "positional", "keywords", "effect"),
    [
        (np.sum, 1, (), KnownCall()),
        (np.dot, 2, (), KnownCall()),
        (np.dot, 3, (), out_at(2)),
        (np.dot, 2, ("out",), out_at("out")),
        (np.clip, 4, (), out_at(3)),
        (np.add, 2, (), KnownCall()),
        (np.add, 3, (), out_at(2)),
        (np.modf, 3, (), out_at(1, 2)),
        (scaled, 3, (), out_at(2)),
        (np.isneginf, 2, (), out_at(1)),
        (np.outer, 3, (), out_at(2)),
        (np.fill_diagonal, 2, (), out_at(0)),
        (np.random.shuffle, 1, (), out_at(0)),
        (np.ravel, 1, (), KnownCall(shares=True)),
        (np.nan_to_num, 1, (), KnownCall(shares=True)),
        (np.nan_to_num, 2, (), None),
        (np.nan_to_num, 1, ("copy",), None),
        (np.fill_diagonal, 0, ("a", "val"), None),
        (sum, 1, (), KnownCall(shares=True)),
        (sorted, 1, (), KnownCall(shares=True)),
        (out_at, 1, (), None),
    ],
)
def test_what_a_call_does(function, positional, keywords, effect):
    assert known_call(function_type(function), positional, keywords) == effect


def test_the_place_of_every_documented_out_parameter_is_known():
    """A C function whose signature cannot be read would hide its `out`."""
    for function in known_calls._FRESH | known_calls._SHARING:
        parameters = (getattr(function, "__doc__", None) or "").split("Returns\n")[0]
        if re.search("^ *out : ", parameters, re.MULTILINE):
            assert "out" in known_calls._option_positions(function), function


def test_results_listed_as_new_share_nothing():
    @njit
    def new(square, row):
        return np.diag(square), np.roll(row, 0), square.astype(np.float64), square.flatten(), np.copy(square)

    square, row = np.eye(2) * 3.5, np.arange(4.0)
    for result in new(square, row):
        assert not np.shares_memory(result, square)
        assert not np.shares_memory(result, row)
