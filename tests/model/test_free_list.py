"""The free list under the model: no row has two claimers, and each passes to the next in order."""

import pytest

from zuki_kernels.free_list import FREE_LIST_FIELDS, FRESH, HEAD, LIFE_FIELDS, STALE, row_of, ticket_of

from .explore import explore
from .mount import Table, mount
from .mutants import assert_killed
from .pct import pct
from .worlds import load_plain, plain, store_plain

MUTANTS = [
    ("claim", "load_acquire", "load_relaxed"),
    ("claim", "generation_of(head) + 1", "generation_of(head)"),  # Treiber's pop of one: ABA
    ("claim", "if cas_relaxed(lists, place, HEAD, head, beneath)",
     "if (store_relaxed(lists, place, HEAD, beneath) or 1)"),
    ("claim", "elif cas_relaxed(lists, place, FRESH, fresh, fresh + 1)",
     "elif (store_relaxed(lists, place, FRESH, fresh + 1) or 1)"),
    ("give_back", "cas_release", "cas_relaxed"),
    ("give_back", "if not cas_relaxed(lives, row, LIFE, life, ticket_of(0, generation + 1))", "if False"),
    ("give_back", "ticket_of(row_of(head), generation + 1)", "ticket_of(row_of(head), generation)"),
]  # fmt: skip
BEYOND_THE_MODEL = {}


class Rows:
    """A free list of so many rows; the first ``free`` are on the list, the last of them on top."""

    def __init__(self, free_list, rows, free=0):
        self.free_list, self.rows = free_list, rows
        pack = plain(ticket_of)
        self.lists = Table("lists", 1, FREE_LIST_FIELDS, {(0, HEAD): pack(free, 0), (0, FRESH): free})
        self.lives = Table("lives", rows, LIFE_FIELDS, {(row, 0): pack(row, 1) for row in range(free)})
        self.uses = Table("uses", rows, 1)

    def frozen(self):
        return "rows"

    def claim(self):
        """Claim a row and write to it, as its only user."""
        ticket = yield from self.free_list.claim(self.lists, self.lives, 0)
        if ticket >= 0:
            row = yield from self.free_list.row_of(ticket)
            before = yield from load_plain(self.uses, row, 0)
            yield from store_plain(self.uses, row, 0, before + 1)
        return ticket

    def give_back(self, ticket):
        return self.free_list.give_back(self.lists, self.lives, 0, ticket)

    def is_current(self, ticket):
        return self.free_list.is_current(self.lives, ticket)


def distinct(results):
    """What is wrong with the tickets that the threads hold in the end."""
    rows = [plain(row_of)(ticket) for held in results.values() for ticket in held if ticket >= 0]
    return len(rows) != len(set(rows)) and "a row is claimed twice"


def a_row_comes_back(free_list):
    """One claims while another claims two rows and gives back the one that was on top (ABA)."""
    rows = Rows(free_list, 2, free=2)

    def one():
        first = yield from rows.claim()
        return first, (yield from rows.claim())

    def other():
        top = yield from rows.claim()
        beneath = yield from rows.claim()
        if top >= 0:
            yield from rows.give_back(top)
        return (beneath,)

    return [one, other], distinct


def hand_over(free_list):
    """Rows go from one to the next, and to a third."""
    rows = Rows(free_list, 2)

    def user():
        ticket = yield from rows.claim()
        if ticket >= 0:
            yield from rows.give_back(ticket)
        return ()

    def keeper():
        return ((yield from rows.claim()),)

    return [user, user, keeper], distinct


def enough_for_all(free_list):
    """Two rows, two threads, one row each at a time: nobody finds none."""
    rows = Rows(free_list, 2)

    def user():
        first = yield from rows.claim()
        if first >= 0:
            yield from rows.give_back(first)
        return first, (yield from rows.claim())

    def check(results):
        return (any(-1 in held for held in results.values()) and "a row is missing") or distinct(
            {slot: held[1:] for slot, held in results.items()}
        )

    return [user, user], check


def given_back_twice(free_list):
    """Two believe that a row's life is theirs to end; then two claim."""
    rows = Rows(free_list, 2)

    def ender():
        answer = yield from rows.give_back(0)
        return answer, (yield from rows.is_current(0)), (yield from rows.claim())

    def check(results):
        answers = sorted(held[0] for held in results.values())
        current = any(held[1] for held in results.values())
        return (
            (answers != [STALE, 0] and "not given back once")
            or (current and "an old ticket passes for a new one")
            or distinct({slot: held[2:] for slot, held in results.items()})
        )

    rows.lists.initial[0, FRESH] = 1  # row 0 is claimed, in its first life
    return [ender, ender], check


SCENARIOS = [a_row_comes_back, hand_over, enough_for_all, given_back_twice]


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_no_row_has_two_claimers(scenario):
    explore(*scenario(mount("free_list")))


@pytest.mark.parametrize("mutant", MUTANTS)
def test_each_ordering_is_needed(mutant):
    def finds(scenario):
        return lambda free_list: explore(*scenario(free_list))

    assert_killed("free_list", mutant, *map(finds, SCENARIOS))


@pytest.mark.slow
def test_no_row_has_two_claimers_of_three_with_one_preemption():
    rows = Rows(mount("free_list"), 3, free=2)

    def user():
        first = yield from rows.claim()
        if first >= 0:
            yield from rows.give_back(first)
        return ((yield from rows.claim()),)

    explore([user, user, user], distinct, preemptions=1)


def test_random_schedules_of_more_threads():
    rows = Rows(mount("free_list"), 3, free=2)

    def user():
        held = ()
        for _ in range(3):
            ticket = yield from rows.claim()
            if ticket >= 0 and held:
                yield from rows.give_back(held[-1])
                held = held[:-1]
            held += (ticket,) if ticket >= 0 else ()
        return held

    pct([user, user, user], distinct, seed=1, depth=4, runs=150)
