"""Metrics of an executor: nothing is lost, whatever tasks do; and what is counted is what has happened."""

import random
import sys
import threading
import time

import numpy as np
import pytest

import zuki
from tests.runtime.bodies import increment, nothing, spin
from tests.runtime.script import run_script
from tests.runtime.together import LIMIT, spinning, wait_until
from zuki.metrics.counts import TaskCounts
from zuki.runtime import tables

EXECUTORS = {
    "one": lambda: zuki.Executor(max_threads=1),
    "two": lambda: zuki.Executor(max_threads=2),
    "four": lambda: zuki.Executor(max_threads=4),
    "single": lambda: zuki.SingleThreadedExecutor(),
}


class UnluckyError(Exception):
    pass


@zuki.task("void(int64[::1], int64, boolean)", writes=())
def step(marks, index, fails):
    marks[index] += 1
    if fails:
        raise ValueError("unlucky")


@zuki.task("int64(int64[::1], boolean[::1], boolean[::1], int64)")
def tree(marks, failing, leaving, index):
    """Note that this one has begun; fail, or spawn the two below it in a heap and join or leave them."""
    marks[index] += 1
    if failing[index]:
        raise ValueError("unlucky")
    left, right = 2 * index + 1, 2 * index + 2
    if right >= len(marks):
        return 1
    first = zuki.spawn(tree, marks, failing, leaving, left)
    second = zuki.spawn(tree, marks, failing, leaving, right)
    if leaving[index]:
        return 1
    return 1 + zuki.join(first) + zuki.join(second)


@zuki.task("void(int64[::1], int64, boolean)")
def detached(marks, index, fails):
    marks[index] += 1
    if fails:
        raise ValueError("unlucky")


@zuki.task
def detach_all(marks, failing):
    for index in range(len(marks)):
        zuki.spawn_detached(detached, marks, index, failing[index])


