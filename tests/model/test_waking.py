"""Waking under the model: who has the duty to wake passes it on where anything is left to do.

Each body goes on until all have begun. So a run comes to its end only if as many workers have been woken as
there are bodies: none of them waits behind another one.

The workers sleep in the beginning, until they are woken. One that only searches, or is about to sleep, takes
notifications without having any duty; as in zap, whoever comes by finds what it leaves, for it searches for a
while.
"""

import pytest

from zuki_kernels import blocks, search
from zuki_kernels.blocks import NO_BLOCK
from zuki_kernels.event import EVENT, WAITING
from zuki_kernels.notifier import DUTY
from zuki_kernels.runs import NONE
from zuki_kernels.sync_state import ONE_IDLE, ONE_SPAWNED, SYNC

from . import pools
from .mount import Table, atomic, cell_address
from .mount import _operation as operation
from .mutants import assert_killed
from .scenario import Scenario, finders, named
from .worlds import World

MUTANTS = [
    ("pass_on", "if _is_any_left(pool, deques, queues, hands, me)", "if False"),
    ("_is_any_left", "queue.holds_any(queues, search.GLOBAL)", "False"),
    ("_is_any_left", "service.is_wanted(pool)", "False"),
    ("_is_any_left", "_has_any(deques, queues, hands, worker, levels)", "False"),
    ("_is_any_left", "range(used)", "range(1)"),
    ("_has_any", "queue.holds_any(queues, search.FIRST_OWN + worker)", "False"),
    ("_has_any", "not deque.is_empty(hands, worker)", "False"),
    ("_has_any", "not deque.is_empty(deques, worker * search.LEVELS + level)", "False"),
    ("_has_any", "load_relaxed(hands, worker, DETACHED) != NO_BLOCK", "False"),
]
FOR_NOTHING = ("pass_on", "if _is_any_left(pool, deques, queues, hands, me)", "if True")
OF_THE_NOTIFIER = [
    ("lay_down", "sync_state.is_notified(sync)", "False"),
    ("lay_down", "cas_relaxed(pool, 0, SYNC, sync, sync_state.relieved(sync))", "True"),
]
BEYOND_THE_MODEL = {}

wait, wake = operation("wait", None), operation("wake", None)

_ASLEEP = -2  # as a timeout: the worker sleeps already


def mount_asleep(edit=lambda source, name: source):
    """Mount kernels for workers that sleep already: those with a timeout of `_ASLEEP`."""
    sleeps = {("notifier", "idle, overdue = False, False"): f"idle, overdue = timeout == {_ASLEEP}, False"}
    return pools.mounted(edit, sleeps)


class Bodies:
    """Idle workers, one more that is busy, and bodies that wait for one another."""

    def __init__(self, kernels, idle, bodies, ring=4):
        self.kernels, self.idle, self.bodies = kernels, idle, bodies
        self.world = world = World(bodies, workers=idle + 1, ring=ring)
        world.pool.initial[0, SYNC] = (idle + 1) * ONE_SPAWNED + idle * ONE_IDLE
        world.workers.initial.update({(me, EVENT): WAITING for me in range(idle)})
        self.begun = Table("begun", 1, 1)
        self.block = Table("block", 1, blocks.BLOCK_FIELDS)
        self.words = world.pool, world.workers

    def frozen(self):
        return "bodies"

    def body(self):
        """Begin, and wait for the others."""
        yield from atomic("add_relaxed")(self.begun, 0, 0, 1)
        yield from wake(self.begun, 0, 0, 9)
        while (begun := (yield from atomic("load_relaxed")(self.begun, 0, 0))) < self.bodies:
            yield from wait(self.begun, 0, 0, begun, -1)

    def find(self, me):
        """Search as `turn` does; return whether there was anything."""
        world, kernels = self.world, self.kernels
        if (yield from kernels.search.pop(world.pool, world.deques, world.rings, me)) >= 0:
            return True
        tables = world.deques, world.rings, world.queues, world.runs
        if (yield from kernels.search.find(world.pool, world.workers, *tables, me, 0)) >= 0:
            return True
        found = yield from kernels.spawned.find(world.pool, world.workers, world.hands, world.hand_rings, me)
        if found != NO_BLOCK or (yield from kernels.detached.find(world.pool, world.hands, me)) != NO_BLOCK:
            return True
        return (yield from kernels.service.claim(world.pool))

    def sleep(self, me):
        while (yield from atomic("load_relaxed")(self.world.workers, me, EVENT)) == WAITING:
            yield from wait(self.world.workers, me, EVENT, WAITING, -1)

    def sleeper(self, me):
        """A worker of which only counts that it is woken."""

        def run():
            yield from self.sleep(me)
            yield from self.body()

        return run

    def worker(self, me):
        """A worker that takes what it finds."""

        def run():
            world, waking, timeout = self.world, False, _ASLEEP
            yield from self.sleep(me)
            while True:
                if timeout != _ASLEEP and (yield from self.find(me)):
                    if waking:
                        tables = world.deques, world.queues, world.hands
                        yield from self.kernels.waking.pass_on(world.pool, world.workers, *tables, me)
                    yield from self.body()
                    return
                waking = (yield from self.kernels.notifier.wait_for_work(
                    world.pool, world.workers, world.runs, me, waking, NONE, NONE, timeout
                )) == DUTY  # fmt: skip
                timeout = -1

        return run

    def tell(self, me=NONE):
        return self.kernels.notifier.notify(*self.words, me, False)

    def push(self, task, row=search.GLOBAL):
        yield from self.kernels.queue.push(self.world.queues, row, self.world.runs, task, task)

    def caller(self, *tasks):
        """What submits calls from outside."""

        def run():
            for task in tasks:
                yield from self.push(task)
                yield from self.tell()

        return run

    def busy(self, add):
        """A worker that adds a body in some place, in the midst of one that it runs, and that goes on."""

        def run():
            yield from add(self.idle)
            yield from self.tell(self.idle)

        return run


