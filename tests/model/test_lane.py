"""The interpreter lane under the model: one body at a time, and no task that nobody takes."""

import pytest

from zuki_kernels.counters import LANE_DEPTH
from zuki_kernels.lane import HOLDER
from zuki_kernels.queue import STACK
from zuki_kernels.runs import NONE, QUEUED, REMAINING, WAITER, node_of
from zuki_kernels.search import LANE

from .mount import Table, atomic, mount_all
from .mount import _operation as operation
from .mutants import assert_killed
from .scenario import Scenario, finders, named
from .worlds import World, load_plain, plain, store_plain
from .worlds import task as task_of

add_acq_rel = atomic("add_acq_rel")
wait, wake = operation("wait", None), operation("wake", None)

MUTANTS = [
    ("enter", "cas_acquire", "cas_relaxed"),
    ("_set_free", "store_release", "store_relaxed"),
    ("_set_free", "fence_seq_cst()", "pass"),
    ("_set_free", "== 0", ">= 0"),
    ("offer", "fence_seq_cst()", "pass"),
    ("_take", "wanted == ANY or slot_of(task) == wanted", "True"),
    ("_take", "set_next(runs, last, task)", "pass"),
    ("_take", "queue.push(queues, LANE, runs, first, last)", "pass"),
    ("_take", "queue.release(queues, LANE, rest)", "queue.release(queues, LANE, END)"),
    ("_take", "add_relaxed(runs, slot_of(found), QUEUED, -1)", "pass"),
    ("_take", "load_relaxed(runs, wanted, QUEUED) <= 0", "True"),
    ("call_holder", "event.post(workers, holder)", "event.claim(workers, holder)"),
    ("call_holder", "event.post(workers, holder)", "False"),
]
BEYOND_THE_MODEL = {}


def lane_of(kernels, *offers, nested=False):
    """Each worker offers some tasks and runs what it may; bodies share what only the lane protects."""
    total = sum(offers)
    lane, world = kernels.lane, World(total + 1, workers=len(offers))
    interpreter = Table("interpreter", 1, 1)
    pool, rows, queues, runs = world.pool, world.workers, world.queues, world.runs

    def body(me, deeper):
        held = yield from load_plain(interpreter, 0, 0)
        ran = ()
        if deeper:  # the body waits for another graph, whose tasks are in the lane too
            task = yield from lane.enter(pool, rows, queues, runs, me, 0)
            if task >= 0:
                ran = (task, *(yield from body(me, False)))
                yield from lane.leave(pool, rows, me)
                held += len(ran)
        yield from store_plain(interpreter, 0, 0, held + 1)
        return ran

    def worker(me):
        def run():
            first, ran = 1 + sum(offers[:me]), ()
            for task in range(first, first + offers[me]):
                yield from lane.offer(queues, runs, task)
            task = yield from lane.enter(pool, rows, queues, runs, me, NONE)
            while task >= 0:
                ran += (task, *(yield from body(me, nested)))
                yield from lane.leave(pool, rows, me)
                task = yield from lane.enter(pool, rows, queues, runs, me, NONE)
            return ran

        return run

    def check(results, memory):
        ran = sorted(task for answer in results.values() for task in answer)
        if ran != list(range(1, total + 1)):
            return f"not each task once: {ran}"
        left = memory.latest(queues, LANE, STACK) or memory.latest(pool, 0, HOLDER)
        return (left or memory.latest(interpreter, 0, 0) != len(ran)) and "left held, or bodies at once"

    return [worker(me) for me in range(len(offers))], check


def offering(*offers, nested=False, **options):
    return Scenario(lambda kernels: lane_of(kernels, *offers, nested=nested), **options)


def inside(count, **options):
    """A world of two runs, in which worker 0 holds the lane: it is inside of a body of run 0."""
    world = World(count, workers=2, begun=2, **options)
    world.pool.initial[0, HOLDER] = 1
    world.workers.initial[0, LANE_DEPTH] = 1
    return world


