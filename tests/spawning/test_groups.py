"""What a group does when a task of it fails on another worker, before that is joined."""

import numpy as np
import pytest

import zuki
from zuki_kernels.clock import now

ROUNDS = 2_000_000_000  # of a wait in jitted code: some ten seconds
ASKS, FAILS, TOLD, FIRST = 0, 1, 2, 3  # places in the notes; from the last one on those of others


@zuki.task("void(int64[::1])")
def ask_until_told(notes):
    notes[ASKS] = 1
    for _ in range(ROUNDS):
        if zuki.cancelled():
            notes[TOLD] += 1
            return


@zuki.task("void(int64[::1])")
def fail_when_that_asks(notes):
    notes[FAILS] = 1
    wait_for(notes, ASKS)
    raise ValueError("the first")


@zuki.task("void(int64[::1], int64)")
def note(notes, place):
    notes[place] += 1


@zuki.task("void(int64[::1], int64)")
def wait_for(notes, place):
    for _ in range(ROUNDS):
        if notes[place] or now() < 0:  # what is called might write the notes: they are looked at each time
            break


@zuki.task("void(int64[::1])")
def sleeps_in_a_join(notes):
    """Two others run what it has spawned; it joins the one that does not fail."""
    asks = zuki.spawn(ask_until_told, notes)
    wait_for(notes, ASKS)  # it would keep the next one to itself
    fails = zuki.spawn(fail_when_that_asks, notes)
    wait_for(notes, FAILS)
    zuki.join(asks)
    zuki.join(fails)


@zuki.task("void(int64[::1])")
def runs_one_in_a_join(notes):
    """One fails that another worker has taken; it runs the next one, and does not begin the last one."""
    fails = zuki.spawn(fail_when_that_asks, notes)
    wait_for(notes, FAILS)
    asks, last = zuki.spawn(ask_until_told, notes), zuki.spawn(note, notes, FIRST)
    zuki.join(asks)
    zuki.join(fails)
    zuki.join(last)


@zuki.task("void(int64[::1])")
def leaves_many(notes):
    """Another worker runs the first one, and asks; the second one fails, and the others have not begun."""
    zuki.spawn(ask_until_told, notes)
    wait_for(notes, ASKS)
    zuki.spawn(fail_when_that_asks, notes)
    for place in range(FIRST, len(notes)):
        zuki.spawn(note, notes, place)


@zuki.task("int64(int64[::1])")
def catches_and_goes_on(notes):
    """What was passed over because of a failure that is caught begins at its join, or at the end."""
    asks = zuki.spawn(ask_until_told, notes)
    wait_for(notes, ASKS)
    fails, last = zuki.spawn(fail_when_that_asks, notes), zuki.spawn(note, notes, FIRST)
    for place in range(FIRST + 1, len(notes)):
        zuki.spawn(note, notes, place)
    zuki.join(asks)
    before = notes[FIRST:].sum()
    try:
        zuki.join(fails)
    except Exception:
        zuki.join(last)
    return before


@zuki.task("void(int64[::1], int64)")
def fails_with_the_others(notes, place):
    notes[place] = 1
    wait_for(notes, ASKS)
    wait_for(notes, FAILS)
    raise ValueError("one of two", place)


@zuki.task("void(int64[::1])")
def leaves_two_that_fail(notes):
    zuki.spawn(fails_with_the_others, notes, ASKS)
    wait_for(notes, ASKS)
    zuki.spawn(fails_with_the_others, notes, FAILS)


@pytest.fixture
def notes():
    return np.zeros(FIRST + 1000, np.int64)


@pytest.mark.parametrize(("group", "workers"), [(sleeps_in_a_join, 3), (runs_one_in_a_join, 2)])
def test_who_runs_hears_of_a_failure_while_the_spawner_waits_for_another(notes, group, workers):
    with zuki.Executor(workers) as executor, pytest.raises(ValueError, match="the first"):
        executor.run(group, notes)
    assert notes[: FIRST + 1].tolist() == [1, 1, 1, 0]


def test_what_nobody_has_begun_does_not_begin_when_one_has_failed(notes):
    with zuki.Executor(2) as executor, pytest.raises(ValueError, match="the first"):
        executor.run(leaves_many, notes)
    assert notes[:FIRST].tolist() == [1, 1, 1]
    assert notes[FIRST:].sum() <= 4  # those that were shared with it


def test_who_catches_has_the_others_run(notes):
    with zuki.Executor(2) as executor:
        assert executor.run(catches_and_goes_on, notes) <= 4
    assert notes[FIRST:].min() == notes.max() == 1


def test_a_note_says_that_others_have_failed(notes):
    with zuki.Executor(2) as executor, pytest.raises(ValueError, match="one of two") as caught:
        executor.run(leaves_two_that_fail, notes)
    assert any("1 more of the tasks that were spawned failed" in note for note in caught.value.__notes__)


def test_who_is_alone_tells_of_no_others(notes):
    notes[ASKS] = 1
    with zuki.Executor(1) as executor, pytest.raises(ValueError, match="the first") as caught:
        executor.run(fail_when_that_asks, notes)
    assert not any("more" in note for note in caught.value.__notes__)
