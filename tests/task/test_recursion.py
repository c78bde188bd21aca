"""Bodies that call themselves, whose results come back in registers."""

import numpy as np
import pytest

import zuki


@zuki.task("int64(int64)", cache=False)
def factorial(n):
    return n * factorial(n - 1) if n > 1 else 1


@zuki.task("float64(float64, int64)", cache=False)
def halved(value, times):
    if times == 0:
        return value
    return halved(value / 2, times - 1)


@zuki.task("void(float64[:], int64, int64)", cache=False)
def fill(values, first, last):
    if last - first == 1:
        values[first] = first
    else:
        middle = (first + last) // 2
        fill(values, first, middle)
        fill(values, middle, last)


@zuki.task("UniTuple(int64, 2)(int64)", cache=False)
def pair(n):
    if n == 0:
        return 0, 1
    first, second = pair(n - 1)
    return second, first + second


@zuki.task("boolean(int64)", cache=False)
def is_even(n):
    if n < 0:
        raise ValueError("less than nothing", n)
    return True if n == 0 else not is_even(n - 1)


@zuki.task("int64(int64)", cache=False)
def fails_below(n):
    if n == 0:
        raise KeyError("at the bottom")
    if n < 0:
        return n
    return fails_below(n - 1) + 1


@zuki.task("int64(int64)", cache=False)
def catches(n):
    if n == 0:
        raise KeyError("at the bottom")
    if n < 0:
        return n
    try:
        return catches(n - 1) + 1
    except Exception:
        return 100


@zuki.task("optional(int64)(int64)", cache=False)
def perhaps(n):
    if n == 0:
        return None
    below = perhaps(n - 1)
    return n if below is None else below + n


@zuki.task("float64[:](int64)", cache=False)
def zeros(n):
    if n <= 1:
        return np.zeros(3)
    return zeros(n - 1)


@zuki.task("int64(int64)", cache=False, debug=True)
def debugged(n):
    return debugged(n - 1) if n > 0 else n


def test_numbers():
    assert factorial(10) == 3628800
    assert halved(1.0, 10) == 2.0**-10
    assert is_even(10) is True
    assert is_even(7) is False


def test_what_takes_no_register_or_more_than_one():
    values = np.zeros(100)
    assert fill(values, 0, 100) is None
    assert values.tolist() == list(range(100))
    assert pair(10) == (55, 89)
    assert perhaps(0) is None
    assert perhaps(4) == 4 + 3 + 2 + 1
    assert zeros(5).tolist() == [0.0] * 3


def test_exceptions_come_through():
    with pytest.raises(ValueError, match="less than nothing") as caught:
        is_even(-3)
    assert caught.value.args == ("less than nothing", -3)
    with pytest.raises(KeyError, match="at the bottom"):
        fails_below(50)
    assert catches(3) == 102
    with zuki.Executor(1) as executor, pytest.raises(KeyError, match="at the bottom"):
        zuki.run(fails_below, 20, executor=executor)


def test_with_a_debugger_the_body_is_as_numba_lowers_it():
    assert debugged(5) == 0
    assert "zuki.direct" not in debugged.inspect_llvm(debugged.signatures[0])
    assert "zuki.direct" in factorial.inspect_llvm(factorial.signatures[0])


def test_in_a_graph():
    graph = zuki.Graph()
    node = graph.add(factorial, 12)
    with zuki.Executor(2) as executor:
        graph.run(executor)
    assert node.result() == 479001600


@zuki.task("int64(int64)", cache=False)
def in_turn(n):
    return 0 if n <= 0 else and_back(n - 1) + 1


@zuki.task("int64(int64)", cache=False)
def and_back(n):
    return 0 if n <= 0 else in_turn(n - 1) + 100


def test_tasks_that_call_one_another_in_place():
    assert in_turn(5) == 3 + 200
    assert and_back(4) == 2 + 200
    with zuki.Executor(2) as executor:
        assert executor.run(and_back, 5) == 300 + 2


@zuki.task("float64(float64, int64)", cache=False)
def with_constants(value, times):
    if times == 0:
        return value
    if times == 1:
        return with_constants(7, 0)  # constants, and one that has to be converted
    return with_constants(value, times - 1)


@zuki.task(cache=False)
def not_declared(n):
    return 1 if n == 0 else not_declared(0) + n


def test_a_call_of_oneself_with_constants():
    assert with_constants(1.5, 0) == 1.5
    assert with_constants(1.5, 3) == 7.0
    assert len(with_constants.overloads) == 1
    assert not_declared(4) == 5


def _counts_down(number, other=None):
    """Make a task that calls itself and, while it is compiled, lets another of its name be compiled."""

    @zuki.task("int64(int64)")
    def counted(n):
        if n == 0:
            return number if other is None else other(0) + number
        return counted(n - 1)

    return counted


def _lazy():
    @zuki.task(cache=False)
    def counted(n):
        return n + 0.5

    return counted


def test_each_body_finds_itself_where_others_have_its_name():
    first = _counts_down(1)
    second = _counts_down(20, first)
    assert (first(3), second(3)) == (1, 21)


BEFORE_ITS_NAME_IS_KNOWN = """
@zuki.task("int64(int64)", cache=False)
def counted(n):
    return int(other(1000)) if n == 0 else counted(n - 1) + 1
"""


def test_a_body_finds_itself_before_its_name_is_defined():
    names = {"__name__": __name__, "zuki": zuki, "other": _lazy()}
    exec(BEFORE_ITS_NAME_IS_KNOWN, names)
    assert names["counted"](5) == 1005
