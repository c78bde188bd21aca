"""The buffer under the model: no task is lost, none runs twice, and each is seen as it was pushed."""

from collections import Counter

import pytest

from .explore import explore
from .mount import Table, mount
from .mutants import assert_killed, weaken
from .pct import pct
from .trace import BrokenRunError
from .worlds import load_plain, store_plain

COPY = "task = load_relaxed(rings, victim, head & (rings.shape[1] - 1))"
CLAIM = "if not cas_release(buffers, victim, HEAD, head, head + 1): return LOST"

MUTANTS = [
    ("push", "store_release", "store_relaxed"),
    ("steal", "load_acquire", "load_relaxed"),
    # a slot that is read after the claim may have been filled anew
    ("steal", f"{COPY} {CLAIM}", f"{CLAIM}\n    {COPY}"),
    ("pop", "if cas_relaxed(buffers, owner, HEAD, head, head + 1)",
     "if (store_relaxed(buffers, owner, HEAD, head + 1) or 1)"),
    ("push", "room(buffers, rings, owner) == 0", "False"),
]  # fmt: skip
BEYOND_THE_MODEL = {
    ("room", "load_acquire"): "the thief's load of a slot would have to read a store that runs later",
    ("steal", "cas_release"): "the same: its partner is room's load",
}


def owner_and_thieves(buffer, pushes, pops, thieves, capacity=4, steals=1):
    """The owner pushes all and pops some; a plain cell stands for what a task is about."""
    buffers, rings = Table("buffers", 1, buffer.BUFFER_FIELDS), Table("rings", 1, capacity)
    about = Table("about", pushes + 1, 1)

    def owner():
        got, refused = [], []
        for task in range(1, pushes + 1):
            yield from store_plain(about, task, 0, task)
            if (yield from buffer.push(buffers, rings, 0, task)) == buffer.FULL:
                refused.append(task)
            if task > pushes - pops:
                got.append((yield from buffer.pop(buffers, rings, 0)))
        return got, refused

    def thief():
        got = []
        for _ in range(steals):
            task = yield from buffer.steal(buffers, rings, 0)
            got.append(task)
            if task >= 0 and (yield from load_plain(about, task, 0)) != task:
                raise AssertionError(f"task {task} is not as it was pushed")
        return got, []

    def check(results, memory):
        taken = Counter(task for got, _ in results.values() for task in got if task >= 0)
        taken.update(task for _, refused in results.values() for task in refused)
        head, tail = (memory.latest(buffers, 0, field) for field in (buffer.HEAD, buffer.TAIL))
        taken.update(memory.latest(rings, 0, at % capacity) for at in range(head, tail))
        for got, _ in results.values():
            mine = [task for task in got if task >= 0]
            if mine != sorted(mine):
                return f"not in order: {mine}"
        return taken != Counter(range(1, pushes + 1)) and f"not each task once: {taken}"

    return [owner] + [thief] * thieves, check


SCENARIOS = [
    lambda buffer: owner_and_thieves(buffer, 2, 2, 2),
    lambda buffer: owner_and_thieves(buffer, 3, 2, 1, capacity=2, steals=2),
    lambda buffer: owner_and_thieves(buffer, 3, 3, 1, capacity=1),
    lambda buffer: owner_and_thieves(buffer, 3, 0, 2, capacity=2),
]


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_each_task_is_taken_once_and_in_order(scenario):
    explore(*scenario(mount("buffer")))


@pytest.mark.slow
def test_each_task_is_taken_once_and_in_order_by_two_that_steal_twice():
    explore(*owner_and_thieves(mount("buffer"), 3, 3, 2, steals=2))


def test_random_schedules_of_more_threads():
    pct(*owner_and_thieves(mount("buffer"), 6, 4, 3, capacity=2), seed=1, depth=4, runs=150)


@pytest.mark.parametrize("mutant", MUTANTS)
def test_each_ordering_is_needed(mutant):
    def finds(scenario):
        return lambda buffer: explore(*scenario(buffer))

    assert_killed("buffer", mutant, *map(finds, SCENARIOS))


def wrapped(width):
    """Edit the buffer: its indices count modulo ``width``, as those of 16 or 32 bits do.

    Then nobody can tell a HEAD that is ahead of an old TAIL, so that the two have to be ordered.
    """
    edits = [
        weaken("buffer", "room", "(load_relaxed(buffers, owner, TAIL) - head)",
               f"(load_relaxed(buffers, owner, TAIL) - head) % {width}"),
        weaken("buffer", "push", "tail - load_relaxed(buffers, owner, SEEN) >= rings.shape[1] and", ""),
        weaken("buffer", "push", "tail + 1", f"(tail + 1) % {width}"),
        weaken("buffer", "pop", "head >= tail", "head == tail"),
        weaken("buffer", "pop", "cas_relaxed(buffers, owner, HEAD, head, head + 1)",
               f"cas_acq_rel(buffers, owner, HEAD, head, (head + 1) % {width})"),
        weaken("buffer", "steal", "head >= tail", "head == tail"),
        weaken("buffer", "steal", "head = load_relaxed", "head = load_acquire"),
        weaken("buffer", "steal", "cas_release(buffers, victim, HEAD, head, head + 1)",
               f"cas_acq_rel(buffers, victim, HEAD, head, (head + 1) % {width})"),
    ]  # fmt: skip

    def edit(source, name):
        for one in edits:
            source = one(source, name)
        return source

    return edit


def test_an_index_that_wraps_while_a_thief_sleeps_is_found():
    def scenario(width):
        threads, _ = owner_and_thieves(mount("buffer", wrapped(width)), 3, 2, 1, capacity=1)

        def check(results):
            taken = Counter(task for got, _ in results.values() for task in got if task >= 0)
            return max(taken.values(), default=0) > 1 and "run twice"

        return threads, check

    explore(*scenario(8))  # three tasks do not go round
    with pytest.raises(BrokenRunError, match="run twice"):
        explore(*scenario(2))


def test_emptiness_is_told_to_any_thread():
    buffer = mount("buffer")
    buffers, rings = Table("buffers", 1, buffer.BUFFER_FIELDS), Table("rings", 1, 4)

    def owner():
        before = yield from buffer.is_empty(buffers, 0)
        yield from buffer.push(buffers, rings, 0, 1)
        return before, (yield from buffer.is_empty(buffers, 0))

    explore([owner], lambda results: results[0] != (True, False) and "wrong")
