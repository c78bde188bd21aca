"""Whom a worker robs first where there are several NUMA nodes: on fabricated tables."""

import pytest

from tests.kernels.runs_of import Plan, Running
from tests.kernels.spawned_by import Hand
from zuki_kernels import deque, nearness, queue, search, spawned
from zuki_kernels.counters import CURSOR, STEALS, TRIES
from zuki_kernels.nearness import ANYWHERE, NUMA_NODE
from zuki_kernels.node import END
from zuki_kernels.runs import NONE
from zuki_kernels.search import FIRST_OWN, GLOBAL


class Pool:
    """Workers on nodes, worker 0 among them; a task in a deque says whose it is: 10 * worker + n."""

    def __init__(self, nodes):
        self.running = Running(Plan(100), max_threads=len(nodes))
        tables = self.running.tables
        self.workers = tables.workers
        for worker, node in enumerate(nodes):
            search.admit(tables.pool, worker)
            nearness.settle(self.workers, worker, node)
        queue.acquire(tables.queues, GLOBAL)
        queue.release(tables.queues, GLOBAL, END)

    def add(self, *tasks):
        made = self.running
        for task in tasks:
            search.add(made.deques, made.rings, made.queues, made.workers, made.runs, task // 10, 0, task)

    def find(self, me=0, few=0):
        made = self.running
        return search.find(made.pool, made.workers, made.deques, made.rings, made.queues, made.runs, me, few)

    def find_all(self, me=0):
        return list(iter(lambda: self.find(me), NONE))


@pytest.mark.parametrize(
    ("nodes", "cursor", "expected"),
    [
        ((0, 0, 0, 0), 0, [10, 20, 30]),
        ((1, 2, 1, 2), 0, [20, 30, 10]),
        ((1, 2, 2, 1), 0, [30, 10, 20]),
        ((2, 2, 1, 2), 2, [30, 10, 20]),
        ((2, 1, 1, 1), 1, [20, 30, 10]),  # nobody is near
        ((1, 1, 1, 1), 2, [30, 10, 20]),
        ((1, 0, 1, 0), 0, [20, 30, 10]),  # of some it is not known
        ((0, 1, 2, 1), 0, [10, 20, 30]),  # of the thief it is not known
    ],
)
def test_the_own_node_comes_first_and_then_all_others(nodes, cursor, expected):
    pool = Pool(nodes)
    pool.workers[0, CURSOR] = cursor
    pool.add(10, 20, 30)
    assert pool.find_all() == expected


@pytest.mark.parametrize("nodes", [(0, 0, 0, 0), (1, 2, 1, 2), (1, 2, 2, 2), (1, 1, 1, 1)])
def test_a_search_in_vain_looks_at_each_once(nodes):
    pool = Pool(nodes)
    assert pool.find() == NONE
    assert pool.workers[0, TRIES] == 3


def test_who_was_robbed_last_is_robbed_again_if_no_neighbour_has_anything():
    pool = Pool((1, 2, 1, 2))
    pool.add(10, 11, 12, 30, 31)
    assert [pool.find(), pool.find()] == [10, 11]
    pool.add(20)
    assert pool.find_all() == [20, 30, 31, 12]  # the cursor is one, for both laps
    assert pool.workers[0, STEALS] == 6


def test_scraps_of_neighbours_do_not_hide_what_others_have():
    pool = Pool((1, 2, 1))
    pool.add(20, 10, 11, 12)
    assert pool.find(few=2) == 10
    assert pool.find(few=2) == search.SCRAPS


def test_what_overflowed_far_away_is_found():
    pool = Pool((1, 1, 2))
    queue.push(pool.running.queues, FIRST_OWN + 2, pool.running.runs, 20, 20)
    assert pool.find_all() == [20]


@pytest.mark.parametrize("workers", [3, 5, 8])
def test_nobody_is_left_out_wherever_the_cursor_is(workers):
    nodes = [1 + worker % 3 for worker in range(workers)]
    for victim in range(1, workers):
        for cursor in range(workers):
            pool = Pool(nodes)
            pool.workers[0, CURSOR] = cursor
            pool.add(10 * victim)
            assert pool.find_all() == [10 * victim]


@pytest.mark.parametrize(
    ("nodes", "expected"),
    [((0, 0, 0), [0, 1]), ((2, 1, 1), [1, 0]), ((1, 2, 1), [0, 1]), ((2, 2, 1), [0, 1]), ((2, 2, 0), [0, 1])],
)
def test_shared_blocks_are_looked_for_on_the_own_node_first(nodes, expected):
    hand = Hand()
    tables = hand.tables
    tables.pool[0, search.USED_WORKERS] = len(nodes)
    for worker, node in enumerate(nodes):
        nearness.settle(tables.workers, worker, node)
    for worker in (0, 1):
        assert deque.push(hand.hands, hand.rings, worker, 1000 + worker) != deque.FULL
    found = [spawned.find(tables.pool, tables.workers, hand.hands, hand.rings, 2) for _ in range(3)]
    assert found == [*(1000 + worker for worker in expected), spawned.NO_BLOCK]
    assert tables.workers[2, STEALS] == 2


def test_a_pool_begins_without_nodes():
    assert (Running(Plan(1)).workers[:, NUMA_NODE] == ANYWHERE).all()
