"""The interpreter lane under the model: one body at a time, and no task that nobody takes."""

import pytest

from zuki_kernels.lane import HOLDER
from zuki_kernels.queue import STACK
from zuki_kernels.runs import NONE
from zuki_kernels.search import LANE

from .mount import Table, mount_all
from .mutants import assert_killed
from .scenario import Scenario, finders, named
from .worlds import World, load_plain, store_plain

MUTANTS = [
    ("enter", "cas_acquire", "cas_relaxed"),
    ("_set_free", "store_release", "store_relaxed"),
    ("_set_free", "fence_seq_cst()", "pass"),
    ("_set_free", "== 0", ">= 0"),
    ("offer", "fence_seq_cst()", "pass"),
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


SCENARIOS = {
    "two workers": offering(1, 1, mutants={"preemptions": 2}),
    "two workers, nested": offering(1, 1, nested=True, mutants={"preemptions": 2}),
    "three tasks, nested": offering(2, 1, nested=True, mutants={"preemptions": 2}),
    "three workers": offering(2, 2, 1, random=40, mutants=None),
}


@named(SCENARIOS)
def test_bodies_run_one_at_a_time_and_none_is_stranded(scenario):
    scenario.holds()


@pytest.mark.parametrize("mutant", MUTANTS)
def test_each_ordering_is_needed(mutant):
    assert_killed("lane", mutant, *finders(SCENARIOS), entry=mount_all)
