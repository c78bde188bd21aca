"""The word of a submitted call: who runs it, and who is to hear of its end.

Python submits a call of a jitted task by a row of a table, whose word tells how far it is:

    STARTED    somebody has the right to run it, or to cancel it
    OVER       its result or its failure is there, or it is cancelled
    CANCELLED  it was cancelled
    WAITED     threads sleep on the word until it is over
    LISTENED   a servant is to tell Python when it is over
    FETCHED    a thread of Python's has its result, or is about to
    PASSED     no worker will come to the row any more
    LEFT       nor will Python

Above these bits is the row's *life*, one more with each call: who comes late, with the number of
a life that has ended, is told `STALE` and has changed nothing.

A row is free when it is PASSED and LEFT; who sets the second of the two gives it back. The worker
that takes the call from the queue runs it unless it is STARTED, and sets PASSED then, in one step with
OVER if it has run it. WAITED and LISTENED are asked for before OVER, or too late, and who asks is told.

Columns: WORD to FRAME_WORDS, of a row of the calls.
Roles: who has a free row opens it and fills it; any thread does the rest.
At rest (free): STARTED, OVER, FETCHED, PASSED and LEFT.
"""

from ._jit import kernel
from ._types import Table
from .atomics import cas_acq_rel, cas_relaxed, load_relaxed, store_relaxed
from .waiting import wait, wake

WORD = 0
ENTRY = 1  # address of the task's entry, as a node's body
FRAME = 2  # address of its arguments and result
FAILURE = 3  # once it is over: 0, or what its entry returned
LINK = 4  # 1 + the row that is under it on a stack of the desk, or 0
DESK = 5  # address of the desk
CALL_ROW = 6  # this one
FETCHER = 7  # number of the thread that has set FETCHED, for that thread alone; else 0
STARTS = 8  # 1: who has submitted the call is yet to start a thread, which the pool counts already
FRAME_WORDS = 16  # from here on: room for the frame of most tasks
CALL_FIELDS = 64

STARTED = 1
OVER = 2
CANCELLED = 4
WAITED = 8
LISTENED = 16
FETCHED = 32
PASSED = 64
LEFT = 128
_LIFE_SHIFT = 8
AT_REST = STARTED | OVER | FETCHED | PASSED | LEFT  # the word of a row that was never used
_BITS = (1 << _LIFE_SHIFT) - 1
_MOST_LIVES = (1 << 22) - 1  # threads wait on the word, so it stays below 2**31

STALE = -1  # verdict: that life has ended

_EVERYBODY = 1 << 30


@kernel
def open_row(calls: Table, row: int) -> int:
    """Begin another life of a free row; return its number. Who has the row."""
    life = (life_of(load_relaxed(calls, row, WORD)) + 1) & _MOST_LIVES
    store_relaxed(calls, row, WORD, life << _LIFE_SHIFT)
    return life


@kernel
def life_of(word: int) -> int:
    """Return the life that a word is of."""
    return word >> _LIFE_SHIFT


@kernel
def bits_of(word: int) -> int:
    """Return what is set in a word."""
    return word & _BITS


@kernel
def add(calls: Table, row: int, life: int, bits: int) -> int:
    """Set bits of a life; return which were set before, or `STALE`."""
    while True:  # a failure means that another thread has changed the word
        word = load_relaxed(calls, row, WORD)
        if life_of(word) != life:
            return STALE
        # order: what I did before what others do after; pairs with its own
        if cas_acq_rel(calls, row, WORD, word, word | bits):
            return word & _BITS


@kernel
def ask(calls: Table, row: int, life: int, bit: int) -> int:
    """Set a bit for who finishes the call, unless it is over; return as `add` does."""
    while True:  # a failure means that another thread has changed the word
        word = load_relaxed(calls, row, WORD)
        if life_of(word) != life:
            return STALE
        if word & OVER != 0:  # who takes the result looks once more
            return word & _BITS
        if cas_relaxed(calls, row, WORD, word, word | bit):  # relaxed: only the word itself says it
            return word & _BITS


@kernel
def begin(calls: Table, row: int, life: int) -> bool:
    """Take the right to run the call or to cancel it; return whether nobody had it."""
    if load_relaxed(calls, row, WORD) & STARTED != 0:  # of whatever life: then this one has begun, or is over
        return False
    before = add(calls, row, life, STARTED)
    return before != STALE and before & STARTED == 0


@kernel
def finish(calls: Table, row: int, life: int, bits: int) -> int:
    """Say that the call is over, and wake who waits; return what was set before. Who has begun it."""
    before = add(calls, row, life, OVER | bits)
    if before & WAITED != 0:
        wake(calls, row, WORD, _EVERYBODY)
    return before


@kernel
def is_over(calls: Table, row: int, life: int) -> bool:
    """Tell whether the call is over, or its life. Any thread."""
    word = load_relaxed(calls, row, WORD)
    return life_of(word) != life or word & OVER != 0


@kernel
def sleep(calls: Table, row: int, life: int, timeout: int) -> bool:
    """Sleep until the call is over, or ``timeout`` nanoseconds; return whether it is."""
    before = ask(calls, row, life, WAITED)
    if before != STALE and before & OVER == 0:
        word = load_relaxed(calls, row, WORD)  # if it has changed by then this does not sleep
        if life_of(word) == life and word & OVER == 0:
            wait(calls, row, WORD, word, timeout)
    return is_over(calls, row, life)
