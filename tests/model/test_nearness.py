"""Victims on several NUMA nodes, under the model: neighbours first, and nobody is left out."""

import pytest

from zuki_kernels.nearness import NUMA_NODE
from zuki_kernels.search import USED_WORKERS

from .mount import mount_all
from .mutants import assert_killed
from .scenario import Scenario, finders, named
from .test_search import Tasks

MUTANTS = [
    ("steps", "2 * used", "used"),
    ("is_of_the_other_lap", "== second", "!= second"),
    ("is_of_the_other_lap", "node != ANYWHERE and", "True and"),
    ("settle", "store_relaxed(workers, me, NUMA_NODE, numa_node)", "pass"),
]
BEYOND_THE_MODEL = {}


def on_nodes(kernels, nodes, count):
    """Tasks of a pool whose workers, as many as there are nodes, are on these."""
    tasks = Tasks(kernels, count, workers=len(nodes))
    tasks.world.pool.initial[0, USED_WORKERS] = len(nodes)
    for worker, node in enumerate(nodes):
        tasks.world.workers.initial[worker, NUMA_NODE] = node
    return tasks


def neighbours_first(kernels, nodes=(1, 2, 1), expected=(2, 1)):
    """Two others have a task each; a thief takes both, and that of its own node first."""
    tasks = on_nodes(kernels, nodes, 2)

    def thief():
        yield from tasks.add(1, 1)  # as their owners would: before anybody looks
        yield from tasks.add(2, 2)
        return (yield from tasks.take(0, 2))

    def check(results, memory):
        return (results[0] != expected and f"in another order: {results[0]}") or tasks.none_is_lost(
            results, memory
        )

    return [thief], check


def both_rob(kernels):
    """Thieves on two nodes rob the same two workers."""
    tasks = on_nodes(kernels, (1, 2, 1, 2), 2)

    def owner(me, task):
        def run():
            yield from tasks.add(me, task)
            return (yield from tasks.take(me, 1))

        return run

    def thief(me):
        def run():
            return (yield from tasks.take(me, 1))

        return run

    return [thief(0), thief(1), owner(2, 1), owner(3, 2)], tasks.none_is_lost


def moves(kernels):
    """A worker's row is taken by a thread on another node while a thief looks: no task is lost."""
    tasks = on_nodes(kernels, (1, 2, 2), 1)

    def newcomer():
        yield from kernels.nearness.settle(tasks.world.workers, 2, 1)
        yield from tasks.add(2, 1)
        return ()

    def thief():
        return (yield from tasks.take(0, 2))

    def check(results, memory):
        settled = memory.latest(tasks.world.workers, 2, NUMA_NODE) == 1
        return (not settled and "has not moved") or tasks.none_is_lost(results, memory)

    return [newcomer, thief], check


def few(make, **options):
    return Scenario(make, preemptions=2, mutants={"preemptions": 1}, **options)


SCENARIOS = {
    "neighbours first": few(neighbours_first),
    "a node that is not known is far": few(lambda kernels: neighbours_first(kernels, (1, 0, 1), (2, 1))),
    "a thief whose node is not known": few(lambda kernels: neighbours_first(kernels, (0, 2, 1), (1, 2))),
    "nobody is near": few(lambda kernels: neighbours_first(kernels, (1, 2, 2), (1, 2))),
    "thieves on two nodes": Scenario(both_rob, preemptions=1),
    "a worker moves": few(moves),
}


@named(SCENARIOS)
def test_each_task_is_found_once(scenario):
    scenario.holds()


@pytest.mark.parametrize("mutant", MUTANTS)
def test_each_step_is_needed(mutant):
    assert_killed("nearness", mutant, *finders(SCENARIOS), entry=mount_all)
