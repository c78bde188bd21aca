"""The timer wheel: which of many timers is due, at a cost that does not depend on how many there are.

Varghese and Lauck, "Hashed and hierarchical timing wheels" (SOSP 1987), the hierarchical
one. Ticks are written with digits below the width. A timer is in the level of the highest
digit in which its deadline differs from TICK, in the slot that this digit of the deadline
names. So the first slot in use of the lowest level in use has the next timers. When TICK
comes to the first tick of a slot, the slot's timers move to lower levels, or are due; a
timer moves at most once a level. Time without timers is passed over in one step.

Columns: below, and those of `timer_list`. Tables of zeros are an empty wheel at tick 0.
Sizes: the width of `slots` is a power of two up to 32; width ** levels is at least 2 ** 62.
Roles: one thread owns the wheel and calls everything here; others ask it by `timer_inbox`.
At rest: deadlines in slots are after TICK, but for the slot EMPTYING; those of timers that
are due are not. No slot in use is the one that TICK's own digit names, but EMPTYING.
"""

from ._jit import kernel
from ._types import Table
from .atomics import load_relaxed, store_relaxed
from .timer_list import (
    DUE_LIST,
    LIST,
    NEXT,
    NOBODY,
    NOWHERE,
    OCCUPIED,
    append,
    first_of,
    level_of,
    list_of,
    lowest,
    remove,
    slot_of,
)

# Columns of the wheel, beside those of `timer_list`
TICK = 0  # up to which tick the wheel has come
EMPTYING = 2  # the list of the slot that is being emptied, or 0

DEADLINE = 3  # column of a timer: the tick at which it is due

LAST = (1 << 62) - 1  # the last tick there is; a later deadline counts as this

DONE = -1  # verdict: the wheel has come to the tick
MORE = -2  # verdict: the wheel has not come to the tick yet; call again
EMPTY = -3  # verdict: no timer is due
CANCELLED = -4  # verdict: the timer was in the wheel, and is not any more
LATE = -5  # verdict: the timer is not in the wheel
NEVER = -6  # verdict: the wheel has no timer


@kernel
def reached(wheel: Table) -> int:
    """Return the tick up to which the wheel has come."""
    return load_relaxed(wheel, 0, TICK)


@kernel
def insert(wheel: Table, slots: Table, timers: Table, timer: int, deadline: int) -> None:
    """Let a timer that is not in the wheel be due at a tick; at once, if that is not after the wheel's."""
    store_relaxed(timers, timer, DEADLINE, min(deadline, LAST))
    _place(wheel, slots, timers, timer)


@kernel
def _place(wheel: Table, slots: Table, timers: Table, timer: int) -> None:
    tick, deadline = load_relaxed(wheel, 0, TICK), load_relaxed(timers, timer, DEADLINE)
    if deadline <= tick:
        append(wheel, slots, timers, timer, DUE_LIST)
        return
    width, level, digits = slots.shape[1], 0, lowest(slots.shape[1])
    differs = (deadline ^ tick) >> digits
    while differs > 0:  # as often as there are levels, at most
        differs >>= digits
        level += 1
    append(wheel, slots, timers, timer, list_of(level, deadline >> digits * level & (width - 1)))


@kernel
def cancel(wheel: Table, slots: Table, timers: Table, timer: int) -> int:
    """Take a timer out of the wheel, also if it is due and not taken; return `CANCELLED` or `LATE`."""
    if not is_inside(timers, timer):
        return LATE
    remove(wheel, slots, timers, timer)
    return CANCELLED


@kernel
def is_inside(timers: Table, timer: int) -> bool:
    """Tell whether a timer is in the wheel: it has been inserted, and neither taken nor cancelled."""
    return load_relaxed(timers, timer, LIST) != NOWHERE


@kernel
def _next_slot(wheel: Table, slots: Table) -> int:
    """Return the list of the slot that has the next timers, or `NOBODY`."""
    for level in range(slots.shape[0]):
        occupied = load_relaxed(wheel, 0, OCCUPIED + level)
        if occupied != 0:
            return list_of(level, lowest(occupied))
    return NOBODY


@kernel
def _first_tick(wheel: Table, slots: Table, where: int) -> int:
    """Return the first tick of the next slot: the digits above are those of TICK."""
    shift = lowest(slots.shape[1]) * level_of(where)
    above = load_relaxed(wheel, 0, TICK) >> shift & ~(slots.shape[1] - 1)
    return (above | slot_of(where)) << shift


@kernel
def advance(wheel: Table, slots: Table, timers: Table, tick: int, most: int) -> int:
    """Let the wheel come to a tick, moving ``most`` timers at most; return `DONE` or `MORE`.

    What is due by then can be taken, in the order of deadlines; equal ones in that of insertion, but for what
    is inserted between two parts of an advance. A tick that has been reached is no error.
    """
    left = most
    while True:  # each round moves a timer
        where = load_relaxed(wheel, 0, EMPTYING)
        if where == NOWHERE:
            where = _next_slot(wheel, slots)
            if where == NOBODY or _first_tick(wheel, slots, where) > tick:
                store_relaxed(wheel, 0, TICK, max(reached(wheel), min(tick, LAST)))
                return DONE
            store_relaxed(wheel, 0, TICK, _first_tick(wheel, slots, where))
            store_relaxed(wheel, 0, EMPTYING, where)
        timer = first_of(wheel, slots, where)
        while timer != NOBODY:
            if left <= 0:
                return MORE
            remove(wheel, slots, timers, timer)
            _place(wheel, slots, timers, timer)
            timer = first_of(wheel, slots, where)
            left -= 1
        store_relaxed(wheel, 0, EMPTYING, NOWHERE)


@kernel
def take(wheel: Table, slots: Table, timers: Table) -> int:
    """Take the first timer that is due; return it, or `EMPTY`."""
    timer = first_of(wheel, slots, DUE_LIST)
    if timer == NOBODY:
        return EMPTY
    remove(wheel, slots, timers, timer)
    return timer


@kernel
def next_deadline(wheel: Table, slots: Table, timers: Table, most: int) -> int:
    """Return the tick at which to look again, or `NEVER`.

    It is the earliest deadline, unless more than ``most`` timers share the next slot of a level above
    the lowest: then it is the slot's first tick, where they part. It is the wheel's own tick if timers
    are due already or are being moved.
    """
    where = load_relaxed(wheel, 0, EMPTYING)
    if first_of(wheel, slots, DUE_LIST) != NOBODY or (
        where != NOWHERE and first_of(wheel, slots, where) != NOBODY
    ):
        return reached(wheel)
    where = _next_slot(wheel, slots)
    if where == NOBODY:
        return NEVER
    first = first_of(wheel, slots, where)
    timer, earliest = first, load_relaxed(timers, first, DEADLINE)
    for _ in range(most if level_of(where) > 0 else 1):
        earliest = min(earliest, load_relaxed(timers, timer, DEADLINE))
        timer = load_relaxed(timers, timer, NEXT)
        if timer == first:
            return earliest
    return _first_tick(wheel, slots, where)
