"""Rings of events, compiled; their orderings are the model's (`tests/model/test_tracing.py`)."""

import threading

import numpy as np
import pytest

from zuki.runtime.tables import make_table
from zuki_kernels import clock, counters, hands, tracing
from zuki_kernels._jit import kernel

ROOM = 8


def make_ring(room=ROOM):
    ring = make_table(1, tracing.RING_FIELDS + room * tracing.EVENT_FIELDS)
    ring[0, tracing.EVENTS] = room
    return ring


@kernel
def note_many(ring, first, count):
    for number in range(first, first + count):
        tracing.note(ring, number, number, number, number)


@pytest.mark.parametrize("noted", [0, 1, ROOM - 1, ROOM, 3 * ROOM + 2])
def test_the_latest_events_are_kept(noted):
    ring, copied = make_ring(), np.zeros((ROOM, tracing.EVENT_FIELDS), np.int64)
    note_many(ring.ctypes.data, 0, noted)
    assert tracing.counted(ring.ctypes.data) == noted
    first, last = tracing.copy(ring.ctypes.data, 0, copied)
    # of a full ring the oldest may be the one that is being written over
    assert (first, last) == (max(0, noted - ROOM + 1), noted)
    for number in range(first, last):
        assert copied[number % ROOM].tolist() == [number] * 4


def test_only_what_came_since():
    ring, copied = make_ring(), np.zeros((ROOM, tracing.EVENT_FIELDS), np.int64)
    note_many(ring.ctypes.data, 0, 5)
    assert tracing.copy(ring.ctypes.data, 3, copied) == (3, 5)
    assert tracing.copy(ring.ctypes.data, 5, copied) == (5, 5)


def test_what_is_copied_while_it_is_written_is_whole():
    room = 64
    ring, copied = make_ring(room), np.zeros((room, tracing.EVENT_FIELDS), np.int64)
    note_many(ring.ctypes.data, 0, 1)  # compiles
    tracing.copy(ring.ctypes.data, 0, copied)
    writer = threading.Thread(target=note_many, args=(ring.ctypes.data, 1, 2_000_000))
    writer.start()
    while writer.is_alive():
        first, last = tracing.copy(ring.ctypes.data, 0, copied)
        numbers = np.arange(first, last)
        assert (copied[numbers % room] == numbers[:, None]).all()
    writer.join()


def test_what_is_told_of_a_spawned_task_can_be_read_again():
    owner, stamp, newest = 1031, (1 << 30) + 17, (1 << 29) + 5
    how = tracing.how_spawned(tracing.SPAWNED, owner, stamp, newest)
    assert how >= 0
    bits = tracing.KIND_BITS, tracing.OWNER_BITS, tracing.STAMP_BITS, tracing.NEWEST_BITS
    assert sum(bits) == 63
    read = []
    for width in bits:
        read.append(how & (1 << width) - 1)
        how >>= width
    assert read == [tracing.SPAWNED, owner, stamp & (1 << 24) - 1, newest & (1 << 23) - 1]


def test_a_worker_is_told_in_both_of_its_rows():
    workers, held = make_table(2, counters.WORKER_FIELDS), make_table(2, hands.HAND_FIELDS)
    tracing.trace_worker(workers, held, hands.TRACE, 1, 4096)
    assert workers[:, tracing.RING].tolist() == [0, 4096]
    assert held[:, hands.TRACE].tolist() == [0, 4096]


def test_both_clocks_are_read_at_once():
    before, ticks, after = tracing.clocks()
    assert before <= after
    again = tracing.clocks()
    assert again[0] >= after
    assert again[1] > ticks


def test_ticks_never_go_back():
    @kernel
    def never_goes_back(count):
        before = clock.ticks()
        for _ in range(count):
            after = clock.ticks()
            if after < before:
                return False
            before = after
        return True

    assert never_goes_back(100_000)
