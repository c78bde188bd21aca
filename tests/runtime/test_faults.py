"""What fails in the middle: allocations, starts of threads, full rings, nodes and callbacks that raise."""

import random
import sys
import threading
from types import ModuleType

import numpy as np
import pytest

import zuki
from tests.runtime.bodies import increment, mark
from tests.runtime.together import LIMIT, Marked, at_once, wait_until
from zuki.graph import arena, batch, contents, running
from zuki.runtime import tables
from zuki_kernels import counters

pytestmark = pytest.mark.timeout(60)

_ALLOCATE = "zeros", "empty", "ones", "array", "arange", "concatenate", "repeat", "tile", "unique", "lexsort"
_ALLOCATE += "full", "diff", "count_nonzero"


class Short(ModuleType):
    """NumPy whose n-th allocation fails."""

    def __init__(self, left):
        super().__init__("numpy")
        self.left = left

    def __getattr__(self, name):
        found = getattr(np, name)
        if name not in _ALLOCATE:
            return found

        def allocate(*arguments, **options):
            self.left -= 1
            if self.left == 0:
                raise MemoryError(f"np.{name}")
            return found(*arguments, **options)

        return allocate


@pytest.fixture
def with_short_memory(monkeypatch):
    """Call a function again and again, the n-th allocation of modules failing; yield n until none fails."""

    def attempts(modules, function):
        for number in range(1, 200):
            short = Short(number)
            with monkeypatch.context() as patched:
                for module in modules:
                    patched.setattr(module, "np", short)
                try:
                    function()
                except MemoryError as error:
                    failed = error
                else:
                    failed = None
            if short.left > 0:
                return
            yield number, failed
        raise AssertionError("it never works")

    return attempts


@pytest.fixture
def executor():
    with zuki.Executor(max_threads=2) as made:
        yield made
        wait_until(lambda: not made._pool.active)  # a future is set before its slot is free
        assert len(made._pool.slots._free_slots) == tables.RUNS


@pytest.mark.parametrize("begin", ["run", "submit"])
def test_no_memory_at_a_run(with_short_memory, executor, begin):
    built = []

    def build():
        marked = Marked(width=5, length=4, python=2)
        marked.graph.add(mark, np.zeros(3, np.int64), 0, priority=3, cost=2.0, after=[marked.graph.nodes[5]])
        built.append((marked, len(marked.graph)))

    def run():
        marked, _ = built[-1]
        if begin == "run":
            marked.graph.run(executor, measure=True)
        else:
            marked.graph.submit(executor, measure=True).result(LIMIT)

    build()
    failures = []
    for _, failed in with_short_memory([contents, running], run):
        failures.append(failed)
        marked, size = built[-1]
        before = marked.marks[0]
        assert marked.graph.run(executor).nodes == size  # the same graph, nothing of it half done
        marked.check(before + 1)
        build()
    assert len(failures) > 10
    assert None not in failures


def test_no_memory_while_a_graph_is_built(with_short_memory, executor):
    built = []

    def build():
        built.clear()
        graph, marks = zuki.Graph(), np.zeros(60, np.int64)
        built.append((graph, marks))
        first = graph.add(mark, marks, 0)
        many = graph.add_many(mark, marks, zuki.each(np.arange(1, 40)), after=first)
        graph.add_many(mark, marks, zuki.each(np.arange(40, 60)), after=many)
        graph.add_edges(np.arange(5), np.arange(5) + 10)

    failures = 0
    for _, failed in with_short_memory([arena, batch, contents], build):
        assert failed is not None
        failures += 1
        if not built:
            continue
        graph, marks = built[-1]
        if graph._state.is_spoilt:
            with pytest.raises(zuki.GraphError, match="not whole: there was no memory for one of its nodes"):
                graph.run(executor)
            with pytest.raises(zuki.GraphError, match="not whole"):
                graph.submit(executor)
        else:
            graph.run(executor)
            assert marks.sum() == (len(graph) - graph._state.count_bodies()["join"])
    assert failures > 5
    graph, marks = built[-1]
    graph.run(executor)
    assert marks.tolist() == [1] * 60


