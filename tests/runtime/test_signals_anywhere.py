"""A signal handler that raises at any moment of a run: the exception surfaces, and all stays usable."""

import pytest

from tests.runtime.signalling import run_at_random, run_step_by_step

EACH_STEP = """
workers, every = int(sys.argv[2]), int(sys.argv[3])
executor = zuki.Executor(max_threads=workers)
marked, inner = Marked(), Marked()
simple, running, waiting, limited = (zuki.Graph() for _ in range(4))
simple.add_many(nothing, count=10)
simple.add(len, "abc")
running.add(inner.graph.run, executor)
waiting.add(lambda: inner.graph.submit(executor).result())
limited.add(lambda: inner.graph.submit(executor).result(10))

def check():
    inner.check(executor)  # also waits for the run that an interrupted wait has left
    marked.check(executor)
    for graph in simple, running, waiting, limited:
        graph.run(executor)
    time.sleep(0.0005 * (workers > 1))  # threads sleep, and this one can be a worker again

check()
check()  # all that is wanted is compiled
for graph in simple, running, waiting, limited:
    steps = interrupt_at_each_step(lambda: graph.run(executor), check, every, every)
    assert steps > 60, steps
steps = interrupt_at_each_step(lambda: simple.submit(executor).result(), check, every, every)
assert steps > 60, steps
executor.shutdown()
"""


@pytest.mark.parametrize(("kind", "workers"), [("ctrl-c", 1), ("handler", 2)])
def test_at_some_steps(kind, workers):
    run_step_by_step(EACH_STEP, kind, workers, 17)


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "workers"), [("ctrl-c", 2), ("handler", 1)])
def test_at_each_step(kind, workers):
    run_step_by_step(EACH_STEP, kind, workers, 1)


NESTED = """
workers = int(sys.argv[4])
executor, other = zuki.Executor(max_threads=workers), zuki.Executor(max_threads=2)
inner, calling = graph_of(0.5, 1, 0.5), graph_of(0.5, 1, 0.5, then=abs)
outer = zuki.Graph("outer")
outer.add(inner.run, executor)
outer.add(lambda: calling.submit(executor).result())
outer.add(lambda: graph_of(1, 0.5, then=abs).submit(executor).result(10))
outer.add(calling.run, other)
outer.add(spin, milliseconds(1))
outer.add(time.sleep, 0.001)
actions = (
    lambda: outer.run(executor),
    lambda: outer.submit(executor).result(),
    lambda: outer.submit(executor).result(20),
)
marked = Marked()
for action in actions:
    action()
begun = time.perf_counter()
outer.run(executor)
longest = 1.3 * (time.perf_counter() - begun)
for round in range(times):
    interrupt(actions[round % 3], min(longest, 0.1))
    inner.run(executor)  # waits, as the next does, for a run that goes on
    calling.run(executor)
    marked.check(executor)
    marked.check(other)
outer.run(executor)
executor.shutdown()
other.shutdown()
"""


@pytest.mark.parametrize(("kind", "workers"), [("ctrl-c", 2), ("handler", 1)])
def test_at_random_while_python_nodes_run_graphs(kind, workers):
    run_at_random(NESTED, kind, 8, workers)


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "workers"), [("ctrl-c", 1), ("handler", 2), ("ctrl-c", 3)])
def test_at_random_many_times_while_python_nodes_run_graphs(kind, workers):
    run_at_random(NESTED, kind, 60, workers, seed=2)


BETWEEN = """
executor = zuki.Executor(max_threads=int(sys.argv[4]))
graph = zuki.Graph()
for _ in range(2000):
    graph.add(int)
marked = Marked()
graph.run(executor)
for _ in range(times):
    interrupt(lambda: graph.run(executor), 0.02)
    marked.check(executor)
executor.shutdown()
"""


@pytest.mark.parametrize(("kind", "workers"), [("ctrl-c", 2), ("handler", 1)])
def test_at_random_between_python_nodes(kind, workers):
    run_at_random(BETWEEN, kind, 20, workers)


def test_a_body_on_the_main_thread_hears_it_at_once():
    run_at_random(
        """
executor = zuki.Executor(max_threads=1)
heard = []
def wait():
    try:
        time.sleep(20)
    except KeyboardInterrupt:
        heard.append(threading.current_thread() is threading.main_thread())
        raise
graph = zuki.Graph()
node = graph.add(wait)
after = graph.add(int)
Marked().check(executor)
for _ in range(times):
    heard.clear()
    interrupt(lambda: graph.run(executor), 0.01)
    if heard:
        assert heard == [True]
        assert len(graph.nodes) == 2
        try:
            node.result()
        except KeyboardInterrupt as error:
            assert error.__notes__
        else:
            raise SystemExit("the node did not fail")
    Marked().check(executor)
executor.shutdown()
""",
        "ctrl-c",
        5,
        limit=40,
    )


def test_while_a_graph_waits_for_its_turn():
    run_at_random(
        """
executor = zuki.Executor(max_threads=2)
go_on = threading.Event()
graph = zuki.Graph()
graph.add(go_on.wait, 30)
future = graph.submit(executor)
for begin in (graph.run, graph.submit):
    interrupt(lambda: begin(executor), 0.05)
assert not future.done()
go_on.set()
assert future.result(20).nodes == 1
graph.run(executor)
executor.shutdown()
""",
        "ctrl-c",
        1,
    )
