"""Tasks that nobody joins: they end by themselves, what they raise is reported, and a pool waits for them."""

import gc
import sys
import threading
import time

import numpy as np
import pytest
from numba import njit
from numba.core.runtime import rtsys

import zuki
from tests.runtime.script import run_script

LIMIT = 60  # seconds


@zuki.task("void(int64[::1], int64)")
def note(notes, place):
    notes[place] += 1


@zuki.task("int64(int64[::1], int64)")
def fails(notes, place):
    notes[place] += 1
    raise ValueError("by itself", place)


@zuki.task("void(int64[::1], int64)")
def goes_on(notes, place):
    """Detach the next one, and leave a child unjoined."""
    zuki.spawn(note, notes, place)
    if place > 0:
        zuki.spawn_detached(goes_on, notes, place - 1)


@zuki.task
def detaches(notes):
    for place in range(len(notes) - 1):
        zuki.spawn_detached(note, notes, place)
    zuki.spawn_detached(fails, notes, len(notes) - 1)
    return 7


@zuki.task
def detaches_own_array(length, results):
    for index in range(len(results)):
        zuki.spawn_detached(sum_up, np.full(length, index), results, index)


@zuki.task("float64(int64[::1], int64[::1], int64)")
def sum_up(values, results, index):
    results[index] = values.sum()
    return 1.0


@zuki.task("float64[::1](int64[::1])")
def new_array(values):
    if values[0] < 0:
        raise ValueError("negative")
    return np.ones(10)


@zuki.task
def detaches_new_arrays(count):
    for index in range(count):
        zuki.spawn_detached(new_array, np.full(3, -(index % 2)))


@zuki.task("void(int64[::1])")
def waits_until_cancelled(notes):
    notes[0] = 1
    while not zuki.cancelled():
        pass
    notes[1] = 1


@zuki.task
def detaches_what_waits(notes, others):
    zuki.spawn_detached(waits_until_cancelled, notes)
    for place in range(others):
        zuki.spawn_detached(note, notes, 2 + place)


@pytest.fixture(params=[1, 2, 4])
def executor(request):
    with zuki.Executor(request.param) as made:
        yield made


@pytest.fixture
def reported(monkeypatch):
    """What was reported as lost."""
    found = []
    monkeypatch.setattr(sys, "unraisablehook", found.append)
    return found


def test_shutdown_waits_for_them_and_for_what_they_detach(executor, reported):
    notes, going = np.zeros(1000, np.int64), np.zeros(100, np.int64)
    assert executor.run(detaches, notes) == 7
    executor.run(goes_on, going, 99)
    executor.shutdown()
    assert (notes == 1).all()
    assert (going == 1).all()
    (lost,) = reported
    assert isinstance(lost.exc_value, ValueError)
    assert lost.exc_value.args == ("by itself", 999)
    assert "test_detached.py" in lost.exc_traceback.tb_frame.f_code.co_filename
    assert "detached" in lost.err_msg


def test_they_go_on_by_themselves_and_the_pool_is_used_meanwhile(executor, reported):
    for _ in range(20):
        notes = np.zeros(50, np.int64)
        executor.run(detaches, notes)
        assert executor.run(sum_up, np.ones(3, np.int64), np.zeros(1, np.int64), 0) == 1.0
        deadline = time.monotonic() + LIMIT
        while not (notes == 1).all() and time.monotonic() < deadline:
            time.sleep(0.001)
        assert (notes == 1).all()
    executor.shutdown()  # what a task raises is reported after it has made its note
    assert len(reported) == 20


def test_arrays_stay_alive(executor):
    results = np.zeros(200, np.int64)
    for _ in range(5):
        executor.run(detaches_own_array, 100, results)
    executor.shutdown()
    assert results.tolist() == [100 * index for index in range(200)]


def test_arrays_of_the_caller_stay_alive(executor, reported):
    for _ in range(50):
        executor.run(detaches, np.zeros(20, np.int64))
        np.full(20, -1)  # perhaps where that one was
    executor.shutdown()
    assert len(reported) == 50


def test_outside_of_a_pool_they_run_in_place(reported):
    notes = np.zeros(5, np.int64)
    assert detaches(notes) == 7
    assert notes.tolist() == [1] * 5
    assert [lost.exc_value.args for lost in reported] == [("by itself", 4)]


def test_from_plain_jitted_functions_and_python_nodes(executor):
    @njit
    def detach(notes):
        zuki.spawn_detached(note, notes, 3)

    notes = np.zeros(5, np.int64)
    detach(notes)
    graph = zuki.Graph()
    graph.add(lambda: detach(notes))
    executor.run(graph)
    executor.shutdown()
    assert notes[3] == 2


def test_from_python(executor, reported):
    notes = np.zeros(5, np.int64)
    zuki.spawn_detached(note, notes, 1, executor=executor)
    zuki.spawn_detached(fails, notes, 2, executor=executor)
    executor.shutdown()
    assert notes.tolist() == [0, 1, 1, 0, 0]
    assert [lost.exc_value.args for lost in reported] == [("by itself", 2)]
    with pytest.raises(zuki.ExecutorShutDownError):
        zuki.spawn_detached(note, notes, 1, executor=executor)
    with pytest.raises(zuki.TaskError, match="takes a task, not 3"):
        zuki.spawn_detached(3)


def test_a_pool_that_is_told_to_cancel_drops_them(executor):
    notes = np.zeros(2 + 100, np.int64)
    executor.run(detaches_what_waits, notes, 100)
    deadline = time.monotonic() + LIMIT
    while not notes[0] and time.monotonic() < deadline:
        time.sleep(0.001)
    ended = threading.Thread(target=executor.shutdown, kwargs={"cancel_futures": True})
    ended.start()
    ended.join(LIMIT)
    assert not ended.is_alive()
    assert notes[:2].tolist() == [1, 1]
    assert notes[2:].max() <= 1


def test_nothing_leaks(reported, counted):
    def in_use():
        gc.collect()
        statistics = rtsys.get_allocation_stats()
        return statistics.alloc - statistics.free

    for number in (2, 200):
        before = in_use()
        with zuki.Executor(2) as executor:
            executor.run(detaches_new_arrays, number)
        assert abs(in_use() - before) < 25  # threads that come or go inside of kernels hold some, too
    assert len(reported) == 101


def test_when_the_interpreter_ends():
    said = run_script(
        """
        from tests.spawning.test_detached import goes_on

        import atexit

        notes = np.zeros(1000, np.int64)
        atexit.register(lambda: print(notes.sum()))
        zuki.run(goes_on, notes, 999)
        """
    )
    assert said == "1000\n"


def test_records_and_what_is_no_task():
    points = np.zeros(3, [("x", np.float64)])

    @zuki.task(cache=False)
    def read(point):
        return point.x

    @zuki.task(cache=False)
    def detaches_a_record(points):
        zuki.spawn_detached(read, points[0])

    @zuki.task(cache=False)
    def detaches_wrongly(values):
        zuki.spawn_detached(note, values)

    with pytest.raises(zuki.TaskError, match="argument 'point' of task 'read' is a record"):
        zuki.run(detaches_a_record, points)
    with pytest.raises(zuki.TaskError, match=r"zuki\.spawn_detached: task 'note' takes 2 arguments"):
        zuki.run(detaches_wrongly, np.zeros(3, np.int64))
