"""Threads that have nothing to do for long end, as many as are to stay stay, and work starts new ones."""

import concurrent.futures
import threading
import time

import pytest

import zuki
from tests.runtime.script import run_script
from tests.runtime.together import LIMIT, Marked, at_once, spinning, threads_of, wait_until
from zuki_kernels import notifier, sync_state

pytestmark = pytest.mark.timeout(240)

SOON = 0.02  # seconds


def workers_of(name):
    return [thread for thread in threads_of(name) if thread.name != f"{name}-pulse"]


def counted(executor):
    """Return idle workers, workers and threads as the pool's word counts them."""
    sync = int(executor._pool.tables.pool[0, sync_state.SYNC])
    return sync_state.idle(sync), sync_state.spawned(sync), sync_state.threads(sync)


@pytest.mark.parametrize("workers", [1, 3])
def test_all_end_and_start_again(workers):
    marked = Marked()
    with zuki.Executor(max_threads=workers, keep_alive=SOON, name="gone") as executor:
        for times in range(1, 6):
            marked.graph.submit(executor).result(LIMIT)
            marked.check(times)
            wait_until(lambda: not workers_of("gone"))
            assert counted(executor) == (0, 0, 0)
        assert len(executor._pool.workers._free_rows) == executor._pool.tables.seats
        assert marked.graph.run(executor).nodes == marked.size


def test_some_stay():
    with zuki.Executor(max_threads=4, min_threads=1, keep_alive=SOON, name="some") as executor:
        for _ in range(5):
            concurrent.futures.wait([spinning(200).submit(executor) for _ in range(4)], LIMIT)
            wait_until(lambda: counted(executor) == (1, 1, 1) and len(workers_of("some")) == 1)
        time.sleep(5 * SOON)
        assert counted(executor) == (1, 1, 1)


@pytest.mark.parametrize("options", [{"keep_alive": None}, {}, {"keep_alive": 1e300}])
def test_none_end_before_their_time(options):
    with zuki.Executor(max_threads=2, name="kept", **options) as executor:
        spinning(200).submit(executor).result(LIMIT)
        before = workers_of("kept")
        time.sleep(5 * SOON)
        assert workers_of("kept") == before != []


@pytest.mark.parametrize("keep_alive", [0, 1e-4, 1e-3])
@pytest.mark.parametrize("workers", [1, 2, 4])
def test_work_comes_while_threads_retire(workers, keep_alive):
    with zuki.Executor(max_threads=workers, keep_alive=keep_alive) as executor:

        def run(number):
            marked = Marked(width=4, length=3, python=1)
            for turn in range(60):
                marked.graph.submit(executor).result(LIMIT)
                if turn % 3 == number:
                    marked.graph.run(executor)
                time.sleep(turn % 5 * keep_alive / 2)
            marked.check(80)

        at_once(3, run)


def test_a_caller_is_no_thread_that_stays():
    gate = threading.Event()
    graph = zuki.Graph()
    graph.add(gate.wait, LIMIT)
    with zuki.Executor(max_threads=3, min_threads=1, keep_alive=SOON, name="beside") as executor:
        concurrent.futures.wait([spinning(200).submit(executor) for _ in range(4)], LIMIT)
        caller = threading.Thread(target=graph.run, args=(executor,))
        caller.start()
        wait_until(lambda: counted(executor)[2] == 1)
        time.sleep(3 * SOON)
        assert counted(executor)[2] == 1
        gate.set()
        caller.join(LIMIT)
        assert not caller.is_alive()
        wait_until(lambda: len(workers_of("beside")) == 1)


def test_a_thread_is_asked_for_while_no_row_is_back(monkeypatch):
    """Threads that have retired are held up before they give their rows back, until there is no row left."""
    executor = zuki.Executor(max_threads=1, keep_alive=0, name="slow")
    pool, gate = executor._pool, threading.Event()
    retire = pool.workers._retire
    monkeypatch.setattr(pool.workers, "_retire", lambda row: (gate.wait(LIMIT), retire(row))[1])
    marked = Marked()
    for _ in range(pool.tables.seats):
        marked.graph.submit(executor).result(LIMIT)
        wait_until(lambda: counted(executor) == (0, 0, 0))
    assert pool.workers._free_rows == []
    future = marked.graph.submit(executor)
    assert pool.workers._owed_starts == 1
    gate.set()
    assert future.result(LIMIT).nodes == marked.size
    marked.check(pool.tables.seats + 1)
    wait_until(lambda: not workers_of("slow"))
    assert len(pool.workers._free_rows) == pool.tables.seats
    executor.shutdown()


