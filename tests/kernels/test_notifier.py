import time

import pytest

from tests.kernels.runs_of import Plan, Running
from tests.kernels.threads_of import run_together
from zuki_kernels import event, notifier, sync_state
from zuki_kernels.counters import PARKS, WAKES
from zuki_kernels.notifier import AWAKE, BEAT, DUTY, LEAST, OVER, PULSE, QUIET, RETIRE, START, STOP, WOKEN
from zuki_kernels.runs import DONE, NONE
from zuki_kernels.sync_state import NOTIFIED, ONE_IDLE, ONE_SPAWNED, ONE_THREAD, SYNC, WAKING

NAP = 1_000_000  # nanoseconds
LONG = 30_000_000_000


@pytest.fixture
def running():
    return Running(Plan(1))


def set_sync(running, spawned, idle=0, state=0):
    running.pool[0, SYNC] = spawned * ONE_SPAWNED + idle * ONE_IDLE + state


def notify(running, me=NONE, waking=False):
    return notifier.notify(running.pool, running.workers, me, waking)


def wait(running, me=0, waking=False, until=NONE, pulse=NONE, timeout=LONG):
    return notifier.wait_for_work(
        running.pool, running.workers, running.runs, me, waking, until, pulse, timeout
    )


def sync_of(running):
    return int(running.pool[0, SYNC])


def test_the_first_notification_starts_a_thread_which_takes_the_duty(running):
    assert notify(running) == START
    assert notify(running) == QUIET
    assert wait(running) == DUTY
    assert sync_of(running) == ONE_THREAD | WAKING


def test_the_duty_is_passed_on_while_more_may_be_awake(running):
    notify(running)
    wait(running)
    assert notify(running, 0, waking=True) == START
    assert wait(running, 1) == DUTY
    assert notify(running, 1, waking=True) == QUIET  # two are awake
    assert sync_state.spawned(sync_of(running)) == 2


def test_the_only_worker_that_may_be_awake_need_not_be_told(running):
    running.pool[0, notifier.LIMIT] = running.pool[0, notifier.MOST] = 1
    set_sync(running, 1)
    assert notify(running, 0) == QUIET
    assert sync_of(running) == ONE_SPAWNED
    assert notify(running, NONE) == QUIET
    assert sync_state.is_notified(sync_of(running))
    assert wait(running) == AWAKE


def test_an_idle_worker_is_woken(running):
    set_sync(running, 2)

    def sleeper():
        return wait(running, 1)

    def waker():
        deadline = time.monotonic() + 30
        while sync_state.idle(sync_of(running)) == 0 and time.monotonic() < deadline:
            time.sleep(0.001)
        return notify(running, 0)

    assert run_together(sleeper, waker) == [DUTY, WOKEN]
    assert running.workers[0, WAKES] == 1
    assert sync_of(running) == 2 * ONE_SPAWNED | WAKING
    assert running.workers[1, event.EVENT] == event.EMPTY


def test_a_wait_ends_with_the_run_that_is_waited_for(running):
    set_sync(running, 1)
    running.runs[0, DONE] = 1
    assert wait(running, until=0) == OVER
    assert sync_of(running) == ONE_SPAWNED


def test_a_wait_ends_when_the_pulse_has_moved(running):
    set_sync(running, 1)
    running.pool[0, PULSE] = 6
    assert wait(running, pulse=5) == BEAT
    assert sync_of(running) == ONE_SPAWNED


def test_a_sleep_ends_in_time_to_see_a_run_that_ends_unsaid(running):
    set_sync(running, 1)

    def end_it():
        deadline = time.monotonic() + 30
        while running.workers[0, PARKS] < 3 and time.monotonic() < deadline:
            time.sleep(0.001)
        running.runs[0, DONE] = 1

    assert run_together(lambda: wait(running, until=0, timeout=NAP), end_it)[0] == OVER


def test_a_sleeper_gives_the_duty_up(running):
    set_sync(running, 1, state=WAKING)
    running.runs[0, DONE] = 1
    assert wait(running, waking=True, until=0) == OVER
    assert sync_of(running) == ONE_SPAWNED


