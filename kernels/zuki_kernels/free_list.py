"""The free list: rows of a table that any thread claims and gives back, without a lock.

Treiber's stack (1986), with a count beside the row on top, so that a thread that slept
between its look at the top and its claim does not mistake the same row, come back with
another one under it, for the stack it saw (ABA).

A claimed row is named by its *ticket*: the row and its generation, which grows each time
the row is given back. So an old ticket is told from that of the row's next life, and a
row is given back once. Rows that were never claimed need no link: FRESH counts them, and
a table of zeros is a free list of all its rows.

Columns: HEAD packs a generation of its own and the row on top + 1; LIFE packs the row's
generation and, while it is free, the next free row + 1.
Roles: any thread claims; who has the right to end a row's life gives it back.
At rest: each row is claimed, on the list, or not below FRESH; one of these.
"""

from ._jit import kernel
from ._types import Table
from .atomics import cas_relaxed, cas_release, load_acquire, load_relaxed, store_relaxed

HEAD = 0  # of a free list: the top of the stack
FRESH = 16  # of a free list: the first row that was never claimed
FREE_LIST_FIELDS = 32

LIFE = 0  # of a row, in the table of lives
LIFE_FIELDS = 1

EMPTY = -1  # verdict: no row is free
STALE = -6  # verdict: the row was given back before

ROW_BITS = 28
_ROW_MASK = (1 << ROW_BITS) - 1
_GENERATION_MASK = (1 << 35) - 1  # a ticket is never negative


@kernel
def ticket_of(row: int, generation: int) -> int:
    """Return the ticket of a row in one of its lives."""
    return (generation & _GENERATION_MASK) << ROW_BITS | row


@kernel
def row_of(ticket: int) -> int:
    """Return the row that a ticket names."""
    return ticket & _ROW_MASK


@kernel
def generation_of(ticket: int) -> int:
    """Return the generation in a ticket."""
    return ticket >> ROW_BITS


@kernel
def claim(lists: Table, lives: Table, place: int) -> int:
    """Take a free row of list ``place``; return its ticket, or `EMPTY`. Any thread."""
    while True:  # a failure means that another thread has succeeded
        fresh = load_relaxed(lists, place, FRESH)  # before HEAD: once all rows are used, this stays so
        head = load_acquire(lists, place, HEAD)  # order: what is under it; pairs with give_back's
        if row_of(head) > 0:
            row = row_of(head) - 1
            life = load_relaxed(lives, row, LIFE)
            beneath = ticket_of(row_of(life), generation_of(head) + 1)
            if cas_relaxed(lists, place, HEAD, head, beneath):  # relaxed: the load has synchronised
                return ticket_of(row, generation_of(life))
        elif fresh >= lives.shape[0]:
            return EMPTY
        elif cas_relaxed(lists, place, FRESH, fresh, fresh + 1):
            return ticket_of(fresh, 0)


@kernel
def is_current(lives: Table, ticket: int) -> bool:
    """Tell whether the row has not been given back since the ticket was claimed. Any thread.

    A thread without a right to the row may hear of a life that has just ended.
    """
    return generation_of(load_relaxed(lives, row_of(ticket), LIFE)) == generation_of(ticket)


@kernel
def give_back(lists: Table, lives: Table, place: int, ticket: int) -> int:
    """End the life of a row: put it on list ``place`` and return ``ticket``; or return `STALE`."""
    row, generation = row_of(ticket), generation_of(ticket)
    life = load_relaxed(lives, row, LIFE)
    if generation_of(life) != generation:
        return STALE
    if not cas_relaxed(lives, row, LIFE, life, ticket_of(0, generation + 1)):
        return STALE  # another thread gives it back
    while True:  # a failure means that another thread has succeeded
        head = load_relaxed(lists, place, HEAD)
        store_relaxed(lives, row, LIFE, ticket_of(row_of(head), generation + 1))
        if cas_release(
            lists, place, HEAD, head, ticket_of(row + 1, generation_of(head))
        ):  # order: the row's last use, and its link, before the next claim; pairs with claim's load
            return ticket
