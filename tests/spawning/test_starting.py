"""The short way to begin a call: the same frames as the long way, and only where the types are the same."""

import ctypes

import numpy as np
import pytest
from numba import typeof
from numba.core.typing.typeof import Purpose

import zuki
from tests.spawning.test_submitting import LIMIT
from zuki.runtime.desk import FRAME_AT
from zuki.spawning import submitting
from zuki.spawning.task_call import call_of

pytestmark = pytest.mark.timeout(200)


def read_only(array):
    array.flags.writeable = False
    return array


class Mine(np.ndarray):
    """Numba has a type for it, the same as for its base class."""


GRID = np.arange(24.0).reshape(4, 6)
USUAL = {
    "none": None,
    "true": True,
    "false": False,
    "integer": 7,
    "minus one": -1,
    "least": -(2**63),
    "most": 2**63 - 1,
    "float": 2.5,
    "complex": 1 - 2j,
    "row": GRID[0],
    "column": GRID[:, 1],
    "backwards": GRID[0, ::-1],
    "every other": GRID[::2, ::3],
    "C": GRID.copy(),
    "F": np.asfortranarray(GRID),
    "one row": GRID[:1],
    "empty": np.empty((0, 3)),
    "no dimension": np.array(3.0),
    "three": np.ones((2, 3, 4)),
    "read only": read_only(GRID.copy()),
    "read only slice": read_only(GRID[:, ::2]),
    "int32": np.arange(5, dtype=np.int32),
    "uint64": np.arange(5, dtype=np.uint64),
    "float32": np.ones(5, np.float32),
    "complex64": np.ones(5, np.complex64),
    "booleans": np.array([True, False]),
    "described": np.ones(3, np.dtype(np.float64, metadata={"unit": "m"})),
}
UNUSUAL = {
    "too large": 2**63,
    "scalar": np.float64(2.5),
    "small scalar": np.int8(1),
    "pair": (1, 2.0),
    "text": "abc",
    "other order": np.ones(3, ">f8"),
    "dates": np.zeros(2, "M8[s]"),
    "records": np.zeros(2, [("a", np.int64)]),
    "mine": np.ones(6).view(Mine),
    "not aligned": np.frombuffer(bytes(17), np.uint8)[1:].view(np.float64),
    "long long": np.arange(5, dtype=np.longlong),
}
GIVEN = {**USUAL, **UNUSUAL}


@zuki.task
def ignore(number, value):
    return number


@pytest.fixture
def executor():
    with zuki.Executor(max_threads=1) as made:
        made._open_desk()
        yield made


def frame_words(address, found):
    """Return what lies in a frame of the second argument: what follows may belong to another call."""
    size = found.layout.argument_sizes[1]
    return ctypes.string_at(address + found.layout.arguments[1], size)


@pytest.mark.parametrize("name", USUAL)
def test_the_frame_is_as_pack_fills_it(executor, name):
    value, desk = USUAL[name], executor._pool.desk
    found = ignore.specialise_for((11, value))
    memory = np.zeros(found.layout.size // 8, np.int64)
    found.pack(memory.ctypes.data, 0, 11, value)
    block = desk.take_block()
    answer = found.start(block, desk.offer_code, (11, value))
    call = call_of(desk, found, block + FRAME_AT, block, answer >> 1)
    call._is_listening = False
    desk.start_thread(block)
    assert call.result(LIMIT) == 11
    wanted, got = (frame_words(address, found) for address in (memory.ctypes.data, block + FRAME_AT))
    assert got == wanted


def test_only_arguments_of_its_types_are_begun(executor, monkeypatch):
    monkeypatch.setattr(submitting, "_submit_known", lambda *_: None)
    desk, made = executor._pool.desk, {}
    desk.free.append(desk.take_block())
    for value in USUAL.values():
        made[typeof(value, Purpose.argument)] = ignore.specialise_for((11, value))
    assert len(made) > 15
    for kind, found in made.items():
        ignore._last_submitted = found.start, found
        for name, value in GIVEN.items():
            call = executor.submit(ignore, 11, value)
            fits = name in USUAL and typeof(value, Purpose.argument) == kind
            assert (call is not None) == fits, (kind, name)
            assert call is None or call.result(LIMIT) == 11
        for wrong in ((11,), (11, value, 1), (), (1.0, value), (True, value)):
            assert executor.submit(ignore, *wrong) is None
    assert desk.count_calls().queued == 0
    assert len(desk.free) == desk._made  # what was not begun has its row given back


def test_arguments_of_all_types_by_turns(executor):
    for _ in range(3):
        for name, value in GIVEN.items():
            if name in ("too large", "other order"):
                continue
            future = executor.submit(ignore, 3, value)
            assert future.result(LIMIT) == 3
    for raised, value in ((OverflowError, 2**64), (TypeError, np.ones(3, ">f8"))):
        ignore(3, 1), ignore(3, np.ones(3))
        with pytest.raises(raised):
            executor.submit(ignore, 3, value).result(LIMIT)
        assert executor.submit(ignore, 3, 1).result(LIMIT) == 3


def test_large_frames_and_counted_references_go_the_long_way():
    many = tuple(np.ones((1,) * 8) for _ in range(4))
    assert ignore.specialise_for((1, many[0])).start is not None
    assert ignore.specialise_for((1, "text")).start is None
    assert ignore.specialise_for((1, many)).start is None
