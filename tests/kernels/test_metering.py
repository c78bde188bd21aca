"""Copies of a pool's counters."""

import numpy as np
import pytest

from zuki.runtime.tables import Tables
from zuki_kernels import activity, counters, deque, hands, metering, search
from zuki_kernels.blocks import ONE_STAMP

COLUMNS = [
    "AWAY_FOR",
    "RAN_FOR",
    "SEARCHED_FOR",
    "PARKED_FOR",
    "IN_DEQUES",
    "WERE_SPAWNED",
    "WITH_THIEVES",
    "HAVE_FAILED",
    "WERE_DROPPED",
]


@pytest.fixture
def tables():
    tables = Tables(2)
    for worker in range(3):
        search.admit(tables.pool, worker)
    return tables


def copied(tables, moment=0):
    copy = np.zeros((tables.seats, metering.COPY_FIELDS), np.int64)
    times = np.zeros((tables.seats, activity.ACTIVITIES), np.int64)
    used = metering.copy_counters(
        tables.pool, tables.workers, tables.deques, tables.hands, times, copy, moment
    )
    assert used == 3
    return copy


def test_columns_are_apart():
    places = [getattr(metering, name) for name in COLUMNS]
    assert places == list(range(counters.WORKER_FIELDS, counters.WORKER_FIELDS + len(COLUMNS)))
    assert max(places) < metering.COPY_FIELDS
    kinds = activity.RUNNING, activity.SEARCHING, activity.PARKED
    assert [metering.AWAY_FOR + one for one in kinds] == places[1:4]


def test_every_counter_is_copied(tables):
    fields = range(counters.TASKS, counters.SUBMITTED_TASKS + 1)
    for worker in range(3):
        for field in fields:
            counters.count(tables.workers, worker, field, 100 * worker + field)
    copy = copied(tables)
    for worker in range(3):
        assert [copy[worker, field] for field in fields] == [100 * worker + field for field in fields]
    assert not copy[3:].any()


def test_times_and_hands_and_deques(tables):
    activity.turn_to(tables.workers, 1, activity.RUNNING, 100)
    activity.turn_to(tables.workers, 1, activity.PARKED, 150)
    tables.hands[1, hands.STAMP] = 7 * ONE_STAMP
    hands.count_failure(tables.hands, 1)
    hands.count_drop(tables.hands, 1)
    hands.count_drop(tables.hands, 1)
    for level, task in ((0, 5), (0, 6), (3, 7)):
        deque.push(tables.deques, tables.rings, search.LEVELS + level, task)
    deque.push(tables.hands, tables.hand_rings, 1, 4096)
    row = copied(tables, 250)[1]
    found = {name: int(row[getattr(metering, name)]) for name in COLUMNS}
    assert found == dict(zip(COLUMNS, (100, 50, 0, 100, 3, 7, 1, 1, 2), strict=True))


def test_thefts_by_victim(tables):
    counters.count_theft(tables.workers, 0, 2, 1)
    counters.count_theft(tables.workers, 0, 2, 5)
    counters.count_theft(tables.workers, 1, 0, 1)
    thefts = np.zeros((3, 3), np.int64)
    metering.copy_thefts(tables.workers, 3, thefts)
    assert thefts.tolist() == [[0, 0, 2], [1, 0, 0], [0, 0, 0]]
    copy = copied(tables)
    assert copy[:3, counters.STEALS].tolist() == [2, 1, 0]
    assert copy[:3, counters.LOOT].tolist() == [6, 1, 0]


def test_thefts_are_not_counted_where_there_is_no_table(tables):
    tables.workers[0, counters.THEFTS] = 0
    counters.count_theft(tables.workers, 0, 1, 1)
    thefts = np.zeros((3, 3), np.int64)
    metering.copy_thefts(tables.workers, 3, thefts)
    assert not thefts.any()
    assert tables.workers[0, counters.STEALS] == 1
