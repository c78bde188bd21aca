"""Blocking calls on threads of their own."""

import asyncio
import contextvars
import os
import subprocess
import sys
import threading

import pytest

import zuki
from tests.aio.together import LIMIT, wait_until
from tests.lane.together import Gate
from zuki.aio import threads

pytestmark = pytest.mark.timeout(240)

VARIABLE = contextvars.ContextVar("VARIABLE")


@pytest.fixture(scope="module", autouse=True)
def _no_thread_is_left():
    yield
    threads.retire()


def blocking_threads():
    return [thread for thread in threading.enumerate() if thread.name == "zuki-blocking"]


def test_a_call_and_what_it_raises(executor):
    def fails():
        raise KeyError("mine")

    async def main():
        VARIABLE.set("mine")
        name = await zuki.to_thread(lambda: threading.current_thread().name)
        with pytest.raises(KeyError, match="mine"):
            await zuki.to_thread(fails)
        assert await zuki.to_thread(VARIABLE.get) == "mine"
        return name, await zuki.to_thread(int, "11", base=2)

    assert executor.run(main()) == ("zuki-blocking", 3)


def test_calls_block_side_by_side_and_coroutines_run_on(executor):
    gate = Gate()

    async def main():
        async with zuki.TaskGroup() as group:
            for _ in range(20):
                group.spawn(zuki.to_thread(gate.wait))
            while gate.waiting < 20:
                await zuki.sleep(0.001)
            gate.open()

    executor.run(main())


def test_threads_end_and_no_more_than_the_limit_start():
    gate, pool = Gate(), threads.ElasticPool(limit=3, keep_alive=0.01)
    futures = [pool.submit(gate.wait) for _ in range(9)]
    wait_until(lambda: gate.waiting == 3)
    assert len(pool._threads) == 3
    gate.open()
    for future in futures:
        future.result(LIMIT)
    wait_until(lambda: not pool._threads)
    for number in range(50):  # threads end and are called at the same time
        assert pool.submit(lambda number=number: number).result(LIMIT) == number
        threading.Event().wait(0.008 + number % 5 / 1000)
    pool.end()
    assert not pool._threads
    with pytest.raises(zuki.ZukiError, match="ends"):
        pool.submit(int)


def test_the_end_waits_for_calls():
    pool, made = threads.ElasticPool(limit=2), []
    for number in range(20):
        pool.submit(lambda number=number: made.append(number))
    pool.end()
    assert sorted(made) == list(range(20))


def test_where_no_thread_can_be_started(monkeypatch):
    def refuses(thread):
        raise RuntimeError("can't start new thread")

    pool = threads.ElasticPool()
    monkeypatch.setattr(threading.Thread, "start", refuses)
    with pytest.raises(zuki.ZukiError, match="none can be started"):
        pool.submit(int)
    monkeypatch.undo()
    assert pool.submit(int).result(LIMIT) == 0
    pool.end()


def test_cancelled(executor):
    async def main():
        gate = Gate()
        task = executor.spawn(zuki.to_thread(gate.wait))
        while not gate.waiting:
            await zuki.sleep(0.001)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        gate.open()

    executor.run(main())


def test_bad_calls(executor):
    async def main():
        with pytest.raises(TypeError, match="takes a function"):
            await zuki.to_thread(7)
        with pytest.raises(TypeError):
            await zuki.to_thread(int, 1, 2, 3)

    executor.run(main())


def test_a_call_works_in_asyncio_as_well():
    assert asyncio.run(zuki.to_thread(int, "7")) == 7


def run_script(text):
    ended = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", text],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    return ended.stdout.split()


AT_EXIT = """
import threading, time, zuki
begun = threading.Event()
def slow():
    begun.set()
    time.sleep(0.2)
    print("done", flush=True)
zuki.spawn(zuki.to_thread(slow))
assert begun.wait(30)
"""

FORKS = """
import os, signal, zuki
zuki.run(zuki.to_thread(int))
child = os.fork()
if child == 0:
    signal.alarm(30)
    os._exit(zuki.run(zuki.to_thread(int, "7")))
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


def test_the_interpreter_ends_while_a_call_blocks():
    assert run_script(AT_EXIT) == ["done"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
def test_a_forked_child_has_threads_of_its_own():
    assert run_script(FORKS) == ["7"]
