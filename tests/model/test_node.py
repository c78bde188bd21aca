"""The links of tasks under the model: each task has one of its own, and so has each root marker."""

from zuki_kernels import node, queue, runs
from zuki_kernels.runs import NONE

from .explore import explore
from .mount import Table, address_of, atomic, mount, mount_all
from .worlds import MARKER, World, task

load = atomic("load_relaxed")


def test_each_task_brings_its_own_link():
    kernel, world = mount("node"), World(2)
    other = Table("other margins", 1, runs.MARGIN_FIELDS)
    rows = {(0, field): held for (_, field), held in world.runs.initial.items()}
    rows |= {(1, runs.MARGINS): address_of(other), (1, runs.NODE_COUNT): 1}
    table = Table("runs", 2, runs.RUN_FIELDS, rows)
    tasks = task(0), task(1), task(0, slot=1), MARKER, task(runs.ROOT_MARKER, slot=1)

    def thread():
        for at in range(len(tasks)):
            yield from kernel.set_next(table, tasks[at], tasks[at - 1] if at else NONE)
        links = ()
        for one in tasks:
            links += ((yield from kernel.next_of(table, one)),)
        return links

    explore([thread], lambda results: results[0] != (NONE, *tasks[:-1]) and "links are mixed up")


def test_a_consumer_sees_a_batch_whole():
    kernels, world, batches = mount_all(modules=["queue"]), World(4), Table("batches", 2, node.BATCH_FIELDS)

    def builder():
        for batch, one in ((0, 2), (1, 3), (1, 1)):
            yield from kernels.node.append(batches, batch, world.runs, one)
        yield from kernels.node.splice(batches, 0, world.runs, 1)
        taken = yield from kernels.node.take_first(batches, 0, world.runs)
        first, last = (yield from load(batches, 0, node.FIRST)), (yield from load(batches, 0, node.LAST))
        yield from kernels.queue.push(world.queues, 0, world.runs, first, last)
        return taken

    def consumer():
        found = ((yield from kernels.queue.acquire(world.queues, 0)),)
        while found[-1] >= 0:
            found += ((yield from kernels.node.next_of(world.runs, found[-1])),)
        return found

    explore(
        [builder, consumer],
        lambda results: (
            (results[0] != 2 or results[1] not in ((queue.EMPTY,), (3, 1, NONE))) and "not the batch"
        ),
    )
