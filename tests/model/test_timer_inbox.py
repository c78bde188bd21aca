"""The inbox of the timer wheel under the model: each timer fires or is withdrawn, and nobody oversleeps."""

import pytest

from zuki_kernels import timer_list
from zuki_kernels.timer_inbox import (
    FIRED,
    INBOX,
    LINK,
    PAYLOAD,
    POSTED,
    REQUEST,
    TAKEN,
    TIMER_FIELDS,
    UNTIL,
    WANTED,
    WHEEL_FIELDS,
)
from zuki_kernels.timer_wheel import CANCELLED, DEADLINE, EMPTY, LATE

from .explore import explore
from .mount import Table, atomic, mount_all
from .mutants import assert_killed
from .pct import pct
from .worlds import load_plain, plain, store_plain

load_relaxed, store_relaxed, add_relaxed = map(atomic, ("load_relaxed", "store_relaxed", "add_relaxed"))

MUTANTS = [
    ("ask", "fence_seq_cst()", "pass"),
    ("ask", "deadline < load_relaxed(wheel, 0, UNTIL)", "False"),
    ("_post", "cas_release", "cas_relaxed"),
    ("withdraw", "load_acquire", "load_relaxed"),
    ("withdraw", "cas_release", "cas_relaxed"),
    ("withdraw", "if request & WANTED == 0", "if False"),
    ("withdraw", "_post(wheel, timers, timer)", "pass"),
    ("rouse", "or_acq_rel", "or_relaxed"),
    ("rouse", "wake(wheel, 0, INBOX, 1)", "pass"),
    ("hear", "exchange_acquire", "exchange_relaxed"),
    ("hear", "load_acquire", "load_relaxed"),
    ("hear", "timer_wheel.cancel(wheel, slots, timers, timer)", "pass"),
    ("expire", "cas_release(timers, timer, REQUEST, WANTED, FIRED)",
     "cas_relaxed(timers, timer, REQUEST, WANTED, FIRED)"),
    ("rest", "fence_seq_cst()", "pass"),
]  # fmt: skip
BEYOND_THE_MODEL = {
    ("withdraw", "cas_acquire"): "LINK's load would have to read the store of a later posting",
    ("hear", "cas_release"): "the same",
}

SHAPE = 3, 4  # levels, width: 64 ticks
END = 1 << 20  # a tick after all
FOR_OWNER, FOR_ASKER = 0, 1  # columns of an object


class Wheel:
    """A wheel, its inbox, and what belongs to each timer: plain cells, so that the model reports races.

    The cell FOR_OWNER is the asker's until it asks and after `LATE`, the owner's in between. The cell
    FOR_ASKER is the asker's until it withdraws.
    """

    def __init__(self, kernels, timers=2, inside=()):
        self.inbox, self.wheels = kernels.timer_inbox, kernels.timer_wheel
        cells, wheel, slots = {}, {}, {}
        for timer, deadline in inside:  # alone in a slot of the lowest level
            self_linked = {timer_list.NEXT: timer, timer_list.PREVIOUS: timer}
            where = plain(timer_list.list_of)(0, deadline)
            row = {**self_linked, timer_list.LIST: where, DEADLINE: deadline, PAYLOAD: timer, REQUEST: WANTED}
            cells.update({(timer, field): held for field, held in row.items()})
            wheel[0, timer_list.OCCUPIED] = wheel.get((0, timer_list.OCCUPIED), 0) | 1 << deadline
            slots[0, deadline] = timer + 1
        self.wheel = Table("wheel", 1, WHEEL_FIELDS, wheel)
        self.slots = Table("slots", *SHAPE, slots)
        self.timers = Table("timers", timers, TIMER_FIELDS, cells)
        self.objects = Table("objects", timers, 2)
        self.flags = Table("flags", 1, 1)
        self.ended = Table("ended", timers, 1)  # how often a timer has fired or become free

    def frozen(self):
        return "wheel"

    @property
    def tables(self):
        return self.wheel, self.slots, self.timers

    def touch(self, timer, *cells):
        """Use what belongs to a timer."""
        for cell in cells:
            held = yield from load_plain(self.objects, timer, cell)
            yield from store_plain(self.objects, timer, cell, 1 - held)

    def ask(self, timer, deadline):
        yield from self.touch(timer, FOR_OWNER)
        yield from self.inbox.ask(self.wheel, self.timers, timer, deadline, timer)
        yield from self.touch(timer, FOR_ASKER)

    def withdraw(self, timer):
        answer = yield from self.inbox.withdraw(self.wheel, self.timers, timer)
        if answer == LATE:
            yield from self.touch(timer, FOR_OWNER, FOR_ASKER)
        return answer

    def hear_all(self):
        """Hear every request; return what became free: that is the next asker's."""
        free = ()
        while (answer := (yield from self.inbox.hear(*self.tables))) != EMPTY:
            if answer >= 0:
                yield from self.touch(answer, FOR_OWNER, FOR_ASKER)
                yield from add_relaxed(self.ended, answer, 0, 1)
                free += (answer,)
        return free

    def fire(self, tick, *timers):
        """Let the wheel come to a tick at which ``timers`` may be due; return those that fire."""
        yield from self.wheels.advance(*self.tables, tick, 99)
        fired = ()
        for timer in timers:
            if (yield from self.wheels.is_inside(self.timers, timer)):
                yield from self.touch(timer, FOR_OWNER)
        while (answer := (yield from self.inbox.expire(*self.tables))) != EMPTY:
            if answer >= 0:
                yield from add_relaxed(self.ended, answer, 0, 1)
                fired += (answer,)
        return fired

    def unheard(self, memory):
        """The timers in the inbox, and their words."""
        found = {}
        for cell, shift in ((TAKEN, 0), (INBOX, 1)):
            timer = (memory.latest(self.wheel, 0, cell) >> shift) - 1
            while timer >= 0 and timer not in found:
                found[timer] = memory.latest(self.timers, timer, REQUEST)
                timer = memory.latest(self.timers, timer, LINK)
        return found


