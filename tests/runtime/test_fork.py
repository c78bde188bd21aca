"""os.fork in the middle of runs: the child has a pool and graphs of its own, the parent notices nothing."""

import os

import pytest

from tests.runtime.script import run_script

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")

HEAD = """
faulthandler.cancel_dump_traceback_later()  # its thread is missing in a child, which would wait for it

def in_child(function):
    child = os.fork()
    if child == 0:
        status = 1
        signal.alarm(20)  # ends the process
        try:
            function()
            status = 0
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)
    _, status = os.waitpid(child, 0)
    assert status == 0, status

executor = zuki.Executor(max_threads=2)
marks = np.zeros(200, np.int64)
graph = zuki.Graph()
nodes = graph.add_many(mark, marks, zuki.each(np.arange(200)))
graph.add_edges(nodes.ids[:-10], nodes.ids[10:])
slow = zuki.Graph()
slow.add_many(spin, milliseconds(5), count=20)
last = slow.add(len, "abc", after=slow.nodes)

def run_all():
    marks[:] = 0
    for each in (executor, None):
        graph.run(each)
        graph.submit(each).result(10)
    assert marks.tolist() == [4] * 200
    slow.run(executor)
    assert last.result() == 3
"""


def test_after_a_run():
    run_script(
        HEAD
        + """
run_all()
in_child(run_all)
run_all()
executor.shutdown()
"""
    )


def test_before_anything_ran():
    run_script(
        HEAD
        + """
in_child(run_all)
run_all()
executor.shutdown()
"""
    )


def test_while_runs_are_in_flight():
    run_script(
        HEAD
        + """
run_all()
for _ in range(5):
    futures = slow.submit(executor), graph.submit()
    time.sleep(0.01)
    in_child(run_all)
    assert futures[0].result(20).nodes == 21
    assert futures[1].result(20).nodes == 200
    run_all()
executor.shutdown()
"""
    )


def test_shutdown_in_the_child():
    run_script(
        HEAD
        + """
run_all()
future = slow.submit(executor)
def child():
    executor.shutdown()
    try:
        graph.run(executor)
    except zuki.ExecutorShutDownError:
        pass
    else:
        raise SystemExit("no error")
    graph.run()
in_child(child)
assert future.result(20).nodes == 21
run_all()
executor.shutdown()
"""
    )


def test_from_a_python_node():
    # as multiprocessing's fork does: the child works and exits without returning
    run_script(
        HEAD
        + """
run_all()
outer = zuki.Graph()
outer.add(in_child, run_all)
outer.run(executor)
outer.submit(executor).result(40)
run_all()
executor.shutdown()
"""
    )


def test_exit_of_a_child_ends_its_threads():
    run_script(
        HEAD
        + """
run_all()
child = os.fork()
if child == 0:
    signal.alarm(20)
    future = slow.submit(executor)
    raise SystemExit(7)  # the whole of the interpreter's end
_, status = os.waitpid(child, 0)
assert os.waitstatus_to_exitcode(status) == 7
run_all()
executor.shutdown()
"""
    )
