"""The transitions of a Python task's life, made on its word by whoever has the right to each.

Each is: load the word, compute in `task_state`, one compare-exchange, act on what was before.
A transition that only one thread can make is an addition.

Columns: STATE is the word; AWAITER is whom to wake at the end.
Roles, and who may touch the task's object (coroutine, callable, result, exception):
- the spawner took the row from a free list; it may touch the object until `spawn`;
- wakers (any thread, for ever) `wake` and `cancel`, and touch nothing;
- the runner took the task from a queue, where it is once; from `start` to `pause` or `finish`
  the object is its own: it and nobody else may touch it while RUNNING;
- the holder has HELD from `spawn` to `detach` (`awaiting`): once it has read COMPLETED the
  object, which is the result now, is its own;
- the finisher is no longer the runner: it may not touch the object;
- who is answered FREE is the last: object and row are its own until it has called `recycle`
  and given the row back to the free list.
A task in a queue is not over, so queues hold rows. All others hold wakers, with a generation.
At rest: the word is one that `task_state` allows; AWAITER names somebody if AWAITED is set.
"""

from ._jit import kernel
from ._types import Table
from .atomics import (
    cas_acq_rel,
    cas_acquire,
    cas_release,
    load_relaxed,
    store_relaxed,
    store_release,
)
from .runs import NONE
from .task_state import (
    AWAITED,
    CANCELLED,
    COMPLETED,
    RUNNING,
    SCHEDULED,
    cancelled,
    finished,
    generation_of,
    has,
    is_free,
    life_of,
    paused,
    recycled,
    row_of,
    spawned,
    started,
    waker_of,
    woken,
)

STATE = 0  # the word; `task_state` knows its bits
AWAITER = 1  # the waker of who waits for the end, or NONE
TASK_FIELDS = 8

NOTHING = -1  # verdict: there is nothing to do
PUSH = -2  # verdict: the caller must put the task into a queue
OVER = -3  # verdict: the task is over
STALE = -4  # verdict: the row has begun another life
RUN = -5  # verdict: run the task's next step
CANCEL = -6  # verdict: the same, and let it begin with the cancellation
IDLE = -7  # verdict: a waker will come
AGAIN = -8  # verdict: it was woken while it ran; the caller must push it
TELL = -9  # verdict: wake whom `awaiting.awaiter_of` names, then call `awaiting.told`
FREE = -10  # verdict: the caller is the last; the row is the caller's


@kernel
def spawn(tasks: Table, row: int, held: bool) -> int:
    """Begin a life in a free row; return its waker. The spawner, who then pushes the task."""
    word = load_relaxed(tasks, row, STATE)
    store_relaxed(tasks, row, AWAITER, NONE)
    # order: the object before its first run; pairs with start's
    store_release(tasks, row, STATE, spawned(word, held))
    return waker_of(row, generation_of(word))


@kernel
def _make_run(tasks: Table, waker: int, to_its_end: bool) -> int:
    row = row_of(waker)
    while True:  # a failure means that another thread has moved the word
        word = load_relaxed(tasks, row, STATE)
        if generation_of(word) != life_of(waker):
            return STALE
        if has(word, COMPLETED):
            return OVER
        after = cancelled(word) if to_its_end else woken(word)
        # order: what the caller did before the run that comes; pairs with start's
        if cas_release(tasks, row, STATE, word, after):
            return NOTHING if has(word, SCHEDULED | RUNNING) else PUSH


@kernel
def wake(tasks: Table, waker: int) -> int:
    """Let a task run; return `PUSH`, `NOTHING`, `OVER` or `STALE`. Any thread.

    The word is exchanged also where it stays the same: the run that comes sees what came before this.
    """
    return _make_run(tasks, waker, False)


@kernel
def cancel(tasks: Table, waker: int) -> int:
    """Wish a task to end; return `PUSH`, `NOTHING`, `OVER` or `STALE`. Any thread.

    The next run begins with the wish. Of a run that goes on nothing is promised: it may be the last.
    """
    return _make_run(tasks, waker, True)


@kernel
def start(tasks: Table, row: int) -> int:
    """Begin to run a task that came from a queue; return `RUN` or `CANCEL`. The runner."""
    while True:  # a failure means that another thread has moved the word
        word = load_relaxed(tasks, row, STATE)
        # order: earlier runs, and what wakers did, before this run; pairs with wake's, cancel's and pause's
        if cas_acquire(tasks, row, STATE, word, started(word)):
            return CANCEL if has(word, CANCELLED) else RUN


@kernel
def pause(tasks: Table, row: int) -> int:
    """Stop to run a task that waits for something; return `IDLE` or `AGAIN`. The runner."""
    while True:  # a failure means that another thread has moved the word
        word = load_relaxed(tasks, row, STATE)
        # order: this run before the next; pairs with start's
        if cas_release(tasks, row, STATE, word, paused(word)):
            return AGAIN if has(word, SCHEDULED) else IDLE


@kernel
def finish(tasks: Table, row: int, by_cancellation: bool) -> int:
    """Say that a task has run for the last time; return `TELL`, `FREE` or `NOTHING`. The runner.

    Its result is the holder's from here on; a result that nobody holds is the caller's (`FREE`).
    """
    while True:  # a failure means that another thread has moved the word
        word = load_relaxed(tasks, row, STATE)
        after = finished(word, by_cancellation)
        # order: the result before COMPLETED, AWAITER after AWAITED; pairs with read's and wait_for's
        if cas_acq_rel(tasks, row, STATE, word, after):
            if has(word, AWAITED):
                return TELL
            return FREE if is_free(after) else NOTHING


@kernel
def recycle(tasks: Table, row: int) -> None:
    """End a life. Who was answered `FREE`, before the row goes back to the free list."""
    word = load_relaxed(tasks, row, STATE)  # relaxed: after FREE nobody else moves the word
    store_relaxed(tasks, row, STATE, recycled(word))
