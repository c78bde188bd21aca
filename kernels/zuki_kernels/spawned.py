"""Spawned tasks that are shared: where they are found, and how one is run by whoever found it."""

from . import arena, deque, event, measuring, tracing
from ._jit import kernel, rare_kernel
from ._types import Table
from .atomics import load_relaxed, store_relaxed
from .blocks import (
    ENTRY,
    GONE,
    HEAD_BYTES,
    KIND,
    NO_BLOCK,
    ONE_STAMP,
    OWNER,
    RELEASE,
    RUN_OF,
    SIZE,
    STATE,
    STATES,
    block_at,
    finish,
    is_shared,
    kind_of,
    state_of,
)
from .clock import ticks
from .counters import LOSSES, SHARED_TASKS, TASKS, TRIES, count, count_theft
from .deque import TOP
from .dispatch import address_of, call, call_join, call_python
from .groups import NOT_BEGUN, forsake, is_doomed, tell
from .hands import (
    ARENA_TOP,
    CALL_PYTHON,
    DOOMED,
    FLOOR,
    FORSAKEN,
    JOIN,
    RUN,
    STACK_LIMIT,
    STAMP,
    TRACE,
    begin_other,
    count_failure,
    end_other,
    share,
)
from .nearness import NUMA_NODE, is_of_the_other_lap, steps
from .notifier import START, notify
from .reasons import SURPLUS
from .runs import NONE
from .search import USED_WORKERS
from .spawning import DROP, IF_CALM, IN_DOUBT
from .waiting import wake


@kernel
def find(pool: Table, workers: Table, hands: Table, rings: Table, me: int) -> int:
    """Take a shared task, one's own newest or another worker's oldest; return its block, or NO_BLOCK."""
    block = deque.pop(hands, rings, me)
    if block > 0:
        return block
    used = load_relaxed(pool, 0, USED_WORKERS)
    node = load_relaxed(workers, me, NUMA_NODE)
    victim = me
    for step in range(steps(node, used)):
        victim = victim + 1 if victim + 1 < used else 0
        if victim == me or is_of_the_other_lap(workers, node, victim, step >= used):
            continue
        count(workers, me, TRIES, 1)
        block = deque.steal(hands, rings, victim)
        if block > 0:
            count_theft(workers, me, victim, 1)
            return block
        if block == deque.LOST:
            count(workers, me, LOSSES, 1)
    return NO_BLOCK


@kernel
def enter(hands: Table, me: int, block: int) -> int:
    """Run the body of a block, and wait for what it spawned and did not join; return 0, or its failure."""
    floor, floor_before = arena.pin(hands, me), load_relaxed(hands, me, FLOOR)
    store_relaxed(hands, me, FLOOR, floor)
    ring = load_relaxed(hands, me, TRACE)
    begun, told = begin_event(hands, me, block, tracing.SPAWNED) if ring != 0 else (0, 0)
    what = load_relaxed(block_at(block), 0, KIND)
    failure = call(load_relaxed(kind_of(block), 0, ENTRY), block + HEAD_BYTES)
    arena.unpin(floor)
    if load_relaxed(hands, me, ARENA_TOP) != floor:
        left = join_all_above(hands, me, floor, failure != 0)
        if failure == 0:
            failure = left
    store_relaxed(hands, me, FLOOR, floor_before)
    if ring != 0:
        ended = ticks()
        tracing.note(ring, begun, ended, what, told)
        if tracing.measures(ring):
            measuring.measure(ring, measuring.DURATIONS, ended - begun)
    return failure


@rare_kernel
def begin_event(hands: Table, me: int, block: int, event: int) -> tuple[int, int]:
    """Return the moment, and what an event of a block that begins now is to tell of it."""
    words = block_at(block)
    state = load_relaxed(words, 0, STATE)
    owner = load_relaxed(words, 0, OWNER) if is_shared(state) else me
    newest = load_relaxed(hands, me, STAMP) // ONE_STAMP
    return ticks(), tracing.how_spawned(event, owner, state // ONE_STAMP, newest)


@rare_kernel
def run(workers: Table, hands: Table, me: int, block: int) -> None:
    """Run a shared task that was found, and tell its owner."""
    words = block_at(block)
    spawner = load_relaxed(words, 0, OWNER)
    if spawner != me and is_doomed(hands, spawner, load_relaxed(words, 0, STATE)):
        failure = NOT_BEGUN
    else:
        run_before = load_relaxed(hands, me, RUN)
        store_relaxed(hands, me, RUN, load_relaxed(words, 0, RUN_OF))
        store_relaxed(hands, me, STACK_LIMIT, IN_DOUBT)  # its run may have been stopped since all were asked
        before = begin_other(hands, me, block)
        failure = enter(hands, me, block)
        end_other(hands, me, before)
        store_relaxed(hands, me, RUN, run_before)
        store_relaxed(hands, me, STACK_LIMIT, IN_DOUBT)
        count(workers, me, SHARED_TASKS, 1)  # before TASKS: readers subtract it
        count(workers, me, TASKS, 1)
        if failure != 0:
            count_failure(hands, me)
    owner = finish(block, failure)
    if failure != 0 and failure != NOT_BEGUN:
        tell(workers, me, spawner)
    if owner >= 0 and event.post(workers, owner):
        wake(workers, owner, event.EVENT, 1)


@kernel
def join_all_above(hands: Table, me: int, floor: int, failed: bool) -> int:
    """Join every block of one's arena above ``floor`` that nobody has joined; return the first failure.

    After a failure, theirs or of who spawned them (``failed``), those that have not begun do not begin, and
    Python is only told of others.
    """
    doomed_before, forsaken_before = load_relaxed(hands, me, DOOMED), load_relaxed(hands, me, FORSAKEN)
    first = 0
    block = arena.onward(hands, me, floor)
    oldest = load_relaxed(block_at(block), 0, STATE) if block != load_relaxed(hands, me, ARENA_TOP) else 0
    if failed:
        forsake(hands, me, oldest)
    while block != load_relaxed(hands, me, ARENA_TOP):
        words, kind = block_at(block), kind_of(block)
        if state_of(block) != GONE:
            stamp = load_relaxed(words, 0, STATE) & ~STATES | (DROP if failed else IF_CALM)
            failure = call_join(load_relaxed(hands, me, JOIN), address_of(hands, me, TOP), block, stamp)
            call(load_relaxed(kind, 0, RELEASE), block + HEAD_BYTES)
            if failure != 0 and failed:
                call_python(load_relaxed(hands, me, CALL_PYTHON), me, SURPLUS, failure, NONE, 0)
            elif failure != 0:
                first, failed = failure, True
                forsake(hands, me, oldest)
        if load_relaxed(hands, me, ARENA_TOP) == block:  # it was the last, and its memory is free
            break
        block = arena.onward(hands, me, block + load_relaxed(kind, 0, SIZE))
    store_relaxed(hands, me, ARENA_TOP, floor)
    store_relaxed(hands, me, DOOMED, doomed_before)
    store_relaxed(hands, me, FORSAKEN, forsaken_before)
    return first


@kernel
def share_and_notify(pool: Table, workers: Table, hands: Table, rings: Table, me: int) -> bool:
    """Share what is oldest in one's hand; return whether the caller must start a thread."""
    return share(hands, rings, me) > 0 and notify(pool, workers, me, False) == START
