import random

import pytest

from tests.kernels.threads_of import run_together
from zuki.runtime.tables import make_table
from zuki_kernels import free_list
from zuki_kernels.free_list import EMPTY, STALE, generation_of, is_current, row_of, ticket_of

PLACE = 1


class Rows:
    """A free list of so many rows."""

    def __init__(self, count):
        self.lists, self.lives = make_table(2, free_list.FREE_LIST_FIELDS), make_table(count, 1)

    def claim(self):
        return free_list.claim(self.lists, self.lives, PLACE)

    def give_back(self, ticket):
        return free_list.give_back(self.lists, self.lives, PLACE, ticket)

    def is_current(self, ticket):
        return is_current(self.lives, ticket)


def test_a_table_of_zeros_is_a_free_list_of_all_rows():
    rows = Rows(3)
    assert [rows.claim() for _ in range(5)] == [0, 1, 2, EMPTY, EMPTY]


def test_a_row_comes_back_with_another_ticket():
    rows = Rows(3)
    first = rows.claim()
    rows.claim()
    assert rows.give_back(first) == first
    again = rows.claim()
    assert (row_of(again), generation_of(again)) == (row_of(first), 1)
    assert rows.is_current(again)
    assert not rows.is_current(first)


def test_the_row_that_was_given_back_last_comes_first():
    rows = Rows(3)
    tickets = [rows.claim() for _ in range(3)]
    for ticket in tickets:
        rows.give_back(ticket)
    assert [row_of(rows.claim()) for _ in range(3)] == [2, 1, 0]
    assert rows.claim() == EMPTY


def test_a_row_is_given_back_once():
    rows = Rows(2)
    ticket = rows.claim()
    assert [rows.give_back(ticket), rows.give_back(ticket)] == [ticket, STALE]
    again = rows.claim()
    assert rows.give_back(ticket) == STALE
    assert rows.is_current(again)
    assert row_of(rows.claim()) != row_of(again)


def test_a_free_row_belongs_to_no_ticket():
    rows = Rows(1)
    ticket = rows.claim()
    rows.give_back(ticket)
    assert not rows.is_current(ticket)


def test_a_ticket_is_a_number_that_is_not_negative():
    last_row, last = (1 << free_list.ROW_BITS) - 1, (1 << 35) - 1
    ticket = ticket_of(last_row, last)
    assert ticket == (1 << 63) - 1
    assert (row_of(ticket), generation_of(ticket)) == (last_row, last)
    assert generation_of(ticket_of(0, last + 1)) == 0


def test_the_last_generation_is_followed_by_the_first():
    rows = Rows(1)
    rows.claim()
    rows.lives[0, free_list.LIFE] = ticket_of(0, (1 << 35) - 1)
    rows.give_back(ticket_of(0, (1 << 35) - 1))
    rows.lists[PLACE, free_list.HEAD] |= ticket_of(0, (1 << 35) - 1)
    assert rows.claim() == 0
    assert rows.lists[PLACE, free_list.HEAD] == 0
    assert rows.claim() == EMPTY


@pytest.mark.parametrize("seed", range(5))
def test_against_sets_of_rows(seed):
    chance, rows = random.Random(seed), Rows(20)
    held, generation, free, old = {}, [0] * 20, set(range(20)), []
    for _ in range(2000):
        if chance.random() < 0.5:
            ticket = rows.claim()
            if not free:
                assert ticket == EMPTY
                continue
            row = row_of(ticket)
            free.remove(row)
            assert generation_of(ticket) == generation[row]
            held[row] = ticket
        elif held:
            row = chance.choice(sorted(held))
            assert rows.give_back(held[row]) == held[row]
            old.append(held.pop(row))
            generation[row] += 1
            free.add(row)
        if old and chance.random() < 0.2:
            assert rows.give_back(chance.choice(old)) == STALE
    assert all(rows.is_current(ticket) for ticket in held.values())
    assert not any(rows.is_current(ticket) for ticket in old)


def test_of_two_that_give_back_one_row_one_succeeds():
    rows = Rows(4)
    for _ in range(200):
        ticket = rows.claim()
        answers = run_together(lambda: rows.give_back(ticket), lambda: rows.give_back(ticket))  # noqa: B023
        assert sorted(answers) == [STALE, ticket]
