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
        faulthandler.register(signal.SIGALRM, chain=True)  # tells where its threads are
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


def test_while_another_thread_imports_what_zuki_needs_late(tmp_path):
    (tmp_path / "slowly.py").write_text("import time\ntime.sleep(0.5)\nthere = True\n")
    run_script(
        HEAD
        + """
from zuki.later import import_now
sys.path.insert(0, sys.argv[1])
thread = threading.Thread(target=import_now, args=("slowly",))
thread.start()
while "slowly" not in sys.modules:
    time.sleep(0.001)

def child():
    assert import_now("slowly").there
    run_all()

in_child(child)
thread.join()
executor.shutdown()
""",
        tmp_path,
    )


def test_while_another_thread_makes_a_kernel():
    run_script(
        HEAD
        + """
from zuki_kernels._jit import making
begun = threading.Event()

def make():
    with making:
        begun.set()
        time.sleep(0.5)

run_all()
thread = threading.Thread(target=make)
thread.start()
begun.wait()

def child():
    with making:  # and no longer: other threads may have to make a kernel for what follows
        pass
    run_all()

in_child(child)
thread.join()
executor.shutdown()
"""
    )


def test_while_another_thread_runs():
    run_script(
        HEAD
        + """
run_all()
stop = False
def go_on():
    while not stop:
        graph.run(executor)
        slow.run(executor)
thread = threading.Thread(target=go_on)
thread.start()
other = zuki.Graph()
node = other.add(increment, 1)
def child():
    run_all()
    other.run(executor)
    assert node.result() == 2
for _ in range(10):
    in_child(child)
    time.sleep(0.005)
stop = True
thread.join()
executor.shutdown()
"""
    )


@pytest.mark.parametrize(
    "lock", ["numba.core.compiler_lock.global_compiler_lock", "llvmlite.binding.ffi.lib._lock"]
)
def test_while_another_thread_compiles(lock):
    # the child, where that thread is missing, compiles as well
    run_script(
        HEAD
        + """
import numba, llvmlite.binding.ffi
future = slow.submit(executor)
compiles, is_done = threading.Event(), False
def compile():
    global is_done
    with eval(sys.argv[1]):
        compiles.set()
        time.sleep(0.3)
        is_done = True
thread = threading.Thread(target=compile)
thread.start()
compiles.wait(20)
def child():
    assert is_done  # the fork has waited
    run_all()
    assert numba.njit(lambda value: value + 1)(2) == 3
in_child(child)
thread.join()
assert future.result(20).nodes == 21
run_all()
executor.shutdown()
""",
        lock,
    )


def test_while_another_thread_holds_what_a_finaliser_wants():
    run_script(
        HEAD
        + """
import contextlib, gc
from zuki.runtime import lifecycle
run_all()
gc.set_threshold(100_000_000)
executors = [zuki.Executor(max_threads=2) for _ in range(5)]
for each in executors:
    graph.run(each)
locks = [each._pool.lock for each in executors]
holds, go_on = threading.Event(), threading.Event()
def hold():
    with contextlib.ExitStack() as stack:
        for lock in locks:
            stack.enter_context(lock)
        holds.set()
        go_on.wait(20)
thread = threading.Thread(target=hold)
thread.start()
holds.wait(20)
circle = [executors]
circle.append(circle)
del circle, executors, each
renew = lifecycle.warm.renew_lock
def collect_if_allowed():  # the first that the child does, before pools have new locks
    gc.set_threshold(100)
    [[] for _ in range(10_000)]
    renew()
lifecycle.warm.renew_lock = collect_if_allowed
in_child(run_all)
go_on.set()
thread.join()
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
