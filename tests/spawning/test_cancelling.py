"""What does not begin any more: after Ctrl-C, and after a failure."""

import signal
import subprocess
import sys
import time
from concurrent.futures import CancelledError

import numpy as np
import pytest

import zuki
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
