from itertools import pairwise

import pytest

from tests.kernels.runs_of import Plan, Running
from zuki.runtime.tables import make_table
from zuki_kernels import buffer, queue, stealing_buffer
from zuki_kernels.node import END, next_of, set_next
from zuki_kernels.runs import ROOT_MARKER, task_of
from zuki_kernels.stealing_buffer import EMPTY, LOST, OVERFLOWED

CAPACITY = 8
ROW = 2
ME, OTHER = 0, 1


class Workers:
    """Two workers' buffers, a queue, and tasks with links."""

    def __init__(self):
        self.running = Running(Plan(100), Plan(10))  # keeps the margins with the links
        self.queues, self.runs = self.running.queues, self.running.runs
        self.buffers, self.rings = make_table(2, buffer.BUFFER_FIELDS), make_table(2, CAPACITY)

    def push(self, *tasks, worker=ME):
        return [
            stealing_buffer.push(self.buffers, self.rings, self.queues, ROW, self.runs, worker, task)
            for task in tasks
        ]

    def steal(self, thief=OTHER, victim=ME):
        return stealing_buffer.steal(self.buffers, self.rings, thief, victim)

    def consume(self, worker=ME):
        return stealing_buffer.consume(self.queues, ROW, self.buffers, self.rings, self.runs, worker)

    def enqueue(self, *tasks):
        for task, following in pairwise(tasks):
            set_next(self.runs, task, following)
        queue.push(self.queues, ROW, self.runs, tasks[0], tasks[-1])

    def in_ring(self, worker=ME):
        """Take all that is in a ring."""
        return list(iter(lambda: buffer.pop(self.buffers, self.rings, worker), EMPTY))

    def in_queue(self):
        """Take all that is in the queue."""
        found, task = [], queue.acquire(self.queues, ROW)
        while task >= 0:
            found.append(task)
            task = next_of(self.runs, task)
            if task == END:
                task = queue.more(self.queues, ROW)
        if found:
            queue.release(self.queues, ROW, END)
        return found


@pytest.fixture
def workers():
    return Workers()


def test_what_fits_stays(workers):
    assert workers.push(*range(CAPACITY)) == list(range(CAPACITY))
    assert workers.in_queue() == []
    assert workers.in_ring() == list(range(CAPACITY))


def test_a_full_ring_hands_on_its_older_half_and_the_new_task(workers):
    workers.push(*range(CAPACITY))
    assert workers.push(50, 51) == [OVERFLOWED, 51]
    assert workers.in_queue() == [0, 1, 2, 3, 50]
    assert workers.in_ring() == [4, 5, 6, 7, 51]


def test_each_overflow_is_one_list(workers):
    assert workers.push(*range(18)).count(OVERFLOWED) == 2
    assert workers.in_queue() == [4, 5, 6, 7, 13, 0, 1, 2, 3, 8]
    assert workers.in_ring() == [9, 10, 11, 12, 14, 15, 16, 17]


def test_tasks_of_several_runs_and_markers_overflow(workers):
    others = [task_of(1, node) for node in range(7)]
    marker = task_of(1, ROOT_MARKER)
    workers.push(marker, *others)
    assert workers.push(3) == [OVERFLOWED]
    assert workers.in_queue() == [marker, *others[:3], 3]


def test_a_ring_of_two_overflows_by_one():
    workers = Workers()
    workers.rings = make_table(2, 2)
    assert workers.push(1, 2, 3) == [1, 2, OVERFLOWED]
    assert workers.in_queue() == [1, 3]
    assert workers.in_ring() == [2]


@pytest.mark.parametrize("size", range(1, CAPACITY + 1))
def test_a_thief_takes_the_older_half_and_the_odd_task(workers, size):
    workers.push(*range(size))
    taken = (size + 1) // 2
    assert workers.steal() == 0
    assert workers.in_ring(OTHER) == list(range(1, taken))
    assert workers.in_ring(ME) == list(range(taken, size))


def test_a_thief_takes_what_it_has_room_for(workers):
    workers.push(*range(8))
    workers.push(*range(20, 27), worker=OTHER)
    assert workers.steal() == 0  # and one more
    assert workers.steal() == 2  # and none
    assert workers.in_ring(OTHER) == [*range(20, 27), 1]
    assert workers.in_ring(ME) == list(range(3, 8))


def test_stealing_back_and_forth_keeps_the_order(workers):
    for first in range(0, 50, 5):
        workers.push(*range(first, first + 5))
        assert workers.steal() == first
        assert workers.steal(ME, OTHER) == first + 1
        assert workers.in_ring(ME) == [first + 3, first + 4]
        assert workers.in_ring(OTHER) == [first + 2]


def test_nothing_is_stolen_from_an_empty_ring(workers):
    assert workers.steal() == EMPTY
    workers.push(1)
    assert workers.steal() == 1
    assert workers.steal() == EMPTY


def test_a_size_that_cannot_be_is_a_lost_race(workers):
    workers.push(*range(4))
    workers.buffers[ME, buffer.TAIL] = CAPACITY + 1  # as a thief sees it that has read an old HEAD
    assert workers.steal() == LOST
    assert workers.in_ring(OTHER) == []


def test_a_queue_fills_half_of_a_ring(workers):
    workers.enqueue(*range(10))
    assert workers.consume() == 0
    assert workers.in_ring() == [1, 2, 3, 4]
    assert workers.consume() == 5
    assert workers.in_ring() == [6, 7, 8, 9]
    assert workers.consume() == EMPTY


def test_a_ring_that_is_half_full_gets_nothing_more(workers):
    workers.push(*range(50, 55))
    workers.enqueue(1, 2)
    assert workers.consume() == 1
    assert workers.in_ring() == list(range(50, 55))
    assert workers.in_queue() == [2]


def test_lists_that_come_meanwhile_are_taken_too(workers):
    workers.enqueue(1)
    workers.enqueue(2, 3)
    assert queue.acquire(workers.queues, ROW) == 2
    workers.enqueue(4, 5)
    assert workers.consume() == LOST
    queue.release(workers.queues, ROW, 2)
    assert workers.consume() == 2
    assert workers.in_ring() == [3, 1, 4, 5]
    assert workers.in_queue() == []


def test_an_overflow_comes_back(workers):
    workers.push(*range(9))
    assert workers.in_ring() == [4, 5, 6, 7]
    assert workers.consume() == 0
    assert workers.in_ring() == [1, 2, 3, 8]
