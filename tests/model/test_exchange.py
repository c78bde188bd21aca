"""Requests of lanes under the model: a task that was woken runs once more, whichever lane hears first."""

import pytest

from zuki_kernels import task_life, task_state

from .lives import TASK, WAKER, Lives, load_relaxed, store_relaxed
from .mount import Table, mount_all
from .mutants import assert_killed
from .scenario import Scenario, finders, named
from .worlds import plain

PAUSED, ENDED = ~(TASK << 1), ~(TASK << 1 | 1)

MUTANTS = [
    ("ring", "cas_release", "cas_relaxed"),
    (
        "exchange",
        "rung = exchange_acquire(pool, 0, RUNG, 0)",
        "rung = load_relaxed(pool, 0, RUNG)\n        store_relaxed(pool, 0, RUNG, 0)",
    ),
    ("exchange", "if wake(tasks, request) == PUSH", "wake(tasks, request)\n            if True"),
    ("exchange", "if wake(tasks, request) == PUSH", "if wake(tasks, request) == -1"),
    ("exchange", "start(tasks, row_of(request))", "pass"),
    ("exchange", "elif pause(tasks, row) == AGAIN", "elif pause(tasks, row) == PUSH"),
    ("exchange", "recycle(tasks, row)", "pass"),
    ("occupy", "start(tasks, row)", "pass"),
]
BEYOND_THE_MODEL = {}


def mounted(edit=lambda source, name: source):
    return mount_all(edit, ["exchange", "awaiting"])


class Desk:
    """A lane's own tables, with requests in them."""

    def __init__(self, kernels, world, pool, name, *requests):
        self.exchange, self.world, self.pool = kernels.exchange.exchange, world, pool
        self.requests = Table(f"{name} requests", 1, 4, {(0, at): held for at, held in enumerate(requests)})
        self.answers = Table(f"{name} answers", 1, 4)

    def frozen(self):
        return "desk", self.requests.name

    def hand_over(self, count=1):
        return (yield from self.exchange(self.pool, self.world.tasks, self.requests, count, self.answers))

    def ask(self, request):
        """Hand over another request."""
        yield from store_relaxed(self.requests, 0, 0, request)
        return (yield from self.hand_over())


def running():
    """The word of a task that nobody holds and somebody runs."""
    return {(TASK, task_life.STATE): task_state.RUNNING}


def woken(kernels, wakers=1):
    """A lane says that a task waits, others that it was woken: one of them runs it, once, and sees why."""
    world = Lives(kernels, news=wakers, initial=running())
    pool = Table("pool", 1, 64)
    runner = Desk(kernels, world, pool, "runner", PAUSED)
    desks = tuple(Desk(kernels, world, pool, f"waker{at}", WAKER) for at in range(wakers))

    def run_on(desk):
        """Run the task until it is not to run again; return how many of the news its last run saw."""
        ready, seen = 1, 0
        while ready:
            yield from world.step(TASK)
            seen = 0
            for field in range(wakers):
                seen += yield from load_relaxed(world.news, 0, field)
            ready, _ = yield from desk.ask(PAUSED)
        return seen

    def lane():
        yield from world.step(TASK)
        ready, _ = yield from runner.hand_over()
        return (yield from run_on(runner)) if ready else 0

    def waker(at):
        def wake():
            yield from store_relaxed(world.news, 0, at, 1)
            ready, _ = yield from desks[at].hand_over()
            return (yield from run_on(desks[at])) if ready else 0

        return wake

    def check(results, memory):
        word = memory.latest(world.tasks, TASK, task_life.STATE)
        if word & (task_state.SCHEDULED | task_state.RUNNING):
            return "it is to run, and nobody runs it"
        return max(results.values()) != wakers and "the last run did not see all news"

    return [lane, *map(waker, range(wakers))], check


def ended(kernels):
    """A task ends, and another one begins to wait in its row: the old waker, however late, wakes nobody."""
    world = Lives(kernels, initial=running())
    pool = Table("pool", 1, 64)
    runner, other = (Desk(kernels, world, pool, *said) for said in (("runner", ENDED), ("waker", WAKER)))

    def lane():
        yield from world.step(TASK)
        first = yield from runner.hand_over()
        waker = yield from load_relaxed(runner.answers, 0, 3)
        yield from world.step(TASK)
        second = yield from runner.ask(PAUSED)
        third = yield from runner.ask(waker)
        return first, second, third, plain(task_state.row_of)(waker)

    def late():
        return (yield from other.hand_over())

    def check(results, memory):
        return results != {0: ((0, 1), (0, 0), (1, 0), TASK), 1: (0, 0)} and "the old waker was heard"

    return [lane, late], check


def rung(kernels, rings=1):
    """Jitted code wakes tasks that wait; the lane that takes them sees why, however many there are."""
    rows = range(rings)
    world = Lives(kernels, rows=max(rings, 2), news=rings)
    pool = Table("pool", 1, 64)
    desk = Desk(kernels, world, pool, "lane")

    def ringer(row):
        def ring():
            yield from store_relaxed(world.news, 0, row, 1)
            return (yield from kernels.exchange.ring(pool, world.tasks, plain(task_state.waker_of)(row, 0)))

        return ring

    def lane():
        seen = ()
        while len(seen) < rings:
            ready, _ = yield from desk.hand_over(0)
            for at in range(ready):
                row = yield from load_relaxed(desk.answers, 0, at)
                seen += ((row, (yield from load_relaxed(world.news, 0, row))),)
        return tuple(sorted(seen))

    def check(results, memory):
        return results[rings] != tuple((row, 1) for row in rows) and "a task, or its reason, was lost"

    return [*map(ringer, rows), lane], check


SCENARIOS = {
    "rung": Scenario(rung, entry=mounted),
    "rung twice": Scenario(lambda kernels: rung(kernels, 2), entry=mounted, preemptions=2, mutants=None),
    "woken while it pauses": Scenario(woken, entry=mounted),
    "two wakers": Scenario(lambda kernels: woken(kernels, 2), entry=mounted, preemptions=2),
    "woken when it is over": Scenario(ended, entry=mounted),
}


@named(SCENARIOS)
def test_requests_are_done_once(scenario):
    scenario.holds()


@pytest.mark.parametrize("mutant", MUTANTS)
def test_each_step_is_needed(mutant):
    assert_killed("exchange", mutant, *finders(SCENARIOS), entry=mounted)
