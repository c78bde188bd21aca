"""One turn of the thread that owns a timer wheel: hear, let time go on, and say what has happened.

Columns: `answers` is one row; each cell is a timer that has fired, or ~ a timer that is free.
Roles: the owner of the wheel.
"""

from . import timer_inbox, timer_wheel
from ._jit import kernel
from ._types import Table
from .atomics import store_relaxed
from .timer_wheel import EMPTY


@kernel
def turn(wheel: Table, slots: Table, timers: Table, tick: int, most: int, answers: Table) -> int:
    """Hear all requests and let the wheel come to a tick; return how many answers there are.

    If the answers are full or more than ``most`` timers have to move, some is left for the next turn. What
    fires is told by its payload.
    """
    count, room = 0, answers.shape[1]
    while count < room:
        heard = timer_inbox.hear(wheel, slots, timers)
        if heard == EMPTY:
            timer_wheel.advance(wheel, slots, timers, tick, most)
            return _expire_all(wheel, slots, timers, answers, count)
        if heard >= 0:
            store_relaxed(answers, 0, count, ~heard)
            count += 1
    return count


@kernel
def _expire_all(wheel: Table, slots: Table, timers: Table, answers: Table, count: int) -> int:
    while count < answers.shape[1]:
        payload = timer_inbox.expire(wheel, slots, timers)
        if payload == EMPTY:
            return count
        if payload >= 0:
            store_relaxed(answers, 0, count, payload)
            count += 1
    return count
