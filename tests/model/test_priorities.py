"""How long a Python task waits for more urgent ones: the worst case over all that others may add.

`Lane.next_queue` chooses the deque of a burst by what is ready and by a count. Others may let any deque be
empty or not before each burst, so all of that is tried, from every state of the count.
"""

import ast
import inspect
import textwrap
from itertools import product

import pytest

from zuki.lane import lane
from zuki.lane.lane import Lane

from .book import BOOK, Tried

HIGH, NORMAL, LOW = range(3)
LONGEST = 8  # bursts: no more are looked at; the count repeats itself after as many

# What documentation promises: after how many bursts of others' tasks its deque has one, at the latest
BOUNDS = {HIGH: 1, NORMAL: 7, LOW: 7}

MUTANTS = [
    ("bursts % _LOW_FIRST == 0", "False"),
    ("bursts % _NORMAL_FIRST == 0", "False"),
    ("bursts % _NORMAL_FIRST == 0", "bursts % _LOW_FIRST == 0"),
    ("return low or high or normal", "return high or low or normal"),
    ("return normal or high or low", "return high or normal or low"),
    ("return high or normal or low", "return low or normal or high"),
    ("self._bursts = bursts = self._bursts + 1", "self._bursts = bursts = 1"),
    ("if not high and not low", "if not low"),
]


class Stub:
    """A lane of which only what is chosen matters."""

    def __init__(self, count):
        self._bursts = count
        self.ready = ([], [], [])


def longest_wait(next_queue, level, bursts):
    """Return for how many bursts at most a deque that has a task is passed over, of ``bursts`` looked at."""
    worst = 0
    for start in range(LONGEST):
        states = {start}  # of the count, where the deque was passed over so far
        for waited in range(bursts):
            after = set()
            for count, others in product(states, product((False, True), repeat=2)):
                lane = Stub(count)
                filled = list(others)
                filled.insert(level, True)
                for deque, is_filled in zip(lane.ready, filled, strict=True):
                    deque.extend([0] * is_filled)
                chosen = next_queue(lane)
                assert chosen, "an empty deque was chosen, and another one had tasks"
                if chosen is not lane.ready[level]:
                    after.add(lane._bursts % LONGEST)
            if not after:
                break
            states, worst = after, max(worst, waited + 1)
    return worst


def waits(next_queue):
    return {level: longest_wait(next_queue, level, 2 * LONGEST) for level in BOUNDS}


def test_no_priority_starves():
    assert waits(Lane.next_queue) == BOUNDS


@pytest.mark.parametrize("mutant", MUTANTS)
def test_each_step_is_needed(mutant):
    source = textwrap.dedent(inspect.getsource(Lane.next_queue))
    assert mutant[0] in source
    tree = ast.parse("from __future__ import annotations\n" + source.replace(*mutant))
    names = dict(vars(lane))
    exec(compile(tree, "mutant", "exec"), names)
    try:
        survives = waits(names["next_queue"]) == BOUNDS
    except AssertionError:
        survives = False
    BOOK.tried.append(Tried("priorities", mutant, not survives))
    assert not survives
