"""Threads that cannot be started: those that are there do the work, and nothing waits for nobody."""

import threading
import time

import pytest

import zuki
from tests.runtime.bodies import milliseconds, spin
from tests.runtime.together import LIMIT, Marked, threads_of

pytestmark = pytest.mark.timeout(240)


@pytest.fixture(params=[RuntimeError, MemoryError])
def refuse(monkeypatch, request):
    """Lets no thread start from now on, or any again."""
    start = threading.Thread.start

    def fail(_thread):
        raise request.param("can't start new thread")

    return lambda refused=True: monkeypatch.setattr(threading.Thread, "start", fail if refused else start)


@pytest.mark.parametrize("workers", [1, 4])
def test_run_does_without(refuse, workers):
    marked = Marked()
    with zuki.Executor(max_threads=workers, name="refused") as executor:
        refuse()
        for _ in range(5):
            assert marked.graph.run(executor).workers == 1
        marked.check(5)
        assert threads_of("refused") == []
        refuse(False)
        for _ in range(5):  # and threads start again when they can
            marked.graph.run(executor)
            marked.graph.submit(executor).result(LIMIT)
        marked.check(15)


@pytest.mark.parametrize("workers", [1, 4])
def test_submit_raises_and_leaves_nothing_behind(refuse, workers):
    marked, other = Marked(), Marked()
    with zuki.Executor(max_threads=workers, name="refused") as executor:
        refuse()
        for _ in range(3):
            with pytest.raises(zuki.ZukiError, match="'refused' has no thread, and none can be started"):
                marked.graph.submit(executor)
        marked.check(0)
        assert not executor._pool.active
        assert marked.graph.run(executor).nodes == marked.size
        other.graph.run(executor)
        refuse(False)
        assert marked.graph.submit(executor).result(LIMIT).nodes == marked.size
        marked.check(2)
        other.check(1)


def test_submit_where_a_thread_is(refuse):
    marked = Marked()
    with zuki.Executor(max_threads=4) as executor:
        marked.graph.submit(executor).result(LIMIT)
        refuse()
        for _ in range(5):
            marked.graph.submit(executor).result(LIMIT)
        marked.check(6)


@pytest.mark.parametrize("workers", [1, 3])
def test_a_node_that_waits_for_a_submitted_graph_runs_it(refuse, workers):
    inner, outer = Marked(), zuki.Graph()
    node = outer.add(lambda: inner.graph.submit(executor).result().nodes)
    with zuki.Executor(max_threads=workers) as executor:
        refuse()
        for _ in range(3):
            outer.run(executor)
        assert node.result() == inner.size
        inner.check(3)


@pytest.mark.parametrize("workers", [1, 3])
def test_a_caller_stays_for_what_was_submitted_meanwhile(refuse, workers):
    submitted = [Marked() for _ in range(5)]
    futures = []
    graph = zuki.Graph()
    graph.add(lambda: futures.extend(marked.graph.submit(executor) for marked in submitted))
    with zuki.Executor(max_threads=workers) as executor:
        refuse()
        for _ in range(3):
            graph.run(executor)
        for future in futures:
            assert future.result(LIMIT).nodes == submitted[0].size
        refuse(False)
    for marked in submitted:
        marked.check(3)


def test_a_caller_that_had_no_seat(refuse):
    begun = threading.Event()
    first, second = zuki.Graph(), Marked()
    first.add(lambda: (begun.set(), time.sleep(0.1)))
    first.add_many(spin, milliseconds(1), count=20)
    with zuki.Executor(max_threads=1) as executor:
        caller = threading.Thread(target=first.run, args=(executor,))
        caller.start()
        assert begun.wait(LIMIT)
        refuse()
        assert second.graph.run(executor).nodes == second.size
        caller.join(LIMIT)
        assert not caller.is_alive()
    second.check(1)


def test_a_thread_that_another_one_starts_counts_as_there(monkeypatch):
    """One submits and is about to start the thread; the other one need not, and is not refused."""
    first, second = Marked(), Marked()
    reached, gate = threading.Event(), threading.Event()
    with zuki.Executor(max_threads=2) as executor:
        start = executor._pool.workers.start_thread
        monkeypatch.setattr(
            executor._pool.workers, "start_thread", lambda: (reached.set(), gate.wait(LIMIT), start())[2]
        )
        caller = threading.Thread(target=first.graph.submit, args=(executor,))
        caller.start()
        assert reached.wait(LIMIT)
        future = second.graph.submit(executor)
        gate.set()
        assert future.result(LIMIT).nodes == second.size
        caller.join(LIMIT)
    first.check(1)
    second.check(1)
