"""Calls of servants, and beats, alone."""

import threading
import time

import pytest

from zuki.runtime.tables import Tables, make_table
from zuki_kernels import notifier, service
from zuki_kernels.runs import NONE

INTERVAL = 1_000_000  # nanoseconds


@pytest.fixture
def tables():
    made = Tables(2)
    made.beats = make_table(made.seats, service.BEAT_FIELDS)
    return made


def test_a_call_is_answered_once(tables):
    assert not service.is_wanted(tables.pool)
    assert not service.claim(tables.pool)
    assert service.call(tables.pool, tables.workers) == notifier.START
    assert service.is_wanted(tables.pool)
    assert service.claim(tables.pool)
    assert not service.claim(tables.pool)


def test_beats(tables):
    service.begin_serving(tables.pool, tables.beats, 1)
    first = service.beats_of(tables.beats, 1)
    service.beat(tables.beats, 1)
    assert service.beats_of(tables.beats, 1) == first + 1
    assert service.servers(tables.pool) == 1
    service.end_serving(tables.pool, tables.beats, 1)
    assert (service.beats_of(tables.beats, 1), service.servers(tables.pool)) == (0, 0)
    service.begin_serving(tables.pool, tables.beats, 1)
    assert service.beats_of(tables.beats, 1) > first + 1  # no beat comes twice


def test_who_is_stuck_is_told_once(tables):
    service.begin_serving(tables.pool, tables.beats, 0)
    assert service.watch(tables.pool, tables.beats, INTERVAL) == (0, service.beats_of(tables.beats, 0))
    found = []
    watcher = threading.Thread(
        target=lambda: found.append(service.watch(tables.pool, tables.beats, INTERVAL)), daemon=True
    )
    watcher.start()
    time.sleep(0.02)
    assert not found
    service.beat(tables.beats, 0)
    watcher.join(20)
    assert found == [(0, service.beats_of(tables.beats, 0))]


def test_the_watcher_ends_when_nobody_serves(tables):
    found = []
    watcher = threading.Thread(
        target=lambda: found.append(service.watch(tables.pool, tables.beats, INTERVAL)), daemon=True
    )
    watcher.start()
    end = time.monotonic() + 20
    while watcher.is_alive() and time.monotonic() < end:
        service.end_watch(tables.pool)
        watcher.join(0.01)
    assert found == [(NONE, 0)]
