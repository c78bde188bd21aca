"""Submitted calls of which a signal breaks something off: nothing hangs, and no memory goes too early."""

import time
import weakref

import numpy as np
import pytest

import zuki
from tests.runtime.script import run_script
from tests.runtime.signalling import run_step_by_step
from tests.spawning.test_submitting import flag_of, increment, spin, warm
from zuki_kernels import service

pytestmark = pytest.mark.timeout(200)

LIMIT = 60

EACH_STEP = """
from tests.spawning.test_submitting import increment, total, warm

every = int(sys.argv[2])
executor = zuki.Executor(max_threads=2)
warm(executor, increment, 1)
warm(executor, total, np.ones(3))
desk, heard, kept, steps = executor._pool.desk, [], [], 0

def submit():
    kept[:] = [executor.submit(total, np.ones(1000))]
    return kept[0]

def cancel_or_take():
    future = submit()
    return future.cancel() or future.result()

def check():
    for future in kept:
        if not future.cancelled():
            assert future.result(20) == 1000
    kept.clear()
    told = executor.submit(increment, 1)
    told.add_done_callback(heard.append)  # nobody runs it but a worker
    deadline = time.monotonic() + 20
    while not (told.done() and told in heard):
        assert time.monotonic() < deadline
        time.sleep(0.0001)
    heard.clear()

actions = (
    lambda: submit().result(),
    lambda: submit().result(20),
    lambda: executor.submit(total, np.ones(1000)) and None,
    lambda: submit().add_done_callback(heard.append),
    cancel_or_take,
)  # not concurrent.futures.wait: that leaves conditions locked which it was about to release
for action in actions:
    action()
    check()
    taken = interrupt_at_each_step(action, check, every, 1)
    assert taken > 5, taken
    steps += taken
executor.shutdown()
assert desk.count_calls().queued == 0
rows, blocks = set(map(desk._block, range(desk._made))), set()
while (block := desk.take_block()) in rows:
    assert block not in blocks
    blocks.add(block)
assert len(desk.kept) <= len(rows - blocks) < steps / every / 4  # a few may be lost, but not given twice
"""


@pytest.mark.parametrize("kind", ["ctrl-c", "handler"])
def test_at_each_step(kind):
    run_step_by_step(EACH_STEP, kind, 1)


@pytest.fixture
def executor():
    with zuki.Executor(max_threads=1) as made:
        yield made


@pytest.fixture
def busy(executor):
    """An executor whose worker is in a long body."""
    flag = flag_of(0)
    warm(executor, increment, 1)
    warm(executor, spin, flag_of(1))
    future = executor.submit(spin, flag)
    while not future.running():
        time.sleep(0.001)
    yield executor
    flag[0, 0] = 1
    assert future.result(LIMIT) == 1


class Broken:
    """Does what a function does, and then does not return, the first time."""

    def __init__(self, function):
        self.function, self.is_broken = function, True

    def __call__(self, *arguments):
        answer = self.function(*arguments)
        if self.is_broken:
            self.is_broken = False
            raise KeyboardInterrupt
        return answer


def test_a_result_is_there_after_an_interrupted_wait_for_it(busy, monkeypatch):
    future = busy.submit(increment, 1)
    monkeypatch.setattr(busy._pool.desk, "attend", Broken(busy._pool.desk.attend))
    with pytest.raises(KeyboardInterrupt):
        future.result()  # this thread has run it, and has not heard so
    assert future.done()
    assert future.result(LIMIT) == 2


@pytest.mark.parametrize("way", ["short", "long"])
def test_a_thread_is_started_though_who_is_to_start_it_is_interrupted(executor, monkeypatch, way):
    warm(executor, increment, 1)
    found = increment.specialise_for((1,))
    with zuki.Executor(max_threads=1) as other:
        other._open_desk()
        desk = other._pool.desk
        if way == "short":
            monkeypatch.setattr(increment, "_last_submitted", (Broken(found.start), found))
            desk.free.append(desk.take_block())  # who finds none goes the long way
        else:
            monkeypatch.setattr(increment, "_last_submitted", None)
            monkeypatch.setattr(desk, "offer", Broken(desk.offer))
        with pytest.raises(KeyboardInterrupt):
            other.submit(increment, 1)
        later, heard = other.submit(increment, 2), []
        later.add_done_callback(heard.append)
        deadline = time.monotonic() + LIMIT
        while not heard:
            assert time.monotonic() < deadline
            time.sleep(0.001)
        assert desk.count_calls().queued == 0


