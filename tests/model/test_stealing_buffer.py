"""Buffers that overflow, fill and are robbed by halves, under the model: each task once."""

from collections import Counter
from itertools import pairwise

import pytest

from zuki_kernels.buffer import BUFFER_FIELDS, HEAD, TAIL
from zuki_kernels.queue import CACHE, STACK
from zuki_kernels.runs import LINK

from .explore import explore
from .mount import Table, mount_all
from .mutants import assert_killed, weaken
from .pct import pct
from .trace import BrokenRunError
from .worlds import World, load_plain, store_plain

COPIES = """for index in range(kept):
        copied = load_relaxed(rings, victim, head + 1 + index & mask)
        store_relaxed(rings, thief, own + index & mask, copied)"""
CLAIM = "if not cas_release(buffers, victim, HEAD, head, head + 1 + kept): return LOST"
PUBLISH = "if at > tail: store_release(buffers, me, TAIL, at)"

MUTANTS = [
    ("consume", "store_release", "store_relaxed"),
    # a thief may take a published task and give it another link before it is read
    ("consume", "rest = next_of(runs, rest)",
     "store_release(buffers, me, TAIL, at); rest = next_of(runs, rest)"),
    ("steal", "load_acquire", "load_relaxed"),
    ("steal", "store_release", "store_relaxed"),
    ("steal", "cas_release(buffers, victim, HEAD, head, head + 1 + kept)",
     "cas_release(buffers, victim, HEAD, head, head + 1)"),
    # slots that are read after the claim may have been filled anew
    ("steal", f"{COPIES} {CLAIM}", f"{CLAIM}\n    {COPIES}"),
    ("steal", "buffer.room(buffers, rings, thief)", "mask"),
    ("push", "if not cas_relaxed(buffers, owner, HEAD, head, head + half)",
     "if store_relaxed(buffers, owner, HEAD, head + half)"),
    ("push", "set_next(runs, last, task)", "pass"),
]  # fmt: skip
BEYOND_THE_MODEL = {
    ("steal", "cas_release"): "the owner's store to a slot would have to be read by a load that ran before"
}

QUEUE = 0


class Workers:
    """Workers' buffers, a queue, and the tasks from 1 on: a link that was never set leads to task 0.

    ``held`` says which tasks are in the rings at first, for each worker; ``before``, how far its
    indices have come.
    """

    def __init__(self, kernels, tasks, workers, held=((),), capacity=4, before=0):
        self.kernels, self.tasks, self.capacity = kernels, tasks, capacity
        self.world = World(tasks + 1)
        self.queues, self.runs = self.world.queues, self.world.runs
        buffers, slots = {}, {}
        for worker, tasks_held in enumerate(held):
            buffers |= {(worker, HEAD): before, (worker, TAIL): before + len(tasks_held)}
            slots |= {(worker, (before + at) % capacity): task for at, task in enumerate(tasks_held)}
        self.buffers = Table("buffers", workers, BUFFER_FIELDS, buffers)
        self.rings = Table("rings", workers, capacity, slots)
        self.about = Table("about", tasks + 1, 1)

    def frozen(self):
        return "workers"

    def make(self, task):
        """Write what a task is about."""
        yield from store_plain(self.about, task, 0, task)

    def push(self, me, *tasks):
        for task in tasks:
            yield from self.make(task)
            yield from self.kernels.stealing_buffer.push(
                self.buffers, self.rings, self.queues, QUEUE, self.runs, me, task
            )

    def enqueue(self, *tasks):
        for task in tasks:
            yield from self.make(task)
        for task, following in pairwise(tasks):
            yield from self.kernels.node.set_next(self.runs, task, following)
        yield from self.kernels.queue.push(self.queues, QUEUE, self.runs, tasks[0], tasks[-1])

    def pop(self, me, times=1):
        got = ()
        for _ in range(times):
            got += ((yield from self.kernels.buffer.pop(self.buffers, self.rings, me)),)
        return got

    def consume(self, me):
        source = self.queues, QUEUE, self.buffers, self.rings, self.runs, me
        return ((yield from self.kernels.stealing_buffer.consume(*source)),)

    def steal(self, me, victim):
        return ((yield from self.kernels.stealing_buffer.steal(self.buffers, self.rings, me, victim)),)

    def run(self, got):
        """Look at each task that was made, and put it into a list of one's own."""
        for task in got:
            if task >= 0:
                if (yield from load_plain(self.about, task, 0)) != task:
                    raise AssertionError(f"task {task} is not as it was made")
                yield from self.kernels.node.set_next(self.runs, task, 0)
        return got

    def check(self, results, memory):
        """What is wrong with what was taken and what is left."""
        taken = Counter(task for got in results.values() for task in got or () if task >= 0)
        if max(taken.values(), default=0) > 1:
            return "run twice"
        for worker in range(self.buffers.shape[0]):
            head, tail = (memory.latest(self.buffers, worker, field) for field in (HEAD, TAIL))
            if not head <= tail <= head + self.capacity:
                return f"ring {worker} from {head} to {tail}"
            taken.update(memory.latest(self.rings, worker, at % self.capacity) for at in range(head, tail))
        stack = memory.latest(self.queues, QUEUE, STACK)
        for task in [memory.latest(self.queues, QUEUE, CACHE)] * (stack & 1) + [(stack >> 2) - 1]:
            while task >= 0 and taken[task] < 2:
                taken[task] += 1
                task = memory.latest(self.world.margins, task, LINK)
        return taken != Counter(range(1, self.tasks + 1)) and f"not each task once: {taken}"


