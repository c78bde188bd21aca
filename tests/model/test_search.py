"""The search under the model: what overflows, is consumed or stolen is taken once and never lost."""

from collections import Counter
from itertools import pairwise

import pytest

from zuki_kernels import queue, runs, search
from zuki_kernels.deque import BOTTOM, TOP
from zuki_kernels.runs import NONE

from .explore import explore
from .mount import mount_all
from .mutants import assert_killed
from .scenario import Scenario, finders, named
from .worlds import MARKER, World

MUTANTS = [
    ("add", "queue.push(queues, FIRST_OWN + me, runs, task, task)", "pass"),
    ("consume", "rest = following", "pass"),
    ("consume", "queue.release(queues, source, rest)", "queue.release(queues, source, END)"),
]
BEYOND_THE_MODEL = {}


class Tasks:
    """Nodes from 1 on without edges; a link that was never set leads to node 0."""

    def __init__(self, kernels, count, workers=2, ring=2):
        self.search, self.queue, self.node = kernels.search, kernels.queue, kernels.node
        self.world, self.count, self.own = World(count + 1, workers=workers, ring=ring), count, workers

    def frozen(self):
        return "tasks"

    def push(self, *tasks, to=search.GLOBAL):
        for one, following in pairwise(tasks):
            yield from self.node.set_next(self.world.runs, one, following)
        yield from self.queue.push(self.world.queues, to, self.world.runs, tasks[0], tasks[-1])

    def add(self, me, *tasks):
        world = self.world
        for task in tasks:
            yield from self.search.add(
                world.deques, world.rings, world.queues, world.workers, world.runs, me, 0, task
            )

    def pop(self, me):
        return self.search.pop(self.world.pool, self.world.deques, self.world.rings, me)

    def find(self, me, few=0):
        world = self.world
        return self.search.find(
            world.pool, world.workers, world.deques, world.rings, world.queues, world.runs, me, few
        )

    def take(self, me, rounds):
        """Pop or find so often; return what that brought."""
        taken = ()
        for _ in range(rounds):
            task = yield from self.pop(me)
            if task < 0:
                task = yield from self.find(me)
            taken += (task,) if task >= 0 else ()
        return taken

    def none_is_lost(self, results, memory):
        """What is wrong with what was taken and what is left."""
        seen = Counter(task for taken in results.values() for task in taken or ())
        world = self.world
        for me in range(self.own):
            place = me * search.LEVELS
            top, bottom = (memory.latest(world.deques, place, end) for end in (TOP, BOTTOM))
            seen.update(
                memory.latest(world.rings, place, at % world.rings.shape[1]) for at in range(top, bottom)
            )
        for row in range(search.FIRST_OWN + self.own):
            stack = memory.latest(world.queues, row, queue.STACK)
            heads = [memory.latest(world.queues, row, queue.CACHE)] if stack & queue.HAS_CACHE else []
            for task in [*heads, (stack >> 2) - 1]:
                while task != NONE and not seen[task] > 1:
                    seen[task] += 1
                    marker = task == MARKER
                    row_of = (world.runs, 0, runs.NEXT) if marker else (world.margins, task, runs.LINK)
                    task = memory.latest(*row_of)
        wanted = set(range(1, self.count + 1))
        extra = {task: times for task, times in seen.items() if times != 1 or task not in wanted | {MARKER}}
        return (extra or not wanted <= set(seen)) and f"not each once: {dict(seen)}"


def stolen_from(kernels, count=3):
    """The owner's ring is too small, a thief robs both its ring and its own queue."""
    tasks = Tasks(kernels, count)

    def owner():
        yield from tasks.add(0, *range(1, count + 1))
        return (yield from tasks.take(0, 1))

    def thief():
        return (yield from tasks.take(1, 1))

    return [owner, thief], tasks.none_is_lost


def consumed(kernels, count=3):
    """A list comes from outside; two workers look for it, and what one moves home the other may steal."""
    tasks = Tasks(kernels, count)

    def outside():
        yield from tasks.push(*range(1, count + 1))

    def worker(me):
        def run():
            return (yield from tasks.take(me, 1))

        return run

    return [outside, worker(0), worker(1)], tasks.none_is_lost


def one_by_one(kernels):
    """What comes in two pushes is found in one consumption."""
    tasks = Tasks(kernels, 3, workers=1)

    def worker():
        yield from tasks.push(1)
        yield from tasks.push(2, 3)
        return (yield from tasks.take(0, 4))

    def check(results, memory):
        return (len(results[0]) != 3 and "not all found") or tasks.none_is_lost(results, memory)

    return [worker], check


def behind_a_marker(kernels):
    """A root marker belongs to whoever takes it: it is not moved home with the tasks around it."""
    tasks = Tasks(kernels, 2)

    def outside():
        yield from tasks.push(1, MARKER, 2)

    def worker(me):
        def run():
            return (yield from tasks.take(me, 1))

        return run

    return [outside, worker(0), worker(1)], tasks.none_is_lost


def few(make):
    return Scenario(make, preemptions=2, mutants={"preemptions": 1})


SCENARIOS = {
    "two tasks from outside": few(lambda kernels: consumed(kernels, 2)),
    "overflow while stolen from": few(stolen_from),
    "three tasks from outside": few(consumed),
    "one by one": few(one_by_one),
    "behind a marker": few(behind_a_marker),
    "overflow while stolen from, five": Scenario(
        lambda kernels: stolen_from(kernels, 5), random=60, mutants=None
    ),
    "five tasks from outside": Scenario(lambda kernels: consumed(kernels, 5), random=60, mutants=None),
}


@named(SCENARIOS)
def test_each_task_is_found_once(scenario):
    scenario.holds()


@pytest.mark.parametrize("mutant", MUTANTS)
def test_each_step_is_needed(mutant):
    assert_killed("search", mutant, *finders(SCENARIOS), entry=mount_all)


def test_a_worker_tells_whether_it_leaves_work():
    kernels = mount_all()
    tasks = Tasks(kernels, 3, workers=1)
    world = tasks.world

    def worker():
        answers = ()
        for added in ((), (1,), (2, 3)):
            yield from tasks.add(0, *added)
            answers += ((yield from kernels.search.is_anything_left(world.deques, world.queues, 0)),)
        yield from tasks.take(0, 3)
        return *answers, (yield from kernels.search.is_anything_left(world.deques, world.queues, 0))

    explore([worker], lambda results: results[0] != (False, True, True, False) and "wrong")


def test_a_worker_is_admitted_once_and_for_all():
    kernels, world = mount_all(), World(1, workers=2)
    world.pool.initial[0, search.USED_WORKERS] = 0

    def worker(me):
        def run():
            yield from kernels.search.admit(world.pool, me)

        return run

    def check(results, memory):
        return memory.latest(world.pool, 0, search.USED_WORKERS) != 2 and "not admitted"

    explore([worker(0), worker(1)], check)
