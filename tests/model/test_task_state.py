"""A task's word: all words, all transitions, against the table in the kernel's header."""

from itertools import product

import pytest

from .mount import mount
from .test_sync_state import value

NAMES = ("SCHEDULED", "RUNNING", "COMPLETED", "CANCELLED", "AWAITED", "HELD")
WORDS = [frozenset(name for name, is_set in zip(NAMES, row, strict=True) if is_set)
         for row in product((False, True), repeat=len(NAMES))]  # fmt: skip
GENERATIONS = (0, 1, (1 << 35) - 1)


def may_be(flags):
    """The three forbidden combinations of the header."""
    over = "COMPLETED" in flags
    return not (
        (over and flags & {"SCHEDULED", "RUNNING"})
        or ("CANCELLED" in flags and not over and "SCHEDULED" not in flags)
        or ("AWAITED" in flags and not over and "HELD" not in flags)
    )


# transition: (arguments, where it applies, what it takes away, what it adds)
FINISH = {"RUNNING", "SCHEDULED", "CANCELLED"}
TRANSITIONS = {
    "spawn": ("spawned", (False,), lambda flags: not flags, set(), {"SCHEDULED"}),
    "spawn held": ("spawned", (True,), lambda flags: not flags, set(), {"SCHEDULED", "HELD"}),
    "wake": ("woken", (), lambda flags: "COMPLETED" not in flags, set(), {"SCHEDULED"}),
    "cancel": ("cancelled", (), lambda flags: "COMPLETED" not in flags, set(), {"SCHEDULED", "CANCELLED"}),
    "start": ("started", (), lambda flags: flags & {"SCHEDULED", "RUNNING"} == {"SCHEDULED"},
              {"SCHEDULED", "CANCELLED"}, {"RUNNING"}),
    "pause": ("paused", (), lambda flags: "RUNNING" in flags, {"RUNNING"}, set()),
    "finish": ("finished", (False,), lambda flags: "RUNNING" in flags, FINISH, {"COMPLETED"}),
    "finish cancelled": ("finished", (True,), lambda flags: "RUNNING" in flags,
                         FINISH, {"COMPLETED", "CANCELLED"}),
    "await": ("awaited", (), lambda flags: "HELD" in flags and "COMPLETED" not in flags, set(), {"AWAITED"}),
    "withdraw": ("withdrawn", (), lambda flags: "AWAITED" in flags and "COMPLETED" not in flags,
                 {"AWAITED"}, set()),
}  # fmt: skip


@pytest.fixture(scope="module")
def state():
    return mount("task_state")


def word_of(state, flags, generation=0):
    return generation << 8 | sum(getattr(state, name) for name in flags)


def flags_of(state, word):
    return frozenset(name for name in NAMES if value(state.has(word, getattr(state, name))))


def after(state, transition, flags, generation=0):
    name, arguments, *_ = TRANSITIONS[transition]
    return value(getattr(state, name)(word_of(state, flags, generation), *arguments))


@pytest.mark.parametrize("transition", TRANSITIONS)
def test_a_transition_does_what_the_table_says_to_every_word(state, transition):
    _, _, applies, taken, added = TRANSITIONS[transition]
    for flags, generation in product(filter(may_be, WORDS), GENERATIONS):
        word = after(state, transition, flags, generation)
        assert value(state.generation_of(word)) == generation
        if applies(flags):
            assert flags_of(state, word) == (flags - taken) | added
        elif transition in ("wake", "cancel", "await", "withdraw") and "COMPLETED" in flags:
            assert flags_of(state, word) == flags


@pytest.mark.parametrize("transition", TRANSITIONS)
def test_where_it_applies_a_transition_makes_no_forbidden_word(state, transition):
    for flags in filter(may_be, WORDS):
        if TRANSITIONS[transition][2](flags):
            assert may_be(flags_of(state, after(state, transition, flags)))


def lives(state):
    """Return each word that is reached from a free row, whose word is also a detached sleeper's."""
    found, fresh = {frozenset()}, [frozenset()]
    while fresh:
        flags = fresh.pop()
        reached = [
            flags_of(state, after(state, transition, flags))
            for transition, row in TRANSITIONS.items()
            if row[2](flags)
        ]
        if "HELD" in flags and ("AWAITED" not in flags or "COMPLETED" in flags):
            reached.append(flags - {"HELD"})
        if {"COMPLETED", "AWAITED"} <= flags:
            reached.append(flags - {"AWAITED"})
        fresh += set(reached) - found
        found.update(reached)
    return found


def test_what_can_be_reached_is_what_may_be(state):
    assert lives(state) == set(filter(may_be, WORDS))
    assert len(lives(state)) == 26


def test_the_last_one_is_told_from_the_word(state):
    for flags in filter(may_be, WORDS):
        last = "COMPLETED" in flags and not flags & {"AWAITED", "HELD"}
        assert value(state.is_free(word_of(state, flags))) == last


def test_has_tells_of_any_of_several_flags(state):
    for flags, asked in product(WORDS, WORDS):
        found = value(state.has(word_of(state, flags, 5), word_of(state, asked)))
        assert found == bool(flags & asked)


def test_a_recycled_row_is_free_in_the_next_generation(state):
    for flags, generation in product(WORDS, GENERATIONS):
        word = value(state.recycled(word_of(state, flags, generation)))
        assert flags_of(state, word) == frozenset()
        assert value(state.generation_of(word)) == (generation + 1) % (1 << 35)


def test_a_waker_names_row_and_generation(state):
    for row, generation in product((0, 1, 77, (1 << 28) - 1), GENERATIONS):
        waker = value(state.waker_of(row, generation))
        assert (value(state.row_of(waker)), value(state.life_of(waker))) == (row, generation)
        assert 0 <= waker < 1 << 63
