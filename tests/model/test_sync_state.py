"""The pool's word: each transition, from every state that few workers can reach; and the rules in use."""

from itertools import product

import pytest

from .mount import mount, mount_all
from .mutants import assert_killed
from .test_notifier import SCENARIOS

MUTANTS = [
    ("may_take", "spawned(sync) - idle(sync) < limit", "True"),
    ("joined", "awake(sync)", "spawned(sync) - idle(sync)"),
    ("unsignaled", "if is_notified(after) and awake(after) == 0", "if False"),
    ("is_taken_care_of", "and spawned(sync) > 0", ""),
]
BEYOND_THE_MODEL = {}
FINDERS = [
    SCENARIOS["a thread cannot be started"],
    SCENARIOS["one worker may be awake"],
    SCENARIOS["a thread cannot be started, others come and go"],
]  # the notifier is the one that uses these rules

STATES = ("PENDING", "SIGNALED", "WAKING")


def value(generator):
    """What a kernel returns that touches no table."""
    try:
        next(generator)
    except StopIteration as end:
        return end.value
    raise AssertionError("it touches a table")


class Word:
    """A word of the pool in parts, by the functions of `sync_state` alone."""

    def __init__(self, state, word):
        self.word = word
        self.idle, self.spawned = value(state.idle(word)), value(state.spawned(word))
        self.awake, self.notified = value(state.awake(word)), value(state.is_notified(word))
        self.signaled, self.over = value(state.is_signaled(word)), value(state.is_shut_down(word))
        self.rest = word & state.SHUTDOWN


def words(state, most=3):
    for idle, spawned in product(range(most + 1), repeat=2):
        for notified, name in product((0, state.NOTIFIED), STATES):
            if idle <= spawned:
                yield Word(
                    state,
                    idle * state.ONE_IDLE + spawned * state.ONE_SPAWNED + notified + getattr(state, name),
                )


@pytest.fixture(scope="module")
def state():
    return mount("sync_state")


def test_a_notification_is_kept_and_asks_for_one_worker_at_most(state):
    for before, limit, waking in product(list(words(state)), (1, 2, 3), (False, True)):
        after = Word(state, value(state.notified(before.word, limit, waking)))
        assert after.notified
        assert after.idle == before.idle
        assert after.spawned - before.spawned in (0, 1)
        if not waking and before.rest != state.PENDING:
            assert after.word == before.word | state.NOTIFIED
        elif after.spawned > before.spawned:
            assert before.idle == 0
            assert after.signaled
            assert after.spawned <= limit
        elif after.signaled:
            assert before.spawned - before.idle < limit
        else:
            assert after.rest == state.PENDING
            assert before.spawned - before.idle >= limit  # those that are awake look before they sleep


def test_who_takes_a_notification_takes_the_duty_that_is_free(state):
    for before, registered, waking in product(list(words(state)), (False, True), (False, True)):
        if before.idle < registered or not before.notified:
            continue
        after = Word(state, value(state.taken(before.word, registered, waking)))
        assert not after.notified
        assert (after.idle, after.spawned) == (before.idle - registered, before.spawned)
        assert after.rest == (state.WAKING if waking or before.signaled else before.rest)


def test_more_than_may_be_awake_never_are(state):
    for before, limit in product(list(words(state)), (1, 2, 3)):
        if before.awake > limit:
            continue
        joined = Word(state, value(state.joined(before.word, limit)))
        assert joined.awake <= limit
        assert (joined.word == before.word) == (before.awake >= limit)
        if before.idle and value(state.may_take(before.word, True, limit)):
            assert Word(state, value(state.taken(before.word, True, False))).awake <= limit
        told = Word(state, value(state.notified(before.word, limit, False)))
        assert told.awake <= limit or told.awake == before.awake


def test_sleep_and_waking_up_undo_each_other(state):
    for before in words(state):
        if before.idle == before.spawned:
            continue
        asleep = value(state.registered(before.word, False))
        assert value(state.unregistered(asleep)) == before.word
        assert Word(state, asleep).idle == before.idle + 1
        assert Word(state, value(state.registered(before.word, True))).rest == state.PENDING


def test_who_leaves_is_not_counted_and_keeps_no_duty(state):
    for before in words(state):
        if before.idle == before.spawned:
            continue
        left = Word(state, value(state.departed(before.word, False)))
        assert (left.spawned, left.idle, left.rest) == (before.spawned - 1, before.idle, before.rest)
        assert Word(state, value(state.departed(before.word, True))).rest == state.PENDING


def test_a_start_that_failed_leaves_the_notification_to_somebody(state):
    for before in words(state):
        awake = before.spawned - before.idle
        if awake < (2 if before.rest == state.WAKING else 1):  # whoever has the duty is awake, too
            continue
        given_up = Word(state, value(state.unsignaled(before.word, 3)))
        assert (given_up.spawned, given_up.notified) == (before.spawned - 1, before.notified)
        assert given_up.awake > 0 or not given_up.notified or not given_up.spawned
        assert given_up.signaled <= (before.notified and given_up.idle > 0)


def test_the_end_is_never_left(state):
    for before in words(state):
        over = Word(state, value(state.shut_down(before.word)))
        assert over.over
        assert (over.idle, over.spawned) == (before.idle, before.spawned)
        assert value(state.joined(over.word, 9)) == over.word
        assert Word(state, value(state.notified(over.word, 9, False))).over
        if over.spawned > over.idle:
            assert Word(state, value(state.departed(over.word, True))).over
            assert Word(state, value(state.registered(over.word, False))).over


@pytest.mark.parametrize("mutant", MUTANTS)
def test_each_rule_is_needed(mutant):
    assert_killed("sync_state", mutant, *FINDERS, entry=mount_all)
