"""The queue under the model: no task is lost, none comes twice, and a consumer sees every link."""

from collections import Counter
from itertools import pairwise

import pytest

from zuki_kernels.queue import CACHE, EMPTY, LOST, STACK
from zuki_kernels.runs import LINK

from .explore import explore
from .mount import mount_all
from .mutants import assert_killed
from .scenario import Scenario, finders, named
from .worlds import World

MUTANTS = [
    ("push", "cas_release", "cas_relaxed"),
    ("push", "stack & _FLAGS", "0"),
    ("acquire", "cas_acquire(queues, queue, STACK, stack, stack | CONSUMING)",
     "cas_relaxed(queues, queue, STACK, stack, stack | CONSUMING)"),
    ("acquire", "cas_acquire(queues, queue, STACK, stack, _FLAGS)",
     "cas_relaxed(queues, queue, STACK, stack, _FLAGS)"),
    ("acquire", "if stack & CONSUMING", "if False"),
    ("more", "exchange_acquire", "exchange_relaxed"),
    ("release", "add_acq_rel", "add_acquire"),
    ("release", "dropped |= HAS_CACHE", "pass"),
]  # fmt: skip
BEYOND_THE_MODEL = {}

END = -1
GLOBAL = 0


class Queue:
    """A queue of the nodes from 1 on: a link that was never set leads to node 0."""

    def __init__(self, kernels, pushed):
        self.node, self.queue, self.pushed = kernels.node, kernels.queue, pushed
        self.world = World(pushed + 1)
        self.queues, self.runs = self.world.queues, self.world.runs

    def frozen(self):
        return "queue"

    def push(self, *tasks):
        for one, following in pairwise(tasks):
            yield from self.node.set_next(self.runs, one, following)
        yield from self.queue.push(self.queues, GLOBAL, self.runs, tasks[0], tasks[-1])

    def take(self, most):
        """Consume once, at most so many tasks; return them, or the verdict."""
        task = yield from self.queue.acquire(self.queues, GLOBAL)
        if task < 0:
            return task
        taken = (task,)
        rest = yield from self.node.next_of(self.runs, task)
        while len(taken) < most:
            if rest == END:
                rest = yield from self.queue.more(self.queues, GLOBAL)
            if rest == END:
                break
            taken += (rest,)
            rest = yield from self.node.next_of(self.runs, rest)
        yield from self.queue.release(self.queues, GLOBAL, rest)
        return taken

    def drain(self, results, memory):
        """What is wrong with what was taken and what is left."""
        taken = Counter(task for got in results.values() if type(got) is tuple for task in got)
        stack = memory.latest(self.queues, GLOBAL, STACK)
        if stack & 2:
            return "still consumed"
        left = [memory.latest(self.queues, GLOBAL, CACHE)] if stack & 1 else []
        left += [(stack >> 2) - 1]
        for task in left:
            while task != END and task not in taken:
                taken[task] += 1
                task = memory.latest(self.world.margins, task, LINK)
        return taken != Counter(range(1, self.pushed + 1)) and f"left {left}, not each once: {taken}"


def a_list_and_a_task(kernels, most=2):
    """Two producers, one of them of a list; two consumers."""
    world = Queue(kernels, 3)

    def lister():
        yield from world.push(1, 2)

    def pusher():
        yield from world.push(3)

    def consumer():
        return (yield from world.take(most))

    return [lister, pusher, consumer, consumer], world.drain


def in_turns(kernels):
    """The consumers leave what they do not use to the next."""
    world = Queue(kernels, 3)

    def lister():
        yield from world.push(1, 2, 3)

    def consumer():
        first = yield from world.take(1)
        second = yield from world.take(1)
        return tuple(task for got in (first, second) if type(got) is tuple for task in got)

    return [lister, consumer, consumer], world.drain


def crowded(kernels):
    """Four producers, three consumers."""
    world = Queue(kernels, 6)

    def producer(*tasks):
        def run():
            yield from world.push(*tasks)

        return run

    def consumer():
        return (yield from world.take(3))

    return [producer(1, 2), producer(3, 4), producer(5), producer(6), *[consumer] * 3], world.drain


SCENARIOS = {
    "a list, a task, two consumers": Scenario(a_list_and_a_task),
    "one task at a time": Scenario(lambda kernels: a_list_and_a_task(kernels, 1)),
    "consumers in turns": Scenario(in_turns),
    "four producers, three consumers": Scenario(crowded, random=100, mutants=None),
}


@named(SCENARIOS)
def test_each_task_comes_once(scenario):
    scenario.holds()


@pytest.mark.parametrize("mutant", MUTANTS)
def test_each_ordering_is_needed(mutant):
    assert_killed("queue", mutant, *finders(SCENARIOS), entry=mount_all)


def test_what_an_empty_queue_tells():
    kernels = mount_all()
    world = Queue(kernels, 1)
    queue = kernels.queue

    def thread():
        empty = (yield from queue.is_empty(world.queues, 0)), (yield from queue.acquire(world.queues, 0))
        yield from world.push(1)
        filled = yield from queue.is_empty(world.queues, 0)
        first = yield from queue.acquire(world.queues, 0)
        lost = (yield from queue.is_empty(world.queues, 0)), (yield from queue.acquire(world.queues, 0))
        yield from queue.release(world.queues, 0, END)
        return empty, filled, first, lost, (yield from queue.is_empty(world.queues, 0))

    expected = (True, EMPTY), False, 1, (True, LOST), True
    explore([thread], lambda results: results[0] != expected and "wrong")
