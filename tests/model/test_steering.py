"""Steering under the model: what a thread may use is changed by one at a time, and never lost.

Two threads wake a worker, one of them so late that it sleeps again. What the system knows of the worker's
processors is a plain cell here, as are those in which the worker writes them down: two that use them at once
are a race.
"""

import pytest

from zuki_kernels.steering import FREE, HELD, NARROWED, STEERED, THREAD, USABLE

from .mount import Table, atomic, mount_all
from .mutants import assert_killed
from .scenario import Scenario, finders, named

MUTANTS = [
    ("leave", "cas_acquire", "cas_relaxed"),
    ("leave", "store_relaxed(workers, me, THREAD, 0)", "pass"),
    ("leave", "store_release", "store_relaxed"),
    ("leave", "come_back(workers, me)", "pass"),
    ("note", "cas_acquire(workers, me, STEERED, FREE, HELD)", "load_acquire(workers, me, STEERED) == FREE"),
    ("note", "cas_acquire", "cas_relaxed"),
    ("note", "store_release", "store_relaxed"),
    ("send_elsewhere", "cas_acquire", "cas_relaxed"),
    ("send_elsewhere", "store_release(workers, worker, STEERED, NARROWED)",
     "store_relaxed(workers, worker, STEERED, NARROWED)"),
    ("send_elsewhere", "store_release(workers, worker, STEERED, NARROWED)",
     "store_release(workers, worker, STEERED, FREE)"),
    ("send_elsewhere", "store_release(workers, worker, STEERED, FREE)",
     "store_relaxed(workers, worker, STEERED, FREE)"),
    ("come_back", "load_acquire", "load_relaxed"),
    ("come_back", "store_release", "store_relaxed"),
    ("come_back", "== NARROWED", "!= FREE"),
]  # fmt: skip
BEYOND_THE_MODEL = {}

ALL, ALL_BUT_ONE, ENDED = 3, 1, 0
load_plain, store_plain = atomic("load_plain"), atomic("store_plain")


def entry(edit=lambda source, name: source):
    return mount_all(edit, ["steering"])


class System:
    """A worker, and what the system knows of its thread."""

    def __init__(self, kernels, refuses=False):
        self.steering = kernels.steering
        self.workers = Table("workers", 1, 32, {(0, THREAD): 7})
        self.known = Table("the system", 1, 1, {(0, 0): ALL})
        kernels.processors.note = self.note
        kernels.processors.use = self.use
        kernels.processors.use_others = self.refuse if refuses else self.use_others

    def frozen(self):
        return "system"

    def note(self, table, row, field):
        may_use = yield from load_plain(self.known, 0, 0)
        assert may_use == ALL, "what is noted lacks a processor"
        yield from store_plain(table, row, field, may_use)
        return 0

    def use(self, table, row, field):
        noted = yield from load_plain(table, row, field)
        yield from store_plain(self.known, 0, 0, noted)
        return 0

    def use_others(self, table, row, field, thread):
        noted = yield from load_plain(table, row, field)
        may_use = yield from load_plain(self.known, 0, 0)
        assert may_use != ENDED, "a thread that has ended"
        if not noted:  # the worker has not slept yet
            return -1
        yield from store_plain(self.known, 0, 0, ALL_BUT_ONE)
        return 0

    def refuse(self, table, row, field, thread):
        yield from load_plain(table, row, field)
        return -1

    def wake(self):
        yield from self.steering.send_elsewhere(self.workers, 0)


def sleeps(kernels, times, wakers, ends=False, refuses=False):
    """A worker sleeps, and wakes up, whether anybody has woken it or not."""
    system = System(kernels, refuses)
    steering, workers = system.steering, system.workers

    def worker():
        for _ in range(times):
            yield from steering.note(workers, 0)
            yield from steering.come_back(workers, 0)
        if ends:
            yield from steering.leave(workers, 0)
            yield from store_plain(system.known, 0, 0, ENDED)

    def check(results, memory):
        state, may_use = memory.latest(workers, 0, STEERED), memory.latest(system.known, 0, 0)
        noted = memory.latest(workers, 0, USABLE)
        if state not in (FREE, NARROWED) or noted not in (0, ALL):
            return f"left as {state}, with {noted} noted"
        wanted = ENDED if ends else ALL if state == FREE else ALL_BUT_ONE
        return may_use != wanted and f"{state}, and the system knows {may_use}"

    return [worker, *[system.wake] * wakers], check


SCENARIOS = {
    "one wakes": Scenario(lambda kernels: sleeps(kernels, 2, 1), entry=entry),
    "two wake": Scenario(lambda kernels: sleeps(kernels, 2, 2), entry=entry),
    "the worker ends": Scenario(lambda kernels: sleeps(kernels, 1, 1, ends=True), entry=entry),
    "the worker ends, and two wake": Scenario(lambda kernels: sleeps(kernels, 1, 2, ends=True), entry=entry),
    "the system refuses": Scenario(lambda kernels: sleeps(kernels, 2, 1, refuses=True), entry=entry),
    "it ends where the system refuses": Scenario(
        lambda kernels: sleeps(kernels, 1, 1, ends=True, refuses=True), entry=entry
    ),
}


@named(SCENARIOS)
def test_what_a_thread_may_use_is_not_lost(scenario):
    scenario.holds()


@pytest.mark.parametrize("mutant", MUTANTS)
def test_each_step_is_needed(mutant):
    assert_killed("steering", mutant, *finders(SCENARIOS), entry=entry)


def test_whom_the_system_does_not_tell_is_not_steered():
    kernels = entry()
    system = System(kernels)
    kernels.processors.note = lambda table, row, field: -1

    def worker():
        yield from system.steering.note(system.workers, 0)
        yield from system.wake()

    def check(results, memory):
        state = memory.latest(system.workers, 0, STEERED), memory.latest(system.workers, 0, THREAD)
        return state != (FREE, 0) and f"left as {state}"

    Scenario(lambda _: ([worker], check), entry=lambda: kernels).holds()
    assert HELD not in (FREE, NARROWED)
