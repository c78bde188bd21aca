"""Joining a spawned task that is not the newest in hand: the rare, long way of a join.

A task that is still in hand is run. One that was shared is taken back from one's own deque,
or somebody has taken it: then this worker runs other tasks, and sleeps as a worker does where
there are none, until it is done.
"""

from . import arena, deque, detached, exchange, service, spawned
from ._jit import kernel
from ._types import Table
from .atomics import load_relaxed, store_relaxed
from .clock import give_way
from .counters import (
    DETACHED_DROPS,
    DETACHED_FAILURES,
    DETACHED_TASKS,
    LISTED,
    TASKS,
    WORKER_FIELDS,
    count,
)
from .deque import DEQUE_FIELDS
from .dispatch import address_of, call, call_python, free, stack_pointer, table_at
from .hands import (
    ALL_ABOVE,
    ANCHOR,
    ARENA_TOP,
    ASKED,
    CALL_PYTHON,
    CALLED,
    CANCELLED,
    DETACH,
    DIRECTORY,
    DOOMED,
    DROP,
    FAILURE,
    GONE,
    HAND_FIELDS,
    HEAD_BYTES,
    HELP_LIMIT,
    IN_DOUBT,
    IN_HAND,
    IS_WATCHED,
    KIND,
    KIND_FIELDS,
    LOOK_UP,
    NEWER,
    NEWEST,
    NO_BLOCK,
    NO_MORE_ABOVE,
    OWNER,
    RELEASE,
    RING,
    ROW,
    RUN,
    RUN_DETACHED,
    RUN_OF,
    SHARE,
    SHARED,
    SIZE,
    STACK_END,
    STACK_LIMIT,
    STATE,
    TOO_DEEP,
    TOO_MANY,
    begin_other,
    block_at,
    count_drop,
    count_failure,
    doom,
    end_other,
    expect,
    finish,
    has_room,
    is_done,
    is_share_due,
    take_out,
)
from .notifier import POOL_FIELDS, PULSE, START, notify
from .queue import QUEUE_FIELDS
from .reasons import (
    BEGIN_DETACHED,
    END_DETACHED,
    EXIT,
    GO_ON,
    LOST,
    RETURNED,
    RUN_OVER,
    RUN_PYTHON,
    SERVE,
    SIGNALS,
)
from .runs import HAS_DETACHED, NONE, RUN_FIELDS, STOPPED
from .task_life import TASK_FIELDS
from .task_state import row_of
from .turn import run_tasks
from .waiting import wait

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
TASKS_OF_LANES = 14  # address of the table of coroutines that wait, where the pool has lanes
TASK_ROWS = 15  # its rows; 0: it has none
DIRECTORY_FIELDS = 16

_SHORT_NAP = 10_000  # nanoseconds
_LONG_NAP = 200_000


@kernel
def join(hand: int, block: int, stamp: int) -> int:
    """Let a task of this worker be done, its result in its frame; return 0, its failure, or `JOINED_BEFORE`.

    The memory of the block may be used for the next spawn. Other values of ``stamp`` ask for other things.
    """
    own = table_at(hand, 1, HAND_FIELDS)
    me = load_relaxed(own, 0, ROW)
    directory = table_at(load_relaxed(own, 0, DIRECTORY), 1, DIRECTORY_FIELDS)
    seats = load_relaxed(directory, 0, SEATS)
    hands = table_at(load_relaxed(directory, 0, HANDS), seats, HAND_FIELDS)
    if stamp in (ALL_ABOVE, NO_MORE_ABOVE):
        return spawned.join_all_above(hands, me, block, stamp == NO_MORE_ABOVE)
    if stamp == LOOK_UP:
        return _look_up(directory, own, me, block)
    if stamp == SHARE:
        _share(directory, hands, me)
        return 0
    if stamp == DETACH:
        return _detach(directory, hands, me, block)
    if stamp == RUN_DETACHED:
        _run_detached(directory, own, hands, me, block)
        return 0
    if stamp == RING:
        _ring(directory, hands, me, block)
        return 0
    words = block_at(block)
    state = load_relaxed(words, 0, STATE)
    wanted, stamp = stamp & DROP == 0, stamp & ~DROP
    if state & ~7 != stamp or state & 7 in (GONE, CALLED):
        return JOINED_BEFORE
    if state & 7 == IN_HAND:
        take_out(hands, me, block)
        if wanted and is_share_due(hands, me):  # many may have been spawned at once, and few of them shared
            _share(directory, hands, me)
        failure = _enter_or_drop(hands, me, block, wanted)
    else:
        failure = _join_shared(directory, hands, me, block, wanted)
    store_relaxed(words, 0, STATE, stamp | GONE)
    size = load_relaxed(table_at(load_relaxed(words, 0, KIND), 1, KIND_FIELDS), 0, SIZE)
    if load_relaxed(hands, me, ARENA_TOP) == block + size:
        store_relaxed(hands, me, ARENA_TOP, block)
    return failure


