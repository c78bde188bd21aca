"""What a notebook shows of futures and executors."""

import gc
import sys
import threading
from xml.etree import ElementTree

import pytest

import zuki

pytestmark = pytest.mark.timeout(60)


def shown(value):
    """Return the caption, and the rows by name."""
    root = ElementTree.fromstring(value._repr_html_())
    rows = {row.find("th").text: row.find("td").text for row in root.findall("tr")}
    return root.find("caption").text, rows


@pytest.fixture(params=[zuki.MultiThreadedExecutor, zuki.SingleThreadedExecutor])
def executor(request):
    with request.param(max_threads=2, name="<mine>") as made:
        yield made


def fail():
    raise ValueError("<script>")


async def seven():
    await zuki.yield_now()
    return 7


async def bad():
    fail()


def test_futures():
    future = zuki.Future()
    assert shown(future) == ("zuki.Future", {"state": "pending"})
    future.set_result("<b>" * 2)
    assert shown(future) == ("zuki.Future", {"state": "finished", "result": "'<b><b>'"})
    gone = zuki.Future()
    gone.cancel()
    gone.set_running_or_notify_cancel()
    assert shown(gone)[1] == {"state": "cancelled"}


def test_calls_and_coroutines(executor):
    call, failed = executor.submit(abs, -3), executor.submit(fail)
    assert (call.result(), str(failed.exception())) == (3, "<script>")
    assert shown(call)[1] == {"state": "finished", "result": "3"}
    assert shown(failed)[1] == {"state": "finished", "exception": "ValueError('<script>')"}
    task = executor.spawn(seven(), name="<task>")
    assert shown(task)[0] == "zuki.CoroutineTask '<task>'"
    task.result()
    assert shown(task)[1] == {"state": "finished", "result": "7"}


def test_who_looks_has_not_asked(executor, monkeypatch):
    told = []
    monkeypatch.setattr(sys, "unraisablehook", told.append)
    task = executor.spawn(bad())
    while not task.done():
        executor.run(seven())
    assert "exception" in shown(task)[1]
    del task  # nobody has asked: it is told nevertheless
    gc.collect()
    assert [each.exc_type for each in told] == [ValueError]


def test_runs():
    begun, go = threading.Event(), threading.Event()
    graph = zuki.Graph("<run>")
    graph.add(lambda: (begun.set(), go.wait(30)))
    failing = zuki.Graph("failing")
    failing.add(fail)
    with zuki.Executor(max_threads=1) as executor:
        future = graph.submit(executor)
        assert begun.wait(30)
        assert shown(future) == ("run of <run>", {"state": "running", "nodes": "0 of 1 reported as done"})
        assert shown(executor)[1]["runs"] == "1 under way"
        assert shown(executor)[1]["threads"] == "up to 1, 1 there now"
        go.set()
        report = future.result(30)
        assert shown(future) == shown(report)
        assert shown(report)[0] == "run of <run>"
        failed = failing.submit(executor)
        assert isinstance(failed.exception(30), ValueError)
        assert shown(failed)[1]["exception"] == "ValueError('<script>')"


def test_executors(executor):
    caption, rows = shown(executor)
    assert caption == f"zuki.{type(executor).__name__} '<mine>'"
    assert rows["threads"] == f"up to {executor.max_threads}, 0 there now"
    assert rows["idle threads stay"] == "for 10 s"
    assert "Python" not in rows
    executor.submit(abs, -3).result()
    assert shown(executor)[1]["Python"] == "0 calls, 0 coroutines ready to run"
    executor.shutdown()
    assert shown(executor)[1]["state"] == "shut down"


def test_how_long_threads_stay():
    with zuki.Executor(max_threads=3, min_threads=2, keep_alive=0.5) as executor:
        assert shown(executor)[1]["idle threads stay"] == "for 0.5 s; the last 2 for ever"
    with zuki.Executor(max_threads=3, keep_alive=None) as executor:
        assert shown(executor)[1]["idle threads stay"] == "for ever"
