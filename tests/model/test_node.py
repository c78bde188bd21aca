"""The links of tasks under the model: each task has one of its own, and so has each root marker."""

import pytest

from zuki_kernels import node, queue, runs
from zuki_kernels.runs import NONE

from .mount import Table, address_of, atomic, mount_all
from .mutants import assert_killed
from .scenario import Scenario, finders, named
from .worlds import MARKER, World, task

MUTANTS = [
    ("set_next", "slot_of(task), NEXT", "0, NEXT"),
    ("set_next", "margins_of(runs, slot_of(task))", "margins_of(runs, 0)"),
    ("set_next", "node_of(task), LINK", "0, LINK"),
    ("next_of", "slot_of(task), NEXT", "0, NEXT"),
    ("next_of", "margins_of(runs, slot_of(task))", "margins_of(runs, 0)"),
]
BEYOND_THE_MODEL = {}


load = atomic("load_relaxed")


def links(kernels):
    """A list of nodes and markers of two runs."""
    kernel, world = kernels.node, World(2)
    other = Table("other margins", 1, runs.MARGIN_FIELDS)
    rows = {(0, field): held for (_, field), held in world.runs.initial.items()}
    rows |= {(1, runs.MARGINS): address_of(other), (1, runs.NODE_COUNT): 1}
    table = Table("runs", 2, runs.RUN_FIELDS, rows)
    tasks = task(0), task(1), task(0, slot=1), MARKER, task(runs.ROOT_MARKER, slot=1)

    def thread():
        for at in range(len(tasks)):
            yield from kernel.set_next(table, tasks[at], tasks[at - 1] if at else NONE)
        found = ()
        for one in tasks:
            found += ((yield from kernel.next_of(table, one)),)
        return found

    return [thread], lambda results: results[0] != (NONE, *tasks[:-1]) and "links are mixed up"


def batches(kernels):
    """A batch of two that were put together, and a consumer of the queue that it goes to."""
    world, table = World(4), Table("batches", 2, node.BATCH_FIELDS)

    def builder():
        for batch, one in ((0, 2), (1, 3), (1, 1)):
            yield from kernels.node.append(table, batch, world.runs, one)
        yield from kernels.node.splice(table, 0, world.runs, 1)
        taken = yield from kernels.node.take_first(table, 0, world.runs)
        first, last = (yield from load(table, 0, node.FIRST)), (yield from load(table, 0, node.LAST))
        yield from kernels.queue.push(world.queues, 0, world.runs, first, last)
        return taken

    def consumer():
        found = ((yield from kernels.queue.acquire(world.queues, 0)),)
        while found[-1] >= 0:
            found += ((yield from kernels.node.next_of(world.runs, found[-1])),)
        return found

    def check(results):
        return (results[0] != 2 or results[1] not in ((queue.EMPTY,), (3, 1, NONE))) and "not the batch"

    return [builder, consumer], check


SCENARIOS = {"nodes and markers of two runs": Scenario(links), "a batch and its consumer": Scenario(batches)}


@named(SCENARIOS)
def test_each_task_brings_its_own_link(scenario):
    scenario.holds()


@pytest.mark.parametrize("mutant", MUTANTS)
def test_each_part_of_a_links_place_is_needed(mutant):
    assert_killed("node", mutant, *finders(SCENARIOS), entry=mount_all)