def test_the_end_wakes_all_and_is_never_left(running):
    set_sync(running, 2)

    def end_it():
        deadline = time.monotonic() + 30
        while sync_state.idle(sync_of(running)) < 2 and time.monotonic() < deadline:
            time.sleep(0.001)
        notifier.shut_down(running.pool, running.workers)

    assert run_together(lambda: wait(running, 0), lambda: wait(running, 1), end_it)[:2] == [STOP, STOP]
    assert wait(running) == STOP
    assert notify(running) == QUIET
    assert not notifier.join(running.pool, running.workers, 0)
    assert (running.workers[:, event.EVENT] == event.SHUTDOWN).all()


@pytest.mark.parametrize("timeout", [0, NAP])
def test_a_thread_that_sleeps_for_long_retires(running, timeout):
    running.pool[0, SYNC] = 2 * ONE_THREAD
    running.pool[0, LEAST] = 1
    assert wait(running, 1, timeout=timeout) == RETIRE
    assert sync_of(running) == ONE_THREAD
    assert running.workers[1, event.EVENT] == event.EMPTY


def test_as_few_as_are_to_stay_sleep_on_and_are_woken(running):
    running.pool[0, SYNC] = ONE_THREAD
    running.pool[0, LEAST] = 1

    def waker():
        deadline = time.monotonic() + 30
        while running.workers[0, PARKS] < 1 and time.monotonic() < deadline:
            time.sleep(0.001)
        time.sleep(0.02)
        assert running.workers[0, PARKS] == 1  # its sleep has no end
        return notify(running)

    assert run_together(lambda: wait(running, timeout=NAP), waker) == [DUTY, WOKEN]


def test_work_that_has_come_keeps_a_thread(running):
    running.pool[0, SYNC] = ONE_THREAD | NOTIFIED
    assert wait(running, timeout=0) == AWAKE
    assert sync_of(running) == ONE_THREAD


def test_who_waits_for_a_run_or_looks_at_signals_does_not_retire(running):
    running.pool[0, SYNC] = ONE_THREAD

    def end_it():
        deadline = time.monotonic() + 30
        while running.workers[0, PARKS] < 3 and time.monotonic() < deadline:
            time.sleep(0.001)
        running.runs[0, DONE] = 1
        running.pool[0, PULSE] = 6

    for waits in {"until": 0}, {"pulse": 5}:
        running.workers[0, PARKS] = running.runs[0, DONE] = running.pool[0, PULSE] = 0
        running.pool[0, PULSE] = 5
        assert run_together(lambda waits=waits: wait(running, timeout=NAP, **waits), end_it)[0] in (
            OVER,
            BEAT,
        )
        assert sync_of(running) == ONE_THREAD


def test_callers_join_up_to_the_limit_and_leave(running):
    assert [notifier.join(running.pool, running.workers, 0) for _ in range(3)] == [True, True, False]
    assert notifier.depart(running.pool, running.workers, 0, False, False) == QUIET
    assert sync_of(running) == ONE_SPAWNED


@pytest.mark.parametrize("notified", [False, True])
def test_who_leaves_work_has_another_look(running, notified):
    notifier.join(running.pool, running.workers, 0)
    if notified:
        running.pool[0, SYNC] |= NOTIFIED
    assert notifier.depart(running.pool, running.workers, 0, False, not notified) == START
    assert sync_state.spawned(sync_of(running)) == 1
    assert sync_state.is_signaled(sync_of(running))


def test_a_start_that_failed_is_undone(running):
    assert notifier.is_deserted(running.pool)
    assert notify(running) == START
    assert not notifier.is_deserted(running.pool)
    assert not notifier.give_up_start(running.pool, running.workers)
    assert notifier.is_deserted(running.pool)
    assert sync_state.spawned(sync_of(running)) == 0
    assert not sync_state.is_signaled(sync_of(running))
    assert notify(running) == START  # the next notification tries again