def test_a_thread_is_started_for_calls_of_python_functions_too(monkeypatch):
    with zuki.Executor(max_threads=1) as executor:
        executor._pool.open_lanes()
        monkeypatch.setattr(service, "call_and_note", Broken(service.call_and_note))
        with pytest.raises(KeyboardInterrupt):
            executor.submit(len, "abc")
        assert executor.submit(len, "ab").result(LIMIT) == 2


def wait_until_done(future):
    """Let a worker run a call: who waits for it would."""
    while not future.done():
        time.sleep(0.001)


def test_what_detached_tasks_use_is_kept_when_their_call_is_over():
    with zuki.Executor(max_threads=2) as executor:
        flag = flag_of(0)
        warm(executor, detaches, flag_of(1), np.ones(3))
        for begin in (
            lambda values: wait_until_done(executor.submit(detaches, flag, values)),
            lambda values: executor.submit(detaches, flag, values).result(LIMIT),
            lambda values: executor.run(detaches, flag, values),
        ):
            values, flag[0, 0] = np.ones(1000), 0
            gone = weakref.ref(values)
            begin(values)
            del values
            assert gone() is not None
            flag[0, 0] = 1
            deadline = time.monotonic() + LIMIT
            while gone() is not None:
                assert time.monotonic() < deadline
                time.sleep(0.001)


@zuki.task
def spins_and_sums(flag, values):
    spin(flag)
    return values.sum()


@zuki.task
def detaches(flag, values):
    zuki.spawn_detached(spins_and_sums, flag, values)


@pytest.mark.parametrize("cancels", [False, True])
def test_the_last_call_ends_a_closed_pool_whoever_ends_it(cancels):
    executor = zuki.Executor(max_threads=1, keep_alive=None)
    warm(executor, increment, 1)
    warm(executor, spin, flag_of(1))
    flag = flag_of(0)
    first = executor.submit(spin, flag)
    while not first.running():
        time.sleep(0.001)
    last = executor.submit(spin, flag_of(1))
    executor.shutdown(wait=False)
    flag[0, 0] = 1
    assert first.result(LIMIT) == 1
    assert last.cancel() or last.result() == 1 if cancels else last.result() == 1
    deadline = time.monotonic() + LIMIT
    while any(thread.is_alive() for thread in executor._pool.workers.threads()):
        assert time.monotonic() < deadline
        time.sleep(0.001)


IN_A_CHILD = """
from tests.spawning.test_submitting import flag_of, increment, spin, warm

executor = zuki.Executor(max_threads=1)
warm(executor, increment, 1)
warm(executor, spin, flag_of(1))
flag, desk = flag_of(0), executor._pool.desk
begun = executor.submit(spin, flag)
while not begun.running():
    time.sleep(0.001)
waiting, dropped = executor.submit(increment, 1), executor.submit(increment, 2)
held, done = threading.Event(), threading.Event()

def hold():
    with desk.lock:
        held.set()
        done.wait()

threading.Thread(target=hold).start()
held.wait()
child = os.fork()
if child == 0:
    signal.alarm(30)
    del dropped
    waiting.add_done_callback(id)
    assert waiting.result() == 2
    try:
        begun.result(5)
    except zuki.ZukiError as error:
        assert "spin" in str(error) and "parent" in str(error)
    else:
        os._exit(2)
    assert executor.submit(increment, 3).result(20) == 4
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
done.set()
flag[0, 0] = 1
assert [future.result(20) for future in (begun, waiting, dropped)] == [1, 2, 3]
executor.shutdown()
"""


@pytest.mark.skipif(not hasattr(__import__("os"), "fork"), reason="there is no fork")
def test_a_forked_child_lets_old_calls_go():
    run_script(IN_A_CHILD)
