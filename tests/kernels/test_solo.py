"""A worker that is the only one, and others that come and go: on threads, with nothing lost."""

import threading
import time

import pytest

import zuki
from tests.kernels.threads_of import run_together
from zuki.runtime.tables import Tables, make_table
from zuki_kernels import atomics, solo
from zuki_kernels._barrier import is_there
from zuki_kernels._jit import kernel
from zuki_kernels._types import Table
from zuki_kernels.counters import COUNTING
from zuki_kernels.solo import NEVER, SHARED, SOLO
from zuki_kernels.sync_state import ONE_APART, ONE_IDLE, ONE_SPAWNED, SHUTDOWN, SYNC

ROUNDS = 20_000
has_barrier = pytest.mark.skipif(not is_there(), reason="the system has no fence for all threads")


@pytest.fixture
def tables():
    made = Tables(4)
    made.pool[0, SYNC] = 2 * ONE_SPAWNED + ONE_IDLE
    return made


@has_barrier
@pytest.mark.parametrize(
    ("sync", "is_solo"),
    [
        (ONE_SPAWNED, True),
        (3 * ONE_SPAWNED + 2 * ONE_IDLE, True),
        (3 * ONE_SPAWNED + ONE_IDLE + ONE_APART, True),
        (2 * ONE_SPAWNED, False),
        (3 * ONE_SPAWNED + ONE_IDLE, False),
        (3 * ONE_SPAWNED + ONE_APART, False),
        (ONE_SPAWNED | SHUTDOWN, False),
    ],
)
def test_who_is_the_only_one_is_solo(tables, sync, is_solo):
    tables.pool[0, SYNC] = sync
    assert solo.go_solo(tables.pool, 2) == (sync if is_solo else SHARED)
    assert tables.pool[0, SOLO] == (3 if is_solo else 0)


def test_nobody_is_where_the_system_cannot_do_it(tables):
    tables.pool[0, SOLO] = NEVER
    assert solo.go_solo(tables.pool, 0) == SHARED
    solo.come(tables.pool, tables.workers, 1)
    assert tables.pool[0, SOLO] == NEVER


@has_barrier
def test_a_section_sees_that_somebody_has_come(tables):
    sync = solo.go_solo(tables.pool, 0)
    assert solo.begin(tables.pool, tables.workers, 0, sync) == sync
    assert tables.workers[0, COUNTING] == 1
    solo.end(tables.workers, 0)
    assert tables.workers[0, COUNTING] == 0
    tables.pool[0, SYNC] -= ONE_IDLE
    solo.come(tables.pool, tables.workers, 1)
    assert solo.begin(tables.pool, tables.workers, 0, sync) == SHARED
    assert (tables.pool[0, SOLO], tables.workers[0, COUNTING]) == (0, 0)


@has_barrier
def test_who_comes_waits_for_the_section(tables):
    sync = solo.go_solo(tables.pool, 0)
    solo.begin(tables.pool, tables.workers, 0, sync)
    come = threading.Thread(target=solo.come, args=(tables.pool, tables.workers, 1), daemon=True)
    come.start()
    come.join(0.05)
    assert come.is_alive()
    solo.end(tables.workers, 0)
    come.join(30)
    assert not come.is_alive()


def test_a_turn_inside_of_another_does_not_end_what_that_one_has_begun(tables):
    tables.pool[0, SOLO] = 1
    assert solo.go_solo(tables.pool, 0) == SHARED
    solo.come(tables.pool, tables.workers, 0)  # it has slept in there; it does not wait for itself
    assert tables.pool[0, SOLO] == 1


@kernel
def count_in_sections(pool: Table, workers: Table, cell: Table, rounds: int) -> int:
    """Add to a cell as the only worker does, where this is one; return how often it was."""
    sole, times = SHARED, 0
    for step in range(rounds):
        if sole == SHARED and step % 16 == 0:
            sole = solo.go_solo(pool, 0)
        if sole >= 0:
            sole = solo.begin(pool, workers, 0, sole)
        if sole >= 0:
            times += 1
            atomics.store_relaxed(cell, 0, 0, atomics.load_relaxed(cell, 0, 0) + 1)
            solo.end(workers, 0)
        else:
            atomics.add_relaxed(cell, 0, 0, 1)
    solo.give_up(pool, sole)
    return times


@kernel
def come_and_go(pool: Table, workers: Table, cell: Table, rounds: int) -> int:
    """Come, add to the cell, and go, again and again."""
    for _ in range(rounds):
        atomics.add_acq_rel(pool, 0, SYNC, -ONE_IDLE)
        solo.come(pool, workers, 1)
        for _ in range(10):
            atomics.add_relaxed(cell, 0, 0, 1)
        atomics.add_acq_rel(pool, 0, SYNC, ONE_IDLE)
    return rounds


@has_barrier
def test_nothing_is_lost_while_another_one_comes_and_goes(tables):
    cell = make_table(1, 16)
    times, _ = run_together(
        lambda: count_in_sections(tables.pool, tables.workers, cell, 200 * ROUNDS),
        lambda: come_and_go(tables.pool, tables.workers, cell, ROUNDS),
    )
    assert cell[0, 0] == 200 * ROUNDS + 10 * ROUNDS
    assert times > 0
    assert (tables.pool[0, SOLO], tables.workers[0, COUNTING]) == (0, 0)


@zuki.task("void()")
def nothing():
    pass


@has_barrier
def test_a_pool_has_a_worker_that_is_solo_while_the_others_sleep():
    graph = zuki.Graph()
    ids = graph.add_many(nothing, count=1_000_000)
    graph.add_edges(ids[:-1], ids[1:])
    with zuki.Executor(max_threads=2) as executor:
        cell = executor._pool.tables.pool[0]
        seen, deadline = False, time.monotonic() + 30
        while not seen and time.monotonic() < deadline:
            future = graph.submit(executor)
            while not future.done():
                seen = seen or cell[SOLO] > 0
            future.result(30)
        assert seen
        assert cell[SOLO] == 0
