"""What jitted code asks of its worker besides a join: to share, to look up, to detach, to wake."""

from . import arena, detached, exchange, service, spawned
from ._jit import kernel
from ._types import Table
from .atomics import load_relaxed, store_relaxed
from .blocks import HEAD_BYTES, NO_BLOCK, RELEASE, kind_of
from .counters import DETACHED_DROPS, DETACHED_FAILURES, DETACHED_TASKS, DETACHMENTS, TASKS, count
from .directory import (
    POOL,
    TASK_ROWS,
    TASKS_OF_LANES,
    hand_rings_of,
    runs_of,
    workers_of,
)
from .dispatch import call, call_python, free, table_at
from .hands import ARENA_TOP, CALL_PYTHON, IS_WATCHED, RUN, STACK_END, STACK_LIMIT, begin_other, end_other
from .notifier import POOL_FIELDS, START, notify
from .reasons import BEGIN_DETACHED, END_DETACHED, GO_ON, LOST, RETURNED, SIGNALS
from .runs import HAS_DETACHED, NONE, STOPPED
from .spawning import ASKED, CANCELLED, IN_DOUBT, TOO_DEEP, TOO_MANY, has_room
from .task_life import TASK_FIELDS
from .task_state import row_of


@kernel
def pool_of(directory: Table) -> Table:
    """View the pool's row."""
    return table_at(load_relaxed(directory, 0, POOL), 1, POOL_FIELDS)


@kernel
def share(directory: Table, hands: Table, me: int) -> None:
    """Put the oldest blocks of one's hand where thieves find them, and let somebody look."""
    pool, workers, rings = pool_of(directory), workers_of(directory), hand_rings_of(directory)
    if spawned.share_and_notify(pool, workers, hands, rings, me):
        call_python(load_relaxed(hands, me, CALL_PYTHON), me, GO_ON, NONE, NONE, 1)


@kernel
def ring(directory: Table, hands: Table, me: int, waker: int) -> None:
    """Wake a coroutine of this pool, and let a servant come."""
    rows = load_relaxed(directory, 0, TASK_ROWS)
    if waker < 0 or row_of(waker) >= rows:
        return  # no waker of this pool's
    pool, workers = pool_of(directory), workers_of(directory)
    tasks = table_at(load_relaxed(directory, 0, TASKS_OF_LANES), rows, TASK_FIELDS)
    if exchange.ring(pool, tasks, waker) and service.call(pool, workers) == START:
        call_python(load_relaxed(hands, me, CALL_PYTHON), me, GO_ON, NONE, NONE, 1)


@kernel
def detach(directory: Table, hands: Table, me: int, block: int) -> int:
    """Count a detached task, put it where others find it, and let somebody look; return 0 or `TOO_MANY`."""
    pool, workers = pool_of(directory), workers_of(directory)
    function = load_relaxed(hands, me, CALL_PYTHON)
    if not detached.count_in(pool) and call_python(function, me, BEGIN_DETACHED, NONE, NONE, 0) != RETURNED:
        return TOO_MANY
    count(workers, me, DETACHMENTS, 1)
    detached.add(hands, me, block)
    if notify(pool, workers, me, False) == START:
        call_python(function, me, GO_ON, NONE, NONE, 1)
    run = load_relaxed(hands, me, RUN)
    if run >= 0:
        runs = runs_of(directory)
        store_relaxed(runs, run, HAS_DETACHED, 1)
    return 0


@kernel
def run_detached(directory: Table, own: Table, hands: Table, me: int, block: int) -> None:
    """Run a detached task, or drop it if such tasks were stopped; then nothing is left of it."""
    pool, workers = pool_of(directory), workers_of(directory)
    function, run_before = load_relaxed(own, 0, CALL_PYTHON), load_relaxed(own, 0, RUN)
    store_relaxed(own, 0, RUN, load_relaxed(pool, 0, detached.SLOT))
    store_relaxed(own, 0, STACK_LIMIT, IN_DOUBT)
    before = begin_other(hands, me, NO_BLOCK)
    begins = look_up(directory, own, me, 0) != CANCELLED
    failure = spawned.enter(hands, me, block) if begins else 0
    end_other(hands, me, before)
    call(load_relaxed(kind_of(block), 0, RELEASE), block + HEAD_BYTES)
    free(block)
    store_relaxed(own, 0, RUN, run_before)
    store_relaxed(own, 0, STACK_LIMIT, IN_DOUBT)
    if begins:
        count(workers, me, DETACHED_TASKS, 1)  # before TASKS: readers subtract it
        count(workers, me, TASKS, 1)
    else:
        count(workers, me, DETACHED_DROPS, 1)
    if failure != 0:
        count(workers, me, DETACHED_FAILURES, 1)
        call_python(function, me, LOST, failure, NONE, 0)
    if detached.count_out(pool):
        call_python(function, me, END_DETACHED, NONE, NONE, 0)


@kernel
def look_up(directory: Table, own: Table, me: int, size: int) -> int:
    """Do what a thread that spawns was asked for, and find memory; return 0, `TOO_DEEP` or `CANCELLED`."""
    limit = load_relaxed(own, 0, STACK_LIMIT)
    full = not has_room(load_relaxed(own, 0, ARENA_TOP), size)
    if limit >= IN_DOUBT:
        store_relaxed(own, 0, STACK_LIMIT, load_relaxed(own, 0, STACK_END))
        if limit == ASKED and load_relaxed(own, 0, IS_WATCHED) != 0:
            call_python(load_relaxed(own, 0, CALL_PYTHON), me, SIGNALS, NONE, NONE, 0)
        runs = runs_of(directory)
        run = load_relaxed(own, 0, RUN)
        if run >= 0 and load_relaxed(runs, run, STOPPED) != 0:
            return CANCELLED
    elif not full:  # so it is the stack
        return TOO_DEEP
    return TOO_DEEP if full and not arena.advance(own, 0) else 0
