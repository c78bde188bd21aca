"""Futures of runs: results, limits, exceptions, callbacks."""

import concurrent.futures
import threading

import pytest

import zuki
from tests.runtime.bodies import nothing
from tests.runtime.together import LIMIT, Marked, gated, spinning

pytestmark = pytest.mark.timeout(240)


@pytest.fixture
def executor():
    with zuki.Executor(max_threads=2) as made:
        yield made


@pytest.mark.parametrize("limit", [0, 0.01])
def test_a_result_that_takes_too_long(executor, limit):
    graph, gate = gated()
    future = graph.submit(executor)
    assert isinstance(future, concurrent.futures.Future)
    with pytest.raises(TimeoutError):
        future.result(limit)
    with pytest.raises(TimeoutError):
        future.exception(limit)
    assert future.running()
    assert not future.done()
    gate.set()
    assert future.result(LIMIT) is future.result() is future.result(0)
    assert future.exception(0) is None
    assert future.done()


def test_a_run_that_began_cannot_be_cancelled(executor):
    graph, gate = gated()
    future = graph.submit(executor)
    assert not future.cancel()
    assert not future.cancelled()
    gate.set()
    assert future.result(LIMIT).nodes == 1
    assert not future.cancel()


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
    graph, gate = gated()
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


def test_callbacks_that_run_the_graph_again(executor):
    marked = Marked()
    ended = threading.Event()
    errors = []

    def again(future, left=20):
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
    marked.check(21)


def test_wait_and_as_completed(executor):
    graph, gate = gated()
    first = graph.submit(executor)
    others = [spinning(5).submit(executor) for _ in range(5)]
    done, rest = concurrent.futures.wait([first, *others], LIMIT, concurrent.futures.FIRST_COMPLETED)
    assert done <= set(others)
    assert rest >= {first}
    gate.set()
    ended = {future.result().nodes for future in concurrent.futures.as_completed([first, *others], LIMIT)}
    assert ended == {1, 5}


def test_an_empty_graph_is_done_at_once(executor):
    future = zuki.Graph().submit(executor)
    assert future.done()
    assert future.result(0).nodes == 0


def test_run_waits_for_its_turn_after_a_submitted_run(executor):
    graph = spinning(10, 1_000_000)
    future = graph.submit(executor)
    assert graph.run(executor).nodes == 10
    assert future.result(LIMIT).nodes == 10
