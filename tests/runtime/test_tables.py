"""The tables of a pool: their sizes, and that rows that threads write share no cache lines."""

import inspect
from itertools import pairwise

import numpy as np
import pytest

from zuki.runtime.tables import CAPACITY, GUESTS, RUNS, Tables, make_table
from zuki_kernels import counters, deque, notifier, queue, runs, search, turn

LINE = 128


@pytest.mark.parametrize(("rows", "fields"), [(1, 64), (1, 1), (3, 16), (1024, 32), (7, 5)])
def test_a_table_is_aligned_and_zero(rows, fields):
    table = make_table(rows, fields)
    assert table.shape == (rows, fields)
    assert table.dtype == np.int64
    assert table.flags.c_contiguous
    assert table.flags.writeable
    assert table.flags.aligned
    assert table.ctypes.data % LINE == 0
    assert not table.any()


@pytest.mark.parametrize("max_threads", [1, 2, 5, 1024])
def test_sizes(max_threads):
    tables = Tables(max_threads)
    assert tables.seats == max_threads + GUESTS
    assert tables.workers.shape == (tables.seats, counters.WORKER_FIELDS)
    assert tables.deques.shape == (tables.seats * search.LEVELS, deque.DEQUE_FIELDS)
    assert tables.rings.shape == (tables.seats * search.LEVELS, CAPACITY)
    assert tables.queues.shape == (search.FIRST_OWN + tables.seats, queue.QUEUE_FIELDS)
    assert tables.runs.shape == (RUNS, runs.RUN_FIELDS)
    assert tables.pool[0, notifier.LIMIT] == max_threads


def test_rows_do_not_share_cache_lines():
    tables = Tables(2)
    for table in tables.of_a_turn:
        assert table.ctypes.data % LINE == 0
        assert table.strides[0] % LINE == 0


def test_a_deque_holds_a_power_of_two():
    assert CAPACITY.bit_count() == 1


def test_the_slot_of_every_run_fits_a_task():
    last = runs.task_of(RUNS - 1, runs.ROOT_MARKER)
    assert runs.slot_of(last) == RUNS - 1
    assert runs.node_of(last) == runs.ROOT_MARKER
    assert last > 0


def test_tables_do_not_overlap():
    tables = Tables(3)
    spans = sorted((table.ctypes.data, table.ctypes.data + table.nbytes) for table in tables.of_a_turn)
    for (_, stop), (start, _) in pairwise(spans):
        assert stop <= start


def test_the_order_is_that_of_a_turn():
    tables = Tables(1)
    names = list(inspect.signature(turn.turn.py_func).parameters)[-len(tables.of_a_turn) :]
    assert names == ["pool", "workers", "deques", "rings", "queues", "runs", "hands", "hand_rings"]
    for name, table in zip(names, tables.of_a_turn, strict=True):
        assert getattr(tables, name) is table