def sleeping(kernels):
    """The owner sleeps until the next deadline: who asks for an earlier one wakes it, others may not."""
    world = Wheel(kernels, 3, [(0, 3)])

    def owner():
        while True:
            yield from world.hear_all()
            until = yield from world.wheels.next_deadline(*world.tables, 9)
            yield from world.inbox.rest(world.wheel, until, -1)

    def asker(timer, deadline):
        def run():
            yield from world.ask(timer, deadline)

        return run

    def quiescent(results, memory):
        until = memory.latest(world.wheel, 0, UNTIL)
        return all(memory.latest(world.timers, timer, DEADLINE) >= until for timer in world.unheard(memory))

    return [owner, asker(1, 2), asker(2, 10)], None, quiescent


def roused(kernels):
    """Whoever rouses the owner is heard, also if a timer lies in the inbox for which nobody woke it."""
    world = Wheel(kernels, 2, [(0, 3)])

    def owner():
        while True:
            yield from world.hear_all()
            if (yield from load_relaxed(world.flags, 0, 0)):
                return "stopped"
            yield from world.inbox.rest(world.wheel, 3, -1)

    def asker():
        yield from world.ask(1, 10)

    def stopper():
        yield from store_relaxed(world.flags, 0, 0, 1)
        yield from world.inbox.rouse(world.wheel)

    return [owner, asker, stopper], None, None


def withdrawn_or_fired(kernels):
    """A withdrawal races the deadline: one of them comes first, and both sides know which."""
    world = Wheel(kernels, 1, [(0, 3)])

    def owner():
        fired = yield from world.fire(3, 0)
        return fired, (yield from world.hear_all())

    def asker():
        yield from world.touch(0, FOR_ASKER)
        return (yield from world.withdraw(0))

    def check(results, memory):
        (fired, free), answer = results[0], results[1]
        if (answer == LATE) != (fired == (0,)):
            return "fired and withdrawn, or neither"
        if answer == CANCELLED and free != (0,) and world.unheard(memory) != {0: POSTED}:
            return "a row is lost"
        return answer == LATE and memory.latest(world.timers, 0, REQUEST) != FIRED and "not fired"

    return [owner, asker], check, None


def asked_and_withdrawn(kernels, again=False):
    """One asks and withdraws, and asks anew if it was late; another asks meanwhile."""
    world = Wheel(kernels, 2)

    def owner():
        while True:
            yield from world.hear_all()
            if again:
                yield from world.fire(10, 0)
            yield from world.inbox.rest(world.wheel, END, -1)

    def fickle():
        yield from world.ask(0, 2)
        answer = yield from world.withdraw(0)
        if answer == LATE:
            yield from world.ask(0, 4)
        return answer

    def other():
        yield from world.ask(1, 30)

    def quiescent(results, memory):
        if not {1, 2} <= results.keys():
            return False
        unheard, ended = world.unheard(memory), memory.latest(world.ended, 0, 0)
        inside = [memory.latest(world.timers, timer, timer_list.LIST) for timer in (0, 1)]
        if results[1] == LATE:
            return not unheard and ended == 2 and inside[1] != 0
        is_free = unheard == {} and ended == 1 and inside[0] == 0
        return inside[1] != 0 and (is_free or (unheard == {0: POSTED} and ended == 0))

    return [owner, fickle, other], None, quiescent


SCENARIOS = [
    withdrawn_or_fired,
    roused,
    sleeping,
    asked_and_withdrawn,
    lambda kernels: asked_and_withdrawn(kernels, again=True),
]


def mounted(edit=lambda source, name: source):
    return mount_all(edit, ["timer_inbox"])


def look(scenario, **options):
    def find(kernels):
        threads, check, quiescent = scenario(kernels)
        return explore(threads, check, quiescent=quiescent, **options)

    return find


@pytest.mark.parametrize("scenario", SCENARIOS[:3])
def test_nobody_oversleeps(scenario):
    look(scenario, preemptions=2)(mounted())


@pytest.mark.parametrize("scenario", SCENARIOS[3:])
def test_each_timer_fires_or_is_withdrawn(scenario):
    look(scenario, preemptions=1)(mounted())


@pytest.mark.slow
@pytest.mark.parametrize("scenario", SCENARIOS[3:])
def test_each_timer_fires_or_is_withdrawn_in_more_schedules(scenario):
    look(scenario, preemptions=2)(mounted())


def test_random_schedules():
    threads, check, quiescent = asked_and_withdrawn(mounted(), again=True)
    pct(threads, check, quiescent=quiescent, runs=100)


@pytest.mark.parametrize("mutant", MUTANTS)
def test_each_ordering_is_needed(mutant):
    def finds(scenario):
        return look(scenario, preemptions=1)

    assert_killed("timer_inbox", mutant, *map(finds, SCENARIOS), entry=mounted)
