"""How any thread sets a timer of a wheel that one thread owns, and takes it back.

Who wants something of a timer posts it in the inbox: a stack through the timers' own rows
that the owner takes whole (Treiber 1986; without a pop of one there is no ABA). What is
wanted is in the timer's word REQUEST, so that a timer is posted once, however its asker
changes its mind, and that of "it fires" and "it is withdrawn" one comes first:

    WANTED           it is in the wheel
    WANTED | POSTED  it is asked for; the owner has not heard of it
    POSTED           it is withdrawn; the owner has not heard of it
    FIRED            it has fired
    0                nobody's

Columns: below, beside those of `timer_list` and `timer_wheel`.
Roles: the asker has the row of the timer from a free list. It calls `ask`, and may call
`withdraw` once. After FIRED the row is the asker's again; after `CANCELLED` the owner frees it.
The owner of the wheel hears, expires and rests. Any thread rouses it.
At rest: timers in the inbox are POSTED, and no others.
"""

from . import timer_wheel
from ._jit import kernel
from ._types import Table
from .atomics import (
    cas_acquire,
    cas_release,
    exchange_acquire,
    fence_seq_cst,
    load_acquire,
    load_relaxed,
    or_acq_rel,
    store_relaxed,
)
from .timer_list import NOBODY
from .timer_wheel import CANCELLED, DEADLINE, EMPTY, LATE
from .waiting import wait, wake

# Columns of the wheel; those that any thread writes, and those that it reads, on lines of their own
TAKEN = 3  # the rest of what the owner took from the inbox: a timer + 1, or 0
INBOX = 16  # the timer that was posted last + 1, and a bit
UNTIL = 32  # the tick until which the owner sleeps; 0: it is awake
WHEEL_FIELDS = 64

# Columns of a timer
PAYLOAD = 4  # what it is for, a number of the asker's that is not negative
REQUEST = 5  # the word above
LINK = 6  # the next timer in the inbox
TIMER_FIELDS = 8

WANTED = 1
POSTED = 2
FIRED = 4

ROUSED = 1  # bit of INBOX: the owner is to look around; a timer that is posted does that as well
_SHIFT = 1

HEARD = -7  # verdict: a timer is in the wheel now


@kernel
def ask(wheel: Table, timers: Table, timer: int, deadline: int, payload: int) -> None:
    """Set a timer; wakes the owner if it would sleep too long. The asker."""
    store_relaxed(timers, timer, DEADLINE, deadline)
    store_relaxed(timers, timer, PAYLOAD, payload)
    store_relaxed(timers, timer, REQUEST, WANTED | POSTED)
    _post(wheel, timers, timer)
    fence_seq_cst()  # order: the timer is posted, then the look at the sleeper; pairs with rest's
    if deadline < load_relaxed(wheel, 0, UNTIL):
        wake(wheel, 0, INBOX, 1)


@kernel
def _post(wheel: Table, timers: Table, timer: int) -> None:
    while True:  # a failure means that another thread has succeeded
        before = load_relaxed(wheel, 0, INBOX)
        store_relaxed(timers, timer, LINK, (before >> _SHIFT) - 1)
        # order: the timer and its link before the list; pairs with hear's exchange
        if cas_release(wheel, 0, INBOX, before, timer + 1 << _SHIFT):
            return


@kernel
def withdraw(wheel: Table, timers: Table, timer: int) -> int:
    """Take a timer back; return `CANCELLED` (it does not fire, the owner has its row) or `LATE`. The asker.

    The owner is not woken for it: it hears of it when it wakes next.
    """
    while True:  # a failure means that the owner has moved the word
        request = load_acquire(timers, timer, REQUEST)  # order: the row after its firing; pairs with expire's
        if request & WANTED == 0:
            return LATE
        if request & POSTED:
            if cas_release(timers, timer, REQUEST, request, POSTED):  # order: last use; pairs with hear's
                return CANCELLED
        elif cas_acquire(timers, timer, REQUEST, request, POSTED):  # order: LINK was read; pairs with hear's
            _post(wheel, timers, timer)
            return CANCELLED


@kernel
def rouse(wheel: Table) -> None:
    """Let the owner return from `rest`, or not fall asleep. Any thread, after it has said what for."""
    # order: the reason before the call; pairs with hear's exchange
    or_acq_rel(wheel, 0, INBOX, ROUSED)
    wake(wheel, 0, INBOX, 1)  # in any case: the owner may sleep with timers in its inbox


@kernel
def hear(wheel: Table, slots: Table, timers: Table) -> int:
    """Do what one request wants; return `HEARD`, `EMPTY`, or a timer that is free: withdrawn. The owner."""
    timer = load_relaxed(wheel, 0, TAKEN) - 1
    if timer == NOBODY:
        taken = exchange_acquire(wheel, 0, INBOX, 0)  # order: the list after its timers; pairs with _post's
        timer = (taken >> _SHIFT) - 1
        if timer == NOBODY:
            return EMPTY
    store_relaxed(wheel, 0, TAKEN, load_relaxed(timers, timer, LINK) + 1)
    while True:  # a failure means that the asker has withdrawn
        request = load_acquire(timers, timer, REQUEST)  # order: last use, then free; pairs with withdraw's
        if request & WANTED == 0:
            timer_wheel.cancel(wheel, slots, timers, timer)
            store_relaxed(timers, timer, REQUEST, 0)
            return timer
        # order: LINK is read before it may be set anew; pairs with withdraw's
        if cas_release(timers, timer, REQUEST, request, WANTED):
            timer_wheel.insert(wheel, slots, timers, timer, load_relaxed(timers, timer, DEADLINE))
            return HEARD


@kernel
def expire(wheel: Table, slots: Table, timers: Table) -> int:
    """Take a timer that is due; return its payload, `CANCELLED` (it was withdrawn), or `EMPTY`. The owner."""
    timer = timer_wheel.take(wheel, slots, timers)
    if timer < 0:
        return EMPTY
    payload = load_relaxed(timers, timer, PAYLOAD)
    # order: the owner's last use of the row before it is the asker's; pairs with withdraw's load
    return payload if cas_release(timers, timer, REQUEST, WANTED, FIRED) else CANCELLED


@kernel
def rest(wheel: Table, until: int, timeout: int) -> None:
    """Sleep for ``timeout`` nanoseconds, until roused or asked for what is due before a tick. The owner.

    It has heard all before, and looks again after: it may return for no reason.
    """
    store_relaxed(wheel, 0, UNTIL, until)
    fence_seq_cst()  # order: the sleeper is known, then the look at the inbox; pairs with ask's
    wait(wheel, 0, INBOX, 0, timeout)
    store_relaxed(wheel, 0, UNTIL, 0)
