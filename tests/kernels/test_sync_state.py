import random

import pytest

from zuki_kernels import sync_state as sync
from zuki_kernels.sync_state import (
    NOTIFIED,
    ONE_IDLE,
    ONE_SPAWNED,
    ONE_THREAD,
    PENDING,
    SHUTDOWN,
    SIGNALED,
    WAKING,
)


def word(spawned=0, idle=0, state=PENDING, notified=False, threads=0):
    callers = spawned - threads
    return (
        callers * ONE_SPAWNED + threads * ONE_THREAD + idle * ONE_IDLE + state + (NOTIFIED if notified else 0)
    )


def test_the_parts_of_a_word():
    made = word(spawned=300, idle=200, state=SIGNALED, notified=True, threads=100)
    assert (sync.spawned(made), sync.idle(made), sync.threads(made)) == (300, 200, 100)
    assert sync.is_notified(made)
    assert sync.is_signaled(made)
    assert not sync.is_shut_down(made)
    assert not sync.is_signaled(word(state=SHUTDOWN))
    assert not sync.is_signaled(word(state=WAKING))
    assert sync.is_shut_down(word(state=SHUTDOWN))


def test_who_stands_aside_is_awake_to_all_but_the_only_one():
    made = word(spawned=300, idle=200, state=SIGNALED, notified=True, threads=100) + 99 * sync.ONE_APART
    assert (sync.spawned(made), sync.idle(made), sync.threads(made)) == (300, 200, 100)
    assert (sync.apart(made), sync.awake(made)) == (99, 101)
    assert sync.is_notified(made)
    assert sync.is_signaled(made)
    assert sync.is_solo(made)
    assert not sync.is_solo(made - sync.ONE_APART)
    assert not sync.is_solo(sync.shut_down(made))


@pytest.mark.parametrize(
    ("before", "limit", "waking", "after"),
    [
        (word(), 2, False, word(1, state=SIGNALED, notified=True, threads=1)),  # nobody is there: start one
        (word(2, 1), 2, False, word(2, 1, SIGNALED, True)),  # one is idle: wake it
        (word(2), 2, False, word(2, notified=True)),  # all are awake
        (word(3, 1), 2, False, word(3, 1, notified=True)),  # as many are awake as may be
        (word(2, 2, SIGNALED), 2, False, word(2, 2, SIGNALED, True)),  # one is being woken
        (word(2, 1, WAKING), 2, False, word(2, 1, WAKING, True)),
        (word(2, 1, WAKING), 2, True, word(2, 1, SIGNALED, True)),  # the duty is passed on
        (word(2, 0, WAKING), 2, True, word(2, notified=True)),
        (word(1, 0, WAKING), 2, True, word(2, 0, SIGNALED, True, 1)),
    ],
)
def test_a_notification_wakes_else_starts_one_at_a_time(before, limit, waking, after):
    assert sync.notified(before, limit, waking) == after


def test_a_notification_is_taken_with_the_duty():
    assert sync.taken(word(2, 1, SIGNALED, True), True, False) == word(2, 0, WAKING)
    assert sync.taken(word(2, 1, PENDING, True), False, False) == word(2, 1)
    assert sync.taken(word(2, 1, WAKING, True), False, True) == word(2, 1, WAKING)
    assert sync.taken(word(2, 1, WAKING, True), False, False) == word(2, 1, WAKING)  # another's duty


def test_who_may_take_a_notification():
    assert not sync.may_take(word(2, 1), False, 2)
    assert sync.may_take(word(2, 1, notified=True), False, 2)
    assert sync.may_take(word(2, 1, SIGNALED, True), True, 1)
    assert sync.may_take(word(2, 1, PENDING, True), True, 2)
    assert not sync.may_take(word(2, 1, PENDING, True), True, 1)


