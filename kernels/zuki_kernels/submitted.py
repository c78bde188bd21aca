"""Calls of jitted tasks that Python has submitted: how they are offered, run and waited for.

All calls of a pool are nodes of one run that never ends, without edges; Python takes a row for each, fills
its frame and offers it in one call. The body of every node is `enter`, which runs the task if nobody else
has begun to: who waits for a call may run it, too, or cancel it (`submission`). So the worker that runs a
call needs no Python object, and no lock.

Python looks at the word of a call when it is asked for the result. Where it wants to be told (a coroutine
awaits, a callback was added) it says so; such a call goes onto a stack of the `desk` when it is over, and a
servant is called. Rows that a worker has been the last to leave go onto the other one.

Tables are given by addresses, for Python hands over a number in a tenth of the time that an array takes.

Roles: any thread offers, attends, cancels and leaves; workers enter.
"""

from . import measuring, queue, search, service, tracing
from ._jit import kernel, rare_kernel, short_kernel
from ._types import Table
from .atomics import load_relaxed, store_relaxed
from .chain import call_spawner
from .clock import spin_hint, ticks
from .counters import SUBMITTED_TASKS, count
from .current import current_hand
from .desk import (
    CALL_ROWS,
    CALLS,
    CANCELLATIONS,
    DESK_FIELDS,
    DIRECTORY,
    FAILURES,
    FREED,
    SLOT,
    TO_TELL,
    close,
    count_in,
    count_loss,
    count_out,
    push,
    take_all,
    under,
)
from .directory import DIRECTORY_FIELDS, POOL, directory_of, hands_of, queues_of, runs_of, workers_of
from .dispatch import address_of, call, call_python, table_at
from .hands import CALL_PYTHON, HAND_FIELDS, ROW, TRACE
from .notifier import POOL_FIELDS, START, notify
from .reasons import GO_ON
from .runs import (
    BATCH,
    BODIES,
    BODY_COUNT,
    CALLBACK,
    EDGE_COUNT,
    EDGES,
    EPOCH,
    FIRST,
    MARGINS,
    MAY_SPAWN,
    NODE_COUNT,
    NODES,
    NONE,
    REMAINING,
    SHAPE,
    STATE,
    TIMES,
    WAITER,
    nodes_of,
    task_of,
)
from .runs import FRAME as FRAME_OF_NODE
from .starting import hold
from .submission import (
    AT_REST,
    CALL_FIELDS,
    CALL_ROW,
    CANCELLED,
    DESK,
    ENTRY,
    FAILURE,
    FETCHED,
    FETCHER,
    FRAME,
    LEFT,
    LISTENED,
    OVER,
    PASSED,
    STALE,
    STARTS,
    WORD,
    add,
    ask,
    begin,
    bits_of,
    finish,
    is_over,
    life_of,
    open_row,
    sleep,
)

FAILED = 1 << 8  # beside the bits of a word, in an answer: it has a failure
RAN_HERE = 1 << 9  # beside them, in attend's: the caller has run it
LAST = 1 << 10  # beside them: it may have been the last that the end of the pool waits for
NOT_YET = 0  # verdict of attend: it is not over

_NEVER = 1 << 62
_LOOKS = 200  # of who waits, before it sleeps: most calls are over sooner than a thread wakes


@kernel
def open_desk(desk: Table, runs: Table, slot: int, nodes: int, margins: int, bodies: int, rows: int) -> None:
    """Fill the row of the run that all calls are nodes of, before there is any; it never ends."""
    hold(runs, slot)
    for field, held in (
        (NODES, nodes),
        (NODE_COUNT, rows),
        (EDGES, bodies),
        (EDGE_COUNT, 0),
        (MARGINS, margins),
        (BODIES, bodies),
        (BODY_COUNT, 1),
        (EPOCH, 1),
        (TIMES, 0),
        (BATCH, _NEVER),
        (WAITER, NONE),
        (CALLBACK, 0),
        (REMAINING, _NEVER),
    ):
        store_relaxed(runs, slot, field, held)
    for field, held in ((TO_TELL, 0), (FREED, 0), (SLOT, slot)):
        store_relaxed(desk, 0, field, held)


@kernel
def _directory_of(desk: Table) -> Table:
    return table_at(load_relaxed(desk, 0, DIRECTORY), 1, DIRECTORY_FIELDS)


@kernel
def _run_of(desk: Table) -> tuple[Table, int]:
    return runs_of(_directory_of(desk)), load_relaxed(desk, 0, SLOT)


@kernel
def _notified_of(desk: Table) -> tuple[Table, Table]:
    directory = _directory_of(desk)
    return table_at(load_relaxed(directory, 0, POOL), 1, POOL_FIELDS), workers_of(directory)


@kernel
def _desk_of(words: Table) -> Table:
    return table_at(load_relaxed(words, 0, DESK), 1, DESK_FIELDS)


@kernel
def _calls_of(desk: Table) -> Table:
    return table_at(load_relaxed(desk, 0, CALLS), load_relaxed(desk, 0, CALL_ROWS), CALL_FIELDS)


