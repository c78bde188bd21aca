import time

import pytest

from tests.kernels.probes import now
from zuki.runtime.tables import Tables
from zuki_kernels import patience, search
from zuki_kernels.counters import TASKS, count


@pytest.mark.parametrize(
    ("bodies", "nanoseconds", "quick"),
    [(0, 0, False), (1, 0, True), (1, 63, True), (1, 64, False), (200, 10_000, True), (100, 10_000, False)],
)
def test_bodies_are_quick_that_are_shorter_than_a_theft(bodies, nanoseconds, quick):
    assert patience.is_quick(bodies, nanoseconds) is quick


def test_what_others_have_run_is_added_up():
    tables = Tables(4)
    for worker in range(3):
        search.admit(tables.pool, worker)
        count(tables.workers, worker, TASKS, 10**worker)
    count(tables.workers, 3, TASKS, 5000)  # a row that nobody has used
    finished = [patience.finished_by_others(tables.pool, tables.workers, me) for me in range(3)]
    assert finished == [110, 101, 11]


def test_a_rest_ends():
    moment = now()
    patience.wait_for_glance(moment)
    assert now() > moment
    begun = time.monotonic()
    patience.wait_for_glance(moment)  # it is over already
    assert time.monotonic() - begun < 10
