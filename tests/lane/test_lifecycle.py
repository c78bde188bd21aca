"""Lanes at the end of the interpreter, in forked children, and under signals."""

import os
import sys

import pytest

from tests.runtime.script import run_script


def test_calls_are_made_before_the_interpreter_ends():
    printed = run_script(
        """
executor = zuki.Executor(2)
def late(what):
    time.sleep(0.2)
    os.write(1, what.encode() + b"\\n")  # at once, whatever the other one writes
executor.submit(late, "apple")
executor.submit(late, "pear")
"""
    )
    assert sorted(printed.split()) == ["apple", "pear"]


def test_calls_are_made_after_a_shutdown_that_does_not_wait():
    printed = run_script(
        """
executor = zuki.Executor(3)
executor.submit(lambda: (time.sleep(0.2), print("apple", flush=True)))
executor.shutdown(wait=False)
"""
    )
    assert printed.strip() == "apple"


def test_coroutines_that_wait_for_ever_are_cancelled_when_the_interpreter_ends():
    printed = run_script(
        """
async def patient():
    try:
        await zuki.Future()
    finally:
        print("ended", flush=True)
executor = zuki.Executor(2)
tasks = [executor.spawn(patient()) for _ in range(3)]
while len(executor._pool.lanes.waiting()) < 3:
    time.sleep(0.01)
"""
    )
    assert printed.count("ended") == 3  # print writes the end of a line by itself, and may be overtaken


def test_coroutines_that_nobody_waits_for_are_cancelled_and_reported_when_the_interpreter_ends():
    printed = run_script(
        """
async def numbers():
    try:
        yield 1
        yield 2
    finally:
        await zuki.yield_now()
        print("closed", flush=True)
async def patient(name):
    generator = numbers()
    held.append(generator)
    await anext(generator)
    try:
        await zuki.Future()
    finally:
        await zuki.sleep(0.001)
        print("cleaned", flush=True)
async def brief():
    for _ in range(10):
        await zuki.yield_now()
held = []
sys.stderr = sys.stdout
executor = zuki.SingleThreadedExecutor()
tasks = [executor.spawn(patient(name), name=name) for name in "ab"]
executor.run(brief())
tasks.append(executor.spawn(patient("c"), name="c"))
del executor  # the tasks know where they run
"""
    )
    lines = printed.splitlines()
    reported = [line.split("'")[1] for line in lines if "nobody has waited for it" in line]
    assert sorted(reported) == ["a", "b", "c"]
    assert lines[-4:] == ["cleaned", "cleaned", "closed", "closed"]


def test_nothing_is_submitted_when_the_interpreter_has_ended():
    printed = run_script(
        """
import atexit
@atexit.register
def run_last():
    try:
        executor.submit(id, None)
    except RuntimeError as error:
        print(error)
executor = zuki.Executor(2)
executor.submit(id, 1).result()
"""
    )
    assert "cannot schedule new futures" in printed


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_has_lanes_of_its_own():
    printed = run_script(
        """
async def give(value):
    await zuki.yield_now()
    return value
executor = zuki.Executor(2)
gate = threading.Event()
blocked = executor.submit(gate.wait)
assert executor.run(give(1)) == 1
child = os.fork()
if child == 0:
    assert executor.submit(pow, 2, 3).result(20) == 8
    assert executor.run(give(2)) == 2
    assert executor.spawn(give(3)).result(20) == 3
    executor.shutdown()
    print("child", flush=True)
    os._exit(0)
_, status = os.waitpid(child, 0)
assert status == 0
gate.set()
assert blocked.result(20)
executor.shutdown()
"""
    )
    assert "child" in printed


@pytest.mark.skipif(sys.platform == "win32", reason="no such signal")
@pytest.mark.parametrize("kind", ["MultiThreadedExecutor", "SingleThreadedExecutor"])
def test_an_interrupt_cancels_what_is_run(kind):
    printed = run_script(
        """
async def patient():
    threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT)).start()
    try:
        await zuki.Future()
    finally:
        print("cancelled", flush=True)
signal.signal(signal.SIGINT, signal.default_int_handler)
executor = getattr(zuki, sys.argv[1])()
try:
    executor.run(patient())
except KeyboardInterrupt:
    print("interrupted")
print(executor.submit(pow, 2, 3).result())
executor.shutdown()
""",
        kind,
    )
    assert printed.split() == ["cancelled", "interrupted", "8"]


def test_an_exception_that_nobody_asked_for_is_printed():
    printed = run_script(
        """
async def fails():
    raise KeyError("lost")
sys.stderr = sys.stdout
with zuki.Executor(1) as executor:
    executor.spawn(fails())
"""
    )
    assert "never retrieved of coroutine 'fails'" in printed
    assert "KeyError: 'lost'" in printed
