"""Threads that ask for timers and withdraw them, and the owner of the wheel: each ends once."""

import numpy as np
import pytest

from tests.kernels.threads_of import run_together
from zuki.runtime.tables import make_table
from zuki_kernels import timer_inbox, timer_wheel
from zuki_kernels._jit import kernel
from zuki_kernels.atomics import add_acq_rel, load_acquire, store_release
from zuki_kernels.clock import give_way
from zuki_kernels.timer_inbox import FIRED, REQUEST, TIMER_FIELDS, WHEEL_FIELDS
from zuki_kernels.timer_wheel import CANCELLED, EMPTY, LAST, MORE, NEVER
from zuki_kernels.waiting import FOREVER

LEFT = 0  # column of the flags: askers that are not done
FREED = 0  # column of the ends: how often the owner has freed the row
ASKS, WITHDRAWN, IS_SET = 0, 1, 2  # columns of the counts


@kernel
def ask_and_withdraw(wheel, timers, flags, ends, counts, first, stop, times, seed):
    """Go round one's timers: ask where none is set, withdraw some of those that are, now and then."""
    state, timer, asked = seed, first, 0
    while asked < times:
        timer = timer + 1 if timer + 1 < stop else first
        state = (state * 1103515245 + 12345) & 0x7FFFFFFF
        if counts[timer, IS_SET] and load_acquire(timers, timer, REQUEST) != FIRED:
            if state & 0x70000 == 0 and timer_inbox.withdraw(wheel, timers, timer) == CANCELLED:
                counts[timer, WITHDRAWN] += 1
                counts[timer, IS_SET] = 0
            else:
                give_way()
        elif load_acquire(ends, timer, FREED) < counts[timer, WITHDRAWN]:
            give_way()  # withdrawn, and not yet free
        else:
            counts[timer, ASKS] += 1
            counts[timer, IS_SET] = 1
            timer_inbox.ask(wheel, timers, timer, timer_wheel.reached(wheel) + (state >> 20 & 31), timer)
            asked += 1
    if add_acq_rel(flags, 0, LEFT, -1) == 1:
        timer_inbox.rouse(wheel)


@kernel
def own(wheel, slots, timers, flags, ends, fired, pace):
    """Hear, fire and rest until the askers are done and no timer is left; time goes on with each round."""
    tick = 0
    while True:
        over = load_acquire(flags, 0, LEFT) == 0
        heard = timer_inbox.hear(wheel, slots, timers)
        while heard != EMPTY:
            if heard >= 0:
                store_release(ends, heard, FREED, ends[heard, FREED] + 1)
            heard = timer_inbox.hear(wheel, slots, timers)
        tick += pace
        while timer_wheel.advance(wheel, slots, timers, tick, 16) == MORE:
            pass
        payload = timer_inbox.expire(wheel, slots, timers)
        while payload != EMPTY:
            if payload >= 0:
                fired[payload] += 1
            payload = timer_inbox.expire(wheel, slots, timers)
        until = timer_wheel.next_deadline(wheel, slots, timers, 64)
        if until == NEVER:
            if over:
                return
            if load_acquire(flags, 0, LEFT) > 0:  # else it was roused after that look, and has heard so
                timer_inbox.rest(wheel, LAST + 1, FOREVER)
        else:
            timer_inbox.rest(wheel, until, 1000)


@pytest.mark.parametrize(("askers", "pace"), [(1, 1), (3, 5), (7, 40)])
def test_each_timer_that_is_asked_for_fires_or_becomes_free(askers, pace):
    each, times = 16, 40_000 // askers
    timers = each * askers
    wheel, slots = make_table(1, WHEEL_FIELDS), make_table(13, 32)
    rows, flags, ends = make_table(timers, TIMER_FIELDS), make_table(1, 16), make_table(timers, 16)
    counts, fired = make_table(timers, 16), np.zeros(timers, np.int64)
    flags[0, LEFT] = askers
    calls = [lambda: own(wheel, slots, rows, flags, ends, fired, pace)]
    calls += [
        lambda at=at: ask_and_withdraw(
            wheel, rows, flags, ends, counts, at * each, (at + 1) * each, times, at + 1
        )
        for at in range(askers)
    ]
    run_together(*calls)
    assert (fired + ends[:, FREED] == counts[:, ASKS]).all()
    assert (ends[:, FREED] == counts[:, WITHDRAWN]).all()
    assert fired.sum() > 0
    assert ends.sum() > 0
    assert not slots.any()
    assert set(rows[:, REQUEST].tolist()) <= {0, FIRED}
