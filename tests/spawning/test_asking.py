"""Which worker runs a body, of how many, and whether the body is wanted any more."""

import signal
import subprocess
import sys
import time
from concurrent.futures import CancelledError

import numpy as np
import pytest
from numba import njit

import zuki
from tests.spawning.asking_until import ask_until

LIMIT = 120  # seconds


@njit
def ask():
    return zuki.worker_id(), zuki.num_workers(), zuki.cancelled()


@zuki.task
def ask_all(index, ids, most):
    ids[index] = zuki.worker_id()
    most[index] = zuki.num_workers()


@pytest.fixture(params=[1, 3])
def executor(request):
    with zuki.Executor(request.param) as made:
        yield made


def test_outside_of_a_pool():
    assert ask() == (-1, 1, False)
    assert (zuki.worker_id(), zuki.cancelled()) == (-1, False)


@zuki.task
def count_rounds(index, counts):
    counts[zuki.worker_id()] += 1


def test_an_array_has_a_row_for_each_worker(executor):
    for given in ({"executor": executor}, {}):
        counts = np.zeros(zuki.num_workers(*given.values()), np.int64)
        zuki.parallel_for(count_rounds, 0, 3000, counts, **given)
        assert counts.sum() == 3000
    with zuki.SingleThreadedExecutor() as single:
        assert zuki.num_workers(single) >= 1
    with pytest.raises(TypeError, match=r"must be a zuki\.Executor"):
        zuki.num_workers(3)


def test_each_worker_has_a_number_of_its_own(executor):
    ids, most = np.full(2000, -2), np.zeros(2000, np.int64)
    zuki.parallel_for(ask_all, 0, len(ids), ids, most, executor=executor)
    assert set(most) == {zuki.num_workers(executor)}
    assert set(ids) <= set(range(most[0]))
    assert 1 <= len(set(ids)) <= executor.max_threads <= most[0]


def test_jitted_and_python_nodes_are_told_the_same(executor):
    graph = zuki.Graph()
    nodes = [
        graph.add(lambda: ((zuki.worker_id(), zuki.num_workers(), zuki.cancelled()), ask())) for _ in "ab"
    ]
    executor.run(graph)
    for node in nodes:
        in_python, jitted = node.result()
        assert in_python == jitted
        assert 0 <= jitted[0] < jitted[1]
        assert not jitted[2]
    assert zuki.worker_id() == -1


@pytest.mark.parametrize("max_threads", [1, 2])
def test_a_body_hears_of_ctrl_c(max_threads):
    arguments = [sys.executable, "-m", "tests.spawning.asking_until", str(max_threads)]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as script:
        try:
            assert script.stdout.readline() == "asks\n"
            script.send_signal(signal.SIGINT)
            said, _ = script.communicate(timeout=LIMIT)
        finally:
            script.kill()
    assert said in (f"interrupted {number}\n" for number in range(1, max_threads + 1))
    assert script.returncode == 0


def test_bodies_hear_that_the_pool_cancels():
    answers, heard = np.zeros(1, np.int64), []
    graph = zuki.Graph()

    def asks_in_python():
        deadline = time.monotonic() + LIMIT
        while not zuki.cancelled():
            assert time.monotonic() < deadline
            time.sleep(0.001)
        heard.append(ask())

    graph.add(ask_until, answers)
    graph.add(asks_in_python)
    executor = zuki.Executor(2)
    future = graph.submit(executor)
    deadline = time.monotonic() + LIMIT
    while not answers[0] and time.monotonic() < deadline:
        time.sleep(0.001)
    executor.shutdown(cancel_futures=True)
    with pytest.raises(CancelledError):
        future.result(timeout=LIMIT)
    assert answers[0] > 0
    assert all(cancelled for _, _, cancelled in heard)


@pytest.mark.parametrize("ask_wrongly", [lambda: zuki.worker_id(3), lambda: zuki.cancelled(True)])
def test_they_take_no_arguments(ask_wrongly):
    with pytest.raises(TypeError):
        ask_wrongly()
    with pytest.raises(zuki.TaskError, match="does not compile"):
        zuki.run(zuki.task(cache=False)(ask_wrongly))


ROUNDS = 2_000_000_000  # of a wait in jitted code: some ten seconds
STARTED, TOLD, CALM = 0, 1, 2  # places in the notes


@zuki.task("void(int64[::1])")
def wait_to_be_told(notes):
    notes[STARTED] = 1
    for _ in range(ROUNDS):
        if zuki.cancelled():
            notes[TOLD] += 1
            return


@zuki.task("void(int64[::1])")
def fail_when_that_runs(notes):
    for _ in range(ROUNDS):
        if notes[STARTED] or zuki.cancelled():
            break
    notes[CALM] = not zuki.cancelled()
    raise ValueError("the first")


@zuki.task("void(int64[::1], int64)")
def group(notes, way):
    waits = zuki.spawn(wait_to_be_told, notes)
    for _ in range(ROUNDS):  # until another worker runs it: this one would ask in vain
        if notes[STARTED] or zuki.cancelled():
            break
    if way == 0:
        fail_when_that_runs(notes)
    fails = zuki.spawn(fail_when_that_runs, notes)
    if way == 1:
        zuki.join(fails)
    if way == 2:
        zuki.join(waits)
    if way == 3:
        zuki.join(waits)
        zuki.join(fails)


@pytest.mark.parametrize(
    "way", range(5), ids=["raises", "joins it", "joins the other", "joins both", "joins none"]
)
def test_a_task_hears_that_its_group_has_failed(way):
    notes = np.zeros(3, np.int64)
    with zuki.Executor(2) as executor:
        with pytest.raises(ValueError, match="the first"):
            executor.run(group, notes, way)
        assert notes.tolist() == [1, 1, 1]
        assert not executor.run(zuki.task(cache=False)(lambda: zuki.cancelled()))


@zuki.task("int64(int64[::1])")
def catches(notes):
    """Let one fail, and see that the next ones do not hear of it."""
    told = 0
    for _ in range(200):
        first, second = zuki.spawn(ask_whether_cancelled, notes), zuki.spawn(ask_whether_cancelled, notes)
        fails = zuki.spawn(fail_when_that_runs, notes)
        try:
            zuki.join(fails)
        except Exception:
            told += zuki.join(second)
            told += zuki.join(first)
    return told


@zuki.task("int64(int64[::1])")
def ask_whether_cancelled(notes):
    return int(zuki.cancelled())


def test_who_catches_cancels_nobody(executor):
    assert executor.run(catches, np.ones(3, np.int64)) == 0