def into_the_deque(bodies):
    def add(me):
        world = bodies.world
        yield from bodies.kernels.deque.push(world.deques, world.rings, me * search.LEVELS, 1)

    return add


def into_the_overflow(bodies):
    return lambda me: bodies.push(1, search.FIRST_OWN + me)


def into_the_hand(bodies):
    def add(me):
        world = bodies.world
        block = cell_address(bodies.block, 0, 0)
        yield from bodies.kernels.deque.push(world.hands, world.hand_rings, me, block)

    return add


def into_the_list(bodies):
    return lambda me: bodies.kernels.detached.add(bodies.world.hands, me, cell_address(bodies.block, 0, 0))


def as_a_summons(bodies):
    def add(me):
        yield from bodies.kernels.service.call(*bodies.words)

    return add


def make(start, idle=2, sleepers=0, ring=4):
    """Return a scenario; ``start`` gives the threads beside the idle workers, of whom the last only sleep."""

    def made(kernels):
        pool = Bodies(kernels, idle, idle, ring)
        searching = idle - sleepers
        threads = [pool.worker(me) for me in range(searching)] + start(pool)
        threads += [pool.sleeper(me) for me in range(searching, idle)]

        def quiescent(results, memory):
            return memory.latest(pool.begun, 0, 0) == pool.bodies

        return threads, None, quiescent

    return made


def beside_a_busy_one(add):
    """A call comes from outside, and a busy worker adds something: two are to be woken for it."""
    return make(lambda pool: [pool.caller(0), pool.busy(add(pool))], sleepers=1)


def one_is_woken(kernels):
    """A call comes, and of two workers one is woken for it; the other would count itself as a body."""
    pool = Bodies(kernels, 2, 1)

    def check(results, memory):
        return memory.latest(pool.begun, 0, 0) != 1 and "a worker was woken for nothing"

    def quiescent(results, memory):
        return not check(results, memory)

    return [pool.worker(0), pool.sleeper(1), pool.caller(0)], check, quiescent


def scenario(made, **options):
    return Scenario(made, entry=mount_asleep, timeouts=False, **{"preemptions": 2, **options})


def at_random(made):
    return Scenario(made, entry=mount_asleep, timeouts=False, random=300, depth=3)


ONE_IS_WOKEN = scenario(one_is_woken, preemptions=1)
SCENARIOS = {
    "one call": scenario(make(lambda pool: [pool.caller(0)], idle=1), preemptions=None),
    "two calls": scenario(make(lambda pool: [pool.caller(0, 1)])),
    "two calls, one is left in the queue": scenario(make(lambda pool: [pool.caller(0, 1)], ring=1)),
    "two callers": scenario(make(lambda pool: [pool.caller(0), pool.caller(1)]), preemptions=1),
    "a node in a deque": at_random(beside_a_busy_one(into_the_deque)),
    "a node in what did not fit": at_random(beside_a_busy_one(into_the_overflow)),
    "a spawned task": at_random(beside_a_busy_one(into_the_hand)),
    "a detached task": at_random(beside_a_busy_one(into_the_list)),
    "a Python task": at_random(beside_a_busy_one(as_a_summons)),
}


@named(SCENARIOS)
def test_nobody_sleeps_while_a_body_waits_behind_another(scenario):
    scenario.holds()


@pytest.mark.parametrize("mutant", MUTANTS)
def test_each_look_is_needed(mutant):
    assert_killed("waking", mutant, *finders(SCENARIOS), entry=mount_asleep)


@pytest.mark.parametrize("mutant", OF_THE_NOTIFIER)
def test_the_duty_is_laid_down_before_the_look(mutant):
    assert_killed("notifier", mutant, *finders(SCENARIOS), entry=mount_asleep)


def test_a_look_keeps_others_from_being_woken_for_nothing():
    ONE_IS_WOKEN.holds()
    assert_killed("waking", FOR_NOTHING, ONE_IS_WOKEN, entry=mount_asleep)