@kernel
def lay_out(desk: int, first: int, count: int) -> None:
    """Make rows that were never used; they are free."""
    own = table_at(desk, 1, DESK_FIELDS)
    calls = _calls_of(own)
    runs, slot = _run_of(own)
    nodes = nodes_of(runs, slot)
    for row in range(first, first + count):
        store_relaxed(calls, row, WORD, AT_REST)
        store_relaxed(calls, row, DESK, desk)
        store_relaxed(calls, row, CALL_ROW, row)
        store_relaxed(nodes, row, FRAME_OF_NODE, address_of(calls, row, 0))
        for field in (STATE, FIRST, SHAPE):
            store_relaxed(nodes, row, field, 0)


@short_kernel
def offer(block: int, entry: int, frame: int) -> int:
    """Queue a call in a free row whose frame is filled; return twice its life, and 1 if to start a thread.

    The caller, who may be interrupted before it has the answer, finds it in the row: see `was_offered`.
    """
    words = table_at(block, 1, CALL_FIELDS)
    life = open_row(words, 0)
    store_relaxed(words, 0, ENTRY, entry)
    store_relaxed(words, 0, FRAME, frame)
    store_relaxed(words, 0, FAILURE, 0)
    store_relaxed(words, 0, FETCHER, 0)
    desk = _desk_of(words)
    count_in(desk)
    runs, slot = _run_of(desk)
    pool, workers = _notified_of(desk)
    task = task_of(slot, load_relaxed(words, 0, CALL_ROW))
    queue.push(queues_of(_directory_of(desk)), search.GLOBAL, runs, task, task)
    starts = int(notify(pool, workers, NONE, False) == START)
    store_relaxed(words, 0, STARTS, starts)
    return 2 * life + starts


@short_kernel
def was_offered(block: int) -> bool:
    """Tell whether the call was queued for which the caller has taken a row, and not left it since."""
    return load_relaxed(table_at(block, 1, CALL_FIELDS), 0, WORD) & LEFT == 0


@short_kernel
def take_start(block: int) -> bool:
    """Take the duty to start a thread that `offer` has answered; return whether there was one."""
    words = table_at(block, 1, CALL_FIELDS)
    is_due = load_relaxed(words, 0, STARTS) != 0
    store_relaxed(words, 0, STARTS, 0)
    return is_due


@kernel
def enter(block: int) -> int:
    """Run a call that was taken from the queue, if nobody else has begun it; return 0. A worker."""
    words = table_at(block, 1, CALL_FIELDS)
    desk, life = _desk_of(words), life_of(load_relaxed(words, 0, WORD))
    own = table_at(current_hand(), 1, HAND_FIELDS)
    if begin(words, 0, life):
        ring = load_relaxed(own, 0, TRACE)
        failure = _run(words) if ring == 0 else _run_measured(words, ring)
        if _end(desk, words, life, PASSED, failure):
            _call_servant(desk)
    elif add(words, 0, life, PASSED) & LEFT != 0:
        push(desk, FREED, words, 0, load_relaxed(words, 0, CALL_ROW))
    count(workers_of(directory_of(own, 0)), load_relaxed(own, 0, ROW), SUBMITTED_TASKS, 1)
    return 0


@kernel
def _run(words: Table) -> int:
    """Run the task of a call, with what it spawns; return 0, or its failure. Who has begun it."""
    entry, frame, hand = load_relaxed(words, 0, ENTRY), load_relaxed(words, 0, FRAME), current_hand()
    if entry & MAY_SPAWN == 0 or hand == 0:
        return call(entry & ~MAY_SPAWN, frame)
    own = table_at(hand, 1, HAND_FIELDS)
    hands = hands_of(directory_of(own, 0))
    return call_spawner(hands, load_relaxed(own, 0, ROW), entry - MAY_SPAWN, frame)


@rare_kernel
def _run_measured(words: Table, ring: int) -> int:
    """Do as `_run`, and count what it takes if somebody asked for that."""
    begun = ticks()
    failure = _run(words)
    if tracing.measures(ring):
        measuring.measure(ring, measuring.DURATIONS, ticks() - begun)
    return failure


@kernel
def _call_servant(desk: Table) -> None:
    """Let a servant come, who tells Python. A worker."""
    pool, workers = _notified_of(desk)
    if service.call(pool, workers) == START:
        own = table_at(current_hand(), 1, HAND_FIELDS)
        call_python(load_relaxed(own, 0, CALL_PYTHON), load_relaxed(own, 0, ROW), GO_ON, NONE, NONE, 1)


@kernel
def _end(desk: Table, words: Table, life: int, bits: int, failure: int) -> bool:
    """Say that a call is over; return whether Python is to be told of it or of the last. Who has begun it.

    If it is not told of the call the row may be another one's now.
    """
    store_relaxed(words, 0, FAILURE, failure)
    if failure != 0:
        count_loss(desk, FAILURES)
    if bits & CANCELLED != 0:
        count_loss(desk, CANCELLATIONS)
    is_heard = finish(words, 0, life, bits) & LISTENED != 0
    if is_heard:
        push(desk, TO_TELL, words, 0, load_relaxed(words, 0, CALL_ROW))
    return count_out(desk) or is_heard


