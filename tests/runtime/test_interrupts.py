"""Ctrl-C and other signals while graphs run: raised at the caller, and everything stays usable."""

import pytest

from tests.runtime.script import run_script

# A graph that takes long, whatever its bodies are; the interrupt is sent by another thread.
GRAPHS = """
calls = []

def sleep_a_little():
    time.sleep(0.001)
    calls.append(1)

def make_graph(kind):
    graph = zuki.Graph(kind)
    if kind == "short":
        graph.add_many(spin, milliseconds(0.02), count=200_000)
    elif kind == "chain":
        nodes = graph.add_many(spin, milliseconds(0.02), count=200_000)
        graph.add_edges(nodes.ids[:-1], nodes.ids[1:])
    elif kind == "long":
        graph.add_many(spin, milliseconds(30), count=200)
    elif kind == "python":
        for _ in range(500):
            graph.add(sleep_a_little)
    elif kind == "tiny python":
        for _ in range(300_000):
            graph.add(int)
    return graph

def interrupt_after(seconds):
    timer = threading.Timer(seconds, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    return timer

def check_usable(executor):
    graph = zuki.Graph()
    marks = np.zeros(100, np.int64)
    graph.add_many(mark, marks, zuki.each(np.arange(100)))
    node = graph.add(len, "abc")
    graph.run(executor)
    graph.submit(executor).result(10)
    assert marks.tolist() == [2] * 100
    assert node.result() == 3
"""


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("kind", ["short", "chain", "long", "python", "tiny python"])
def test_ctrl_c_ends_a_run(kind, workers):
    run_script(
        GRAPHS
        + """
kind, workers = sys.argv[1], int(sys.argv[2])
executor = zuki.Executor(max_threads=workers)
graph = make_graph(kind)
check_usable(executor)  # and loads the kernels
begun = time.monotonic()
for round in range(3):
    try:
        timer = interrupt_after(0.05 * round + 0.02)
        graph.run(executor)
    except KeyboardInterrupt:
        pass
    else:
        raise SystemExit("the run was not interrupted")
    timer.join()
    check_usable(executor)
assert time.monotonic() - begun < 40
def was_passed_over(node):
    try:
        node.result()
    except zuki.NodeNotRunError:
        return True
    except KeyboardInterrupt:  # the body that heard it, on the main thread
        pass
    return False
check_last = graph.nodes[:: max(1, len(graph) // 500)]
assert any(map(was_passed_over, check_last)), "all nodes have run"
assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
executor.shutdown()
""",
        kind,
        workers,
    )


def test_ctrl_c_while_waiting_for_a_future():
    run_script(
        GRAPHS
        + """
executor = zuki.Executor(max_threads=2)
graph = zuki.Graph()
gate = threading.Event()
graph.add_many(spin, milliseconds(30), count=20)
graph.add(gate.wait, 20)
future = graph.submit(executor)
try:
    interrupt_after(0.05)
    future.result()
except KeyboardInterrupt:
    pass
else:
    raise SystemExit("not interrupted")
assert not future.done()  # the run goes on
gate.set()
assert future.result(20).nodes == 21
check_usable(executor)
executor.shutdown()
"""
    )


def test_ctrl_c_ends_a_run_on_a_pool_that_is_full():
    run_script(
        GRAPHS
        + """
executor = zuki.Executor(max_threads=1)
long = zuki.Graph()
long.add_many(spin, milliseconds(30), count=40)
future = long.submit(executor)
graph = make_graph("short")
try:
    interrupt_after(0.1)
    graph.run(executor)  # the calling thread waits: one thread runs already
except KeyboardInterrupt:
    pass
else:
    raise SystemExit("not interrupted")
assert future.result(20).nodes == 40
check_usable(executor)
executor.shutdown()
"""
    )


def test_ctrl_c_that_the_program_ignores():
    run_script(
        GRAPHS
        + """
signal.signal(signal.SIGINT, signal.SIG_IGN)
graph = zuki.Graph()
graph.add_many(spin, milliseconds(20), count=20)
timer = interrupt_after(0.05)
assert graph.run().nodes == 20
timer.join()
"""
    )


ALARM = (
    GRAPHS
    + """
class Alarm(Exception):
    pass

def raise_alarm(*_):
    raise Alarm

signal.signal(signal.SIGALRM, raise_alarm)
generator = np.random.default_rng(5)
executor = zuki.Executor(max_threads=2)
# load all that a run needs: an exception inside Numba's compiler leaves its lock locked
check_usable(executor)
small = zuki.Graph()
small.add_edges([0, 1], small.add_many(nothing, count=3).ids[1:])
small.run(executor)

def run_until_alarm(graph, executor):
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.001 + 0.02 * generator.random())
        graph.run(executor)
    except Alarm:
        return
    raise SystemExit("no alarm")
"""
)


@pytest.mark.parametrize("kind", ["short", "chain"])
def test_exceptions_of_signal_handlers_surface(kind):
    run_script(
        ALARM
        + """
graph = make_graph(sys.argv[1])
for round in range(50):
    run_until_alarm(graph, executor)
    check_usable(executor)
executor.shutdown()
""",
        kind,
    )


def test_signal_handlers_that_return_change_nothing():
    run_script(
        GRAPHS
        + """
heard = []
for number in (signal.SIGINT, signal.SIGALRM, signal.SIGUSR1):
    signal.signal(number, lambda *_: heard.append(1))
graph = zuki.Graph()
graph.add_many(spin, milliseconds(20), count=20)
for number in (signal.SIGINT, signal.SIGALRM, signal.SIGUSR1):
    timer = threading.Timer(0.05, os.kill, (os.getpid(), number))
    timer.start()
    assert graph.run().nodes == 20
    timer.join()
assert len(heard) == 3
"""
    )
