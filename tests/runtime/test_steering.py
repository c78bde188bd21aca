"""A pool's threads begin on other processors than the worker that wakes them, and may then use all."""

import os
import time

import numpy as np
import pytest

import zuki
from tests.runtime.together import wait_until
from zuki_kernels.steering import NARROWED, STEERED, THREAD

pytestmark = pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="needs os.sched_setaffinity")


@zuki.task
def work(place):
    for step in range(1000):
        place[0] += step


def numbers_of(executor):
    return {thread.native_id for thread in executor._pool.workers.threads() if thread.is_alive()}


def test_threads_that_were_woken_may_use_what_they_could():
    places = np.zeros((500, 8))
    graph = zuki.Graph()
    graph.add_many(work, zuki.each(places))
    with zuki.Executor(max_threads=3) as executor:
        workers = executor._pool.tables.workers

        def have_all_come_back():
            graph.run(executor)
            time.sleep(0.02)  # until they sleep
            return not (workers[:, STEERED] == NARROWED).any()

        for _ in range(20):
            graph.run(executor)
            time.sleep(0.02)
        assert set(workers[:, THREAD].tolist()) - {0} == numbers_of(executor)
        wait_until(have_all_come_back)
        usable = os.sched_getaffinity(0)
        assert all(os.sched_getaffinity(thread) == usable for thread in numbers_of(executor))


def test_a_thread_that_retires_is_steered_no_more():
    places = np.zeros((500, 8))
    graph = zuki.Graph()
    graph.add_many(work, zuki.each(places))
    with zuki.Executor(max_threads=3, keep_alive=0.05) as executor:
        graph.run(executor)
        workers = executor._pool.tables.workers
        wait_until(lambda: not numbers_of(executor))
        assert not workers[:, THREAD].any()
        graph.run(executor)
