"""Who holds a Python task's result: waits for it, is told once, and lets the row go.

After the join handle of tokio. The holder and the finisher race: of `wait_for` and
`task_life.finish` one comes first, and either the first is answered `OVER` or the second
`TELL`. Of `detach` and the finisher's last word (`finish`, or `told` if somebody is to be
told) the later one is answered `FREE`.

Columns: those of `task_life`.
Roles: the holder and the finisher of `task_life`.
At rest: AWAITER names somebody if AWAITED is set. Only who has claimed it from NONE writes it.
"""

from ._jit import kernel
from ._types import Table
from .atomics import add_acq_rel, cas_acquire, cas_release, load_acquire, load_relaxed, store_release
from .runs import NONE
from .task_life import AWAITER, FREE, NOTHING, OVER, STATE
from .task_state import AWAITED, COMPLETED, HELD, awaited, has, is_free, withdrawn

TAKEN = -11  # verdict: another one waits for the task


@kernel
def read(tasks: Table, row: int) -> int:
    """Return the word; a holder that finds COMPLETED may touch the result. Any thread."""
    return load_acquire(tasks, row, STATE)  # order: the result after COMPLETED; pairs with finish's


@kernel
def wait_for(tasks: Table, row: int, awaiter: int) -> int:
    """Let the waker ``awaiter`` be told of the end, once; return `NOTHING`, `OVER` or `TAKEN`. The holder.

    Several threads may try on its behalf: one is the awaiter, the others are told `TAKEN`.
    """
    # order: an earlier awaiter has withdrawn before; pairs with withdraw's
    if not cas_acquire(tasks, row, AWAITER, NONE, awaiter):
        return OVER if has(read(tasks, row), COMPLETED) else TAKEN
    while True:  # a failure means that another thread has moved the word
        word = read(tasks, row)
        if has(word, COMPLETED):
            return OVER  # nobody will be told
        # order: AWAITER before AWAITED; pairs with finish's
        if cas_release(tasks, row, STATE, word, awaited(word)):
            return NOTHING


@kernel
def withdraw(tasks: Table, row: int) -> int:
    """Take back what `wait_for` did; return `NOTHING`, or `OVER`: it is told nevertheless. The holder."""
    while True:  # a failure means that another thread has moved the word
        word = read(tasks, row)
        if has(word, COMPLETED):
            return OVER
        if cas_release(tasks, row, STATE, word, withdrawn(word)):
            store_release(tasks, row, AWAITER, NONE)  # order: AWAITED is off before; pairs with wait_for's
            return NOTHING


@kernel
def awaiter_of(tasks: Table, row: int) -> int:
    """Return the waker of who is to be told of the end. The finisher, between `TELL` and `told`."""
    return load_relaxed(tasks, row, AWAITER)  # relaxed: it is claimed, and nobody withdraws after COMPLETED


@kernel
def told(tasks: Table, row: int) -> int:
    """Say that AWAITER was read; return `FREE` or `NOTHING`. The finisher."""
    # order: AWAITER is read, and the holder is gone, before the row is free; pairs with detach's
    word = add_acq_rel(tasks, row, STATE, -AWAITED)
    return FREE if is_free(word - AWAITED) else NOTHING


@kernel
def detach(tasks: Table, row: int) -> int:
    """Give up the result; return `FREE` or `NOTHING`. The holder, and no awaiter is registered."""
    # order: the result, and AWAITER, are done with before the row is free; pairs with told's and finish's
    word = add_acq_rel(tasks, row, STATE, -HELD)
    return FREE if is_free(word - HELD) else NOTHING
