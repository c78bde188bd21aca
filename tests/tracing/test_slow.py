"""`zuki.log_slow_tasks`: what took long is logged, once; nothing else is."""

import logging
import threading
import time

import pytest

import zuki
from tests.runtime.together import wait_until
from tests.tracing import bodies
from zuki.errors import ZukiError

SLOW = 60_000_000  # nanoseconds; logged is what takes more than half of that
LEAST = SLOW / 2 * 1e-9


@pytest.fixture(scope="module")
def executor():
    with zuki.Executor(max_threads=2, name="traced") as made:
        bodies.a_graph().run(made)
        zuki.run(bodies.leaves, 2, 1000, executor=made)
        yield made


@pytest.fixture
def records(caplog):
    caplog.set_level(logging.WARNING, "zuki.slow")

    def found():
        return [record for record in caplog.records if record.name == "zuki.slow"]

    return found


def sleep(seconds):
    time.sleep(seconds)


async def step():
    time.sleep(SLOW * 1e-9)
    await zuki.yield_now()


def test_a_node_is_told_of_with_its_graph(executor, records):
    graph = zuki.Graph("one of three")
    for name, nanoseconds in (("a", 1000), ("b", SLOW), ("c", 1000)):
        graph.add(bodies.take, nanoseconds, name=name)
    before = time.time()
    with zuki.log_slow_tasks(LEAST, executor) as slow:
        graph.run(executor)
        wait_until(lambda: slow.count > 0)  # while the block goes on
    (record,) = (one for one in records() if one.label == "b")
    assert (record.task, record.kind, record.executor) == ("take", "node", "traced")
    assert record.graph == "one of three"
    assert record.track.startswith("worker ")
    assert record.seconds >= SLOW * 0.99e-9
    assert before - 1 <= record.begun <= time.time()
    assert record.levelno == logging.WARNING
    assert record.getMessage().startswith("node 'b' took 0.")
    assert slow.count == len(records())
    assert slow.dropped == 0


def test_all_kinds(executor, records):
    graph = zuki.Graph("in Python")
    graph.add(sleep, SLOW * 1e-9)
    with zuki.log_slow_tasks(LEAST, executor):
        graph.run(executor)
        executor.submit(sleep, SLOW * 1e-9).result()
        executor.run(step())
        zuki.run(bodies.leaves, 2, SLOW, executor=executor)
    kinds = {(record.task, record.kind) for record in records()}
    assert kinds >= {("sleep", "python node"), ("sleep", "call"), ("step", "step")}
    assert kinds >= {("leaf", "spawned"), ("leaves", "node")}
    assert sum(record.kind == "call" for record in records()) == 1
    (call,) = (record for record in records() if record.kind == "call")
    assert call.graph is None


def test_what_began_before_a_look_is_told_of_after_it(executor, records):
    with zuki.log_slow_tasks(LEAST, executor) as slow:
        executor.submit(sleep, 0.5).result()  # longer than two looks are apart
        wait_until(lambda: slow.count)  # it is noted when whoever waits for it has been told already
    (record,) = records()
    assert record.seconds >= 0.5


def test_executors_made_meanwhile_and_another_logger(records, caplog):
    logger = logging.getLogger("tests.slow")
    with zuki.log_slow_tasks(LEAST, logger=logger) as slow, zuki.SingleThreadedExecutor(name="new") as made:
        made.submit(sleep, SLOW * 1e-9).result()
    assert records() == []
    (record,) = (one for one in caplog.records if one.name == "tests.slow" and one.executor == "new")
    assert record.kind == "call"
    assert slow.count >= 1


def test_nothing_is_left(executor):
    with zuki.log_slow_tasks(LEAST, executor):
        assert executor._pool.recorder is not None
    assert executor._pool.recorder is None
    assert not [thread for thread in threading.enumerate() if thread.name == "zuki-slow-tasks"]
    assert executor._pool.traces._latest.followers == []


def test_what_is_lost_is_counted(executor, records):
    with zuki.log_slow_tasks(LEAST, executor) as slow:
        pass
    assert slow.dropped == 0
    with (
        zuki.Executor(max_threads=1, name="small") as small,
        zuki.log_slow_tasks(1, small, events=16) as slow,
    ):
        bodies.a_graph(count=200, nanoseconds=10).run(small)
    assert slow.dropped > 300
    assert records() == []


def test_without_threads(executor, records, monkeypatch):
    def refuse(thread):
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patched:
        slow = zuki.log_slow_tasks(LEAST, executor)
        patched.setattr(slow._thread, "start", lambda: refuse(None))
        with slow:
            executor.submit(sleep, SLOW * 1e-9).result()
            wait_until(lambda: slow._followed[0]._python)
    assert [record.kind for record in records()] == ["call"]


def test_bad_input(executor):
    for seconds in ("1", True, None):
        with pytest.raises(TypeError, match="seconds must be a number"):
            zuki.log_slow_tasks(seconds)
    for seconds in (-1, float("inf"), float("nan")):
        with pytest.raises(ValueError, match="seconds must be at least 0 and finite"):
            zuki.log_slow_tasks(seconds)
    with pytest.raises(TypeError, match=r"executor must be a zuki\.Executor, not a int"):
        zuki.log_slow_tasks(1, 2)
    with pytest.raises(TypeError, match=r"logger must be a logging\.Logger, not a str"):
        zuki.log_slow_tasks(1, logger="mine")
    with pytest.raises(ValueError, match="events must be between"):
        zuki.log_slow_tasks(1, events=0)
    once = zuki.log_slow_tasks(1, executor)
    with once:
        pass
    with pytest.raises(ZukiError, match="used once"), once:
        pass
