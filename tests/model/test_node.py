"""The links of tasks under the model: each task has one of its own, and so has each root marker."""

from zuki_kernels import runs
from zuki_kernels.runs import NONE

from .explore import explore
from .mount import Table, address_of, mount
from .worlds import MARKER, World, task


def test_each_task_brings_its_own_link():
    node, world = mount("node"), World(2)
    other = Table("other margins", 1, runs.MARGIN_FIELDS)
    rows = {(0, field): held for (_, field), held in world.runs.initial.items()}
    rows |= {(1, runs.MARGINS): address_of(other), (1, runs.NODE_COUNT): 1}
    table = Table("runs", 2, runs.RUN_FIELDS, rows)
    tasks = task(0), task(1), task(0, slot=1), MARKER, task(runs.ROOT_MARKER, slot=1)

    def thread():
        for at in range(len(tasks)):
            yield from node.set_next(table, tasks[at], tasks[at - 1] if at else NONE)
        links = ()
        for one in tasks:
            links += ((yield from node.next_of(table, one)),)
        return links

    explore([thread], lambda results: results[0] != (NONE, *tasks[:-1]) and "links are mixed up")
