"""Which of the ready nodes is taken first: by priority, then by the longest way to the end."""

import numpy as np
import pytest

import zuki
from tests.graph import bodies

FAIRNESS = 50  # a worker takes less urgent work once in more nodes than this, so that nobody's run starves


class Stamped:
    """A graph whose nodes, run by one thread, note the order they run in."""

    def __init__(self):
        self.graph = zuki.Graph()
        self._counter, self._order = np.zeros(1, np.int64), np.zeros(2000, np.int64)
        self._given = bodies.stamp, self._counter, self._order

    def add(self, place, **options):
        return self.graph.add(*self._given, place, **options)

    def add_many(self, places, **options):
        return self.graph.add_many(*self._given, zuki.each(places), **options)

    def order(self, executor):
        self._counter[:] = 0
        self.graph.run(executor)
        return self._order[: len(self.graph)].tolist()


@pytest.fixture  # a new one for each test: see `FAIRNESS`
def executor():
    with zuki.Executor(max_threads=1) as made:
        yield made


@pytest.fixture
def stamped():
    return Stamped()


def test_the_greatest_priority_first(executor, stamped):
    for place, priority in enumerate([0, -3, 7, None, 2]):
        stamped.add(place, priority=priority)
    for _ in range(3):
        order = stamped.order(executor)
        assert (order[:2], set(order[2:4]), order[4]) == ([2, 4], {0, 3}, 1)


@pytest.mark.parametrize("different", [2, 8, 1000])
def test_priorities_of_a_batch(executor, stamped, different):
    priorities = np.random.default_rng(1).permutation(1000) % different
    stamped.add_many(np.arange(1000), priority=priorities)
    taken = priorities[stamped.order(executor)]
    assert np.count_nonzero(np.diff(taken) > 0) <= len(taken) // FAIRNESS
    assert np.all(np.diff(taken[:FAIRNESS]) <= 0)


def test_priorities_of_successors(executor, stamped):
    first = stamped.add(0)
    stamped.add_many(np.arange(1, 5), after=first, priority=[-(1 << 31), 0, (1 << 31) - 1, 1])
    assert stamped.order(executor) == [0, 3, 4, 2, 1]


def test_the_longest_way_first(executor, stamped):
    stamped.add(0)
    chain = stamped.add(1)
    for place in (2, 3):
        chain = stamped.add(place, after=chain)
    short = stamped.add(4)
    stamped.add(5, after=short)
    order = stamped.order(executor)
    assert order[0] == 1
    assert order.index(4) < order.index(0)


def test_the_greatest_cost_first(executor, stamped):
    for place, cost in enumerate([None, 5, 0.25, 10.0]):
        stamped.add(place, cost=cost)
    assert stamped.order(executor) == [3, 1, 0, 2]


def test_costs_make_ways_longer(executor, stamped):
    first = stamped.add(0)
    dear = stamped.add(1, after=first)
    stamped.add(2, after=dear, cost=10)
    cheap = stamped.add_many(np.arange(3, 6), after=first, cost=[1.0, 2.0, 3.0])
    stamped.add_many(np.arange(6, 9), after=cheap[0])
    order = stamped.order(executor)
    assert order[:2] == [0, 1]
    assert order.index(5) < order.index(4)


def test_priority_before_the_longest_way(executor, stamped):
    chain = stamped.add(0, cost=100)
    stamped.add(1, after=chain, cost=100)
    stamped.add(2, priority=1)
    assert stamped.order(executor) == [2, 0, 1]


def test_more_nodes_after_a_run(executor, stamped):
    stamped.add(0, priority=1)
    stamped.add(1, priority=2)
    assert stamped.order(executor) == [1, 0]
    stamped.add(2, priority=3)
    stamped.add(3, cost=9.0)
    assert stamped.order(executor) == [2, 1, 0, 3]


@pytest.mark.parametrize("cost", [3, 3.5, np.float32(3), np.float64(3), np.int64(3), np.uint8(3)], ids=type)
def test_numbers_that_are_costs(executor, stamped, cost):
    stamped.add(0)
    stamped.add(1, cost=cost)
    assert stamped.order(executor) == [1, 0]
