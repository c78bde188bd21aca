import ctypes

import numpy as np
import pytest

import zuki
from tests.kernels.runs_of import cells_at
from zuki.runtime.failures import exception_of
from zuki.runtime.tables import make_table
from zuki_kernels import dispatch
from zuki_kernels._jit import kernel
from zuki_kernels.atomics import load_relaxed, store_relaxed


@zuki.task("int64(int64)")
def double_of_the_positive(x):
    if x < 0:
        raise ValueError("negative")
    return 2 * x


@kernel
def call(entry, frame):
    return dispatch.call(entry, frame)


@kernel
def raise_if(description):
    dispatch.fail_with(description)
    return 7


@kernel
def swap_through_an_address(address, rows, fields):
    table = dispatch.table_at(address, rows, fields)
    dispatch.prefetch(table, 0)
    dispatch.prefetch(table, rows)  # one past the end
    dispatch.prefetch_target(table, 0, 0)  # that is no address
    store_relaxed(table, rows - 1, fields - 1, load_relaxed(table, 0, 0) + 1)
    return table.shape


@kernel
def through_a_bare_table(table):
    bare = dispatch.bare(dispatch.bare(table, table.shape[1]), table.shape[1])
    store_relaxed(bare, 1, 2, load_relaxed(bare, 0, 1) + bare.shape[0] * 100 + bare.shape[1])


@pytest.fixture
def frame():
    found = double_of_the_positive.specialise_for((1,))
    memory = np.zeros(found.layout.size // 8, np.int64)
    return found, memory


def test_a_body_runs_on_a_frame(frame):
    found, memory = frame
    found.pack(memory.ctypes.data, 0, 21)
    assert call(found.entry, memory.ctypes.data) == 0
    assert found.unpack(memory.ctypes.data) == 42
    assert cells_at(memory.ctypes.data + found.layout.result, 1)[0] == 42


def test_a_body_that_raises_answers_with_its_failure(frame):
    found, memory = frame
    found.pack(memory.ctypes.data, 0, -1)
    failure = call(found.entry, memory.ctypes.data)
    assert failure != 0
    error = exception_of(failure)
    assert (type(error), error.args) == (ValueError, ("negative",))
    with pytest.raises(ValueError, match="negative"):
        dispatch.raise_failure(failure)
    with pytest.raises(ValueError, match="negative"):
        raise_if(failure)


def test_no_failure_raises_nothing():
    assert raise_if(0) == 7
    dispatch.raise_failure(0)


def test_words_at_an_address_are_a_table():
    table = make_table(3, 4)
    table[0, 0] = 41
    assert swap_through_an_address(table.ctypes.data, 3, 4) == (3, 4)
    assert table[2, 3] == 42
    assert ctypes.c_int64.from_address(table.ctypes.data + 11 * 8).value == 42


def test_a_bare_table_is_the_same_memory():
    table = make_table(2, 3)
    table[0, 1] = 5
    through_a_bare_table(table)
    assert table[1, 2] == 5 + 203
