"""Debug mode: slow steps are reported, and warnings tell where coroutines were made."""

import gc
import logging
import os
import re
import sys
import time

import pytest

import zuki
from tests.lane.together import Gate, wait_until
from tests.runtime.script import run_script
from zuki.lane import slow_steps

pytestmark = pytest.mark.timeout(240)


@pytest.fixture(params=["one", "two", "lanes", "single"])
def executor(request, caplog):
    made = {
        "one": lambda: zuki.Executor(max_threads=1, debug=True),
        "two": lambda: zuki.Executor(max_threads=2, debug=True),
        "lanes": lambda: zuki.Executor(max_threads=3, python_lanes=3, debug=True),
        "single": lambda: zuki.SingleThreadedExecutor(debug=True),
    }[request.param]()
    caplog.set_level(logging.WARNING, "zuki")
    with made:
        made.run(zuki.sleep(0.001))  # kernels that are not in the cache are compiled in a step, which is slow
        caplog.clear()
        yield made


def of(caplog, words):
    """What is reported with such words. Any step is slow that a busy machine keeps from running."""
    return [text for text in (record.getMessage() for record in caplog.records) if words in text]


def test_a_slow_step_is_reported_where_it_is(executor, caplog):
    async def patient():
        await zuki.yield_now()
        wait_until(lambda: of(caplog, "blocker'"))  # blocks, as nothing in a coroutine should

    async def main():
        await executor.spawn(patient(), name="blocker")

    executor.run(main())
    (text,) = of(caplog, "blocker'")
    assert "coroutine 'blocker' has taken 0." in text
    assert "in patient" in text
    assert "in wait_until" in text
    assert "in main" not in text
    assert "run_steps" not in text


def test_a_slow_step_that_nobody_has_seen_is_reported_at_its_end(executor, caplog, monkeypatch):
    monkeypatch.setattr(slow_steps.watch, "_look_at", lambda servant, now: None)

    async def patient():
        await zuki.yield_now()
        time.sleep(1.1 * slow_steps.SLOW)
        await zuki.yield_now()
        time.sleep(1.1 * slow_steps.SLOW)

    executor.run(patient())
    wait_until(lambda: len(of(caplog, "patient'")) == 2)  # the coroutine is over before its last step is
    first, second = of(caplog, "patient'")
    assert re.search(r"patient' took \d", first)
    assert "in patient\n    await zuki.yield_now()" in first
    assert re.search(r"patient' took \d", second)
    assert second.endswith("until\n  its end")


def test_what_begins_in_a_slow_step_is_a_part_of_it(executor, caplog):
    async def child():
        wait_until(lambda: of(caplog, "in child"))

    async def main():
        await executor.spawn(child())

    executor.run(main())
    assert len(of(caplog, "in child")) == 1


def test_nothing_is_reported_of_quick_steps_and_of_waiting(executor, caplog, monkeypatch):
    monkeypatch.setattr(slow_steps, "SLOW", 1.0)  # no step is kept from running for so long

    async def main():
        await zuki.sleep(1.5 * slow_steps.SLOW)
        for _ in range(100):
            await zuki.yield_now()

    executor.run(main())
    assert not caplog.records


def test_the_watcher_goes_and_comes_again(caplog):
    caplog.set_level(logging.WARNING, "zuki")
    for _ in range(2):
        wait_until(lambda: slow_steps.watch.watcher is None)
        with zuki.Executor(max_threads=1, debug=True) as executor:
            gate = Gate()

            async def patient(gate=gate):
                gate.wait()

            task = executor.spawn(patient())
            wait_until(lambda: caplog.records)
            gate.open()
            task.result()
        caplog.clear()


@pytest.mark.filterwarnings("default::RuntimeWarning")
def test_a_coroutine_that_was_never_awaited_is_told_with_its_origin(executor):
    async def child():
        pass

    async def main():
        child()
        gc.collect()

    before = sys.get_coroutine_origin_tracking_depth()
    with pytest.warns(RuntimeWarning, match=r"child' was never awaited\nCoroutine created at(.|\n)*in main"):
        executor.run(main())
    assert sys.get_coroutine_origin_tracking_depth() == before


def test_the_mode_is_chosen_by_python_and_by_the_environment():
    assert zuki.ExecutorConfig().debug == sys.flags.dev_mode
    assert zuki.ExecutorConfig.from_environment({"ZUKI_DEBUG": "1"}).debug
    assert not zuki.ExecutorConfig.from_environment({"ZUKI_DEBUG": "No"}).debug
    with pytest.raises(ValueError, match="ZUKI_DEBUG must be 0 or 1, not 'maybe'"):
        zuki.ExecutorConfig.from_environment({"ZUKI_DEBUG": "maybe"})


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_forked_child_has_a_watcher_of_its_own():
    printed = run_script(
        """
from zuki.lane import slow_steps
async def slow():
    time.sleep(0.15)
sys.stderr = sys.stdout
executor = zuki.SingleThreadedExecutor()
executor.run(slow())
child = os.fork()
if child == 0:
    executor.run(slow())
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
""",
        ZUKI_DEBUG="1",
    )
    assert printed.count("a step of coroutine 'slow'") == 2
