import time

import pytest

from tests.kernels.threads_of import run_together
from zuki.runtime.tables import Tables, make_table
from zuki_kernels import hands, pulse

MILLISECOND = 1_000_000
no_hands = make_table(1, hands.HAND_FIELDS)


@pytest.fixture
def pool():
    return Tables(2).pool


def test_helpers_are_counted(pool):
    for change, count in [(1, 1), (1, 2), (-1, 1), (-1, 0)]:
        pulse.count_helper(pool, change)
        assert pulse.helpers(pool) == count


def test_it_moves_while_somebody_helps_and_ends_when_told(pool):
    pulse.count_helper(pool, 1)

    def watch():
        deadline = time.monotonic() + 30
        while pulse.read(pool) < 5 and time.monotonic() < deadline:
            time.sleep(0.001)
        pulse.end(pool)

    run_together(lambda: pulse.beat(pool, no_hands, MILLISECOND), watch)
    assert pulse.read(pool) >= 5


def test_it_ends_where_nobody_helps_for_long(pool):
    run_together(lambda: pulse.beat(pool, no_hands, 50 * MILLISECOND))
    assert pulse.read(pool) == 0


def test_it_ends_at_once_if_told_before(pool):
    pulse.count_helper(pool, 1)
    pulse.end(pool)
    pulse.beat(pool, no_hands, 60_000 * MILLISECOND)
    assert pulse.read(pool) == 0
