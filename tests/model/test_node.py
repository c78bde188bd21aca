"""The links of tasks under the model: each task has one of its own, and so has each root marker."""

import pytest

from zuki_kernels import runs
from zuki_kernels.runs import NONE

from .mount import Table, address_of, mount_all
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


def links(kernels):
    """A list of nodes and markers of two runs."""
    node, world = kernels.node, World(2)
    other = Table("other margins", 1, runs.MARGIN_FIELDS)
    rows = {(0, field): held for (_, field), held in world.runs.initial.items()}
    rows |= {(1, runs.MARGINS): address_of(other), (1, runs.NODE_COUNT): 1}
    table = Table("runs", 2, runs.RUN_FIELDS, rows)
    tasks = task(0), task(1), task(0, slot=1), MARKER, task(runs.ROOT_MARKER, slot=1)

    def thread():
        for at in range(len(tasks)):
            yield from node.set_next(table, tasks[at], tasks[at - 1] if at else NONE)
        found = ()
        for one in tasks:
            found += ((yield from node.next_of(table, one)),)
        return found

    return [thread], lambda results: results[0] != (NONE, *tasks[:-1]) and "links are mixed up"


SCENARIOS = {"nodes and markers of two runs": Scenario(links)}


@named(SCENARIOS)
def test_each_task_brings_its_own_link(scenario):
    scenario.holds()


@pytest.mark.parametrize("mutant", MUTANTS)
def test_each_part_of_a_links_place_is_needed(mutant):
    assert_killed("node", mutant, *finders(SCENARIOS), entry=mount_all)
