"""A pool that many callers use at once: each run is whole, and each caller gets its own answer."""

import concurrent.futures
import gc
import threading
import time
import weakref

import numpy as np
import pytest

import zuki
from tests.runtime.bodies import increment, mark, milliseconds, nothing, spin

pytestmark = pytest.mark.timeout(60)
LIMIT = 20  # seconds


@pytest.fixture
def executor(request):
    made = zuki.Executor(max_threads=getattr(request, "param", 2))
    yield made
    made.shutdown(wait=False)


def wait_until(condition):
    end = time.monotonic() + LIMIT
    while not condition():
        assert time.monotonic() < end, "the limit is reached"
        time.sleep(0.005)


def at_once(count, function):
    """Call ``function(0)``, ``function(1)``, ... in threads that begin together; return what they return."""
    barrier = threading.Barrier(count)
    answers, errors = [None] * count, []

    def work(number):
        try:
            barrier.wait(LIMIT)
            answers[number] = function(number)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(number,), daemon=True) for number in range(count)]
    for thread in threads:
        thread.start()
    end = time.monotonic() + LIMIT
    for thread in threads:
        thread.join(max(0, end - time.monotonic()))
    assert not any(thread.is_alive() for thread in threads), "a caller hangs"
    if errors:
        raise errors[0]
    return answers


class Marked:
    """A graph of chains of jitted bodies and a few of Python; it can tell how often each ran."""

    def __init__(self, width=20, length=10, python=3):
        self.marks = np.zeros(width * length, np.int64)
        self.calls = []
        self.graph = zuki.Graph()
        nodes = self.graph.add_many(mark, self.marks, zuki.each(np.arange(width * length)))
        self.graph.add_edges(nodes.ids[:-width], nodes.ids[width:])
        for number in range(python):
            self.graph.add(self.calls.append, number, after=nodes[number])
        self.size, self.python = len(self.graph), python

    def check(self, times):
        assert (self.marks == times).all(), self.marks
        assert sorted(self.calls) == sorted(list(range(self.python)) * times)


# ---- many callers ---------------------------------------------------------------------------------


@pytest.mark.parametrize("executor", [1, 2, 4], indirect=True)
def test_graphs_of_four_threads(executor):
    graphs = [Marked() for _ in range(4)]

    def run(number):
        for _ in range(50):
            assert graphs[number].graph.run(executor).nodes == graphs[number].size

    at_once(4, run)
    for marked in graphs:
        marked.check(50)


def test_runs_and_submits_from_four_threads(executor):
    graphs = [Marked() for _ in range(4)]

    def run(number):
        for _ in range(20):
            graphs[number].graph.run(executor)
            assert graphs[number].graph.submit(executor).result(LIMIT).nodes == graphs[number].size
            assert graphs[number].graph.submit(executor).result().nodes == graphs[number].size

    at_once(4, run)
    for marked in graphs:
        marked.check(60)


@pytest.mark.parametrize("begin", ["run", "submit"])
def test_one_graph_of_two_threads_takes_turns(executor, begin):
    inside, most = [], []
    graph = zuki.Graph()
    first = graph.add(lambda: (inside.append(1), most.append(len(inside))))
    middle = graph.add_many(spin, milliseconds(0.2), count=10, after=first)
    graph.add(inside.pop, after=middle)

    def run(_number):
        for _ in range(20):
            if begin == "run":
                graph.run(executor)
            else:
                graph.submit(executor).result(LIMIT)

    at_once(2, run)
    assert most == [1] * 40
    assert inside == []


def test_one_graph_on_two_executors_takes_turns(executor):
    marked = Marked()
    with zuki.Executor(max_threads=2) as other:
        at_once(2, lambda number: [marked.graph.run((executor, other)[number]) for _ in range(20)])
    marked.check(40)


@pytest.mark.parametrize("executor", [1, 2], indirect=True)
def test_more_callers_than_seats(executor):
    graphs = [Marked() for _ in range(15)]

    def run(number):
        for _ in range(10):
            graphs[number].graph.run(executor)

    at_once(15, run)
    for marked in graphs:
        marked.check(10)


def test_no_more_bodies_at_once_than_threads(executor):
    lock = threading.Lock()
    inside, most = set(), [0]

    def body(number):
        with lock:
            inside.add(number)
            most[0] = max(most[0], len(inside))
        time.sleep(0.001)
        with lock:
            inside.discard(number)

    def run(number):
        graph = zuki.Graph()
        for index in range(5):
            graph.add(body, (number, index))
        graph.run(executor)

    at_once(6, run)
    assert most[0] == 1  # of Python: one at a time, as the interpreter's lock wants it


def test_a_caller_on_a_full_pool_gets_its_answer():
    with zuki.Executor(max_threads=1) as executor:
        begun, gate = threading.Event(), threading.Event()
        blocked = zuki.Graph()
        blocked.add(lambda: (begun.set(), gate.wait(LIMIT)))
        future = blocked.submit(executor)
        assert begun.wait(LIMIT)
        opener = threading.Timer(0.1, gate.set)
        opener.start()
        marked = Marked()
        marked.graph.run(executor)
        marked.check(1)
        assert future.result(LIMIT).nodes == 1
        opener.join(LIMIT)


# ---- submits --------------------------------------------------------------------------------------


@pytest.mark.parametrize("executor", [1, 2, 5], indirect=True)
def test_twenty_submits(executor):
    graphs = [Marked() for _ in range(20)]
    for _ in range(3):
        futures = [marked.graph.submit(executor) for marked in graphs]
        done, waiting = concurrent.futures.wait(futures, LIMIT)
        assert not waiting
        assert {future.result(0).nodes for future in done} == {graphs[0].size}
    for marked in graphs:
        marked.check(3)


