"""Requests that lanes hand over, alone."""

import numpy as np
import pytest

from zuki.runtime.tables import make_table
from zuki_kernels import exchange, task_life, task_state


class Desk:
    def __init__(self, rows=8, width=16):
        self.pool, self.tasks = make_table(1, 64), make_table(rows, task_life.TASK_FIELDS)
        self.requests, self.answers = make_table(1, width), make_table(1, 2 * width)

    def hand_over(self, *requests):
        self.requests[0, : len(requests)] = requests
        given = self.pool, self.tasks, self.requests, len(requests), self.answers
        ready, over = exchange.exchange(*given)
        return self.answers[0, :ready].tolist(), self.answers[0, self.answers.shape[1] - over :].tolist()


@pytest.fixture
def desk():
    made = Desk()
    wakers = np.zeros((1, 8), np.int64)
    exchange.occupy_many(made.tasks, 0, 8, wakers)
    made.wakers = wakers[0].tolist()
    return made


def test_rows_begin_as_those_of_tasks_that_run(desk):
    assert [task_state.row_of(waker) for waker in desk.wakers] == list(range(8))
    assert set(desk.tasks[:, task_life.STATE].tolist()) == {task_state.RUNNING}


def test_a_task_that_waits_runs_when_it_is_woken(desk):
    assert desk.hand_over(exchange.paused(3)) == ([], [])
    assert desk.hand_over(desk.wakers[3], desk.wakers[3]) == ([3], [])
    assert desk.tasks[3, task_life.STATE] == task_state.RUNNING | task_state.SCHEDULED  # woken twice


def test_a_task_that_was_woken_while_it_ran_runs_again(desk):
    assert desk.hand_over(desk.wakers[2], exchange.paused(2)) == ([2], [])
    assert desk.hand_over(exchange.paused(2)) == ([], [])


def test_the_row_of_a_task_that_ended_is_another_ones(desk):
    ready, over = desk.hand_over(exchange.ended(5), exchange.ended(6))
    assert ready == []
    assert [task_state.row_of(waker) for waker in over] == [6, 5]
    assert {task_state.life_of(waker) for waker in over} == {1}
    assert desk.hand_over(exchange.paused(5), desk.wakers[5]) == ([], [])  # an old waker
    assert desk.hand_over(over[1]) == ([5], [])


def test_tasks_that_jitted_code_wakes_are_answered_once(desk):
    desk.hand_over(*map(exchange.paused, range(4)))
    assert exchange.ring(desk.pool, desk.tasks, desk.wakers[1])
    assert exchange.ring(desk.pool, desk.tasks, desk.wakers[2])
    assert not exchange.ring(desk.pool, desk.tasks, desk.wakers[2])
    assert not exchange.ring(desk.pool, desk.tasks, desk.wakers[7])  # it runs
    assert exchange.is_anyone_rung(desk.pool)
    assert desk.hand_over(desk.wakers[3]) == ([2, 1, 3], [])
    assert not exchange.is_anyone_rung(desk.pool)


def test_more_are_rung_than_answers_fit():
    desk = Desk(rows=40, width=4)
    wakers = np.zeros((1, 40), np.int64)
    exchange.occupy_many(desk.tasks, 0, 40, wakers)
    for row in range(40):
        task_life.pause(desk.tasks, row)
        assert exchange.ring(desk.pool, desk.tasks, wakers[0, row])
    answered = []
    while exchange.is_anyone_rung(desk.pool):
        ready, _ = desk.hand_over()
        assert 0 < len(ready) <= 8
        answered += ready
    assert sorted(answered) == list(range(40))