class Ledger:
    """Does random things with an executor, and keeps what its metrics must say of them."""

    def __init__(self, executor, seed):
        self.executor, self.dice = executor, random.Random(seed)
        self.expected = {kind: TaskCounts() for kind in zuki.Metrics.__annotations__["tasks"]._fields}
        self.sleeping = []
        self.before = executor.metrics()

    def note(self, kind, spawned, run, failed, cancelled=0, queued=0):
        self.expected[kind] = TaskCounts(
            *(map(sum, zip(self.expected[kind], (spawned, run, failed, cancelled, queued), strict=True)))
        )

    def booleans(self, count, chance):
        return np.array([self.dice.random() < chance for _ in range(count)])

    def graph(self):
        count, chance = self.dice.randrange(1, 60), self.dice.choice((0, 0, 0.1))
        marks, failing = np.zeros(count, np.int64), self.booleans(count, chance)
        graph, calls = zuki.Graph(), []

        def python(index):
            calls.append(index)
            marks[index] += 1
            if failing[index]:
                raise UnluckyError

        nodes = []
        for index in range(count):
            after = self.dice.sample(nodes, min(len(nodes), self.dice.randrange(3)))
            if self.dice.random() < 0.2:
                nodes.append(graph.add(python, index, after=after))
            else:
                nodes.append(graph.add(step, marks, index, bool(failing[index]), after=after))
        for _ in range(2):
            marks[:] = 0
            try:
                graph.run(self.executor)
            except (ValueError, UnluckyError):
                assert chance
            ran, failed = int(marks.sum()), int((failing & (marks > 0)).sum())
            self.note("nodes", count, ran - failed, failed, count - ran)

    def spawned(self):
        count, chance = self.dice.randrange(1, 200) | 1, self.dice.choice((0, 0.02, 0.3))
        marks, failing, leaving = np.zeros(count, np.int64), self.booleans(count, chance), None
        failing[0], leaving = False, self.booleans(count, 0.3)
        failed = np.zeros(count, bool)
        try:
            self.executor.run(tree, marks, failing, leaving, 0)
        except ValueError:
            failed[0] = True
        begun = marks > 0
        for index in range(count - 1, -1, -1):
            below = failed[2 * index + 1 : 2 * index + 3]
            failed[index] = begun[index] and (failing[index] or below.any())
        spawners = np.flatnonzero(begun & ~failing)
        spawned = 2 * int((2 * spawners + 2 < count).sum())
        bad = int(failed[1:].sum())
        self.note("nodes", 1, 1 - int(failed[0]), int(failed[0]))
        self.note("spawned", spawned, int(begun[1:].sum()) - bad, bad, spawned - int(begun[1:].sum()))

    def detached(self):
        count = self.dice.randrange(1, 20)
        marks, failing = np.zeros(count, np.int64), self.booleans(count, self.dice.choice((0, 0.2)))
        self.executor.run(detach_all, marks, failing)
        wait_until(lambda: self.executor.metrics().tasks.detached.queued == 0)
        self.note("nodes", 1, 1, 0)
        self.note("detached", count, count - int(failing.sum()), int(failing.sum()))

    def calls(self):
        def call(index):
            if index % 3 == 2:
                raise UnluckyError

        futures = [self.executor.submit(call, index) for index in range(self.dice.randrange(1, 30))]
        for future in self.dice.sample(futures, len(futures) // 2):
            future.cancel()
        failed = cancelled = 0
        for future in futures:
            if future.cancelled():
                cancelled += 1
            elif future.exception() is not None:
                failed += 1
        self.note("calls", len(futures), len(futures) - failed - cancelled, failed, cancelled)

    def submitted(self):
        """Submit jitted tasks, of which this thread runs those itself that no worker has begun."""
        count, chance = self.dice.randrange(1, 60), self.dice.choice((0, 0.2))
        marks, failing = np.zeros(count, np.int64), self.booleans(count, chance)
        futures = [self.executor.submit(step, marks, index, bool(failing[index])) for index in range(count)]
        for future in self.dice.sample(futures, count // 3):
            future.cancel()
        if self.dice.random() < 0.5:
            time.sleep(0.002)
        for future in self.dice.sample(futures, count):
            if not future.cancelled():
                future.exception()
        begun, cancelled = marks > 0, sum(future.cancelled() for future in futures)
        failed = int((begun & failing).sum())
        assert begun.sum() == count - cancelled
        self.note("calls", count, count - cancelled - failed, failed, cancelled)

    def coroutines(self):
        async def work(index):
            for _ in range(index % 4):
                await zuki.yield_now()
            if index % 5 == 4:
                raise UnluckyError

        async def main(count):
            tasks = [zuki.spawn(work(index)) for index in range(count)]
            for task in self.dice.sample(tasks, count // 3):
                task.cancel()
            failed = cancelled = 0
            for task in tasks:
                try:
                    await task
                except UnluckyError:
                    failed += 1
                except BaseException:
                    assert task.cancelled()
                    cancelled += 1
            return failed, cancelled

        count = self.dice.randrange(1, 40)
        failed, cancelled = self.executor.run(main(count))
        self.note("coroutines", count + 1, count + 1 - failed - cancelled, failed, cancelled)

    def sleepers(self):
        """Leave some coroutines asleep until the end."""
        gate, count = zuki.Future(), self.dice.randrange(1, 8)

        async def sleep():
            await gate

        async def main():
            tasks = [zuki.spawn(sleep()) for _ in range(count)]
            await zuki.yield_now()
            return tasks

        tasks = self.executor.run(main())
        self.sleeping.append((gate, tasks))
        self.note("coroutines", count + 1, 1, 0, 0, count)

    def wake_all(self):
        for gate, tasks in self.sleeping:
            gate.set_result(None)
            for task in tasks:
                task.result()
            self.note("coroutines", 0, len(tasks), 0, 0, -len(tasks))
        self.sleeping.clear()

    def check(self):
        """Wait until all is at rest, and compare."""
        wait_until(self.is_at_rest)
        end = time.monotonic() + 10
        while self.counted()._asdict() != self.expected and time.monotonic() < end:
            time.sleep(0.005)  # a worker counts a submitted call after that is over
        found = self.counted()
        assert found._asdict() == self.expected
        for counts in (*found, found.total):
            assert counts.spawned == counts.run + counts.failed + counts.cancelled + counts.queued

    def counted(self):
        return (self.executor.metrics() - self.before).tasks

    def is_at_rest(self):
        pool = self.executor._pool
        lanes = pool.lanes
        served = lanes is not None and (lanes.calls.holders or lanes.coroutines.holders)
        return not served and not pool.active


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("kind", EXECUTORS)
def test_all_that_was_spawned_has_run_failed_been_cancelled_or_waits(kind, seed, monkeypatch):
    monkeypatch.setattr(sys, "unraisablehook", lambda lost: None)  # of detached tasks
    with EXECUTORS[kind]() as executor:
        ledger = Ledger(executor, seed)
        things = ["graph", "spawned", "detached", "calls", "submitted", "coroutines", "sleepers"] * 3
        ledger.dice.shuffle(things)
        for thing in things:
            getattr(ledger, thing)()
            ledger.check()
        ledger.wake_all()
        ledger.check()


def test_what_is_blocked_is_queued():
    with zuki.Executor(max_threads=1) as executor:
        begun, gate = threading.Event(), threading.Event()
        blocked = executor.submit(lambda: (begun.set(), gate.wait(LIMIT)))
        assert begun.wait(LIMIT)
        waiting = [executor.submit(abs, -1) for _ in range(5)]
        metrics = executor.metrics()
        assert metrics.tasks.calls == TaskCounts(spawned=6, queued=5)
        assert metrics.queues.calls == 5
        gate.set()
        assert [future.result() for future in waiting] == [1] * 5
        blocked.result()
        assert executor.metrics().tasks.calls == TaskCounts(spawned=6, run=6)


def test_nodes_that_wait_for_one_that_runs():
    with zuki.Executor(max_threads=2) as executor:
        gate, graph = threading.Event(), zuki.Graph()
        graph.add_many(nothing, count=10, after=graph.add(gate.wait, LIMIT))
        future = graph.submit(executor)
        wait_until(lambda: executor.metrics().threads.now > 0)
        assert executor.metrics().tasks.nodes == TaskCounts(spawned=11, queued=11)
        gate.set()
        future.result(LIMIT)
        assert executor.metrics().tasks.nodes == TaskCounts(spawned=11, run=11)
        assert executor.metrics().python_nodes == 1


def test_workers_and_their_time():
    with zuki.Executor(max_threads=3) as executor:
        assert executor.metrics().workers == ()
        assert executor.metrics().utilisation == 0.0
        for _ in range(20):
            spinning(60, 100_000).run(executor)
        metrics = executor.metrics()
        assert metrics.seconds >= 0
        assert sum(worker.tasks for worker in metrics.workers) == metrics.tasks.nodes.run == 1200
        for worker in metrics.workers:
            there = worker.running + worker.searching + worker.parked
            assert 0 <= there <= metrics.seconds + 0.01
            assert 0 <= worker.utilisation <= 1
        assert metrics.workers[0].running > 0
        assert metrics.steals.won <= metrics.steals.tried
        assert sum(metrics.steals.by_victim) == metrics.steals.won
        assert sum(worker.steals for worker in metrics.workers) == metrics.steals.won
        assert metrics.steals.tasks >= metrics.steals.won
        assert metrics.wakes <= metrics.parks + metrics.threads.started
        assert metrics.spurious_wakes <= metrics.parks
        assert metrics.contention >= metrics.steals.lost


def test_an_idle_worker_is_parked():
    with zuki.Executor(max_threads=1) as executor:
        spinning(1).submit(executor).result(LIMIT)
        wait_until(lambda: executor.metrics().parks > 0)
        before = executor.metrics()
        wait_until(lambda: (executor.metrics() - before).workers[0].parked > 0.05)
        passed = executor.metrics() - before
        assert passed.workers[0].running == passed.workers[0].searching == 0
        assert passed.workers[0].parked == pytest.approx(passed.seconds, abs=1e-6)


def test_threads_are_counted():
    with zuki.Executor(max_threads=2, keep_alive=0.01) as executor:
        assert executor.metrics().threads == (0, 0, 0)
        spinning().submit(executor).result(LIMIT)
        assert executor.metrics().threads.started >= 1
        wait_until(lambda: executor.metrics().threads.now == 0)
        threads = executor.metrics().threads
        assert threads.started == threads.retired
    assert executor.metrics().threads.now == 0  # also of one that was shut down


def test_overflow_and_its_way_back():
    with zuki.Executor(max_threads=1) as executor:
        graph = zuki.Graph()
        root = graph.add(nothing)
        graph.add_many(nothing, count=3 * tables.CAPACITY, after=root)
        graph.run(executor)
        metrics = executor.metrics()
        assert metrics.overflow > 1.5 * tables.CAPACITY  # of 2 that there is no room for
        assert metrics.queues.overflow == metrics.queues.deques == 0
        assert metrics.tasks.nodes == TaskCounts(*[3 * tables.CAPACITY + 1] * 2)


def test_metrics_are_read_while_all_goes_on():
    with zuki.Executor(max_threads=2) as executor:
        graph = zuki.Graph()
        nodes = graph.add_many(increment, 0, count=64)
        for _ in range(200):
            nodes = graph.add_many(spin, 100, count=64, after=nodes[0])
        before = executor.metrics()
        futures = [graph.submit(executor) for _ in range(3)]
        while not all(future.done() for future in futures):
            metrics = executor.metrics()
            change = metrics - before
            for counts in change.tasks:
                assert min(counts) >= 0
            for worker in change.workers:
                assert min(worker) >= 0
            before = metrics
        for future in futures:
            future.result(LIMIT)
        assert executor.metrics().tasks.nodes.run == 3 * len(graph)


def test_a_child_counts_from_zero():
    printed = run_script(
        """
        import os
        import zuki
        executor = zuki.SingleThreadedExecutor()
        executor.submit(abs, -1).result()
        before = executor.metrics()
        child = os.fork()
        if child == 0:
            now = executor.metrics()
            print(now.tasks.calls.spawned, flush=True)
            try:
                now - before
            except ValueError as error:
                print("of two processes" in " ".join(str(error).split()), flush=True)
            os._exit(0)
        os.waitpid(child, 0)
        print(executor.metrics().tasks.calls.spawned)
        """
    )
    assert "".join(printed).split() == ["0", "True", "1"]


# ---- what is measured ----------------------------------------------------------------------------


@pytest.mark.parametrize("kind", EXECUTORS)
def test_times_are_counted_of_all_that_runs(kind, monkeypatch):
    calls = []
    monkeypatch.setenv("ZUKI_MEASURE", "1")
    with EXECUTORS[kind]() as executor:
        graph = zuki.Graph()
        first = graph.add(spin, 100_000)
        many = [graph.add(increment, number, after=first) for number in range(40)]
        last = graph.add(lambda: calls.append(time.sleep(0.02)), after=many)
        graph.add(increment, 3, after=last)
        before = executor.metrics()
        assert (before.durations.count, before.latencies.count) == (0, 0)
        graph.run(executor)
        after = executor.metrics()
        passed = after - before
        assert passed.durations.count == 43
        assert passed.latencies.count == 42  # of jitted nodes
        assert passed.durations.total >= 0.02
        # who waits for the first, or for the sleep, is not ready before its end
        assert passed.latencies.total < 43 * passed.seconds
        for _ in range(5):
            assert executor.submit(increment, 1).result(LIMIT) == 2
        executor.submit(time.sleep, 0.001).result(LIMIT)
        wait_until(lambda: (executor.metrics() - after).durations.count == 6)
        marks = np.zeros(63, np.int64)
        flags = np.zeros(63, np.bool_)
        assert executor.run(tree, marks, flags, flags, 0) == 63
        assert 7 <= (executor.metrics() - after).durations.count <= 6 + 63 + 1


def test_latencies_are_from_the_last_predecessor_on():
    graph = zuki.Graph()
    first = graph.add(spin, 30_000_000)
    graph.add(spin, 1, after=[first, graph.add(spin, 1)])
    with zuki.Executor(2, measure=True) as executor:
        graph.run(executor)
        waited = executor.metrics().latencies
    assert waited.count == 3
    assert waited.total < LIMIT  # not since the processor was started
    (low, _, _), *_ = waited
    assert low == 0  # who comes last runs what follows at once


def test_a_trace_measures_too_and_takes_nothing_away():
    graph = spinning(20, 1000)
    with zuki.Executor(2, measure=True) as executor:
        for count in range(1, 4):
            with zuki.trace(executor) as trace:
                graph.run(executor)
            assert trace.tasks == trace.durations().count == 20
            assert executor.metrics().durations.count == 40 * count - 20
            report = graph.run(executor)
            assert executor.metrics().durations.count == 40 * count
        with pytest.raises(zuki.ZukiError):
            report.scaling()  # it was not traced


def test_others_measure_nothing(monkeypatch):
    with zuki.Executor(2) as executor:
        spinning(5, 100).run(executor)
        metrics = executor.metrics()
        assert metrics.durations is metrics.latencies is (metrics - metrics).durations is None
        assert metrics.to_dict()["durations"] is None
        assert "tasks take" not in str(metrics)
    monkeypatch.setenv("ZUKI_MEASURE", "1")
    with zuki.Executor(2) as executor:
        spinning(5, 100).run(executor)
        metrics = executor.metrics()
    assert metrics.to_dict()["durations"]["count"] == 5
    for shown in (str(metrics), metrics._repr_html_()):
        assert "tasks take" in shown
        assert "nodes wait" in shown
    monkeypatch.setenv("ZUKI_MEASURE", "perhaps")
    with pytest.raises(ValueError, match="ZUKI_MEASURE must be 0 or 1, not 'perhaps'"):
        zuki.Executor(2)
    with pytest.raises(TypeError, match="measure must be a bool, not int"):
        zuki.Executor(2, measure=3)


def test_a_run_without_memory_for_its_cells_is_not_measured(monkeypatch):
    graph = spinning(20, 100)

    class Short:
        int64 = np.int64

        def zeros(self, *_):
            raise MemoryError

    with zuki.Executor(2, measure=True) as executor:
        with monkeypatch.context() as patched:
            patched.setattr("zuki.runtime.measured.np", Short())
            assert graph.run(executor).nodes == 20
        assert executor.metrics().durations.count == 0
        graph.run(executor)
        assert executor.metrics().durations.count == 20


def test_a_child_of_a_fork_measures_anew():
    run_script("""
        import os
        import zuki
        from tests.runtime.together import spinning

        executor, graph = zuki.Executor(2, measure=True), spinning(20, 100)
        graph.run(executor)
        child = os.fork()
        if child == 0:
            graph.run(executor)
            os._exit(0 if executor.metrics().durations.count == 20 else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert executor.metrics().durations.count == 20
    """)
