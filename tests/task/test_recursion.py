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
