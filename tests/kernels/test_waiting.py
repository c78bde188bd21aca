import time

import pytest

from tests.kernels.threads_of import run_together
from zuki.runtime.tables import make_table
from zuki_kernels import waiting
from zuki_kernels._jit import kernel
from zuki_kernels.atomics import load_acquire, load_relaxed, store_release

MILLISECOND = 1_000_000
LONG = 60_000 * MILLISECOND


@kernel
def wait(table, expected, timeout):
    waiting.wait(table, 1, 3, expected, timeout)


@kernel
def wake(table, count):
    return waiting.wake(table, 1, 3, count)


@kernel
def wait_until_moved(table, from_value, timeout):
    while load_acquire(table, 1, 3) == from_value:
        waiting.wait(table, 1, 3, from_value, timeout)


@kernel
def play(table, me, rounds, timeout):
    """Ping-pong: add one whenever the cell's parity is one's own."""
    for _ in range(rounds):
        value = load_acquire(table, 1, 3)
        while value & 1 != me:
            waiting.wait(table, 1, 3, value, timeout)
            value = load_acquire(table, 1, 3)
        store_release(table, 1, 3, value + 1)
        waiting.wake(table, 1, 3, 1)


@pytest.fixture
def table():
    return make_table(2, 16)


def test_it_times_out(table):
    wait(table, 0, 0)
    before = time.monotonic_ns()
    wait(table, 0, 20 * MILLISECOND)
    assert time.monotonic_ns() - before >= 20 * MILLISECOND


def test_a_timeout_of_seconds_is_split_into_seconds_and_the_rest(table):
    before = time.monotonic_ns()
    wait(table, 0, 1_010 * MILLISECOND)
    assert time.monotonic_ns() - before >= 1_010 * MILLISECOND


@pytest.mark.parametrize("timeout", [waiting.FOREVER, LONG])
def test_it_does_not_wait_where_the_cell_holds_something_else(table, timeout):
    wait(table, 1, timeout)
    assert table[1, 3] == 0


def test_nobody_is_woken_where_nobody_waits(table):
    assert wake(table, 1) == 0


def test_a_thread_that_waits_is_woken(table):
    wait_until_moved(table, 1, LONG)  # compiles
    wake(table, 0)

    def move():
        deadline = time.monotonic() + 30
        while wake(table, 1) == 0 and time.monotonic() < deadline:  # until it waits
            time.sleep(0.001)
        table[1, 3] = 1
        wake(table, 1)

    run_together(lambda: wait_until_moved(table, 0, LONG), move)


def test_as_many_are_woken_as_wanted(table):
    wait_until_moved(table, 1, LONG)

    def move():
        woken, deadline = 0, time.monotonic() + 30
        while woken < 3 and time.monotonic() < deadline:
            time.sleep(0.001)
            woken = wake(table, 3)
        table[1, 3] = 1
        return woken, wake(table, 1 << 30)

    *_, (woken, _) = run_together(*[lambda: wait_until_moved(table, 0, LONG)] * 3, move)
    assert woken == 3


def test_two_threads_wake_one_another(table):
    play(table, 0, 0, LONG)
    rounds = 2000
    run_together(lambda: play(table, 0, rounds, LONG), lambda: play(table, 1, rounds, LONG))
    assert load(table) == 2 * rounds


@kernel
def load(table):
    return load_relaxed(table, 1, 3)


def test_this_machine_is_supported():
    assert waiting.SUPPORTED