def by_run(kernels, mine, theirs):
    """Inside of a body that waits for run 1, tasks of run 0 are put aside; another worker offers more.

    ``mine`` and ``theirs`` are what the two offer: nodes of run 0 from 1 on, and 0 for the one of run 1.
    """
    lane, world = kernels.lane, inside(len(mine + theirs))
    pool, rows, queues, runs = world.pool, world.workers, world.queues, world.runs
    awaited = task_of(0, slot=1)

    def offer(nodes):
        for node in nodes:
            yield from lane.offer(queues, runs, node or awaited)

    def holder():
        yield from offer(mine)
        inner = yield from lane.enter(pool, rows, queues, runs, 0, 1)
        if inner >= 0:
            yield from lane.leave(pool, rows, 0)
        yield from lane.leave(pool, rows, 0)
        return inner, (yield from serve(0))

    def offerer():
        yield from offer(theirs)
        return NONE, (yield from serve(1))

    def serve(me):
        ran = ()
        while (found := (yield from lane.enter(pool, rows, queues, runs, me, NONE))) >= 0:
            ran += (found,)
            yield from lane.leave(pool, rows, me)
        return ran

    def check(results, memory):
        inner = results[0][0]
        if inner != awaited and (0 in mine or inner != NONE):
            return f"inside of the body came {inner}"
        ran = sorted(one for one in (inner, *results[0][1], *results[1][1]) if one != NONE)
        queued = [memory.latest(runs, slot, QUEUED) for slot in (0, 1)]
        wrong = ran != [*range(1, len(mine + theirs)), awaited] or queued != [0, 0]
        return wrong and f"not each task once: {ran}, {queued} queued"

    return [holder, offerer], check


def called(kernels, python=1):
    """The holder sleeps inside of its body, as it waits for run 1; another worker offers that run's tasks.

    An offer is announced before it is queued. A holder that found nothing is fair: it waits for the offer.
    """
    world, offered = inside(python, run={WAITER: 0, REMAINING: python}), Table("offered", 1, 1)
    pool, rows, queues, runs = world.pool, world.workers, world.queues, world.runs
    lane, notifier = kernels.lane, kernels.notifier

    def holder():
        while True:
            so_far = yield from add_acq_rel(offered, 0, 0, 0)  # the latest, which a load need not read
            found = yield from lane.enter(pool, rows, queues, runs, 0, 1)
            if found >= 0:
                yield from world.run_body(plain(node_of)(found))
                yield from lane.leave(pool, rows, 0)
                yield from kernels.release.settle(rows, runs, 1, 1)
                continue
            answer = yield from notifier.wait_for_work(pool, rows, runs, 0, False, 1, NONE, -1)
            if answer == notifier.OVER:
                return (yield from world.read_all())
            yield from wait(offered, 0, 0, so_far, -1)

    def other():
        for node in range(python):
            yield from lane.offer(queues, runs, task_of(node, slot=1))
            yield from add_acq_rel(offered, 0, 0, 1)
            yield from wake(offered, 0, 0, 1)
            if (yield from lane.enter(pool, rows, queues, runs, 1, NONE)) >= 0:
                return "in the lane as well"
            yield from lane.call_holder(pool, rows)
        return "offered"

    return [holder, other], lambda results: results != {0: (1,) * python, 1: "offered"} and "wrong"


SCENARIOS = {
    "two workers": offering(1, 1, mutants={"preemptions": 2}),
    "the holder is called": Scenario(called, timeouts=False),
    "inside of a body, by run": Scenario(lambda kernels: by_run(kernels, (0, 1, 2), (3, 4)), preemptions=1),
    "the holder is called twice": Scenario(lambda kernels: called(kernels, 2), timeouts=False),
    "inside of a body, offered by another": Scenario(
        lambda kernels: by_run(kernels, (1, 2), (0, 3)), preemptions=2
    ),
    "two workers, nested": offering(1, 1, nested=True, mutants=None),
    "three tasks, nested": offering(2, 1, nested=True, preemptions=2, mutants=None),
    "three workers": offering(2, 2, 1, random=40, mutants=None),
}


@named(SCENARIOS)
def test_bodies_run_one_at_a_time_and_none_is_stranded(scenario):
    scenario.holds()


@pytest.mark.parametrize("mutant", MUTANTS)
def test_each_ordering_is_needed(mutant):
    assert_killed("lane", mutant, *finders(SCENARIOS), entry=mount_all)
