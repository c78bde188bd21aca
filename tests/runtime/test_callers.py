"""A pool that many callers use at once: each run is whole, and each caller gets its own answer."""

import concurrent.futures
import threading
import weakref

import pytest

import zuki
from tests.runtime.bodies import milliseconds, nothing, spin
from tests.runtime.together import LIMIT, Marked, at_once, wait_until

pytestmark = pytest.mark.timeout(240)


@pytest.fixture
def executor(request):
    made = zuki.Executor(max_threads=getattr(request, "param", 2))
    yield made
    made.shutdown(wait=False)


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


def test_different_graphs_on_several_executors():
    executors = [zuki.Executor(max_threads=2) for _ in range(3)]
    graphs = [Marked() for _ in range(6)]

    def run(number):
        for turn in range(40):
            graphs[number].graph.run(executors[(number + turn) % 3])

    at_once(6, run)
    for marked in graphs:
        marked.check(40)
    for executor in executors:
        executor.shutdown()


@pytest.mark.parametrize("executor", [1, 2], indirect=True)
def test_more_callers_than_seats(executor):
    graphs = [Marked() for _ in range(15)]

    def run(number):
        for _ in range(10):
            graphs[number].graph.run(executor)

    at_once(15, run)
    for marked in graphs:
        marked.check(10)


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

    # a future and its run know one another; and the threads may be about to leave the last run
    wait_until(lambda: all(future() is None for future in futures), collect=True)
