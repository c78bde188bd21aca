"""Threads that claim rows and give them back: no row has two users, and each life its own ticket."""

import numpy as np
import pytest

from tests.kernels.threads_of import run_together
from zuki.runtime.tables import make_table
from zuki_kernels import free_list
from zuki_kernels._jit import kernel
from zuki_kernels.atomics import add_acq_rel

USERS = 0  # column of a table: threads that use the row now

BAD, CLAIMS, REFUSED = range(3)  # of a report


@kernel
def use(lists, lives, users, seed, times, report):
    """Claim and give back at random; report what was wrong, how many claims, how many found no row."""
    held, count, state = np.zeros(8, np.int64), 0, seed
    for turn in range(times + 8):
        state = (state * 1103515245 + 12345) & 0x7FFFFFFF
        if turn < times and (count == 0 or (count < 8 and state >> 16 & 1)):
            ticket = free_list.claim(lists, lives, 0)
            if ticket < 0:
                report[REFUSED] += 1
                continue
            if add_acq_rel(users, free_list.row_of(ticket), USERS, 1) != 0:
                report[BAD] += 1
            if not free_list.is_current(lives, ticket):
                report[BAD] += 1
            held[count] = ticket
            count += 1
            report[CLAIMS] += 1
        elif count:
            count -= 1
            ticket = held[count]
            if add_acq_rel(users, free_list.row_of(ticket), USERS, -1) != 1:
                report[BAD] += 1
            if free_list.give_back(lists, lives, 0, ticket) != ticket:
                report[BAD] += 1
            if free_list.give_back(lists, lives, 0, ticket) != free_list.STALE:
                report[BAD] += 1
            if free_list.is_current(lives, ticket):
                report[BAD] += 1


@pytest.mark.parametrize(("threads", "rows"), [(1, 4), (2, 1), (2, 12), (4, 6), (8, 100)])
def test_a_row_has_one_user_at_a_time(threads, rows):
    lists, lives = make_table(1, free_list.FREE_LIST_FIELDS), make_table(rows, free_list.LIFE_FIELDS)
    users, reports = make_table(rows, 16), np.zeros((threads, 3), np.int64)
    run_together(
        *(
            lambda me=me: use(lists, lives, users, me + 1, 100_000 // threads, reports[me])
            for me in range(threads)
        )
    )
    assert reports[:, BAD].sum() == 0
    claims = reports[:, CLAIMS].sum()
    assert claims > 0  # one that is preempted with the only row leaves none to the other
    if 8 * threads <= rows:
        assert not reports[:, REFUSED].any()
    assert not users.any()
    used = lists[0, free_list.FRESH]
    assert (lives >> free_list.ROW_BITS).sum() == claims  # one generation for each life
    tickets = [free_list.claim(lists, lives, 0) for _ in range(rows)]
    assert sorted(map(free_list.row_of, tickets)) == list(range(rows))
    assert free_list.claim(lists, lives, 0) == free_list.EMPTY
    assert used <= rows
