"""Which processors a thread may use, as the system tells it; and a worker that begins on another one."""

import os
import threading

import pytest

from tests.kernels import probes
from zuki.runtime.tables import Tables, make_table
from zuki_kernels import processors, steering
from zuki_kernels.steering import FREE, NARROWED, STEERED, THREAD, USABLE

LIMIT = 60  # seconds

pytestmark = pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="needs os.sched_setaffinity")


@pytest.fixture
def usable():
    """What this thread may use, at least two processors; put back at the end."""
    before = os.sched_getaffinity(0)
    if len(before) < 2:
        pytest.skip("needs two processors")
    yield before
    os.sched_setaffinity(0, before)


def set_of(words):
    bits = "".join(f"{int(word) & (1 << 64) - 1:064b}"[::-1] for word in words)
    return {cpu for cpu, bit in enumerate(bits) if bit == "1"}


class Sleeper:
    """A thread that is worker 1, and does what it is told."""

    def __init__(self):
        self.workers = Tables(2).workers
        self.told, self.done = threading.Semaphore(0), threading.Semaphore(0)
        self.steps = []
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()
        self.do(lambda: steering.enter(self.workers, 1, threading.get_native_id()))

    def run(self):
        while self.told.acquire(timeout=LIMIT) and (step := self.steps.pop()) is not None:
            step()
            self.done.release()

    def do(self, step):
        self.steps.append(step)
        self.told.release()
        assert self.done.acquire(timeout=LIMIT)

    def note(self):
        self.do(lambda: steering.note(self.workers, 1))

    def come_back(self):
        self.do(lambda: steering.come_back(self.workers, 1))

    def may_use(self):
        return os.sched_getaffinity(self.thread.native_id)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.steps.append(None)
        self.told.release()
        self.thread.join(LIMIT)


@pytest.fixture
def sleeper():
    with Sleeper() as sleeper:
        yield sleeper


def stay_on(cpu):
    os.sched_setaffinity(0, {cpu})


def test_the_system_is_asked_and_told(usable):
    table = make_table(2, 16)
    assert probes.note_processors(table) == 0
    assert set_of(table[1, : processors.WORDS]) == usable
    one = min(usable)
    table[1, : processors.WORDS] = 0
    table[1, one // 64] = 1 << one % 64
    assert probes.use_processors(table) == 0
    assert os.sched_getaffinity(0) == {one}


def test_others_are_those_where_the_caller_does_not_run(usable):
    table = make_table(2, 16)
    probes.note_processors(table)
    stay_on(max(usable))
    assert probes.use_other_processors(table, 0) == 0  # the caller
    assert os.sched_getaffinity(0) == usable - {max(usable)}


def test_what_would_be_none_or_no_change_is_refused(usable):
    table = make_table(2, 16)
    stay_on(max(usable))
    probes.note_processors(table)
    assert probes.use_other_processors(table, 0) != 0  # none would be left
    stay_on(min(usable))
    assert probes.use_other_processors(table, 0) != 0  # there the caller does not run
    assert os.sched_getaffinity(0) == {min(usable)}


def test_whom_a_worker_wakes_is_sent_elsewhere_and_comes_back(usable, sleeper):
    stay_on(max(usable))
    sleeper.note()
    steering.send_elsewhere(sleeper.workers, 1)
    assert sleeper.workers[1, STEERED] == NARROWED
    assert sleeper.may_use() == usable - {max(usable)}
    sleeper.come_back()
    assert sleeper.workers[1, STEERED] == FREE
    assert sleeper.may_use() == usable


def test_who_is_sent_elsewhere_late_comes_back_after_the_next_sleep(usable, sleeper):
    stay_on(max(usable))
    sleeper.note()
    sleeper.come_back()
    steering.send_elsewhere(sleeper.workers, 1)
    sleeper.note()  # writes down nothing: one is lacking
    steering.send_elsewhere(sleeper.workers, 1)
    assert set_of(sleeper.workers[1, USABLE : USABLE + processors.WORDS]) == usable
    sleeper.come_back()
    assert sleeper.may_use() == usable


def test_what_others_have_let_the_thread_use_stays(usable, sleeper):
    sleeper.note()
    os.sched_setaffinity(sleeper.thread.native_id, {min(usable)})
    sleeper.note()
    stay_on(min(usable))
    steering.send_elsewhere(sleeper.workers, 1)
    sleeper.come_back()
    assert sleeper.may_use() == {min(usable)}


def test_who_has_left_or_is_a_caller_is_not_steered(usable, sleeper):
    stay_on(max(usable))
    sleeper.note()
    sleeper.do(lambda: steering.leave(sleeper.workers, 1))
    steering.send_elsewhere(sleeper.workers, 1)
    steering.send_elsewhere(sleeper.workers, 0)
    assert sleeper.workers[:2, STEERED].tolist() == [FREE, FREE]
    assert sleeper.workers[:2, THREAD].tolist() == [0, 0]
    assert sleeper.may_use() == usable
