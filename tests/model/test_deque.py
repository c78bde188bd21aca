"""The deque under the model: no task is lost, none runs twice, and every ordering is needed."""

from collections import Counter

import pytest

from .explore import explore
from .mount import Table, mount, mount_all
from .mutants import assert_killed
from .scenario import Scenario, finders, named
from .trace import BrokenRunError

MUTANTS = [
    ("push", "fence_release()", "pass"),
    ("pop", "fence_seq_cst()", "pass"),
    ("pop", "fence_seq_cst()", "fence_acq_rel()"),  # the published fault: too weak for two that meet
    ("steal", "fence_seq_cst()", "pass"),
    ("steal", "fence_seq_cst()", "fence_acq_rel()"),
    ("steal", "bottom = load_acquire", "bottom = load_relaxed"),
]
BEYOND_THE_MODEL = {
    ("push", "top = load_acquire"): "the thief's load of a slot would have to read a store that runs later",
}


def owner_and_thieves(deque, pushes, pops, thieves, capacity=4):
    deques, rings = Table("deques", 1, deque.DEQUE_FIELDS), Table("rings", 1, capacity)

    def owner():
        got, refused = [], []
        for task in range(1, pushes + 1):
            if (yield from deque.push(deques, rings, 0, task)) == deque.FULL:
                refused.append(task)
        for _ in range(pops):
            got.append((yield from deque.pop(deques, rings, 0)))
        return got, refused

    def thief():
        return [(yield from deque.steal(deques, rings, 0))], []

    def check(results, memory):
        taken = Counter(task for got, _ in results.values() for task in got if task >= 0)
        taken.update(task for _, refused in results.values() for task in refused)
        twice = [task for task, times in taken.items() if times > 1]
        left = memory.latest(deques, 0, deque.BOTTOM) - memory.latest(deques, 0, deque.TOP)
        lost = sum(taken.values()) + left != pushes and "a task is lost"
        return (twice and f"run twice {twice}") or (0 in taken and "read an unwritten slot") or lost

    return [owner] + [thief] * thieves, check


def deque(pushes, pops, thieves, capacity=4, **options):
    def make(kernels):
        return owner_and_thieves(kernels.deque, pushes, pops, thieves, capacity)

    return Scenario(make, **options)


SCENARIOS = {
    "two pushes, two pops, two thieves": deque(2, 2, 2),
    "one task": deque(1, 1, 1, mutants=None),
    "two pushes, a pop, two thieves": deque(2, 1, 2, mutants=None),
    "three pushes": deque(3, 2, 2, mutants=None),
    "a full ring": deque(3, 1, 1, capacity=2, mutants=None),
    "a full ring, two thieves": deque(3, 1, 2, capacity=2, mutants=None),
    "three thieves": deque(5, 4, 3, random=150, seed=1, depth=4, mutants=None),
}


@named(SCENARIOS)
def test_each_task_is_taken_once(scenario):
    scenario.holds()


@pytest.mark.parametrize("mutant", MUTANTS)
def test_each_ordering_is_needed(mutant):
    assert_killed("deque", mutant, *finders(SCENARIOS), entry=mount_all)


def test_emptiness_is_told_to_any_thread():
    deque = mount("deque")
    deques, rings = Table("deques", 1, deque.DEQUE_FIELDS), Table("rings", 1, 4)

    def owner():
        before = yield from deque.is_empty(deques, 0)
        yield from deque.push(deques, rings, 0, 1)
        return before, (yield from deque.is_empty(deques, 0))

    explore([owner], lambda results: results[0] != (True, False) and "wrong")


def test_a_plain_access_to_a_table_is_an_error():
    def edit(source, _name):
        return source.replace("load_relaxed(rings, owner, bottom & (rings.shape[1] - 1))", "rings[owner, 0]")

    with pytest.raises(BrokenRunError, match="not subscriptable"):
        explore(*owner_and_thieves(mount("deque", edit), 1, 1, 0))
