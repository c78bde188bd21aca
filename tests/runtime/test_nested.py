"""Runs inside of runs: Python nodes that run graphs on the executor that runs them."""

import pytest

from tests.runtime.script import run_script

pytestmark = pytest.mark.parametrize("workers", [1, 2, 3])

HEAD = """
workers = int(sys.argv[1])
executor = zuki.Executor(max_threads=workers)

def graph_of(*milliseconds_each, then=None):
    graph = zuki.Graph()
    for number in milliseconds_each:
        node = graph.add(spin, milliseconds(number))
        if then is not None:
            graph.add(then, node)
    return graph

def repeat(outer, times=3):
    for _ in range(times):
        outer.run(executor)
        outer.submit(executor).result(20)
"""


def run(workers, text):
    run_script(HEAD + text + "\nexecutor.shutdown()\n", workers, limit=30)


def test_a_node_runs_another_graph(workers):
    run(
        workers,
        """
inner = graph_of(1, 5, 1, 5)
outer = zuki.Graph()
report = outer.add(lambda: inner.run(executor))
after = outer.add(lambda report: report.nodes, report)
repeat(outer)
assert after.result() == 4
""",
    )


def test_a_node_waits_for_a_future_of_another_graph(workers):
    run(
        workers,
        """
inner = graph_of(1, 20, 1, 5)
outer = zuki.Graph()
node = outer.add(lambda: inner.submit(executor).result().nodes)
repeat(outer)
assert node.result() == 4
""",
    )


def test_a_node_waits_for_a_future_with_a_limit(workers):
    run(
        workers,
        """
inner = graph_of(1, 5, 1, 5)
outer = zuki.Graph()
node = outer.add(lambda: inner.submit(executor).result(10).nodes)
repeat(outer, times=1)
assert node.result() == 4
""",
    )


def test_a_node_runs_a_graph_with_python_nodes(workers):
    run(
        workers,
        """
seen = []
inner = graph_of(1, 20, 5, then=seen.append)
outer = zuki.Graph()
outer.add(inner.run, executor)
repeat(outer)
assert len(seen) == 18
""",
    )


def test_four_deep(workers):
    run(
        workers,
        """
graph = graph_of(1, 2)
for _ in range(4):
    outer = graph_of(1, 2, then=abs)
    outer.add(graph.run, executor)
    outer.add(spin, milliseconds(1))
    graph = outer
repeat(graph)
""",
    )


def test_nodes_of_one_graph_run_another_one_in_turn(workers):
    run(
        workers,
        """
inner = graph_of(1, 2)
outer = zuki.Graph()
for _ in range(10):
    outer.add(inner.run, executor)
repeat(outer)
""",
    )


def test_a_node_does_not_wait_for_a_graph_that_another_thread_runs(workers):
    run(
        workers,
        """
inner = graph_of(*[5] * 40)
outer = zuki.Graph()
outer.add(inner.run, executor)
thread = threading.Thread(target=inner.run, args=(zuki.Executor(max_threads=1),), daemon=True)
thread.start()
while not inner._state.turn.locked():
    time.sleep(0.001)
try:
    outer.run(executor)
except zuki.GraphError as error:
    assert "cannot wait for its turn" in str(error), error
else:
    raise SystemExit("no error")
thread.join(15)
assert not thread.is_alive()
outer.run(executor)
""",
    )


def test_a_node_cannot_run_its_own_graph(workers):
    run(
        workers,
        """
for begin in ("run", "submit"):
    graph = zuki.Graph("mine")
    node = graph.add(lambda: getattr(graph, begin)(executor))
    try:
        graph.run(executor)
    except zuki.GraphError as error:
        assert "mine" in str(error)
    else:
        raise SystemExit("no error")
    assert graph.submit(executor).exception(10) is not None
outer = zuki.Graph("outer")
inner = zuki.Graph("inner")
outer.add(inner.run, executor)
inner.add(outer.run, executor)
try:
    outer.run(executor)
except zuki.GraphError as error:
    assert "outer" in str(error)
else:
    raise SystemExit("no error")
""",
    )


def test_on_another_executor(workers):
    run(
        workers,
        """
with zuki.Executor(max_threads=2) as other:
    seen = []
    inner = graph_of(1, 10, then=seen.append)
    outer = zuki.Graph()
    outer.add(inner.run, other)
    outer.add(lambda: graph_of(1, 10, then=seen.append).submit(other).result())
    repeat(outer)
assert len(seen) == 24
""",
    )


def test_the_inner_run_fails(workers):
    run(
        workers,
        """
inner = zuki.Graph("inner")
inner.add(spin, milliseconds(2))
inner.add(divmod, 1, 0)
outer = zuki.Graph("outer")
outer.add(inner.run, executor)
for _ in range(3):
    try:
        outer.run(executor)
    except ZeroDivisionError as error:
        assert "'inner'" in error.__notes__[0] and "'outer'" in error.__notes__[-1], error.__notes__
    else:
        raise SystemExit("no error")
""",
    )
