import pytest

from zuki.runtime.tables import make_table
from zuki_kernels import awaiting, task_life, task_state
from zuki_kernels.awaiting import TAKEN
from zuki_kernels.runs import NONE
from zuki_kernels.task_life import (
    AGAIN,
    AWAITER,
    CANCEL,
    FREE,
    IDLE,
    NOTHING,
    OVER,
    PUSH,
    RUN,
    STALE,
    STATE,
    TASK_FIELDS,
    TELL,
)

ROW = 2
OTHER = task_state.waker_of(1, 9)


@pytest.fixture
def tasks():
    return make_table(4, TASK_FIELDS)


@pytest.fixture
def waker(tasks):
    return task_life.spawn(tasks, ROW, True)


def flags(tasks):
    return tasks[ROW, STATE] & 255


def test_a_task_that_is_spawned_runs_and_ends_with_a_result_for_its_holder(tasks, waker):
    assert (task_state.row_of(waker), task_state.life_of(waker)) == (ROW, 0)
    assert task_life.start(tasks, ROW) == RUN
    assert not task_state.has(awaiting.read(tasks, ROW), task_state.COMPLETED)
    assert task_life.finish(tasks, ROW, False) == NOTHING
    assert task_state.has(awaiting.read(tasks, ROW), task_state.COMPLETED)
    assert awaiting.detach(tasks, ROW) == FREE


def test_a_task_that_sleeps_is_pushed_by_the_first_of_its_wakers(tasks, waker):
    assert task_life.wake(tasks, waker) == NOTHING  # it is in the queue
    assert task_life.start(tasks, ROW) == RUN
    assert task_life.pause(tasks, ROW) == IDLE
    assert [task_life.wake(tasks, waker) for _ in range(3)] == [PUSH, NOTHING, NOTHING]
    assert task_life.start(tasks, ROW) == RUN


def test_a_task_that_is_woken_while_it_runs_runs_again_once(tasks, waker):
    task_life.start(tasks, ROW)
    assert [task_life.wake(tasks, waker) for _ in range(2)] == [NOTHING, NOTHING]
    assert task_life.pause(tasks, ROW) == AGAIN
    assert task_life.wake(tasks, waker) == NOTHING  # its runner pushes it
    assert task_life.start(tasks, ROW) == RUN
    assert task_life.pause(tasks, ROW) == IDLE


def test_a_cancellation_is_delivered_by_the_next_run(tasks, waker):
    assert task_life.cancel(tasks, waker) == NOTHING
    assert task_life.start(tasks, ROW) == CANCEL
    assert task_life.pause(tasks, ROW) == IDLE  # it does not want to end
    assert task_life.cancel(tasks, waker) == PUSH
    assert task_life.cancel(tasks, waker) == NOTHING
    assert task_life.start(tasks, ROW) == CANCEL
    assert task_life.cancel(tasks, waker) == NOTHING
    assert task_life.pause(tasks, ROW) == AGAIN
    assert task_life.start(tasks, ROW) == CANCEL
    assert task_life.finish(tasks, ROW, True) == NOTHING
    assert flags(tasks) == task_state.COMPLETED | task_state.CANCELLED | task_state.HELD


def test_a_wish_that_comes_in_the_last_run_is_void(tasks, waker):
    task_life.start(tasks, ROW)
    assert task_life.cancel(tasks, waker) == NOTHING
    assert task_life.finish(tasks, ROW, False) == NOTHING
    assert flags(tasks) == task_state.COMPLETED | task_state.HELD


def test_nothing_happens_to_a_task_that_is_over_or_to_a_later_one(tasks, waker):
    task_life.start(tasks, ROW)
    task_life.finish(tasks, ROW, False)
    assert (task_life.wake(tasks, waker), task_life.cancel(tasks, waker)) == (OVER, OVER)
    awaiting.detach(tasks, ROW)
    assert (task_life.wake(tasks, waker), task_life.cancel(tasks, waker)) == (OVER, OVER)
    task_life.recycle(tasks, ROW)
    assert (task_life.wake(tasks, waker), task_life.cancel(tasks, waker)) == (STALE, STALE)
    later = task_life.spawn(tasks, ROW, False)
    assert task_state.life_of(later) == 1
    assert (task_life.wake(tasks, waker), task_life.cancel(tasks, waker)) == (STALE, STALE)
    assert task_life.start(tasks, ROW) == RUN
    assert task_life.pause(tasks, ROW) == IDLE
    assert task_life.wake(tasks, waker) == STALE
    assert task_life.wake(tasks, later) == PUSH


def test_a_task_that_nobody_holds_is_its_finishers(tasks):
    task_life.spawn(tasks, ROW, False)
    task_life.start(tasks, ROW)
    assert task_life.finish(tasks, ROW, False) == FREE


def test_a_holder_that_goes_away_leaves_the_task_running(tasks, waker):
    assert awaiting.detach(tasks, ROW) == NOTHING
    assert task_life.start(tasks, ROW) == RUN
    assert task_life.finish(tasks, ROW, True) == FREE


def test_an_awaiter_is_told(tasks, waker):
    assert awaiting.wait_for(tasks, ROW, OTHER) == NOTHING
    task_life.start(tasks, ROW)
    assert task_life.finish(tasks, ROW, False) == TELL
    assert awaiting.awaiter_of(tasks, ROW) == OTHER
    assert awaiting.told(tasks, ROW) == NOTHING
    assert awaiting.detach(tasks, ROW) == FREE


def test_the_last_of_holder_and_finisher_has_the_row(tasks, waker):
    awaiting.wait_for(tasks, ROW, OTHER)
    task_life.start(tasks, ROW)
    assert task_life.finish(tasks, ROW, False) == TELL
    assert awaiting.withdraw(tasks, ROW) == OVER
    assert awaiting.detach(tasks, ROW) == NOTHING
    assert awaiting.awaiter_of(tasks, ROW) == OTHER
    assert awaiting.told(tasks, ROW) == FREE


def test_one_awaits_at_a_time(tasks, waker):
    assert awaiting.wait_for(tasks, ROW, OTHER) == NOTHING
    assert awaiting.wait_for(tasks, ROW, OTHER + 1) == TAKEN
    assert awaiting.withdraw(tasks, ROW) == NOTHING
    assert tasks[ROW, AWAITER] == NONE
    assert awaiting.wait_for(tasks, ROW, OTHER + 1) == NOTHING
    task_life.start(tasks, ROW)
    assert task_life.finish(tasks, ROW, False) == TELL
    assert awaiting.awaiter_of(tasks, ROW) == OTHER + 1
    assert awaiting.wait_for(tasks, ROW, OTHER) == OVER


def test_who_comes_after_the_end_is_told_at_once(tasks, waker):
    task_life.start(tasks, ROW)
    task_life.finish(tasks, ROW, False)
    assert [awaiting.wait_for(tasks, ROW, OTHER) for _ in range(2)] == [OVER, OVER]
    assert awaiting.detach(tasks, ROW) == FREE


def test_rows_do_not_touch_one_another(tasks, waker):
    before = tasks.copy()
    task_life.spawn(tasks, 0, True)
    task_life.start(tasks, 0)
    task_life.finish(tasks, 0, False)
    assert (tasks[1:] == before[1:]).all()
