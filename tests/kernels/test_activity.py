"""What a worker is at: its turns add up, and readers are told when they were disturbed."""

import threading

import numpy as np

from zuki.runtime.tables import make_table
from zuki_kernels import activity
from zuki_kernels.activity import AWAY, MOVING, PARKED, RUNNING, SEARCHING, SINCE
from zuki_kernels.counters import WORKER_FIELDS


def tables():
    return make_table(2, WORKER_FIELDS), np.zeros((2, activity.ACTIVITIES), np.int64)


def test_what_is_spent_adds_up():
    workers, times = tables()
    for what, moment in ((RUNNING, 100), (SEARCHING, 130), (PARKED, 150), (RUNNING, 1150), (AWAY, 1200)):
        activity.turn_to(workers, 1, what, moment)
    assert activity.read(workers, 1, times, 1300)
    assert times[1].tolist() == [200, 80, 20, 1000]
    assert not times[0].any()
    assert not workers[0].any()


def test_what_it_is_at_counts_until_now():
    workers, times = tables()
    activity.turn_to(workers, 0, PARKED, 1000)
    assert activity.read(workers, 0, times, 5000)
    assert times[0].tolist() == [1000, 0, 0, 4000]
    assert activity.read(workers, 0, times, 900)  # the reader's clock was read before the turn
    assert times[0].tolist() == [1000, 0, 0, 0]


def test_two_turns_at_one_moment_differ():
    workers, _ = tables()
    activity.turn_to(workers, 0, RUNNING, 10)
    activity.turn_to(workers, 0, SEARCHING, 10)
    assert workers[0, SINCE] == 11


def test_a_reader_is_told_of_a_turn():
    workers, times = tables()
    workers[0, SINCE] = MOVING
    assert not activity.read(workers, 0, times, 10)


def test_readers_beside_a_worker_that_turns():
    workers, times = tables()
    activity.turn_to(workers, 0, RUNNING, 1)
    ended = threading.Event()

    def turn():
        for moment in range(10, 1_000_000, 10):  # as long at each as at the others
            activity.turn_to(workers, 0, (RUNNING, SEARCHING, PARKED)[moment // 10 % 3], moment)
        ended.set()

    thread = threading.Thread(target=turn)
    thread.start()
    whole = 0
    while not ended.is_set():
        if activity.read(workers, 0, times, 0):
            whole += 1
            spent = times[0, RUNNING:]
            assert spent.max() - spent.min() <= 20, spent
    thread.join()
    assert activity.read(workers, 0, times, 0)
    assert whole > 0