@kernel
def _enter_or_drop(hands: Table, me: int, block: int, wanted: bool) -> int:
    """Run a task that nobody else can begin any more, if it is wanted; return its failure."""
    if not wanted:
        count_drop(hands, me)
        return 0
    failure = spawned.enter(hands, me, block)
    if failure != 0:
        count_failure(hands, me)
    return failure


@kernel
def _share(directory: Table, hands: Table, me: int) -> None:
    """Put the oldest blocks of one's hand where thieves find them, and let somebody look."""
    seats, capacity = load_relaxed(directory, 0, SEATS), load_relaxed(directory, 0, HAND_CAPACITY)
    pool = table_at(load_relaxed(directory, 0, POOL), 1, POOL_FIELDS)
    workers = table_at(load_relaxed(directory, 0, WORKERS), seats, WORKER_FIELDS)
    rings = table_at(load_relaxed(directory, 0, HAND_RINGS), seats, capacity)
    if spawned.share_and_notify(pool, workers, hands, rings, me):
        call_python(load_relaxed(hands, me, CALL_PYTHON), me, GO_ON, NONE, NONE, 1)


@kernel
def _ring(directory: Table, hands: Table, me: int, waker: int) -> None:
    """Wake a coroutine of this pool, and let a servant come."""
    seats, rows = load_relaxed(directory, 0, SEATS), load_relaxed(directory, 0, TASK_ROWS)
    if waker < 0 or row_of(waker) >= rows:
        return  # no waker of this pool's
    pool = table_at(load_relaxed(directory, 0, POOL), 1, POOL_FIELDS)
    workers = table_at(load_relaxed(directory, 0, WORKERS), seats, WORKER_FIELDS)
    tasks = table_at(load_relaxed(directory, 0, TASKS_OF_LANES), rows, TASK_FIELDS)
    if exchange.ring(pool, tasks, waker) and service.call(pool, workers) == START:
        call_python(load_relaxed(hands, me, CALL_PYTHON), me, GO_ON, NONE, NONE, 1)


@kernel
def _detach(directory: Table, hands: Table, me: int, block: int) -> int:
    """Count a detached task, put it where others find it, and let somebody look; return 0 or `TOO_MANY`."""
    pool = table_at(load_relaxed(directory, 0, POOL), 1, POOL_FIELDS)
    workers = table_at(load_relaxed(directory, 0, WORKERS), load_relaxed(directory, 0, SEATS), WORKER_FIELDS)
    function = load_relaxed(hands, me, CALL_PYTHON)
    if not detached.count_in(pool) and call_python(function, me, BEGIN_DETACHED, NONE, NONE, 0) != RETURNED:
        return TOO_MANY
    count(workers, me, LISTED, 1)
    detached.add(hands, me, block)
    if notify(pool, workers, me, False) == START:
        call_python(function, me, GO_ON, NONE, NONE, 1)
    run = load_relaxed(hands, me, RUN)
    if run >= 0:
        runs = table_at(load_relaxed(directory, 0, RUNS), load_relaxed(directory, 0, RUN_ROWS), RUN_FIELDS)
        store_relaxed(runs, run, HAS_DETACHED, 1)
    return 0


