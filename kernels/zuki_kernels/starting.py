"""What a thread outside the pool does to a run: begin it, wait for it, stop it."""

from . import event, queue, search
from ._jit import kernel
from ._types import Table
from .atomics import cas_relaxed, fence_seq_cst, load_acquire, load_relaxed, store_relaxed, store_release
from .dependencies import count_passed
from .notifier import notify
from .runs import (
    BATCH,
    CALLBACK,
    CURSOR,
    DONE,
    EPOCH,
    FAILURES,
    FIRST_FAILED,
    HAS_DETACHED,
    LEVELS_USED,
    NODE_COUNT,
    NODES,
    NONE,
    QUEUED,
    REMAINING,
    ROOT_MARKER,
    STOPPED,
    TIMES,
    WAITER,
    nodes_of,
    task_of,
)
from .waiting import wait, wake

ACCEPTED = 50  # column of the pool's row: nodes of all runs that have begun


@kernel
def begin(
    pool: Table,
    workers: Table,
    queues: Table,
    runs: Table,
    slot: int,
    plan: Table,
    epoch: int,
    times: int,
    batch: int,
    waiter: int,
    callback: int,
) -> int:
    """Fill the row of a run and queue its roots; return `notifier.START` if the caller must start a thread.

    ``plan`` has one row: the first fields of the run's, NODES to LEVELS_USED. A ``waiter`` (a worker that
    will look for the work itself) makes a notification needless.
    """
    for field in range(NODES, LEVELS_USED + 1):
        store_relaxed(runs, slot, field, load_relaxed(plan, 0, field))
    store_relaxed(runs, slot, EPOCH, epoch)
    store_relaxed(runs, slot, TIMES, times)
    store_relaxed(runs, slot, BATCH, batch)
    store_relaxed(runs, slot, WAITER, waiter)
    store_relaxed(runs, slot, CALLBACK, callback)
    for field in (CURSOR, STOPPED, HAS_DETACHED, FAILURES, QUEUED, DONE):
        store_relaxed(runs, slot, field, 0)
    store_relaxed(runs, slot, FIRST_FAILED, NONE)
    count = load_relaxed(plan, 0, NODE_COUNT)
    store_relaxed(runs, slot, REMAINING, count)
    # relaxed: who begins a run has the pool's lock
    store_relaxed(pool, 0, ACCEPTED, load_relaxed(pool, 0, ACCEPTED) + count)
    levels = load_relaxed(plan, 0, LEVELS_USED)
    used = load_relaxed(pool, 0, search.USED_LEVELS)
    while used < levels and not cas_relaxed(pool, 0, search.USED_LEVELS, used, levels):
        used = load_relaxed(pool, 0, search.USED_LEVELS)
    marker = task_of(slot, ROOT_MARKER)
    queue.push(queues, search.GLOBAL, runs, marker, marker)
    return 0 if waiter >= 0 else notify(pool, workers, NONE, False)


@kernel
def answer(pool: Table, workers: Table, queues: Table, runs: Table, task: int) -> int:
    """Say that a Python body has ended which was postponed; return what `notifier.notify` does. Any thread.

    Whoever comes to the task asks Python once more how it went.
    """
    queue.push(queues, search.GLOBAL, runs, task, task)
    return notify(pool, workers, NONE, False)


@kernel
def hold(runs: Table, slot: int) -> None:
    """Fill the row of a run without nodes, that lasts until `let_go`."""
    for field in (NODE_COUNT, STOPPED, HAS_DETACHED, FAILURES, QUEUED, DONE):
        store_relaxed(runs, slot, field, 0)
    store_relaxed(runs, slot, FIRST_FAILED, NONE)


@kernel
def let_go(runs: Table, slot: int) -> None:
    """End a run without nodes."""
    store_release(runs, slot, DONE, 1)  # order: what it stood for, before its end; pairs with is_over's


@kernel
def make_gate(runs: Table, slot: int, me: int) -> None:
    """Do as `hold`, for worker ``me``, which waits until somebody opens it."""
    hold(runs, slot)
    store_relaxed(runs, slot, CALLBACK, 0)
    store_relaxed(runs, slot, WAITER, me)


@kernel
def open_gate(workers: Table, runs: Table, slot: int) -> None:
    """Do as `let_go`, and wake who waits. Any thread, before the slot is given back."""
    me = load_relaxed(runs, slot, WAITER)
    let_go(runs, slot)
    if event.post(workers, me):
        wake(workers, me, event.EVENT, 1)


@kernel
def has_detached(runs: Table, slot: int) -> bool:
    """Tell whether tasks of a run have detached others."""
    return load_relaxed(runs, slot, HAS_DETACHED) != 0


@kernel
def stop(runs: Table, slot: int) -> None:
    """Let no further body of a run start."""
    store_relaxed(runs, slot, STOPPED, 1)


@kernel
def is_stopped(runs: Table, slot: int) -> bool:
    """Tell whether a run was stopped."""
    return load_relaxed(runs, slot, STOPPED) != 0


@kernel
def is_over(runs: Table, slot: int) -> bool:
    """Tell whether a run has ended."""
    return load_acquire(runs, slot, DONE) != 0  # order: the run's results after its end; pairs with settle's


@kernel
def expect(runs: Table, slot: int, me: int) -> None:
    """Let worker ``me`` be woken at the end of a run that Python wants to hear of, if it has not ended."""
    store_relaxed(runs, slot, WAITER, me)
    fence_seq_cst()  # order: who waits, then the look at the end; pairs with settle's


@kernel
def wait_until_over(runs: Table, slot: int, timeout: int) -> bool:
    """Sleep until a run has ended, or ``timeout`` nanoseconds; return whether it has. Outside the pool."""
    if not is_over(runs, slot):
        wait(runs, slot, DONE, 0, timeout)
    return is_over(runs, slot)


@kernel
def remaining(runs: Table, slot: int) -> int:
    """Return how many nodes of a run have not been reported as finished."""
    return load_relaxed(runs, slot, REMAINING)


@kernel
def accepted(pool: Table) -> int:
    """Return how many nodes all runs have together that have begun."""
    return load_relaxed(pool, 0, ACCEPTED)


@kernel
def losses(runs: Table, slot: int) -> tuple[int, int]:
    """Return how many bodies of a run have raised, and how many nodes were passed over, so far."""
    failures = load_relaxed(runs, slot, FAILURES)
    if failures == 0 and load_relaxed(runs, slot, STOPPED) == 0:
        return 0, 0
    return failures, count_passed(nodes_of(runs, slot), load_relaxed(runs, slot, EPOCH))


@kernel
def forget_losses(runs: Table, slot: int) -> None:
    """Let `losses` answer nothing: the graph's tables may be gone soon. Who ends the run, which is over."""
    store_relaxed(runs, slot, FAILURES, 0)
    store_relaxed(runs, slot, NODE_COUNT, 0)


@kernel
def queued(runs: Table, slot: int) -> int:
    """Return how many nodes of a run wait for the interpreter."""
    return load_relaxed(runs, slot, QUEUED)


@kernel
def outcome(runs: Table, slot: int) -> tuple[int, int, bool]:
    """Return how many bodies of a run raised, the node whose body raised first or NONE, if it was stopped.

    After its end.
    """
    failures, first_failed = load_relaxed(runs, slot, FAILURES), load_relaxed(runs, slot, FIRST_FAILED)
    return failures, first_failed, is_stopped(runs, slot)
