import pytest

from zuki.runtime.tables import make_table
from zuki_kernels import timer_inbox
from zuki_kernels.timer_inbox import TIMER_FIELDS, WHEEL_FIELDS
from zuki_kernels.timer_turn import turn

MANY = 1 << 40


@pytest.fixture
def tables():
    return make_table(1, WHEEL_FIELDS), make_table(13, 32), make_table(8, TIMER_FIELDS)


def answers_of(tables, tick, room=8, most=MANY):
    answers = make_table(1, room)
    return answers[0, : turn(*tables, tick, most, answers)].tolist()


def ask_all(tables, deadlines):
    for timer, deadline in enumerate(deadlines):
        timer_inbox.ask(tables[0], tables[2], timer, deadline, 100 + timer)


def test_a_turn_hears_fires_and_frees(tables):
    ask_all(tables, (10, 30, 20, 20))
    assert timer_inbox.withdraw(tables[0], tables[2], 2) == -4
    assert answers_of(tables, 5) == [~2]
    assert answers_of(tables, 20) == [100, 103]
    assert answers_of(tables, 29) == []
    assert timer_inbox.withdraw(tables[0], tables[2], 1) == -4
    assert answers_of(tables, 30) == [~1]


def test_what_has_no_room_comes_in_the_next_turn(tables):
    ask_all(tables, range(1, 9))
    for timer in (0, 3, 4):
        timer_inbox.withdraw(tables[0], tables[2], timer)
    seen = []
    for _ in range(5):
        seen += answers_of(tables, 10, room=2)
    assert sorted(seen) == sorted([~0, ~3, ~4, 101, 102, 105, 106, 107])


def test_timers_that_have_to_move_are_no_reason_to_stop(tables):
    ask_all(tables, [5000] * 8)
    seen = []
    for _ in range(40):
        seen += answers_of(tables, 5000, most=2)
    assert seen == [107, 106, 105, 104, 103, 102, 101, 100]  # a stack was taken whole
