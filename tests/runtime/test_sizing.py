"""A pool follows the processors that its process may use; made-up limits, and the affinity mask itself."""

import os
import subprocess
import sys
import threading

import pytest

import zuki
from tests.runtime.bodies import spin
from tests.runtime.together import LIMIT, wait_until
from zuki.runtime import sizing
from zuki_kernels import notifier, sync_state


class Limits:
    """What a process may use, and a clock."""

    def __init__(self, usable):
        self.usable, self.now, self.looks = usable, 0.0, 0

    def look(self):
        self.looks += 1
        return self.usable

    def clock(self):
        return self.now


@pytest.mark.parametrize(
    ("usable", "most", "limit"), [(1, 8, 1), (0, 8, 1), (4, 8, 4), (16, 8, 8), (8, 1, 1)]
)
def test_the_limit_has_bounds(usable, most, limit):
    assert sizing.limit_of(usable, most) == limit


def test_a_pool_has_room_for_all_processors_unless_it_begins_with_one(monkeypatch):
    monkeypatch.setattr(os, "cpu_count", lambda: 16)
    assert [sizing.most_of(usable) for usable in (1, 2, 16, 32)] == [1, 16, 16, 32]
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert sizing.most_of(2) == 2


def test_it_looks_once_a_second_and_tells_changes_alone():
    limits = Limits(4)
    follower = sizing.Follower(4, 8, limits.look, limits.clock)
    told = []
    for tenth in range(100):
        limits.now = tenth / 10
        limits.usable = {0: 4, 3: 2, 4: 64, 7: 0}.get(tenth // 10, limits.usable)
        told.append(follower.changed())
    assert [limit for limit in told if limit is not None] == [2, 8, 1]
    assert limits.looks <= 10


def test_limits_that_flicker_do_not_outrun_the_clock():
    limits = Limits(1)
    follower = sizing.Follower(4, 8, limits.look, limits.clock)
    changes = 0
    for hundredth in range(1000):
        limits.now, limits.usable = hundredth / 100, 1 + hundredth % 2 * 7
        changes += follower.changed() is not None
    assert changes <= 10


@pytest.fixture
def made(monkeypatch):
    """An executor without a number of threads, on a process that may use four processors."""
    monkeypatch.delenv("ZUKI_NUM_THREADS", raising=False)
    limits = Limits(4)
    monkeypatch.setattr("zuki.runtime.config.usable_cpus", limits.look)
    monkeypatch.setattr(os, "cpu_count", lambda: 4)
    with zuki.Executor(keep_alive=0.05, name="fits") as executor:
        executor._pool._follower = sizing.Follower(4, 4, limits.look, limits.clock)
        yield executor, limits


def spawned(executor):
    return sync_state.threads(int(executor._pool.tables.pool[0, sync_state.SYNC]))


def wide():
    graph = zuki.Graph()
    graph.add_many(spin, 20_000, count=400)
    return graph


def test_a_burst_grows_to_the_limit_and_what_is_idle_retires(made):
    executor, _ = made
    assert executor.max_threads == 4
    most = 0
    for _ in range(50):
        runs = [wide().submit(executor) for _ in range(4)]
        most = max(most, spawned(executor))
        for run in runs:
            run.result(LIMIT)
        most = max(most, spawned(executor))
        if most == 4:
            break
    assert most == 4
    wait_until(lambda: spawned(executor) == 0)


def test_the_limit_follows_and_work_goes_on(made):
    executor, limits = made
    for number, usable in enumerate((1, 3, 2, 4, 1, 9)):
        limits.now, limits.usable = 10.0 * (number + 1), usable
        assert wide().run(executor).nodes == 400
        assert executor.max_threads == min(usable, 4)
        assert executor._pool.tables.pool[0, notifier.LIMIT] == min(usable, 4)


def test_no_second_thread_starts_while_one_may_be_awake(made):
    executor, limits = made
    limits.now, limits.usable = 10.0, 1
    seen, lock = set(), threading.Lock()

    def note():
        with lock:
            seen.add(threading.get_ident())

    graph = zuki.Graph()
    for _ in range(50):
        graph.add(spin, 1000)
        graph.add(note)
    graph.submit(executor).result(LIMIT)
    assert len(seen) == 1


@pytest.mark.parametrize(
    ("told", "follows"), [({}, True), ({"max_threads": 2}, False), ({"adaptive_sizing": False}, False)]
)
def test_only_a_default_follows(monkeypatch, told, follows):
    monkeypatch.delenv("ZUKI_NUM_THREADS", raising=False)
    config = zuki.ExecutorConfig(**told)
    assert config.follows_processors is follows
    assert config.changed(name="other").follows_processors is follows
    assert config.changed(max_threads=3).follows_processors is False


def test_the_environment_is_no_default(monkeypatch):
    monkeypatch.setenv("ZUKI_NUM_THREADS", "3")
    assert zuki.ExecutorConfig().follows_processors is False
    for text, adapts in (("0", False), ("No", False), ("true", True)):
        assert zuki.ExecutorConfig.from_environment({"ZUKI_ADAPTIVE_SIZING": text}).adaptive_sizing is adapts
    with pytest.raises(ValueError, match="ZUKI_ADAPTIVE_SIZING must be 0 or 1, not 'maybe'"):
        zuki.ExecutorConfig.from_environment({"ZUKI_ADAPTIVE_SIZING": "maybe"})


def test_bad_values():
    with pytest.raises(TypeError, match="adaptive_sizing must be a bool, not int"):
        zuki.Executor(adaptive_sizing=1)
    with pytest.raises(TypeError, match="an executor has no follows_processors"):
        zuki.Executor(follows_processors=True)


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="needs os.sched_setaffinity")
def test_a_process_that_may_use_one_processor_has_one_worker():
    text = (
        "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})\n"
        "import threading, zuki\n"
        "from tests.runtime.test_sizing import wide\n"
        "with zuki.Executor(name='one') as executor:\n"
        "    for run in [wide().submit(executor) for _ in range(8)]:\n"
        "        run.result(100)\n"
        "    print(sum(thread.name.startswith('one-') for thread in threading.enumerate()))\n"
    )
    environment = {name: value for name, value in os.environ.items() if name != "ZUKI_NUM_THREADS"}
    ended = subprocess.run(
        [sys.executable, "-c", text],
        env={**environment, "PYTHONPATH": os.pathsep.join(filter(None, ["", *sys.path, os.getcwd()]))},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert ended.stdout.split() == ["1"], ended.stderr