def test_sleep_and_leave():
    assert sync.registered(word(2, 0, WAKING), True) == word(2, 1)
    assert sync.registered(word(2, 0, WAKING), False) == word(2, 1, WAKING)
    assert sync.relieved(word(2, 1, WAKING)) == word(2, 1)
    assert sync.unregistered(word(2, 1, WAKING)) == word(2, 0, WAKING)
    assert sync.departed(word(2, 1, WAKING), True) == word(1, 1)
    assert sync.departed(word(2, 1, SHUTDOWN), True) == word(1, 1, SHUTDOWN)


def test_a_start_that_failed():
    assert sync.unsignaled(word(2, 1, SIGNALED, threads=2), 2) == word(1, 1, threads=1)
    assert sync.unsignaled(word(2, 1, SHUTDOWN, threads=1), 2) == word(1, 1, SHUTDOWN)


def test_a_notification_does_not_end_with_the_thread_that_did_not_start():
    def given_up(spawned, idle):
        return sync.unsignaled(word(spawned, idle, SIGNALED, True, spawned), 2)

    assert given_up(2, 0) == word(1, notified=True, threads=1)  # who is awake takes it
    assert given_up(2, 1) == word(1, 1, SIGNALED, True, 1)  # an idle one is to be woken
    assert given_up(1, 0) == NOTIFIED  # nobody is left: the next one starts a thread
    assert not sync.is_taken_care_of(NOTIFIED)
    assert sync.is_taken_care_of(word(1, notified=True))


def test_a_thread_retires_while_enough_stay():
    assert sync.retired(word(3, 2, threads=2), 1) == word(2, 1, threads=1)
    assert sync.retired(word(2, 1, threads=1), 1) == word(2, 1, threads=1)  # the other one is a caller
    assert sync.retired(word(1, 1, threads=1), 0) == word(0, 0)
    assert sync.retired(word(2, 1, WAKING, True, 2), 0) == word(1, 0, WAKING, True, 1)


def test_a_caller_joins_while_fewer_are_awake_than_may_be():
    assert sync.joined(word(1, 0), 2) == word(2, 0)
    assert sync.joined(word(2, 0), 2) == word(2, 0)
    assert sync.joined(word(2, 1), 2) == word(3, 1)
    assert sync.joined(word(2, 1, SIGNALED), 2) == word(2, 1, SIGNALED)  # one is about to be awake
    assert sync.joined(word(0, 0, SHUTDOWN), 2) == word(0, 0, SHUTDOWN)


def test_the_end_is_for_ever():
    ended = sync.shut_down(word(2, 1, WAKING, threads=1))
    assert sync.is_shut_down(ended)
    assert sync.is_notified(ended)
    for after in (
        sync.departed(ended, True),
        sync.unsignaled(ended, 9),
        sync.joined(ended, 9),
        sync.registered(ended, False),
    ):
        assert sync.is_shut_down(after)


@pytest.mark.parametrize("seed", range(20))
def test_counts_stay_in_bounds(seed):
    """A walk through random transitions that some worker could make."""
    chosen = random.Random(seed)
    limit, state = chosen.randint(1, 4), 0
    for _ in range(500):
        idle, spawned = sync.idle(state), sync.spawned(state)
        waking = state & (3 << 29) == WAKING and spawned > idle
        steps = [sync.notified(state, limit, False), sync.joined(state, limit)]
        if waking:
            steps += [sync.notified(state, limit, True), sync.departed(state, True)]
        if spawned > idle and not sync.is_signaled(state):
            steps += [sync.registered(state, waking), sync.departed(state, waking)]
        if idle and sync.may_take(state, True, limit):
            steps.append(sync.taken(state, True, False))
        if idle and not sync.is_notified(state):
            steps.append(sync.retired(state, 1))
        if spawned > idle and sync.may_take(state, False, limit):
            steps.append(sync.taken(state, False, waking))
        state = chosen.choice(steps)
        assert 0 <= sync.idle(state) <= sync.spawned(state)
        assert sync.spawned(state) - sync.idle(state) <= limit
        assert not sync.is_shut_down(state)
