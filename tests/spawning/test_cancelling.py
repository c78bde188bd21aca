"""What does not begin any more: after Ctrl-C, and after a failure."""

import signal
import subprocess
import sys
import time
from concurrent.futures import CancelledError

import numpy as np
import pytest

import zuki
from tests.runtime.script import run_script
from tests.spawning.interrupted import fib

LIMIT = 120  # seconds


@zuki.task
def note(begun, number):
    begun[number] += 1


@zuki.task
def fails(begun, number):
    begun[number] += 1
    raise ValueError("at once", number)


@zuki.task
def fails_with_many_behind(begun):
    for number in range(2, len(begun)):
        zuki.spawn(note, begun, number)
    zuki.spawn(fails, begun, 1)
    zuki.join(zuki.spawn(fails, begun, 0))


@zuki.task
def leaves_many_that_fail(begun):
    for number in range(len(begun)):
        zuki.spawn(fails, begun, number)


@pytest.fixture(params=[1, 2])
def executor(request):
    with zuki.Executor(request.param) as made:
        yield made


def test_after_a_failure_what_has_not_begun_does_not_begin(executor):
    begun = np.zeros(1000, np.int64)
    with pytest.raises(ValueError, match="at once") as caught:
        zuki.run(fails_with_many_behind, begun, executor=executor)
    assert caught.value.args == ("at once", 0)
    assert begun[0] == 1
    assert begun.max() == 1
    if executor.max_threads == 1:  # else others may have begun them
        assert begun[1:].sum() == 0


def test_the_first_failure_of_those_that_nobody_joins_is_raised(executor):
    begun = np.zeros(1000, np.int64)
    with pytest.raises(ValueError, match="at once"):
        zuki.run(leaves_many_that_fail, begun, executor=executor)
    if executor.max_threads == 1:
        assert begun.sum() == 1
    assert zuki.run(fib, 15, executor=executor) == 610


@pytest.mark.parametrize("max_threads", [1, 3])
def test_ctrl_c_ends_a_tree_of_tasks(max_threads):
    arguments = [sys.executable, "-m", "tests.spawning.interrupted", str(max_threads)]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as script:
        try:
            assert script.stdout.readline() == "begins\n"
            time.sleep(0.3)  # so that it comes when tasks run
            script.send_signal(signal.SIGINT)
            said, _ = script.communicate(timeout=LIMIT)
        finally:
            script.kill()
    assert said == "interrupted 6765\n"
    assert script.returncode == 0


def test_a_pool_that_is_told_to_cancel_ends_a_tree_of_tasks():
    graph = zuki.Graph()
    graph.add(fib, 60)
    executor = zuki.Executor(2)
    future = graph.submit(executor)
    executor.shutdown(cancel_futures=True)
    with pytest.raises(CancelledError):
        future.result(timeout=LIMIT)


LOOPS = """
import numba

@zuki.task
def work(index, done):
    total = 0.0
    for step in range(20_000):
        total += np.sqrt(step + index)
    done[index] = 1 + (total < 0)  # or the loop would be left out
    return total

@zuki.task
def only_work(index, done):
    work(index, done)

@zuki.task
def add(one, other):
    return one + other

@numba.njit
def loop(stop, done):
    zuki.parallel_for(only_work, 0, stop, done)

done = np.zeros(10_000_000, np.int8)
with zuki.Executor(int(sys.argv[1])) as executor:
    graph = zuki.Graph()
    graph.add(loop, len(done), done)
    actions = (
        lambda stop: zuki.parallel_for(only_work, 0, stop, done, executor=executor),
        lambda stop: zuki.parallel_reduce(work, add, 0, stop, done, executor=executor),
        lambda stop: zuki.parallel_map(work, np.arange(stop), done, executor=executor),
        lambda stop: executor.run(loop, stop, done),
        lambda stop: executor.run(graph),
    )

    def interrupt():
        while not done.any():
            time.sleep(0.001)
        os.kill(os.getpid(), signal.SIGINT)

    for action in actions:
        if action is not actions[-1]:
            action(3)  # compiled
        done[:] = 0
        threading.Thread(target=interrupt).start()
        try:
            action(len(done))
        except KeyboardInterrupt:
            print(done.all())
"""


@pytest.mark.parametrize("workers", [1, 2])
def test_an_interrupt_ends_a_loop(workers):
    assert run_script(LOOPS, workers, limit=LIMIT).split() == ["False"] * 5


@zuki.task
def work_but_for(index, done, failing):
    total = 0.0
    for step in range(200):
        total += np.sqrt(step + index)
    done[index] = 1 + (total < 0)  # or the loop would be left out
    if index == failing:
        raise ValueError("this one", index)
    return total


@zuki.task
def only_work_but_for(index, done, failing):
    work_but_for(index, done, failing)


@zuki.task
def larger(one, other):
    return max(one, other)


@pytest.mark.parametrize("failing", [1000, 501_000])
@pytest.mark.parametrize(
    "loop",
    [
        lambda *given, executor: zuki.parallel_for(only_work_but_for, 0, *given, executor=executor),
        lambda stop, *given, executor: zuki.parallel_map(
            work_but_for, np.arange(stop), *given, executor=executor
        ),
        lambda *given, executor: zuki.parallel_reduce(work_but_for, larger, 0, *given, executor=executor),
    ],
)
def test_after_a_failure_the_other_parts_of_a_loop_end_early(executor, loop, failing):
    done = np.zeros(1_000_000, np.int8)
    loop(10, done, -1, executor=executor)
    with pytest.raises(ValueError, match="this one") as caught:
        loop(len(done), done, failing, executor=executor)
    assert caught.value.args == ("this one", failing)
    assert not any("more of the tasks" in note for note in caught.value.__notes__)
    if failing == 1000 or executor.max_threads == 1:  # else each worker may have done its half before
        assert done.sum() < failing + len(done) // 4
