"""What is in a trace: each task once, on a track, by its name; and nothing when nobody traces."""

import threading
from concurrent.futures import wait

import numpy as np
import pytest

import zuki
from tests.lane.together import wait_until
from tests.tracing import bodies
from zuki.errors import ZukiError
from zuki.tracing import events as kinds
from zuki_kernels import hands, tracing


@pytest.fixture(scope="module")
def executor():
    with zuki.Executor(max_threads=2, name="traced") as made:
        bodies.a_graph().run(made)
        zuki.run(bodies.fib, 5, executor=made)
        yield made


def of_kind(trace, kind):
    return np.flatnonzero(trace.events.kind == kind)


def test_each_node_is_there_once_and_takes_as_long_as_its_body(executor):
    graph = bodies.a_graph(count=20, nanoseconds=20_000)
    with zuki.trace(executor) as t:
        graph.run(executor)
    found, nodes = t.events, of_kind(t, kinds.NODE)
    assert sorted(found.detail[nodes].tolist()) == list(range(40))
    assert [run.outline.name for run in found.runs] == ["a graph"]
    assert (found.run[nodes] == 0).all()
    assert (found.ended - found.begun)[nodes].min() >= 19_900  # the two clocks agree to 0.5 %
    assert found.begun.min() >= 0
    assert found.ended.max() <= found.length
    summary = t.summary()
    assert summary["take"].count == summary["other"].count == 20
    assert t.tasks == 40
    assert t.dropped == 0


def test_a_node_begins_after_those_that_it_waits_for_have_ended(executor):
    graph = bodies.a_graph(count=50)
    with zuki.trace(executor) as t:
        graph.run(executor)
    found, nodes = t.events, of_kind(t, kinds.NODE)
    begun, ended = np.zeros(100), np.zeros(100)
    begun[found.detail[nodes]], ended[found.detail[nodes]] = found.begun[nodes], found.ended[nodes]
    sources, targets = found.runs[0].outline.edges()
    assert (begun[targets] >= ended[sources] - 200).all()  # nanoseconds by which clocks may differ


def test_tasks_of_a_track_are_inside_of_one_another_or_apart(executor):
    with zuki.trace(executor) as t:
        bodies.a_graph(count=100).run(executor)
        zuki.run(bodies.fib, 12, executor=executor)
    found = t.events
    for track in range(len(found.tracks)):
        open_until = []
        for event in np.flatnonzero((found.track == track) & (found.kind != kinds.WOKEN)).tolist():
            begun, ended = found.begun[event], found.ended[event]
            while open_until and open_until[-1] <= begun:
                open_until.pop()
            assert not open_until or ended <= open_until[-1]
            open_until.append(ended)


def test_each_spawned_task_is_there_once(executor):
    with zuki.trace(executor) as t:
        assert zuki.run(bodies.fib, 15, executor=executor) == 610
    assert len(of_kind(t, kinds.SPAWNED)) == 986  # fib(16) - 1
    counts = {(row.name, row.kind): row.count for row in t.summary()}
    assert counts == {("fib", "spawned"): 986, ("fib", "node"): 1}


def test_tasks_that_nobody_has_joined_are_there(executor):
    with zuki.trace(executor) as t:
        assert zuki.run(bodies.leaves, 30, 100_000, executor=executor) == 30
    assert t.summary()["leaf"].count == 30
    stolen = t.events.track[of_kind(t, kinds.SPAWNED)] != t.events.track[of_kind(t, kinds.NODE)[0]]
    assert len(of_kind(t, kinds.STOLEN)) >= stolen.any()


def test_loops_have_the_name_of_what_they_call():
    @zuki.task
    def square(i, values):
        values[i] = i * i

    values = np.zeros(10_000)
    with zuki.trace() as t:
        zuki.parallel_for(square, 0, 10_000, values, grain=100)
    assert values[99] == 99 * 99
    assert "zuki.parallel_for of square" in {row.name for row in t.summary()}