@short_kernel
def take_finished(desk: int) -> int:
    """Take the calls that Python is to be told of; return 1 + the row of one, or 0."""
    return take_all(table_at(desk, 1, DESK_FIELDS), TO_TELL)


@short_kernel
def take_freed(desk: int) -> int:
    """Take rows that are free; return 1 + one of them, or 0."""
    return take_all(table_at(desk, 1, DESK_FIELDS), FREED)


@short_kernel
def next_of(block: int) -> int:
    """Return 1 + the row that was taken with another one, after it, or 0."""
    return under(table_at(block, 1, CALL_FIELDS), 0)


@kernel
def attend(block: int, life: int, timeout: int, thread: int) -> int:
    """Run a call if nobody has begun to, else wait for its end; return `NOT_YET`, or as `take` does.

    And `RAN_HERE`, if it was. It is not if ``timeout`` is negative: then it is looked at, without sleep.
    """
    words = table_at(block, 1, CALL_FIELDS)
    if timeout >= 0 and begin(words, 0, life):
        last = LAST if _end(_desk_of(words), words, life, 0, _run(words)) else 0
        return _take(words, life, thread) | RAN_HERE | last  # STALE stays what it is
    for _ in range(_LOOKS):
        if is_over(words, 0, life):
            return _take(words, life, thread)
        spin_hint()
    if timeout > 0 and sleep(words, 0, life, timeout):
        return _take(words, life, thread)
    return NOT_YET


@kernel
def _take(words: Table, life: int, thread: int) -> int:
    before = add(words, 0, life, FETCHED)
    if before == STALE:
        return STALE
    if before & FETCHED == 0:
        store_relaxed(words, 0, FETCHER, thread)
    return _with_failure(words, before)


@kernel
def _with_failure(words: Table, bits: int) -> int:
    return bits | FAILED if load_relaxed(words, 0, FAILURE) != 0 else bits


@short_kernel
def take(block: int, life: int, thread: int) -> int:
    """Take the right to the result of a call that is over; return what was set before, and `FAILED`.

    If FETCHED is among that another thread has the right. `STALE`: that thread has done with it.
    ``thread`` is the caller's number, not 0.
    """
    return _take(table_at(block, 1, CALL_FIELDS), life, thread)


@short_kernel
def taken(block: int, life: int, thread: int) -> int:
    """Return what is set, but for FETCHED, and `FAILED`; `STALE` if the caller has no right to the result.

    For a thread that was interrupted before it had the answer of `take` or `attend`.
    """
    words = table_at(block, 1, CALL_FIELDS)
    word = load_relaxed(words, 0, WORD)
    # another thread's number is never the caller's; and `offer` has removed that of the life before
    if life_of(word) != life or load_relaxed(words, 0, FETCHER) != thread:
        return STALE
    return _with_failure(words, bits_of(word) & ~FETCHED)


@short_kernel
def failure_of(block: int) -> int:
    """Return the failure of a call. Who has taken the right to its result."""
    return load_relaxed(table_at(block, 1, CALL_FIELDS), 0, FAILURE)


@short_kernel
def look(block: int, life: int) -> int:
    """Return what is set of a call, or `STALE`. Any thread."""
    word = load_relaxed(table_at(block, 1, CALL_FIELDS), 0, WORD)
    return bits_of(word) if life_of(word) == life else STALE


@short_kernel
def life_at(block: int) -> int:
    """Return the life of a row that the caller may leave."""
    return life_of(load_relaxed(table_at(block, 1, CALL_FIELDS), 0, WORD))


@short_kernel
def listen(block: int, life: int) -> bool:
    """Let Python be told when a call is over; return False if it is and this was not asked. Any thread."""
    before = ask(table_at(block, 1, CALL_FIELDS), 0, life, LISTENED)
    return before != STALE and (before & OVER == 0 or before & LISTENED != 0)


@short_kernel
def leave(block: int, life: int) -> bool:
    """Say that Python has done with a call; return whether the row is free, and the caller's."""
    return add(table_at(block, 1, CALL_FIELDS), 0, life, LEFT) & PASSED != 0


@kernel
def _cancel(words: Table, life: int) -> bool:
    if not begin(words, 0, life):
        return False
    _end(_desk_of(words), words, life, CANCELLED, 0)
    return True


@short_kernel
def cancel(block: int, life: int) -> bool:
    """Cancel a call that nobody has begun; return whether it is now. The caller tells Python."""
    return _cancel(table_at(block, 1, CALL_FIELDS), life)


@kernel
def cancel_all(desk: int, rows: int) -> None:
    """Cancel all calls that nobody has begun. The caller tells Python."""
    calls = _calls_of(table_at(desk, 1, DESK_FIELDS))
    for row in range(rows):
        words = table_at(address_of(calls, row, 0), 1, CALL_FIELDS)
        _cancel(words, life_of(load_relaxed(words, 0, WORD)))


@short_kernel
def close_desk(desk: int) -> bool:
    """Let a servant be called at the end of the last call; return whether none is left, or to be told of."""
    return close(table_at(desk, 1, DESK_FIELDS))
