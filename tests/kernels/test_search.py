from itertools import pairwise

import pytest

from tests.kernels.runs_of import Plan, Running
from zuki_kernels import deque, queue, search
from zuki_kernels.counters import CURSOR, OVERFLOWS, RETRIEVED, STEALS, TRIES
from zuki_kernels.node import END, set_next
from zuki_kernels.runs import NONE, ROOT_MARKER, task_of
from zuki_kernels.search import FIRST_OWN, GLOBAL, LEVELS, USED_LEVELS, USED_WORKERS

MARKER = task_of(0, ROOT_MARKER)


@pytest.fixture
def running():
    made = Running(Plan(40, levels=[node % 2 for node in range(40)]), capacity=8)
    for worker in range(3):
        search.admit(made.pool, worker)
    assert queue.acquire(made.queues, GLOBAL) == MARKER
    queue.release(made.queues, GLOBAL, END)
    return made


def add(running, me, level, *tasks):
    for task in tasks:
        search.add(
            running.deques, running.rings, running.queues, running.workers, running.runs, me, level, task
        )


def pop(running, me):
    return search.pop(running.pool, running.deques, running.rings, me)


def find(running, me, few=0):
    return search.find(
        running.pool, running.workers, running.deques, running.rings, running.queues, running.runs, me, few
    )


def push(running, row, *tasks):
    for task, following in pairwise(tasks):
        set_next(running.runs, task, following)
    queue.push(running.queues, row, running.runs, tasks[0], tasks[-1])


def test_workers_are_admitted_once_and_in_any_order():
    running = Running(Plan(1))
    for worker, used in [(2, 3), (0, 3), (2, 3), (4, 5)]:
        search.admit(running.pool, worker)
        assert running.pool[0, USED_WORKERS] == used


def test_the_most_urgent_level_comes_first_and_the_newest_of_it(running):
    add(running, 1, 1, 11, 13)
    add(running, 1, 0, 10, 12)
    assert [pop(running, 1) for _ in range(5)] == [12, 10, 13, 11, NONE]
    assert pop(running, 0) == NONE


def test_levels_that_no_run_uses_are_not_looked_at(running):
    running.pool[0, USED_LEVELS] = 1
    add(running, 0, 1, 5)
    assert pop(running, 0) == NONE
    running.pool[0, USED_LEVELS] = 2
    assert pop(running, 0) == 5


def test_what_does_not_fit_overflows_into_ones_own_queue(running):
    add(running, 1, 0, *range(0, 20, 2))
    assert running.workers[1, OVERFLOWS] == 2
    assert search.is_anything_left(running.deques, running.queues, 1)
    assert [pop(running, 1) for _ in range(9)] == [14, 12, 10, 8, 6, 4, 2, 0, NONE]
    assert search.is_anything_left(running.deques, running.queues, 1)
    assert find(running, 1) == 18
    assert {pop(running, 1), find(running, 1)} == {16, NONE}
    assert running.workers[1, RETRIEVED] == 2
    assert not search.is_anything_left(running.deques, running.queues, 1)


def test_of_a_queue_one_takes_the_first_and_half_a_deque_of_others_by_level(running):
    push(running, GLOBAL, *range(12))
    assert (
        search.consume(
            running.queues, GLOBAL, running.deques, running.rings, running.workers, running.runs, 2
        )
        == 0
    )
    assert [pop(running, 2) for _ in range(5)] == [4, 2, 3, 1, NONE]
    assert running.workers[2, RETRIEVED] == 0  # it had not overflowed
    assert (
        search.consume(
            running.queues, GLOBAL, running.deques, running.rings, running.workers, running.runs, 1
        )
        == 5
    )


def test_a_full_deque_takes_nothing_more_from_a_queue(running):
    add(running, 0, 0, *range(20, 36, 2))
    push(running, GLOBAL, 0, 2, 4)
    assert (
        search.consume(
            running.queues, GLOBAL, running.deques, running.rings, running.workers, running.runs, 0
        )
        == 0
    )
    assert (
        search.consume(
            running.queues, GLOBAL, running.deques, running.rings, running.workers, running.runs, 1
        )
        == 2
    )


def test_a_root_marker_comes_alone(running):
    push(running, GLOBAL, 1, 3, MARKER, 5)
    take = (running.queues, GLOBAL, running.deques, running.rings, running.workers, running.runs, 0)
    assert search.consume(*take) == 1
    assert [pop(running, 0), pop(running, 0)] == [3, NONE]
    assert search.consume(*take) == MARKER
    assert pop(running, 0) == NONE
    assert search.consume(*take) == 5
    assert search.consume(*take) == queue.EMPTY


def test_a_queue_that_another_consumes_is_left(running):
    push(running, GLOBAL, 1, 3)
    assert queue.acquire(running.queues, GLOBAL) == 1
    assert find(running, 0) == NONE


def test_order_of_the_places(running):
    push(running, GLOBAL, 2)
    push(running, FIRST_OWN + 1, 1)
    add(running, 2, 0, 4, 6)
    push(running, FIRST_OWN + 2, 8)
    assert [find(running, 1) for _ in range(6)] == [1, 2, 8, 4, 6, NONE]
    assert running.workers[1, STEALS] == 3
    assert running.workers[1, TRIES] == 3 + 2


def test_a_thief_takes_the_oldest_of_the_most_urgent_level_and_comes_back(running):
    add(running, 0, 1, 1, 3)
    add(running, 0, 0, 2, 4)
    add(running, 2, 0, 6)
    running.workers[1, CURSOR] = 2
    assert [find(running, 1) for _ in range(6)] == [2, 4, 1, 3, 6, NONE]


def test_a_worker_does_not_rob_itself(running):
    add(running, 1, 0, 2)
    assert find(running, 1) == NONE
    assert running.workers[1, TRIES] == 2
    assert not deque.is_empty(running.deques, 1 * LEVELS)


def test_a_few_tasks_are_left_to_their_owner(running):
    add(running, 1, 0, 10, 11)
    add(running, 2, 0, 20, 21, 22)
    assert find(running, 0, few=3) == search.SCRAPS
    assert find(running, 0, few=2) == 20  # there are more than two
    assert find(running, 0, few=2) == search.SCRAPS
    assert find(running, 0) == 21
    assert {find(running, 0) for _ in range(3)} == {22, 10, 11}
    assert find(running, 0, few=3) == NONE


def test_what_overflowed_is_left_to_nobody(running):
    add(running, 1, 0, *range(9))
    assert [deque.steal(running.deques, running.rings, LEVELS) for _ in range(8)] == list(range(8))
    assert find(running, 0, few=3) == 8