def test_python_nodes_calls_and_steps_are_there(executor):
    graph = zuki.Graph("mixed")
    graph.add(bodies.python_body, 1, name="in Python")
    with zuki.trace(executor) as t:
        graph.run(executor)
        assert executor.submit(bodies.python_body, 1).result() == 2
        assert [f.result() for f in [executor.submit(bodies.python_body, n) for n in range(20)]][-1] == 20
        assert executor.run(bodies.three_steps()) == 3
        # a call is noted when whoever waits for it has been told already
        wait_until(lambda: sum(row.count for row in t.summary() if row.kind in ("call", "step")) == 24)
    summary = {(row.name, row.kind): row.count for row in t.summary()}
    assert summary["python_body", "python node"] == 1
    assert summary["python_body", "call"] == 21
    assert summary["three_steps", "step"] == 3
    labels = {t.events.label_of(event) for event in of_kind(t, kinds.PYTHON)}
    assert labels == {"in Python"}


def test_coroutines_that_spawn_are_there(executor):
    async def spawner():
        return await zuki.spawn(bodies.three_steps(), executor=executor)

    async def within():
        return await zuki.spawn(bodies.three_steps())

    with zuki.trace(executor) as t:
        assert executor.run(spawner()) == executor.run(within()) == 3
    names = {row.name for row in t.summary()}
    assert "three_steps" in names


@pytest.mark.parametrize("waits", [False, True])
def test_submitted_calls_of_jitted_tasks_have_names_whoever_runs_them(executor, waits):
    for task in bodies.take, bodies.other:
        zuki.run(task, 1000)
        executor.submit(task, 1000).result()
    with zuki.trace(executor) as t:
        futures = [executor.submit((bodies.take, bodies.other)[n % 3 == 0], 1000) for n in range(300)]
        if waits:
            assert not wait(futures, 30).not_done
        assert len([future.result() for future in futures]) == 300
    counts = {"take": 0, "other": 0, "unknown": 0}
    for row in t.summary():
        counts[row.name] += row.count
    assert counts.pop("unknown") <= 2  # a worker may come later to what was submitted before
    assert counts == {"take": 200, "other": 100}


def test_a_call_that_fails_is_there(executor):
    with zuki.trace(executor) as t:
        with pytest.raises(ZeroDivisionError):
            executor.submit(divmod, 1, 0).result()
        wait_until(lambda: t.tasks == 1)
    assert t.summary()["divmod"].count == 1


def test_single_threaded_executors_are_traced():
    with zuki.SingleThreadedExecutor(trace=True) as executor:
        bodies.a_graph(count=2).run(executor)
        executor.submit(bodies.python_body, 1).result()
        executor.run(bodies.three_steps())
        t = executor.trace
    summary = {row.name: row.count for row in t.summary()}
    assert summary == {"take": 2, "other": 2, "python_body": 1, "three_steps": 3}


def test_a_worker_that_sleeps_is_seen_to(executor):
    ready = threading.Event()

    def wait():
        ready.wait(0.05)

    with zuki.trace(executor) as t:
        executor.submit(wait).result()
        zuki.run(bodies.leaves, 20, 100_000, executor=executor)
    found = t.events
    parked = of_kind(t, kinds.PARKED)
    assert (found.ended[parked] >= found.begun[parked]).all()
    assert found.begun.min() >= 0


def test_the_oldest_events_are_dropped_and_counted(executor):
    with zuki.trace(executor, events=8) as warm:
        bodies.a_graph(count=1).run(executor)
    assert warm.tasks == 2
    with zuki.Executor(max_threads=1) as one, zuki.trace(one, events=10) as t:  # rounded up to 16
        bodies.a_graph(count=50).run(one)
    assert 0 < len(t) < 16
    assert t.dropped >= 100 - 16
    assert str(t.dropped) in repr(t)
    assert "lost" in str(t.summary())
    assert "lost" in t.summary()._repr_html_()


def test_traces_inside_of_one_another(executor):
    with zuki.trace(executor) as outer:
        bodies.a_graph(count=3).run(executor)
        with zuki.trace(executor) as inner:
            bodies.a_graph(count=5).run(executor)
        bodies.a_graph(count=7).run(executor)
    assert inner.tasks == 10
    assert outer.tasks == 30


