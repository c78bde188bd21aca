"""A pool without work uses no processor: its process' time hardly moves while all sleep."""

import pytest

from tests.runtime.script import run_script

# The share of a second is far above what the pulse's thread takes, far below one thread that spins.
HEAD = """
def check_idle():
    time.sleep(0.1)  # what searched has given up
    begun = time.process_time()
    time.sleep(1)
    used = time.process_time() - begun
    assert used < 0.2, f"{used} of 1 second"

executor = zuki.Executor(max_threads=int(sys.argv[1]))
graph = zuki.Graph()
graph.add_many(spin, milliseconds(1), count=40)
"""


@pytest.mark.parametrize("workers", [1, 4])
def test_after_runs(workers):
    run_script(
        HEAD
        + """
for _ in range(3):
    graph.run(executor)
    graph.submit(executor).result(20)
check_idle()
executor.shutdown()
""",
        workers,
    )


def test_while_a_python_body_waits():
    run_script(
        HEAD
        + """
gate = threading.Event()
begun = threading.Event()
def body():
    begun.set()
    assert gate.wait(20)
graph.add(body)
graph.add(int)  # waits for the interpreter lane
future = graph.submit(executor)
assert begun.wait(20)
time.sleep(0.2)  # the jitted nodes are done by then
check_idle()
gate.set()
future.result(20)
executor.shutdown()
""",
        3,
    )


def test_while_a_caller_waits_outside():
    run_script(
        HEAD
        + """
gate = threading.Event()
begun = threading.Event()
def body():
    begun.set()
    assert gate.wait(20)
blocked = zuki.Graph()
blocked.add(body)
future = blocked.submit(executor)
assert begun.wait(20)
caller = threading.Thread(target=graph.run, args=(executor,), daemon=True)
caller.start()
check_idle()
gate.set()
future.result(20)
caller.join(20)
assert not caller.is_alive()
executor.shutdown()
""",
        1,
    )