def robbed(kernels):
    """One takes half of what another pushes and pops."""
    world = Workers(kernels, 3, 2)

    def owner():
        yield from world.push(0, 1, 2, 3)
        return (yield from world.pop(0))

    def thief():
        first = yield from world.steal(1, 0)
        return (yield from world.run(first + (yield from world.pop(1))))

    return [owner, thief], world.check


def robbed_in_a_chain(kernels):
    """What one has stolen, another steals from it."""
    world = Workers(kernels, 3, 3)

    def owner():
        yield from world.push(0, 1, 2, 3)

    def thief():
        return (yield from world.run((yield from world.steal(1, 0))))

    def second():
        return (yield from world.run((yield from world.steal(2, 1))))

    return [owner, thief, second], world.check


def two_thieves(kernels):
    """Both want the older half; the owner takes and adds."""
    world = Workers(kernels, 4, 3, held=[(1, 2, 3)], before=3)

    def owner():
        got = yield from world.pop(0)
        yield from world.push(0, 4)
        return got

    def thief():
        return (yield from world.steal(1, 0)) + (yield from world.pop(1))

    def other():
        return (yield from world.steal(2, 0))

    return [owner, thief, other], world.check


def slow_thief(kernels):
    """The owner goes round the ring while a thief is at it."""
    world = Workers(kernels, 6, 2, held=[(1, 2, 3)], capacity=4, before=2)

    def owner():
        got = yield from world.pop(0, 2)
        yield from world.push(0, 4, 5, 6)
        return got + (yield from world.pop(0))

    def thief():
        return (yield from world.steal(1, 0)) + (yield from world.pop(1))

    return [owner, thief], world.check


def full_thief(kernels):
    """A thief whose own ring has no room."""
    world = Workers(kernels, 8, 2, held=[(1, 2, 3, 4), (5, 6, 7, 8)])

    def owner():
        return (yield from world.pop(0))

    def thief():
        return (yield from world.steal(1, 0)) + (yield from world.pop(1))

    return [owner, thief], world.check


def overflow_while_robbed(kernels):
    """A full ring overflows into the queue while a thief takes half of it, and another consumes."""
    world = Workers(kernels, 5, 3, held=[(1, 2, 3, 4)])

    def owner():
        yield from world.push(0, 5)
        return (yield from world.pop(0))

    def thief():
        return (yield from world.steal(1, 0))

    def consumer():
        return (yield from world.consume(2))

    return [owner, thief, consumer], world.check


