"""What lanes and wakers ask of Python tasks' lives, done for many tasks in one call.

The interpreter calls a kernel in 300 ns, and a step of a coroutine takes as long: so what is
to be done is noted in a list, and a lane hands the list over when it has run many steps.
A request is one number: a waker (not negative) wakes its task; others say, of a row, that its
run has stopped to wait (`paused`) or was its last (`ended`). Requests of several lanes may
come in any order, for each is a transition of `task_life` by itself.

Tasks here are in Python's hands: nobody holds their results by HELD, and a task that is to
run is started at once, on behalf of the lane that gets it. A row that nobody uses is kept
as that of a task that runs, so that a task that begins to wait needs no call for it.

Jitted code, which knows no list of Python's, wakes by `ring`: the task goes onto a stack through
the tasks' own rows, which `exchange` takes whole.

Columns: below, beside those of `task_life`. Requests and answers are tables of one row, the caller's own.
Roles: the lane that calls is the runner and the finisher of the tasks in its requests, and
the spawner of those that begin in their rows.
At rest: a row of an answer, or on the stack, is RUNNING.
"""

from ._jit import kernel
from ._types import Table
from .atomics import cas_release, exchange_acquire, load_relaxed, store_relaxed
from .task_life import AGAIN, PUSH, STATE, finish, pause, recycle, spawn, start, wake
from .task_state import RUNNING, SCHEDULED, has, row_of

LINK = 2  # column of a task: 1 + the row that is under it on the stack, or 0

# Columns of the pool's row
RUNG = 43  # 1 + the row on top of the stack, or 0
REST = 44  # the same, of a stack that was taken and not answered yet; the lane's that exchanges

_ENDED = 1


@kernel
def paused(row: int) -> int:
    """Return the request of a runner whose task waits."""
    return ~(row << 1)


@kernel
def ended(row: int) -> int:
    """Return the request of a runner whose task is over."""
    return ~(row << 1 | _ENDED)


@kernel
def occupy(tasks: Table, row: int) -> int:
    """Let a task that runs be in a free row; return its waker. Who has the row."""
    waker = spawn(tasks, row, False)
    start(tasks, row)
    return waker


@kernel
def occupy_many(tasks: Table, first: int, count: int, answers: Table) -> None:
    """Do as `occupy` for rows that were never used, and answer their wakers. Who has the rows."""
    for index in range(count):
        store_relaxed(answers, 0, index, occupy(tasks, first + index))


@kernel
def ring(pool: Table, tasks: Table, waker: int) -> bool:
    """Wake a task from code that is no lane's; return whether a servant is to be called. Any thread."""
    if wake(tasks, waker) != PUSH:
        return False
    row = row_of(waker)
    start(tasks, row)
    while True:  # a failure means that another thread has succeeded
        under = load_relaxed(pool, 0, RUNG)
        store_relaxed(tasks, row, LINK, under)
        # order: the link, and what came before the wake, before the stack; pairs with exchange's
        if cas_release(pool, 0, RUNG, under, row + 1):
            return True


@kernel
def is_anyone_rung(pool: Table) -> bool:
    """Tell whether tasks seem to be on the stack. Any thread."""
    return load_relaxed(pool, 0, RUNG) != 0 or load_relaxed(pool, 0, REST) != 0


@kernel
def count_asleep(tasks: Table, rows: int) -> int:
    """Return how many tasks wait in the first ``rows``, which were all occupied once. Any thread."""
    found = 0
    for row in range(rows):
        found += not has(load_relaxed(tasks, row, STATE), RUNNING | SCHEDULED)
    return found


@kernel
def exchange(pool: Table, tasks: Table, requests: Table, count: int, answers: Table) -> tuple[int, int]:
    """Do ``count`` requests; return how many tasks are to run, and how many rows have ended.

    The answers begin with the rows of tasks that are to run; the last of them are the wakers of the
    tasks that will be in the rows that have ended. There is room for one answer to each request, and
    one more. One lane at a time.
    """
    to_run, over = 0, 0
    rung = load_relaxed(pool, 0, REST)
    if rung == 0 and load_relaxed(pool, 0, RUNG) != 0:
        rung = exchange_acquire(pool, 0, RUNG, 0)  # order: the stack after its tasks; pairs with ring's
    while rung != 0 and to_run < answers.shape[1] - count:
        store_relaxed(answers, 0, to_run, rung - 1)
        rung = load_relaxed(tasks, rung - 1, LINK)
        to_run += 1
    store_relaxed(pool, 0, REST, rung)
    for index in range(count):
        request = load_relaxed(requests, 0, index)
        if request >= 0:
            if wake(tasks, request) == PUSH:
                start(tasks, row_of(request))
                store_relaxed(answers, 0, to_run, row_of(request))
                to_run += 1
            continue
        row = ~request >> 1
        if ~request & _ENDED:
            finish(tasks, row, False)
            recycle(tasks, row)
            over += 1
            store_relaxed(answers, 0, answers.shape[1] - over, occupy(tasks, row))
        elif pause(tasks, row) == AGAIN:
            start(tasks, row)
            store_relaxed(answers, 0, to_run, row)
            to_run += 1
    return to_run, over
