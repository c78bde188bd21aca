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
    waiting.wake(table, 1, 3, count)


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


def test_a_wake_where_nobody_waits_is_not_kept(table):
    wake(table, 1)
    wake(table, 1 << 30)
    before = time.monotonic_ns()
    wait(table, 0, 20 * MILLISECOND)
    assert time.monotonic_ns() - before >= 20 * MILLISECOND


def test_the_cell_next_to_it_says_nothing(table):
    table[1, 2] = table[1, 4] = table[0, 3] = 7
    before = time.monotonic_ns()
    wait(table, 0, 20 * MILLISECOND)
    assert time.monotonic_ns() - before >= 20 * MILLISECOND


@pytest.mark.parametrize(("sleepers", "count"), [(1, 1), (3, 3), (3, 1 << 30)])
def test_threads_that_wait_are_woken(table, sleepers, count):
    """Without limits to their waits: a wake that is lost is a test that does not end."""
    wait_until_moved(table, 1, LONG)  # compiles
    wake(table, 0)

    def move():
        time.sleep(0.05)  # most likely they sleep by now; right in any case
        store(table, 1)
        wake(table, count)

    run_together(*[lambda: wait_until_moved(table, 0, waiting.FOREVER)] * sleepers, move)


def test_one_of_two_cells_is_woken():
    """Each thread has its cell, as workers have; each wake is for one of them."""
    tables = [make_table(2, 16) for _ in range(8)]
    wait_until_moved(tables[0], 1, LONG)

    def move():
        for table in tables:
            time.sleep(0.005)
            store(table, 1)
            wake(table, 1)

    run_together(*[lambda table=table: wait_until_moved(table, 0, waiting.FOREVER) for table in tables], move)


def test_two_threads_wake_one_another(table):
    play(table, 0, 0, LONG)
    rounds = 2000
    timeout = waiting.FOREVER
    run_together(lambda: play(table, 0, rounds, timeout), lambda: play(table, 1, rounds, timeout))
    assert load(table) == 2 * rounds


@kernel
def load(table):
    return load_relaxed(table, 1, 3)


@kernel
def store(table, value):
    store_release(table, 1, 3, value)
