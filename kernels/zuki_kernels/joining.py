"""Joining a spawned task that is not the newest in hand: the rare, long way of a join.

A task that is still in hand is run. One that was shared is taken back from one's own deque,
or somebody has taken it: then this worker runs other tasks, and sleeps as a worker does where
there are none, until it is done.
"""

from . import deque, spawned
from ._jit import kernel
from ._types import Table
from .atomics import load_relaxed, store_relaxed
from .counters import WORKER_FIELDS
from .deque import DEQUE_FIELDS
from .dispatch import address_of, call_python, table_at
from .hands import (
    ALL_ABOVE,
    ANCHOR,
    ARENA_TOP,
    CALL_PYTHON,
    DIRECTORY,
    FAILURE,
    GONE,
    HAND_FIELDS,
    IN_HAND,
    IS_WATCHED,
    KIND,
    KIND_FIELDS,
    NEWEST,
    OWNER,
    ROW,
    SHARE,
    SHARED,
    SIZE,
    STATE,
    block_at,
    expect,
    is_done,
    take_out,
)
from .notifier import POOL_FIELDS, PULSE
from .queue import QUEUE_FIELDS
from .runs import NONE, RUN_FIELDS
from .turn import GO_ON, RETURNED, RUN_OVER, RUN_PYTHON, SIGNALS, run_tasks

JOINED_BEFORE = -1  # verdict: somebody has joined it, or it is no block of this worker's

# Columns of the directory, of one row: addresses of tables, then numbers
POOL = 0
WORKERS = 1
DEQUES = 2
RINGS = 3
QUEUES = 4
RUNS = 5
HANDS = 6
HAND_RINGS = 7
SEATS = 8  # rows of workers
DEQUE_ROWS = 9
CAPACITY = 10  # tasks a ring holds
QUEUE_ROWS = 11
RUN_ROWS = 12
HAND_CAPACITY = 13  # blocks a hand's ring holds
DIRECTORY_FIELDS = 16


@kernel
def join(hand: int, block: int, stamp: int) -> int:
    """Let a task of this worker be done, its result in its frame; return 0, its failure, or `JOINED_BEFORE`.

    The memory of the block may be used for the next spawn.
    """
    own = table_at(hand, 1, HAND_FIELDS)
    me = load_relaxed(own, 0, ROW)
    directory = table_at(load_relaxed(own, 0, DIRECTORY), 1, DIRECTORY_FIELDS)
    seats = load_relaxed(directory, 0, SEATS)
    hands = table_at(load_relaxed(directory, 0, HANDS), seats, HAND_FIELDS)
    if stamp == ALL_ABOVE:
        return spawned.join_all_above(hands, me, block)
    if stamp == SHARE:
        pool = table_at(load_relaxed(directory, 0, POOL), 1, POOL_FIELDS)
        workers = table_at(load_relaxed(directory, 0, WORKERS), seats, WORKER_FIELDS)
        rings = table_at(
            load_relaxed(directory, 0, HAND_RINGS), seats, load_relaxed(directory, 0, HAND_CAPACITY)
        )
        if spawned.share_and_notify(pool, workers, hands, rings, me):
            call_python(load_relaxed(own, 0, CALL_PYTHON), me, GO_ON, NONE, NONE, 1)
        return 0
    words = block_at(block)
    state = load_relaxed(words, 0, STATE)
    if state & ~7 != stamp or state & 7 == GONE:
        return JOINED_BEFORE
    if state & 7 == IN_HAND:
        take_out(hands, me, block)
        failure = spawned.enter(hands, me, block)
    else:
        failure = _join_shared(directory, hands, me, block)
    store_relaxed(words, 0, STATE, stamp | GONE)
    size = load_relaxed(table_at(load_relaxed(words, 0, KIND), 1, KIND_FIELDS), 0, SIZE)
    if load_relaxed(hands, me, ARENA_TOP) == block + size:
        store_relaxed(hands, me, ARENA_TOP, block)
    return failure


@kernel
def _join_shared(directory: Table, hands: Table, me: int, block: int) -> int:
    """Run a shared task if nobody has taken it; else do other things until it is done; return its failure."""
    seats, capacity = load_relaxed(directory, 0, SEATS), load_relaxed(directory, 0, HAND_CAPACITY)
    workers = table_at(load_relaxed(directory, 0, WORKERS), seats, WORKER_FIELDS)
    hand_rings = table_at(load_relaxed(directory, 0, HAND_RINGS), seats, capacity)
    while not is_done(block):
        other = deque.pop(hands, hand_rings, me)
        if other == block:
            return spawned.enter(hands, me, block)
        if other < 0:
            newest = load_relaxed(hands, me, NEWEST)
            if newest == address_of(hands, me, ANCHOR):
                _work_until_done(directory, workers, hands, hand_rings, me, block)
                continue
            take_out(hands, me, newest)  # spawned after the block, and not joined
            words = block_at(newest)
            store_relaxed(words, 0, STATE, load_relaxed(words, 0, STATE) | SHARED)
            store_relaxed(words, 0, OWNER, me)
            other = newest
        spawned.run(workers, hands, me, other)
    return load_relaxed(block_at(block), 0, FAILURE)


@kernel
def _work_until_done(
    directory: Table, workers: Table, hands: Table, hand_rings: Table, me: int, block: int
) -> None:
    """Take turns until a shared task is done."""
    pool = table_at(load_relaxed(directory, 0, POOL), 1, POOL_FIELDS)
    deques = table_at(
        load_relaxed(directory, 0, DEQUES), load_relaxed(directory, 0, DEQUE_ROWS), DEQUE_FIELDS
    )
    rings = table_at(
        load_relaxed(directory, 0, RINGS),
        load_relaxed(directory, 0, DEQUE_ROWS),
        load_relaxed(directory, 0, CAPACITY),
    )
    queues = table_at(
        load_relaxed(directory, 0, QUEUES), load_relaxed(directory, 0, QUEUE_ROWS), QUEUE_FIELDS
    )
    runs = table_at(load_relaxed(directory, 0, RUNS), load_relaxed(directory, 0, RUN_ROWS), RUN_FIELDS)
    function = load_relaxed(hands, me, CALL_PYTHON)
    is_watched = load_relaxed(hands, me, IS_WATCHED) != 0
    finished, outcome, reason = NONE, RETURNED, NONE
    while reason != RUN_OVER and (finished >= 0 or expect(block)):  # who ran a Python body has to tell
        pulse = load_relaxed(pool, 0, PULSE) if is_watched else NONE
        reason, task, ended, start = run_tasks(
            me,
            -block,
            finished,
            outcome,
            pulse,
            pool,
            workers,
            deques,
            rings,
            queues,
            runs,
            hands,
            hand_rings,
        )
        finished = NONE
        if start or ended >= 0 or reason in (RUN_PYTHON, SIGNALS):
            outcome = call_python(function, me, reason, task, ended, int(start))
        if reason == RUN_PYTHON:
            finished = task