def test_a_trace_can_be_looked_at_while_it_goes_on(executor):
    with zuki.trace(executor) as t:
        bodies.a_graph(count=3).run(executor)
        assert t.tasks == 6
        assert "goes on" in repr(t)
        bodies.a_graph(count=3).run(executor)
    assert t.tasks == 12
    assert "goes on" not in repr(t)
    assert t.seconds > 0


def test_after_its_end_nothing_is_noted(executor):
    with zuki.trace(executor) as t:
        bodies.a_graph(count=3).run(executor)
    bodies.a_graph(count=3).run(executor)
    executor.submit(bodies.python_body, 1).result()
    assert t.tasks == 6
    tables = executor._pool.tables
    assert not tables.workers[:, tracing.RING].any()
    assert not tables.hands[:, hands.TRACE].any()


def test_executors_that_are_made_meanwhile_are_traced():
    with zuki.trace() as t, zuki.Executor(max_threads=1, name="late") as executor:
        bodies.a_graph(count=2).run(executor)
    assert t.tasks == 4
    tracks = t.events.track[t.events.is_task].tolist()
    assert {t.events.tracks[track].executor for track in tracks} == {"late"}
    with zuki.Executor(max_threads=1) as executor:
        assert executor._pool.recorder is None


def test_an_executor_may_be_traced_from_the_begin_on():
    with zuki.Executor(zuki.ExecutorConfig(max_threads=2, trace=True)) as executor:
        bodies.a_graph(count=3).run(executor)
        assert executor.trace.tasks == 6
        with zuki.trace(executor) as t:
            bodies.a_graph(count=4).run(executor)
        assert t.tasks == 8
        assert executor.trace.tasks == 14
    with zuki.Executor(max_threads=1, trace=100) as executor:
        assert executor._pool.recorder.events == 128


def test_a_run_that_has_begun_before_the_trace_is_known():
    inside, go_on = threading.Event(), threading.Event()

    def wait():
        inside.set()
        assert go_on.wait(60)

    graph = zuki.Graph("begun before")
    graph.add(bodies.take, 1000, after=graph.add(wait))
    with zuki.Executor(max_threads=1) as executor:
        future = graph.submit(executor)
        assert inside.wait(60)
        with zuki.trace(executor) as t:
            go_on.set()
            future.result()
    assert t.summary()["take"].count == 1


def test_a_failing_run_is_traced(executor):
    graph = zuki.Graph("fails")
    graph.add(bodies.fail, 3)
    with zuki.trace(executor) as t, pytest.raises(ValueError, match="3"):
        graph.run(executor)
    assert t.summary()["fail"].count == 1


def test_a_trace_of_nothing(executor, tmp_path):
    with zuki.trace(executor) as t:
        pass
    assert (t.tasks, t.dropped) == (0, 0)
    assert t
    assert "0 tasks" in repr(t)
    assert str(t.summary()) == "no task has run"
    assert "no task" in t._repr_html_()
    t.save(tmp_path / "nothing.json")
    assert zuki.Trace().tasks == 0


def test_what_cannot_be_traced():
    with pytest.raises(TypeError, match=r"must be a zuki\.Executor, not a int"):
        zuki.trace(3)
    with pytest.raises(ValueError, match="events must be between"):
        zuki.trace(events=0)
    with pytest.raises(TypeError, match="events must be an integer"):
        zuki.trace(events="many")
    with pytest.raises(ValueError, match="trace must be between"):
        zuki.ExecutorConfig(trace=-3)
    with zuki.Executor(max_threads=1) as executor:
        with pytest.raises(ZukiError, match="make it with trace=True"):
            _ = executor.trace
        once = zuki.trace(executor)
        with once:
            pass
        with pytest.raises(ZukiError, match="used once"), once:
            pass


def test_a_trace_is_asked_for_by_the_environment():
    read = zuki.ExecutorConfig.from_environment
    assert read({"ZUKI_TRACE": "1"}).trace is True
    assert read({"ZUKI_TRACE": "off"}).trace is False
    assert read({"ZUKI_TRACE": "1000"}).trace_events == 1024
    with pytest.raises(ValueError, match="ZUKI_TRACE must be a number"):
        read({"ZUKI_TRACE": "sometimes"})
