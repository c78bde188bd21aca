"""The end of the interpreter with work in flight: what was accepted is done, and nothing hangs."""

from tests.runtime.script import run_script


def test_a_submitted_run_is_finished():
    printed = run_script(
        """
gate = threading.Event()
graph = zuki.Graph()
first = graph.add(gate.wait, 20)
graph.add_many(spin, milliseconds(10), count=20, after=first)
graph.add(print, "done", after=graph.nodes)
future = graph.submit()
future.add_done_callback(lambda future: print("called", future.result().nodes))
print("end")
gate.set()
"""
    )
    assert printed.split() == ["end", "done", "called", "22"]


def test_a_python_node_is_finished():
    printed = run_script(
        """
def work():
    time.sleep(0.3)
    print("worked")
graph = zuki.Graph()
node = graph.add(work)
graph.add(print, "after", after=node)
executor = zuki.Executor(max_threads=2)
graph.submit(executor)
time.sleep(0.05)
print("end")
"""
    )
    assert printed.split() == ["end", "worked", "after"]


def test_runs_of_many_executors_are_finished():
    printed = run_script(
        """
for number in range(5):
    graph = zuki.Graph()
    graph.add_many(spin, milliseconds(5), count=10)
    graph.add(os.write, 1, b"x", after=graph.nodes)
    graph.submit(zuki.Executor(max_threads=2))  # dropped at once
"""
    )
    assert printed == "xxxxx"


def test_a_run_of_a_daemon_thread_is_finished():
    printed = run_script(
        """
graph = zuki.Graph()
graph.add_many(spin, milliseconds(10), count=20)
graph.add(os.write, 1, b"done", after=graph.nodes)
executor = zuki.Executor(max_threads=2)
graph.run(executor)
begun = threading.Event()
graph.add(begun.set)
threading.Thread(target=graph.run, args=(executor,), daemon=True).start()
begun.wait(20)
"""
    )
    assert printed == "donedone"


def test_a_thread_goes_on_after_the_main_thread():
    printed = run_script(
        """
def work():
    for number in range(5):
        graph = zuki.Graph()
        graph.add_many(spin, milliseconds(2), count=10)
        node = graph.add(increment, number)
        graph.run()
        os.write(1, str(node.result()).encode())
        time.sleep(0.05)
threading.Thread(target=work).start()
"""
    )
    assert printed == "12345"


def test_an_idle_pool_does_not_delay_the_end():
    run_script(
        """
for workers in (1, 2, 5):
    executor = zuki.Executor(max_threads=workers)
    graph = zuki.Graph()
    graph.add_many(spin, milliseconds(1), count=20)
    graph.add(len, "abc")
    graph.run(executor)
    graph.submit(executor).result(10)
graph.run()
"""
    )


def test_an_error_ends_the_program_as_usual():
    run_script(
        """
graph = zuki.Graph()
graph.add_many(spin, milliseconds(5), count=10)
graph.submit()
raise SystemExit(3)
""",
        status=3,
    )


def test_a_failing_run_in_flight():
    run_script(
        """
graph = zuki.Graph()
graph.add(time.sleep, 0.1)
graph.add(divmod, 1, 0)
graph.submit()
"""
    )


def test_shutdown_at_exit_of_what_was_shut_down():
    run_script(
        """
import atexit
executor = zuki.Executor(max_threads=2)
graph = zuki.Graph()
graph.add_many(spin, milliseconds(5), count=10)
future = graph.submit(executor)
executor.shutdown(wait=False)
atexit.register(lambda: print(future.result(1).nodes))
atexit.register(executor.shutdown)
"""
    )


def test_a_submitted_call_that_nobody_asked_for_ends_without_complaint():
    """Its future goes when modules are taken apart, and finds none of what it would use."""
    printed = run_script(
        """
sys.unraisablehook = lambda problem, leave=os._exit: leave(3)
@zuki.task
def add(x):
    x[0] += 1
executor = zuki.Executor(max_threads=2)
cell = np.zeros(1)
executor.submit(add, cell).result()  # compiled from now on
kept = executor.submit(add, cell)
print("end")
"""
    )
    assert printed.split() == ["end"]
