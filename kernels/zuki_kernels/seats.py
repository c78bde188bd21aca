"""A seat: what makes a thread a worker, taken and given back in one step each.

What Python does at the begin and the end of a run has often left the caches while the run lasted,
so that each kernel that is called by itself costs microseconds.
"""

from . import search, service
from ._jit import kernel
from ._types import Table
from .activity import AWAY, RUNNING, turn_to
from .atomics import load_relaxed, store_relaxed
from .blocks import NO_BLOCK
from .clock import now
from .current import hold
from .dispatch import address_of
from .hands import DETACHED, HELP_LIMIT, IS_WATCHED, RUN, STACK_END, STACK_LIMIT
from .notifier import START, depart, is_deserted, join
from .pulse import count_helper
from .runs import NONE

REFUSED = -1  # verdict: as many are awake as may be


@kernel
def take_hand(hands: Table, me: int, limit: int, help_limit: int, watched: bool) -> int:
    """Let a hand that nobody has be the calling thread's; return the address of the one before, or 0.

    The limits are addresses that the thread's stack is not to grow beyond, see `hands`.
    """
    store_relaxed(hands, me, STACK_LIMIT, limit)
    store_relaxed(hands, me, STACK_END, limit)
    store_relaxed(hands, me, HELP_LIMIT, help_limit)
    store_relaxed(hands, me, RUN, NONE)
    store_relaxed(hands, me, IS_WATCHED, int(watched))
    return hold(address_of(hands, me, 0))


@kernel
def sit_down(
    pool: Table, workers: Table, hands: Table, me: int, limit: int, help_limit: int, watched: bool
) -> int:
    """Let a caller be worker ``me``, whose row nobody has; return as `take_hand` does, or `REFUSED`."""
    if not join(pool, workers, me):
        return REFUSED
    search.admit(pool, me)
    turn_to(workers, me, RUNNING, now())
    count_helper(pool, 1)
    return take_hand(hands, me, limit, help_limit, watched)


@kernel
def stand_up(
    pool: Table, workers: Table, deques: Table, queues: Table, hands: Table, me: int, before: int
) -> tuple[bool, bool]:
    """Let a caller be no worker any more, and have the hand that it had before.

    Returns whether the caller must start a thread for what is left, and whether nobody is there now.
    """
    hold(before)
    turn_to(workers, me, AWAY, now())
    count_helper(pool, -1)
    left = search.is_anything_left(deques, queues, me) or load_relaxed(hands, me, DETACHED) != NO_BLOCK
    left = left or service.is_wanted(pool)
    start = depart(pool, workers, me, False, left) == START
    return start, is_deserted(pool)
