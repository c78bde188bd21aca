"""Coroutines that wait for ever: they are told so, where it is known that nothing can wake them.

pytest may have threads of its own, and then nothing is known: so most is run in other processes.
"""

import sys
import threading

import pytest

import zuki
from tests.runtime.script import run_script
from zuki.lane import stillness

pytestmark = [
    pytest.mark.timeout(120),
    pytest.mark.skipif(sys.platform != "linux", reason="only there the system tells which threads there are"),
]

HEAD = """
from zuki.lane import stillness
faulthandler.cancel_dump_traceback_later()  # it has a thread that Python does not know
stillness._FIRST = 0.05
make = {
    "single": zuki.SingleThreadedExecutor,
    "one": lambda: zuki.Executor(1),
    "two": lambda: zuki.Executor(2),
    "lanes": lambda: zuki.Executor(3, python_lanes=3),
}[sys.argv[1]]
"""


@pytest.mark.parametrize("kind", ["single", "one", "two", "lanes"])
def test_who_waits_for_ever_is_told_so(kind):
    printed = run_script(
        HEAD
        + """
async def wants(lock):
    async with lock:
        pass

async def holds(executor):
    lock = zuki.Lock()
    await zuki.sleep(0.001)
    await zuki.to_thread(len, "a")
    async with lock, zuki.TaskGroup() as group:
        group.spawn(wants(lock), name="waiter")

async def holds_beside(executor):
    executor.spawn(holds(executor)).result()

async def waits_for_nobody(executor):
    zuki.Future().result()

ways = {
    "run": lambda executor: executor.run(holds(executor)),
    "result": lambda executor: executor.spawn(holds(executor)).result(),
    "in a step": lambda executor: executor.run(holds_beside(executor)),
    "in a call": lambda executor: executor.submit(executor.run, holds(executor)).result(),
    "a future": lambda executor: executor.run(waits_for_nobody(executor)),
}
for name, way in ways.items():
    with make() as executor:
        try:
            way(executor)
        except zuki.DeadlockError as error:
            text = str(error)
            if name == "a future":
                assert "what this thread waits for" in text
            else:
                assert "could wake 2 coroutines" in text, text
                assert "'waiter'" in text and "in wants" in text and "'holds'" in text, text
                assert error.__traceback__ is not None
            print(name, flush=True)
""",
        kind,
    )
    assert printed.splitlines() == ["run", "result", "in a step", "in a call", "a future"]


@pytest.mark.parametrize("kind", ["single", "two"])
def test_a_shutdown_ends_what_waits_for_ever(kind):
    printed = run_script(
        HEAD
        + """
import logging
logging.basicConfig(stream=sys.stdout, format="%(message)s")

async def patient():
    try:
        await zuki.Future()
    finally:
        await zuki.yield_now()
        print("cleaned", flush=True)

executor = make()
tasks = [executor.spawn(patient()) for _ in range(30)]
executor.shutdown()
assert all(isinstance(task.exception(), zuki.DeadlockError) for task in tasks)
assert len({id(task.exception()) for task in tasks}) == 30
if sys.argv[1] != "single":
    assert "and 10 more" in str(tasks[0].exception())
""",
        kind,
    )
    assert printed.count("cleaned") == 30
    assert kind == "single" or "is shut down, but nothing is left that could wake 30 coroutines" in printed


@pytest.mark.parametrize("kind", ["single", "one", "two"])
def test_nothing_is_said_while_something_may_come(kind):
    printed = run_script(
        HEAD
        + """
def timer(event):
    threading.Timer(0.4, event.set).start()

def limit(event):
    zuki.spawn(later(event))

from zuki_kernels.clock import now

@zuki.task
def nap(nanoseconds):
    end = now() + nanoseconds
    while now() < end:
        pass

async def sets_after_a_call(event):
    await zuki.submit(nap, 1)  # compiled
    await zuki.submit(nap, 400_000_000)
    event.set()

async def later(event):
    await zuki.sleep(0.4)
    event.set()

def blocking_call(event):
    zuki.spawn(zuki.to_thread(lambda: (time.sleep(0.4), event.set())))

waiting = []

def handler(event):
    waiting.append(event)
    signal.setitimer(signal.ITIMER_REAL, 0.4)

def another_executor(event):
    other = zuki.Executor(1)
    other.submit(lambda: (time.sleep(0.4), event.set()))

def jitted_call(event):
    zuki.spawn(sets_after_a_call(event))

async def awaits(call, event):
    await call
    event.set()

def shutdown_during_a_jitted_call(event):
    other = zuki.Executor(1)
    other.submit(nap, 1).result()
    done = other.spawn(awaits(other.submit(nap, 400_000_000), event))
    other.shutdown()
    assert done.exception() is None, done.exception()

def thread_of_another_library(event):
    import _thread
    _thread.start_new_thread(lambda: (time.sleep(0.4), event.set()), ())

async def main(begin):
    event = zuki.Event()
    begin(event)
    await event.wait()
    print(begin.__name__, flush=True)

with make() as executor:
    for begin in (
        *(jitted_call, shutdown_during_a_jitted_call, timer, limit, blocking_call, another_executor),
        *(handler, thread_of_another_library),  # last: after them nothing is ever known
    ):
        if begin is handler:  # here: any thread may run the step
            signal.signal(signal.SIGALRM, lambda *_: waiting[0].set())
        executor.run(main(begin))
""",
        kind,
    )
    names = "jitted_call shutdown_during_a_jitted_call timer limit blocking_call another_executor handler"
    assert printed.split() == [*names.split(), "thread_of_another_library"]


def test_nothing_is_known_where_a_thread_is_that_is_no_thread_of_zuki():
    gate = threading.Event()
    thread = threading.Thread(target=gate.wait)
    thread.start()
    try:
        assert not stillness.can_nothing_happen()
    finally:
        gate.set()
        thread.join()


def test_a_system_that_does_not_tell_its_threads(monkeypatch):
    def listdir(path):
        raise FileNotFoundError(path)

    monkeypatch.setattr(stillness.os, "listdir", listdir)
    assert stillness._native_threads() == {-1}
    assert not stillness.can_nothing_happen()


def test_who_swallows_it_is_told_again():
    printed = run_script(
        HEAD
        + """
async def stubborn():
    for _ in range(3):
        try:
            await zuki.Future()
        except zuki.DeadlockError:
            print("told", flush=True)
    return 5

print(make().run(stubborn()))
""",
        "single",
    )
    assert printed.split() == ["told", "told", "told", "5"]


def test_the_error_is_one_of_zukis():
    assert issubclass(zuki.DeadlockError, zuki.ZukiError)
    assert issubclass(zuki.DeadlockError, RuntimeError)