def three_at_work(kernels):
    """All of it: overflow, stealing of halves from one another, consuming what has overflown."""
    world = Workers(kernels, 4, 3, held=[(1, 2)], capacity=2, before=1)

    def owner():
        yield from world.push(0, 3, 4)
        return (yield from world.pop(0))

    def thief():
        return (yield from world.steal(1, 0)) + (yield from world.consume(1)) + (yield from world.pop(1))

    def consumer():
        return (yield from world.consume(2)) + (yield from world.steal(2, 1))

    return [owner, thief, consumer], world.check


def consumed_and_robbed(kernels):
    """What comes out of a queue into a ring is stolen from there at once."""
    world = Workers(kernels, 3, 2)

    def producer():
        yield from world.enqueue(1, 2, 3)

    def consumer():
        return (yield from world.consume(0))

    def thief():
        return (yield from world.run((yield from world.steal(1, 0))))

    return [producer, consumer, thief], world.check


SCENARIOS = [
    robbed, robbed_in_a_chain, two_thieves, slow_thief, full_thief, overflow_while_robbed, three_at_work,
    consumed_and_robbed,
]  # fmt: skip
PART = ("stealing_buffer", "deque")


def mount_part(edit=lambda source, name: source):
    return mount_all(edit, PART)


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_each_task_is_taken_once(scenario):
    explore(*scenario(mount_part()))


@pytest.mark.slow
def test_each_task_is_taken_once_by_three_at_longer_work():
    world = Workers(mount_part(), 6, 3, held=[(1, 2, 3, 4)], before=1)

    def owner():
        yield from world.push(0, 5, 6)
        return (yield from world.pop(0, 2))

    def thief():
        return (yield from world.steal(1, 0)) + (yield from world.pop(1)) + (yield from world.consume(1))

    def consumer():
        first = yield from world.consume(2)
        return first + (yield from world.steal(2, 1)) + (yield from world.steal(2, 0))

    explore([owner, thief, consumer], world.check)


@pytest.mark.parametrize("mutant", MUTANTS)
def test_each_ordering_is_needed(mutant):
    def finds(scenario):
        return lambda kernels: explore(*scenario(kernels))

    assert_killed("stealing_buffer", mutant, *map(finds, SCENARIOS), entry=mount_part)


def test_random_schedules_of_more_threads():
    world = Workers(mount_part(), 12, 4, held=[(1, 2, 3), (4, 5, 6, 7)], before=1)

    def first():
        yield from world.push(0, 8, 9)
        return (yield from world.pop(0, 2)) + (yield from world.consume(0))

    def second():
        yield from world.push(1, 10, 11, 12)
        return (yield from world.steal(1, 0)) + (yield from world.pop(1))

    def thief(me):
        def run():
            got = (yield from world.steal(me, 0)) + (yield from world.steal(me, 1))
            return got + (yield from world.consume(me)) + (yield from world.pop(me))

        return run

    pct([first, second, thief(2), thief(3)], world.check, seed=1, depth=4, runs=150)


def an_owner_at_the_other_end(kernels, owners):
    """The owner takes the newest task, as that of a deque does; ``owners`` is the module it takes by."""
    world = Workers(kernels, 3, 2, held=[(1, 2, 3)])

    def owner():
        got = ()
        for _ in range(2):
            got += ((yield from owners.pop(world.buffers, world.rings, 0)),)
        return got

    def thief():
        return (yield from world.steal(1, 0)) + (yield from world.pop(1))

    return [owner, thief], world.check


def test_a_half_cannot_be_stolen_from_an_owner_that_takes_the_newest():
    def edit(source, name):  # the fence of a deque's thief does not help
        fenced = "fence_seq_cst()\n    tail = load_acquire"
        return weaken("stealing_buffer", "steal", "tail = load_acquire", fenced)(source, name)

    kernels = mount_part(edit)
    explore(*an_owner_at_the_other_end(kernels, kernels.buffer))
    with pytest.raises(BrokenRunError, match="run twice"):
        explore(*an_owner_at_the_other_end(kernels, kernels.deque))
