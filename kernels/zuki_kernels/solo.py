"""A worker that is the only one for now counts without atomic additions, until another one comes.

Where one worker is enough (the others sleep, or stand aside), atomic additions and the fence of its deque
are most of what a short task costs: 26 ns, not 15. A pool of one worker never needs them. Here the only
one of several does without them, as biased locking does (Kawachiya, Koseki and Onodera, OOPSLA 2002), and
who comes pays: it makes all threads of the process pass a fence (`fence_everywhere`: an asymmetric fence,
after Dice, Huang and Yang, 2001).

    SOLO       0       nobody does without atomic operations, or who comes need not know
               w + 1   worker w may
               NEVER   nobody ever: the system has no such fence, or there is but one worker

    from    to       who, when
    0       w + 1    w, before it looks whether it is the only one
    w + 1   0        w, when it sees that it is not, or ends its turn, or has nothing to do

    COUNTING   1 while the worker is in a *section*, in which it does what others must not see

The two sides: who is solo stores COUNTING, then loads SYNC, in each section; who comes has changed SYNC, then
makes the fence and loads COUNTING. So a section that the comer does not wait for sees that somebody came,
and does as everybody does.

Roles: the owner; and any worker that is not idle, and does not stand aside, any more.
At rest: SOLO is 0 or NEVER, and COUNTING 0.
"""

from . import search, sync_state
from ._jit import kernel, rare_kernel
from ._types import Table
from .atomics import (
    fence_everywhere,
    fence_here,
    fence_seq_cst,
    load_acquire,
    load_relaxed,
    store_relaxed,
    store_release,
)
from .clock import give_way
from .counters import COUNTING
from .sync_state import SYNC

SOLO = 1  # column of the pool's row
NEVER = -1
# What a worker may know of the others, beside what SYNC is while it is solo
SHARED = -1  # it is not the only one
ALONE = -2  # no other is ever awake


@rare_kernel
def go_solo(pool: Table, me: int) -> int:
    """Return what SYNC is while worker ``me`` is the only one that runs tasks; `SHARED` if it is not."""
    # order: what a worker that is not awake any more has put into SOLO, before mine; pairs with its change
    sync = load_acquire(pool, 0, SYNC)
    if load_relaxed(pool, 0, SOLO) != 0 or not sync_state.is_solo(sync):
        return SHARED
    store_relaxed(pool, 0, SOLO, me + 1)
    fence_seq_cst()  # order: SOLO, then the looks at SYNC; pairs with come's
    return sync


@kernel
def begin(pool: Table, workers: Table, me: int, sole: int) -> int:
    """Begin a section; return ``sole`` if the worker is still the only one, else `SHARED`."""
    store_relaxed(workers, me, COUNTING, 1)
    fence_here()  # order: COUNTING, then the look at SYNC; pairs with come's fence of all
    if load_acquire(pool, 0, SYNC) == sole:  # order: what who has left did before; pairs with its change
        return sole
    return _break_off(pool, workers, me, sole)


@kernel
def end(workers: Table, me: int) -> None:
    """End a section."""
    store_release(workers, me, COUNTING, 0)  # order: the section before; pairs with come's load


@rare_kernel
def _break_off(pool: Table, workers: Table, me: int, sole: int) -> int:
    """End a section that has only begun; return `SHARED`."""
    end(workers, me)
    return give_up(pool, sole)


@kernel
def give_up(pool: Table, sole: int) -> int:
    """Do as everybody does from now on, if the worker is solo; return what ``sole`` is then."""
    if sole < 0:
        return sole
    store_release(pool, 0, SOLO, 0)  # order: what was done before; pairs with come's load
    return SHARED


@kernel
def pop(pool: Table, workers: Table, deques: Table, rings: Table, me: int, sole: int) -> tuple[int, int]:
    """Take the newest of the worker's own tasks; return it, or NONE, and what ``sole`` is then."""
    if sole >= 0:
        sole = begin(pool, workers, me, sole)
    task = (
        search.pop(pool, deques, rings, me) if sole == SHARED else search.pop_alone(pool, deques, rings, me)
    )
    if sole >= 0:
        end(workers, me)
    return task, sole


@rare_kernel
def come(pool: Table, workers: Table, me: int) -> None:
    """Wait until nobody but worker ``me``, which SYNC now counts as awake, does without atomic operations."""
    fence_seq_cst()  # order: SYNC moved, then the look at SOLO; pairs with go_solo's
    holder = load_acquire(pool, 0, SOLO)  # order: after what it did; pairs with give_up's
    if holder in (0, NEVER, me + 1):
        return
    fence_everywhere()  # order: SYNC moved, then the look at COUNTING; pairs with begin's
    # order: the section before what the caller adds to the same counts; pairs with end's
    while load_acquire(workers, holder - 1, COUNTING) != 0:
        give_way()  # a section is short: who is in one for long has lost its processor