def test_no_thread_can_be_started_while_the_last_one_retires(monkeypatch):
    executor = zuki.Executor(max_threads=2, keep_alive=0, name="last")
    pool, gate, held = executor._pool, threading.Event(), threading.Event()
    retire = pool.workers._retire
    monkeypatch.setattr(pool.workers, "_retire", lambda row: (held.set(), gate.wait(LIMIT), retire(row))[2])
    marked = Marked(python=0)
    marked.graph.submit(executor).result(LIMIT)
    wait_until(lambda: counted(executor) == (0, 0, 0))
    assert held.wait(LIMIT)

    def fail(_thread):
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", fail)
        with pytest.raises(zuki.ZukiError, match="'last' has no thread, and none can be started"):
            marked.graph.submit(executor)
        assert marked.graph.run(executor).nodes == marked.size
    gate.set()
    marked.graph.submit(executor).result(LIMIT)
    executor.shutdown()
    marked.check(3)


@pytest.mark.parametrize("wait", [True, False])
def test_the_end_while_threads_retire(wait):
    marked = Marked(width=4, length=3, python=1)
    for times in range(40):
        executor = zuki.Executor(max_threads=3, keep_alive=times % 4 * 1e-4, name="ending")
        marked.graph.submit(executor).result(LIMIT)
        time.sleep(times % 7 * 1e-4)
        executor.shutdown(wait=wait)
        assert not (wait and threads_of("ending"))
    marked.check(40)
    wait_until(lambda: not threads_of("ending"))


def test_fork_and_the_end_of_the_interpreter_while_threads_retire():
    printed = run_script(
        """
faulthandler.cancel_dump_traceback_later()
executor = zuki.Executor(max_threads=2, keep_alive=0.0005)
marks = np.zeros(50, np.int64)
graph = zuki.Graph()
graph.add_many(mark, marks, zuki.each(np.arange(50)))
graph.submit(executor).result(10)
children = []
for number in range(20 if hasattr(os, "fork") else 0):
    graph.submit(executor).result(10)
    time.sleep(number % 5 * 0.0003)
    child = os.fork()
    if child == 0:
        signal.alarm(20)
        graph.submit(executor).result(10)
        os._exit(0)
    children.append(os.waitpid(child, 0)[1])
assert not any(children), children
graph.run()
graph.add(os.write, 1, b"done")
graph.submit(zuki.Executor(max_threads=2, keep_alive=0))  # dropped at once
graph.submit(executor)
"""
    )
    assert printed == "donedone"


# ---- values that are not taken -------------------------------------------------------------------


@pytest.mark.parametrize("value", [-1, -0.5, float("nan"), float("inf")])
def test_keep_alive_out_of_range(value):
    with pytest.raises(ValueError, match="keep_alive must be at least 0 and finite, or None for never"):
        zuki.Executor(2, keep_alive=value)


@pytest.mark.parametrize("value", ["1", True, [1], 1j])
def test_keep_alive_of_another_type(value):
    with pytest.raises(TypeError, match="keep_alive must be seconds or None"):
        zuki.Executor(2, keep_alive=value)


@pytest.mark.parametrize("value", [-1, 3, 1_000_000])
def test_min_threads_out_of_range(value):
    with pytest.raises(ValueError, match="min_threads must be between 0 and 2"):
        zuki.Executor(2, min_threads=value)


def test_what_an_executor_was_told():
    executor = zuki.Executor(4, min_threads=2, keep_alive=3)
    assert (executor.min_threads, executor.keep_alive) == (2, 3.0)
    assert executor._pool.tables.pool[0, notifier.KEEP_ALIVE] == 3_000_000_000
    assert zuki.Executor(4).keep_alive == 10
    assert zuki.Executor(4, keep_alive=None).keep_alive is None
    assert zuki.Executor(4, keep_alive=0)._pool.tables.pool[0, notifier.KEEP_ALIVE] == 1