def test_no_memory_for_an_executor(with_short_memory):
    assert list(with_short_memory([tables], lambda: zuki.Executor(2)))
    marked = Marked()
    with zuki.Executor(2) as executor:
        marked.graph.run(executor)
    marked.check(1)


# ---- threads -------------------------------------------------------------------------------------


@pytest.mark.parametrize("error", [RuntimeError, MemoryError])
@pytest.mark.parametrize("workers", [1, 2, 4])
def test_threads_that_start_or_not(monkeypatch, workers, error):
    """Each start fails by chance, while threads retire, so that they have to start all the time."""
    start, chosen, refused = threading.Thread.start, random.Random(workers), []

    def perhaps(thread):
        if thread.name.startswith("chance") and (not refused or chosen.random() < 0.5):
            refused.append(thread)
            raise error("can't start new thread")
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", perhaps)
    with zuki.Executor(max_threads=workers, keep_alive=0, name="chance") as executor:

        def run(number):
            ran, marked = 0, Marked(width=4, length=3, python=1)
            for turn in range(60):
                try:
                    if (turn + number) % 2:
                        marked.graph.run(executor)
                    else:
                        marked.graph.submit(executor).result(LIMIT)
                    ran += 1
                except zuki.ZukiError:  # it was refused
                    if (marked.marks > ran).any():  # stopped when some bodies had begun
                        marked = Marked(width=4, length=3, python=1)
                        ran = 0
            marked.check(ran)

        at_once(3, run)
        wait_until(lambda: not executor._pool.active)  # a future is set before its slot is free
    assert refused


# ---- rings ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("capacity", [2, 8])
@pytest.mark.parametrize("workers", [1, 3])
def test_rings_that_overflow(monkeypatch, workers, capacity):
    monkeypatch.setattr(tables, "CAPACITY", capacity)
    marks = np.zeros(500, np.int64)
    graph = zuki.Graph()
    first = graph.add_many(mark, marks, zuki.each(np.arange(10)))
    fan = graph.add_many(mark, marks, zuki.each(np.arange(10, 490)))
    last = graph.add_many(mark, marks, zuki.each(np.arange(490, 500)))
    graph.add_edges(np.repeat(first.ids, 48), fan.ids)
    graph.add_edges(fan.ids, np.tile(last.ids, 48))
    with zuki.Executor(max_threads=workers) as executor:
        assert executor._pool.tables.rings.shape[1] == capacity
        for _ in range(20):
            graph.run(executor)
            graph.submit(executor).result(LIMIT)
        assert executor._pool.tables.workers[:, counters.OVERFLOWS].sum() > 0
    assert marks.tolist() == [40] * 500


# ---- exceptions anywhere -------------------------------------------------------------------------


class StrangeError(Exception):
    """An exception that takes no notes and cannot be printed."""

    def add_note(self, note):
        raise ZeroDivisionError

    def __str__(self):
        raise ZeroDivisionError

    __repr__ = __str__


@pytest.mark.parametrize(
    "error",
    [ValueError("x"), SystemExit(3), KeyboardInterrupt(), GeneratorExit(), MemoryError(), StrangeError()],
)
@pytest.mark.parametrize("begin", ["run", "submit"])
def test_a_node_raises_anything(executor, error, begin):
    def body():
        raise error

    graph = zuki.Graph()
    graph.add(body)
    other = graph.add(increment, 3)
    for _ in range(3):
        with pytest.raises(type(error)) as caught:
            graph.run(executor) if begin == "run" else graph.submit(executor).result(LIMIT)
        assert caught.value is error
        assert other.result() == 4


@pytest.mark.parametrize("error", [SystemExit, KeyboardInterrupt, GeneratorExit])
def test_a_callback_raises_what_ends_threads(executor, monkeypatch, error):
    heard = []
    monkeypatch.setattr(sys, "unraisablehook", lambda lost: heard.append(lost.exc_type))
    marked = Marked()

    def callback(_future):
        raise error

    gate = threading.Event()
    gated = zuki.Graph()
    gated.add(gate.wait, LIMIT)
    for _ in range(5):
        gate.clear()
        future = gated.submit(executor)
        future.add_done_callback(callback)
        gate.set()
        future.result(LIMIT)
        marked.graph.submit(executor).result(LIMIT)
    marked.check(5)
    executor.shutdown()
    assert heard == [error] * 5