@kernel
def _run_detached(directory: Table, own: Table, hands: Table, me: int, block: int) -> None:
    """Run a detached task, or drop it if such tasks were stopped; then nothing is left of it."""
    pool = table_at(load_relaxed(directory, 0, POOL), 1, POOL_FIELDS)
    workers = table_at(load_relaxed(directory, 0, WORKERS), load_relaxed(directory, 0, SEATS), WORKER_FIELDS)
    function, run_before = load_relaxed(own, 0, CALL_PYTHON), load_relaxed(own, 0, RUN)
    store_relaxed(own, 0, RUN, load_relaxed(pool, 0, detached.SLOT))
    store_relaxed(own, 0, STACK_LIMIT, IN_DOUBT)
    task_before, doomed_before = begin_other(hands, me, NO_BLOCK)
    begins = _look_up(directory, own, me, 0) != CANCELLED
    failure = spawned.enter(hands, me, block) if begins else 0
    end_other(hands, me, task_before, doomed_before)
    kind = table_at(load_relaxed(block_at(block), 0, KIND), 1, KIND_FIELDS)
    call(load_relaxed(kind, 0, RELEASE), block + HEAD_BYTES)
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
def _join_shared(directory: Table, hands: Table, me: int, block: int, wanted: bool) -> int:
    """Run a shared task if nobody has taken it; else do other things until it is done; return its failure."""
    seats, capacity = load_relaxed(directory, 0, SEATS), load_relaxed(directory, 0, HAND_CAPACITY)
    workers = table_at(load_relaxed(directory, 0, WORKERS), seats, WORKER_FIELDS)
    hand_rings = table_at(load_relaxed(directory, 0, HAND_RINGS), seats, capacity)
    doomed_before = load_relaxed(hands, me, DOOMED)
    while not is_done(block):
        other = deque.pop(hands, hand_rings, me)
        if other == block:
            store_relaxed(hands, me, DOOMED, doomed_before)
            return _enter_or_drop(hands, me, block, wanted)
        if other < 0:
            if load_relaxed(hands, me, NEWEST) == address_of(hands, me, ANCHOR):
                if stack_pointer() < load_relaxed(hands, me, HELP_LIMIT):
                    _rest_until_done(directory, hands, me, block)
                else:
                    _work_until_done(directory, workers, hands, hand_rings, me, block)
                continue
            # Spawned after the block, and not joined. Not the newest: that would lie, finished, above older
            # ones in hand, and the join of one of those would free its memory.
            other = load_relaxed(hands, me, ANCHOR + NEWER)
            take_out(hands, me, other)
            words = block_at(other)
            store_relaxed(words, 0, STATE, load_relaxed(words, 0, STATE) | SHARED)
            store_relaxed(words, 0, OWNER, me)
            store_relaxed(words, 0, RUN_OF, load_relaxed(hands, me, RUN))
        if wanted:
            spawned.run(workers, hands, me, other)
            if load_relaxed(block_at(other), 0, FAILURE) != 0:  # what lies above the block is of one spawner
                doom(hands, me, load_relaxed(block_at(block), 0, STATE))
        else:  # newer than the block, so it is one of those that are not to begin
            count_drop(hands, me)
            finish(other, 0)
    store_relaxed(hands, me, DOOMED, doomed_before)
    return load_relaxed(block_at(block), 0, FAILURE)


@kernel
def _look_up(directory: Table, own: Table, me: int, size: int) -> int:
    """Do what a thread that spawns was asked for, and find memory; return 0, `TOO_DEEP` or `CANCELLED`."""
    limit = load_relaxed(own, 0, STACK_LIMIT)
    full = not has_room(load_relaxed(own, 0, ARENA_TOP), size)
    if limit >= IN_DOUBT:
        store_relaxed(own, 0, STACK_LIMIT, load_relaxed(own, 0, STACK_END))
        if limit == ASKED and load_relaxed(own, 0, IS_WATCHED) != 0:
            call_python(load_relaxed(own, 0, CALL_PYTHON), me, SIGNALS, NONE, NONE, 0)
        runs = table_at(load_relaxed(directory, 0, RUNS), load_relaxed(directory, 0, RUN_ROWS), RUN_FIELDS)
        run = load_relaxed(own, 0, RUN)
        if run >= 0 and load_relaxed(runs, run, STOPPED) != 0:
            return CANCELLED
    elif not full:  # so it is the stack
        return TOO_DEEP
    return TOO_DEEP if full and not arena.advance(own, 0) else 0


@kernel
def _rest_until_done(directory: Table, hands: Table, me: int, block: int) -> None:
    """Sleep until a shared task is done: the stack is too deep for others' tasks.

    Whoever has the task never waits for this worker: what it joins was spawned after the task began, which
    was after all that lies on this stack had begun.
    """
    pool = table_at(load_relaxed(directory, 0, POOL), 1, POOL_FIELDS)
    is_watched = load_relaxed(hands, me, IS_WATCHED) != 0
    pulse, nap = load_relaxed(pool, 0, PULSE), _SHORT_NAP
    words = block_at(block)
    while not is_done(block):
        # nobody wakes it: a thread that counts as awake must not be taken for one that looks for work
        wait(words, 0, STATE, load_relaxed(words, 0, STATE), nap)
        nap = min(2 * nap, _LONG_NAP)
        if is_watched and load_relaxed(pool, 0, PULSE) != pulse:
            pulse = load_relaxed(pool, 0, PULSE)
            call_python(load_relaxed(hands, me, CALL_PYTHON), me, SIGNALS, NONE, NONE, 0)


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
    run_before = load_relaxed(hands, me, RUN)
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
        if start or ended >= 0 or reason in (RUN_PYTHON, SERVE, SIGNALS):
            outcome = call_python(function, me, reason, task, ended, int(start))
        if reason == RUN_PYTHON:
            finished = task
        elif reason == EXIT:  # the interpreter ends: whoever has the task may still finish it
            give_way()
    store_relaxed(hands, me, RUN, run_before)
    store_relaxed(hands, me, STACK_LIMIT, IN_DOUBT)  # all may have been asked while another run's task ran
