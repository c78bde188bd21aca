"""A Python task's life in one word: what it is at, what is wished of it, who still counts on it.

After async-task's and tokio's task states. The functions are pure: from a word to the word
after a transition; the same word where it does not apply. `task_life` makes them with one
compare-exchange each. This file alone knows where the bits are.

    SCHEDULED  it is to run. Not RUNNING: it is in one queue, or in the hands of who pushes it.
               RUNNING: it was woken meanwhile and runs again. Set by spawn, wakers and cancel,
               cleared by start and finish.
    RUNNING    somebody runs it. Set by start, cleared by pause and finish.
    COMPLETED  it never runs again, and wakers do nothing. Set by finish, for the rest of its life.
    CANCELLED  a cancellation is wished and its next run delivers it; with COMPLETED: it ended by
               one. Set by cancel and finish, cleared by start, which takes the wish.
    AWAITED    somebody waits for its end and has said whom to wake; with COMPLETED: who finished
               it has not yet told that one. Set by await, cleared by withdraw and told.
    HELD       its result is wanted. Set by spawn, cleared by detach.

No flag: the row is free, or its task is detached and sleeps. Only wakers of this generation
could tell, and a free row has none.

            any word that may be     becomes
    spawn   free                     SCHEDULED, HELD as wanted
    wake    not COMPLETED            + SCHEDULED
    cancel  not COMPLETED            + SCHEDULED + CANCELLED
    start   SCHEDULED, not RUNNING   - SCHEDULED - CANCELLED + RUNNING
    pause   RUNNING                  - RUNNING
    finish  RUNNING                  - RUNNING - SCHEDULED + COMPLETED, CANCELLED as it ended
    await   HELD, not COMPLETED      + AWAITED
    withdraw  AWAITED, not COMPLETED - AWAITED
    told    COMPLETED and AWAITED    - AWAITED
    detach  HELD, and not AWAITED unless COMPLETED   - HELD
    recycle COMPLETED, neither AWAITED nor HELD      free, in the next generation

Never: COMPLETED with SCHEDULED or RUNNING; CANCELLED with neither SCHEDULED nor COMPLETED (a
wish that nobody will see); AWAITED without HELD before COMPLETED (a result that nobody wants).
"""

from ._jit import kernel

SCHEDULED = 1
RUNNING = 2
COMPLETED = 4
CANCELLED = 8
AWAITED = 16
HELD = 32
_FLAGS = 8  # bits

_ROW = 28  # bits of a waker: the row, then the generation
ROW_MASK = (1 << _ROW) - 1
_GENERATION_MASK = (1 << 35) - 1  # a waker is never negative


@kernel
def generation_of(word: int) -> int:
    """Return which life of its row this is."""
    return word >> _FLAGS


@kernel
def has(word: int, flags: int) -> bool:
    """Tell whether any of the flags is set."""
    return word & flags != 0


@kernel
def is_free(word: int) -> bool:
    """Tell whether nobody counts on a task that is over."""
    return word & (COMPLETED | AWAITED | HELD) == COMPLETED


@kernel
def spawned(word: int, held: bool) -> int:
    """Let a task begin in a free row; it is to be pushed."""
    return word | SCHEDULED | (HELD if held else 0)


@kernel
def woken(word: int) -> int:
    """Let it run once more."""
    return word if word & COMPLETED else word | SCHEDULED


@kernel
def cancelled(word: int) -> int:
    """Let it run once more, and be told that it is to end."""
    return word if word & COMPLETED else word | SCHEDULED | CANCELLED


@kernel
def started(word: int) -> int:
    """Take it from its queue, and with it the wish to cancel it."""
    return word & ~(SCHEDULED | CANCELLED) | RUNNING


@kernel
def paused(word: int) -> int:
    """Let it wait for a waker, or run again if one came meanwhile."""
    return word & ~RUNNING


@kernel
def finished(word: int, by_cancellation: bool) -> int:
    """Let it be over; what was wished of it after its last start is void."""
    after = word & ~(RUNNING | SCHEDULED | CANCELLED) | COMPLETED
    return after | CANCELLED if by_cancellation else after


@kernel
def awaited(word: int) -> int:
    """Let somebody be told of its end."""
    return word if word & COMPLETED else word | AWAITED


@kernel
def withdrawn(word: int) -> int:
    """Let nobody be told of its end, unless it is over: who finished it tells."""
    return word if word & COMPLETED else word & ~AWAITED


@kernel
def recycled(word: int) -> int:
    """Make the row free: wakers of the life that ended are of another generation."""
    return (generation_of(word) + 1 & _GENERATION_MASK) << _FLAGS


@kernel
def waker_of(row: int, generation: int) -> int:
    """Return the number of the right to wake the task in ``row`` in one of its lives."""
    return generation << _ROW | row


@kernel
def row_of(waker: int) -> int:
    """Return the row that a waker is for."""
    return waker & ROW_MASK


@kernel
def life_of(waker: int) -> int:
    """Return the generation that a waker is for."""
    return waker >> _ROW