def test_more_submits_than_a_pool_takes(executor):
    begun, gate = threading.Event(), threading.Event()
    blocked = zuki.Graph()
    blocked.add(lambda: (begun.set(), gate.wait(LIMIT)))
    futures = [blocked.submit(executor)]
    assert begun.wait(LIMIT)
    graphs = [zuki.Graph() for _ in range(1024)]
    for graph in graphs:
        graph.add(int)  # they wait for the interpreter lane
    futures += [graph.submit(executor) for graph in graphs[:-1]]
    with pytest.raises(zuki.ZukiError, match="1024 graphs"):
        graphs[-1].submit(executor)
    with pytest.raises(zuki.ZukiError, match="1024 graphs"):
        graphs[-1].run(executor)
    gate.set()
    assert not concurrent.futures.wait(futures, LIMIT).not_done
    assert graphs[-1].run(executor).nodes == 1


def test_submits_of_several_threads(executor):
    def submit(_number):
        graphs = [Marked(width=5, length=4) for _ in range(10)]
        futures = [marked.graph.submit(executor) for marked in graphs]
        for future in concurrent.futures.as_completed(futures, LIMIT):
            assert future.exception(0) is None
        for marked in graphs:
            marked.check(1)

    at_once(4, submit)


# ---- futures --------------------------------------------------------------------------------------


def gated_graph():
    gate = threading.Event()
    graph = zuki.Graph("gated")
    graph.add(gate.wait, LIMIT)
    return graph, gate


def test_a_result_that_takes_too_long(executor):
    graph, gate = gated_graph()
    future = graph.submit(executor)
    with pytest.raises(TimeoutError):
        future.result(0.01)
    with pytest.raises(TimeoutError):
        future.exception(0.01)
    assert future.running()
    assert not future.done()
    gate.set()
    assert future.result(LIMIT) is future.result() is future.result(0)
    assert future.exception(0) is None
    assert future.done()


def test_a_run_that_began_cannot_be_cancelled(executor):
    graph, gate = gated_graph()
    future = graph.submit(executor)
    assert not future.cancel()
    assert not future.cancelled()
    gate.set()
    assert future.result(LIMIT).nodes == 1


@pytest.mark.parametrize("nodes", [0, 3])
def test_the_report_is_of_this_run(executor, nodes):
    graph = zuki.Graph("several")
    if nodes:
        graph.add_many(nothing, count=nodes)
    for report in (graph.run(executor), graph.submit(executor).result(LIMIT)):
        assert (report.graph, report.nodes, report.edges) == ("several", nodes, 0)


def test_an_exception(executor):
    graph = zuki.Graph("wrong")
    graph.add(divmod, 1, 0)
    future = graph.submit(executor)
    error = future.exception(LIMIT)
    assert isinstance(error, ZeroDivisionError)
    assert "'wrong'" in error.__notes__[0]
    with pytest.raises(ZeroDivisionError):
        future.result(0)


def test_callbacks(executor):
    graph, gate = gated_graph()
    future = graph.submit(executor)
    called, heard = [], threading.Event()
    future.add_done_callback(called.append)
    future.add_done_callback(lambda _: heard.set())
    assert called == []
    gate.set()
    assert heard.wait(LIMIT)
    assert called == [future]
    future.add_done_callback(called.append)  # at once
    assert called == [future, future]


def test_a_callback_runs_the_graph_again(executor):
    marked = Marked()
    ended = threading.Event()
    errors = []

    def again(future, left=3):
        try:
            assert future.exception(0) is None
            if left:
                following = marked.graph.submit(executor)
                following.add_done_callback(lambda future: again(future, left - 1))
            else:
                ended.set()
        except BaseException as error:
            errors.append(error)
            ended.set()

    marked.graph.submit(executor).add_done_callback(again)
    assert ended.wait(LIMIT)
    assert errors == []
    marked.check(4)


def test_the_first_of_several(executor):
    graph, gate = gated_graph()
    quick = zuki.Graph()
    quick.add_many(increment, 1, count=5)
    first, second = quick.submit(executor), graph.submit(executor)
    done, waiting = concurrent.futures.wait(
        [first, second], LIMIT, return_when=concurrent.futures.FIRST_COMPLETED
    )
    assert (done, waiting) == ({first}, {second})
    gate.set()
    assert not concurrent.futures.wait([first, second], LIMIT).not_done


# ---- reports --------------------------------------------------------------------------------------


def test_a_lone_worker_steals_nothing():
    graph = zuki.Graph()
    graph.add_many(spin, milliseconds(0.1), count=50)
    with zuki.Executor(max_threads=1) as executor:
        for report in (graph.run(executor), graph.submit(executor).result(LIMIT)):
            assert (report.workers, report.steals) == (1, 0)


def test_two_workers_share_what_is_long(executor):
    graph = zuki.Graph()
    graph.add_many(spin, milliseconds(5), count=40)
    shared = [graph.run(executor) for _ in range(5)]
    assert any(report.workers == 2 for report in shared)
    assert all(1 <= report.workers <= 2 and report.steals >= 0 for report in shared)


def test_runs_that_are_over_are_forgotten(executor):
    graph = zuki.Graph()
    graph.add_many(nothing, count=10)
    graph.run(executor)
    futures = [weakref.ref(graph.submit(executor)) for _ in range(50)]
    graph.run(executor)  # takes its turn after the last of them

    def are_forgotten():
        gc.collect()  # a future and its run know one another
        return all(future() is None for future in futures)

    wait_until(are_forgotten)  # the threads may be about to leave the last run
