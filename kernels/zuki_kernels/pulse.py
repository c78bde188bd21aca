"""The pulse: what lets a thread inside a kernel notice that its signals want to be looked at.

Python's signal handlers run on the main thread, between two of its instructions, so a main
thread that runs tasks has to return now and then. Reading a clock at every task would cost
as much as the task; instead a thread of its own moves one cell while anyone helps.
"""

from ._jit import kernel
from ._types import Table
from .atomics import add_relaxed, load_relaxed, store_relaxed
from .hands import IS_WATCHED
from .notifier import PULSE
from .spawning import ask
from .waiting import wait, wake

# Columns of the pool's row
HELPERS = 48  # callers that run tasks now
STOPPED = 49  # 1: the thread that moves the pulse is to end

_LINGER = 1_000_000_000  # nanoseconds without a helper after which the thread ends


@kernel
def count_helper(pool: Table, change: int) -> None:
    """Count a caller that begins (1) or ends (-1) to help."""
    add_relaxed(pool, 0, HELPERS, change)


@kernel
def helpers(pool: Table) -> int:
    """Return how many callers help."""
    return load_relaxed(pool, 0, HELPERS)


@kernel
def read(pool: Table) -> int:
    """Return the pulse."""
    return load_relaxed(pool, 0, PULSE)


@kernel
def beat(pool: Table, hands: Table, interval: int) -> None:
    """Move the pulse every ``interval`` nanoseconds; return if nobody has helped for long, or if told."""
    quiet = 0
    while quiet < _LINGER and load_relaxed(pool, 0, STOPPED) == 0:
        wait(pool, 0, STOPPED, 0, interval)
        if load_relaxed(pool, 0, HELPERS) > 0:
            add_relaxed(pool, 0, PULSE, 1)
            for row in range(hands.shape[0]):
                if load_relaxed(hands, row, IS_WATCHED) != 0:
                    ask(hands, row)
            quiet = 0
        else:
            quiet += interval


@kernel
def end(pool: Table) -> None:
    """Let the thread that moves the pulse end."""
    store_relaxed(pool, 0, STOPPED, 1)
    wake(pool, 0, STOPPED, 1)
