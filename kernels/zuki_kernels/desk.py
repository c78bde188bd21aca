"""The desk: which submitted calls Python is to be told of, which rows are free, and how many are not over.

Two stacks lead through the calls' own rows. Any thread puts a row onto one; Python takes a whole stack at a
time, so that no row can be taken and put back while somebody looks at it.

Columns: below, of one row; LINK is the call's (`submission`).
Roles: any thread.
At rest: both stacks are 0, and ENDED is OFFERED, but for `CLOSING`.
"""

from ._jit import kernel
from ._types import Table
from .atomics import (
    add_acq_rel,
    add_relaxed,
    cas_release,
    exchange_acquire,
    load_acquire,
    load_relaxed,
    or_acq_rel,
    store_relaxed,
)
from .submission import LINK

TO_TELL = 0  # 1 + the row on top of the stack of calls that Python is to be told of, or 0
FREED = 16  # the same, of rows that are free
OFFERED = 32  # calls that there were
ENDED = 48  # those that are over, and CLOSING; who submits never writes this line
FAILURES = 49  # of those that are over: those that failed
CANCELLATIONS = 50  # of those that are over: those that were cancelled
DIRECTORY = 64  # address of the pool's directory of tables
SLOT = 65  # of the run that the calls are nodes of
CALLS = 66  # address of the table of calls
CALL_ROWS = 67  # its rows
DESK_FIELDS = 80

CLOSING = 1 << 62  # of ENDED: the end of the last call is to be told


@kernel
def push(desk: Table, stack: int, calls: Table, row: int, number: int) -> None:
    """Put a call onto a stack: ``row`` of the table ``calls``, which the desk knows by ``number``."""
    while True:  # a failure means that another thread has put one there, or taken all
        under = load_relaxed(desk, 0, stack)
        store_relaxed(calls, row, LINK, under)
        # order: the link, and the call, before the stack; pairs with take_all's
        if cas_release(desk, 0, stack, under, number + 1):
            return


@kernel
def take_all(desk: Table, stack: int) -> int:
    """Take a whole stack; return 1 + the row on top, or 0."""
    if load_relaxed(desk, 0, stack) == 0:
        return 0
    return exchange_acquire(desk, 0, stack, 0)  # order: the stack before its rows; pairs with push's


@kernel
def under(calls: Table, row: int) -> int:
    """Return 1 + the row under one of a stack that was taken, or 0."""
    return load_relaxed(calls, row, LINK)


@kernel
def count_in(desk: Table) -> None:
    """Count one more call."""
    add_relaxed(desk, 0, OFFERED, 1)


@kernel
def count_out(desk: Table) -> bool:
    """Count one that is over, and on the stack if it is to be; return whether somebody waits for the last.

    It may seem to be the last when it is not.
    """
    # order: the stack before the count, and others' calls before the last; pairs with close's, and its own
    before = add_acq_rel(desk, 0, ENDED, 1)
    return before & CLOSING != 0 and before + 1 == CLOSING + load_relaxed(desk, 0, OFFERED)


@kernel
def count_loss(desk: Table, field: int) -> None:
    """Count a call among FAILURES or CANCELLATIONS, before it is counted out."""
    add_relaxed(desk, 0, field, 1)


@kernel
def read(desk: Table) -> tuple[int, int, int, int]:
    """Return how many calls there were, are over, have failed, and were cancelled. Any thread."""
    ended = load_relaxed(desk, 0, ENDED) & ~CLOSING
    failures, cancellations = load_relaxed(desk, 0, FAILURES), load_relaxed(desk, 0, CANCELLATIONS)
    return load_relaxed(desk, 0, OFFERED), ended, failures, cancellations


@kernel
def close(desk: Table) -> bool:
    """Ask to be told of the end of the last call; return whether none is left, and none to be told of."""
    # order: the count before the stack; pairs with count_out's
    ended = or_acq_rel(desk, 0, ENDED, CLOSING) & ~CLOSING
    return ended == load_relaxed(desk, 0, OFFERED) and load_relaxed(desk, 0, TO_TELL) == 0


@kernel
def is_quiet(desk: Table) -> bool:
    """Tell whether all calls are over that there were, and none is left to be told of. Any thread."""
    # order: the count before the stack; pairs with count_out's
    ended = load_acquire(desk, 0, ENDED) & ~CLOSING
    return ended == load_relaxed(desk, 0, OFFERED) and load_relaxed(desk, 0, TO_TELL) == 0
