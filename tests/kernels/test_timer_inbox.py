import pytest

from tests.kernels.threads_of import run_together
from zuki.runtime.tables import make_table
from zuki_kernels import timer_inbox, timer_wheel
from zuki_kernels.timer_inbox import FIRED, HEARD, REQUEST, TIMER_FIELDS, WHEEL_FIELDS
from zuki_kernels.timer_wheel import CANCELLED, DONE, EMPTY, LAST, LATE, NEVER
from zuki_kernels.waiting import FOREVER

BEYOND = LAST + 1


@pytest.fixture
def tables():
    return make_table(1, WHEEL_FIELDS), make_table(13, 32), make_table(8, TIMER_FIELDS)


def ask(tables, timer, deadline):
    timer_inbox.ask(tables[0], tables[2], timer, deadline, 100 + timer)


def withdraw(tables, timer):
    return timer_inbox.withdraw(tables[0], tables[2], timer)


def hear_all(tables):
    answers = []
    while (answer := timer_inbox.hear(*tables)) != EMPTY:
        answers.append(answer)
    return answers


def expire_all(tables, tick):
    assert timer_wheel.advance(*tables, tick, 100) == DONE
    answers = []
    while (answer := timer_inbox.expire(*tables)) != EMPTY:
        answers.append(answer)
    return answers


def test_who_asks_is_heard_and_the_timer_fires_with_its_payload(tables):
    ask(tables, 3, 50)
    ask(tables, 0, 40)
    assert timer_wheel.next_deadline(*tables, 1) == NEVER
    assert hear_all(tables) == [HEARD, HEARD]
    assert timer_wheel.next_deadline(*tables, 2) == 40
    assert expire_all(tables, 45) == [100]
    assert expire_all(tables, 50) == [103]
    assert tables[2][3, REQUEST] == FIRED
    assert withdraw(tables, 3) == LATE


def test_a_timer_may_be_asked_for_again_after_it_has_fired(tables):
    for tick in range(1, 50):
        ask(tables, 5, tick)
        assert hear_all(tables) == [HEARD]
        assert expire_all(tables, tick) == [105]


def test_a_timer_that_is_withdrawn_before_it_is_heard_of_is_free(tables):
    ask(tables, 1, 50)
    ask(tables, 2, 50)
    assert withdraw(tables, 1) == CANCELLED
    assert hear_all(tables) == [HEARD, 1]
    assert expire_all(tables, 60) == [102]
    assert tables[2][1, REQUEST] == 0


def test_a_timer_that_is_withdrawn_does_not_fire(tables):
    ask(tables, 1, 50)
    hear_all(tables)
    assert withdraw(tables, 1) == CANCELLED
    assert expire_all(tables, 60) == [CANCELLED]  # it was due, and the owner had not heard
    assert hear_all(tables) == [1]
    ask(tables, 1, 70)
    hear_all(tables)
    assert withdraw(tables, 1) == CANCELLED
    assert hear_all(tables) == [1]
    assert expire_all(tables, 80) == []


def test_the_owner_is_woken_for_an_earlier_deadline_and_when_roused(tables):
    def owner():
        timer_inbox.rest(tables[0], BEYOND, FOREVER)
        return hear_all(tables)

    assert run_together(owner, lambda: ask(tables, 1, 50))[0] in ([], [HEARD])
    hear_all(tables)
    assert run_together(owner, lambda: timer_inbox.rouse(tables[0]))[0] == []
