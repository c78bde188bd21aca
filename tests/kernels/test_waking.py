"""Whether a worker that was woken, and has found work, wakes the next one."""

import pytest

from tests.kernels.runs_of import Plan, Running
from zuki_kernels import deque, queue, search, service, waking
from zuki_kernels.hands import DETACHED
from zuki_kernels.notifier import QUIET, START, WOKEN
from zuki_kernels.runs import NONE
from zuki_kernels.sync_state import NOTIFIED, ONE_IDLE, ONE_SPAWNED, SYNC, WAKING

ME, OTHER = 0, 1
TWO = 2 * ONE_SPAWNED


@pytest.fixture
def running():
    made = Running(Plan(2), begin=False)
    for me in (ME, OTHER):
        search.admit(made.pool, me)
    made.pool[0, search.USED_LEVELS] = 2
    made.pool[0, SYNC] = TWO + ONE_IDLE + WAKING
    return made


def pass_on(running):
    return waking.pass_on(
        running.pool, running.workers, running.deques, running.queues, running.hands, ME
    )  # fmt: skip


def in_the_queue_of_all(running):
    running.begin(0, waiter=NONE)
    running.pool[0, SYNC] = TWO + ONE_IDLE + WAKING


def at_another_consumer(running):
    in_the_queue_of_all(running)
    assert queue.acquire(running.queues, search.GLOBAL) >= 0


def in_the_own_deque(running):
    deque.push(running.deques, running.rings, ME * search.LEVELS, 1)


def in_another_deque(running):
    deque.push(running.deques, running.rings, OTHER * search.LEVELS + 1, 1)


def among_what_did_not_fit(running):
    in_the_queue_of_all(running)
    task = queue.acquire(running.queues, search.GLOBAL)
    queue.release(running.queues, search.GLOBAL, NONE)
    queue.push(running.queues, search.FIRST_OWN + OTHER, running.runs, task, task)


def in_another_hand(running):
    deque.push(running.hands, running.hand_rings, OTHER, 64)


def detached(running):
    running.hands[OTHER, DETACHED] = 64


def in_python(running):
    service.call(running.pool, running.workers)
    running.pool[0, SYNC] = TWO + ONE_IDLE + WAKING


PLACES = [
    in_the_queue_of_all,
    at_another_consumer,
    in_the_own_deque,
    in_another_deque,
    among_what_did_not_fit,
    in_another_hand,
    detached,
    in_python,
]


def test_nobody_is_woken_where_nothing_is_left(running):
    assert pass_on(running) == QUIET
    assert running.pool[0, SYNC] == TWO + ONE_IDLE


@pytest.mark.parametrize("place", PLACES)
def test_the_next_one_is_woken_wherever_anything_is_left(running, place):
    place(running)
    assert pass_on(running) == WOKEN


def test_a_thread_is_started_where_nobody_is_idle(running):
    running.pool[0, SYNC] = ONE_SPAWNED + WAKING
    in_the_own_deque(running)
    assert pass_on(running) == START


def test_what_was_notified_meanwhile_is_looked_for_by_the_next_one(running):
    running.pool[0, SYNC] += NOTIFIED
    assert pass_on(running) == WOKEN
