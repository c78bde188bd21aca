"""Timers in doubly linked lists: the slots of a timer wheel, and the list of those that are due.

Lists are circular and through the timers' own rows, so that one cell tells the first and
the last, and a timer leaves its list without a search. For each level of the wheel a word
of bits tells which of its slots have timers.

Columns: below; `slots` is levels x width, each cell the first timer + 1, or 0.
Roles: the owner of the wheel calls everything here.
At rest: a bit of OCCUPIED is set if its slot's cell is not 0; LIST says in which list a timer is.
"""

from ._jit import kernel
from ._types import Table
from .atomics import load_relaxed, store_relaxed

# Columns of the wheel
DUE = 1  # the first of the timers that are due, + 1
OCCUPIED = 48  # a word of bits for each level

# Columns of a timer
NEXT = 0
PREVIOUS = 1
LIST = 2  # the list that it is in

NOWHERE = 0  # no list
DUE_LIST = 1
_LEVEL = 5  # bits of a slot's number in a list's
_SLOT_MASK = (1 << _LEVEL) - 1

NOBODY = -1  # there is no timer


@kernel
def list_of(level: int, slot: int) -> int:
    """Return the number of a slot's list."""
    return level + 1 << _LEVEL | slot


@kernel
def level_of(where: int) -> int:
    """Return the level of a slot's list; -1 for others."""
    return (where >> _LEVEL) - 1


@kernel
def slot_of(where: int) -> int:
    """Return the slot of a slot's list."""
    return where & _SLOT_MASK


@kernel
def lowest(bits: int) -> int:
    """Return the place of the lowest bit that is set, in a word below 2 ** 32 that is not 0."""
    place = 0
    for half in (16, 8, 4, 2, 1):
        if bits & ((1 << half) - 1) == 0:
            bits >>= half
            place += half
    return place


@kernel
def first_of(wheel: Table, slots: Table, where: int) -> int:
    """Return the first timer of a list, or `NOBODY`."""
    if where == DUE_LIST:
        return load_relaxed(wheel, 0, DUE) - 1
    return load_relaxed(slots, level_of(where), slot_of(where)) - 1


@kernel
def _set_first(wheel: Table, slots: Table, where: int, timer: int) -> None:
    if where == DUE_LIST:
        store_relaxed(wheel, 0, DUE, timer + 1)
        return
    level, slot = level_of(where), slot_of(where)
    store_relaxed(slots, level, slot, timer + 1)
    occupied = load_relaxed(wheel, 0, OCCUPIED + level) & ~(1 << slot)
    if timer != NOBODY:
        occupied |= 1 << slot
    store_relaxed(wheel, 0, OCCUPIED + level, occupied)


@kernel
def append(wheel: Table, slots: Table, timers: Table, timer: int, where: int) -> None:
    """Put a timer that is nowhere at the end of a list."""
    first = first_of(wheel, slots, where)
    if first == NOBODY:
        store_relaxed(timers, timer, NEXT, timer)
        store_relaxed(timers, timer, PREVIOUS, timer)
        _set_first(wheel, slots, where, timer)
    else:
        last = load_relaxed(timers, first, PREVIOUS)
        store_relaxed(timers, timer, NEXT, first)
        store_relaxed(timers, timer, PREVIOUS, last)
        store_relaxed(timers, last, NEXT, timer)
        store_relaxed(timers, first, PREVIOUS, timer)
    store_relaxed(timers, timer, LIST, where)


@kernel
def remove(wheel: Table, slots: Table, timers: Table, timer: int) -> None:
    """Take a timer out of its list."""
    where, following = load_relaxed(timers, timer, LIST), load_relaxed(timers, timer, NEXT)
    store_relaxed(timers, timer, LIST, NOWHERE)
    if following == timer:
        _set_first(wheel, slots, where, NOBODY)
        return
    previous = load_relaxed(timers, timer, PREVIOUS)
    store_relaxed(timers, previous, NEXT, following)
    store_relaxed(timers, following, PREVIOUS, previous)
    if first_of(wheel, slots, where) == timer:
        _set_first(wheel, slots, where, following)
