"""Joining a spawned task that is not the newest in hand: the rare, long way of a join.

A task that is still in hand is run. One that was shared is taken back from one's own deque,
or somebody has taken it: then this worker runs other tasks, and sleeps as a worker does where
there are none, until it is done.
"""

from . import deque, spawned, tracing
from ._jit import kernel
from ._types import Table
from .atomics import load_relaxed, store_relaxed
from .blocks import (
    CALLED,
    ENTERED_AROUND,
    FAILURE,
    FLOOR_AROUND,
    GONE,
    IN_HAND,
    KIND,
    NEWER,
    SIZE,
    STATE,
    STATES,
    block_at,
    finish,
    is_done,
    kind_of,
)
from .clock import ticks
from .directory import directory_of, hand_rings_of, hands_of, workers_of
from .dispatch import address_of, stack_pointer, table_at
from .groups import FAILED, NOT_BEGUN, NOTED, doom, find_around, find_failed, forget, note
from .hands import (
    ANCHOR,
    ARENA_TOP,
    DOOMED,
    ENTERED,
    FLOOR,
    HAND_FIELDS,
    HELP_LIMIT,
    NEWEST,
    ROW,
    TRACE,
    count_drop,
    count_failure,
    is_share_due,
    make_shared,
    take_out,
)
from .helping import rest_until_done, work_until_done
from .requests import detach, look_up, ring, run_detached
from .requests import share as share_oldest
from .spawning import ALL_ABOVE, DETACH, DROP, IF_CALM, LOOK_UP, NO_MORE_ABOVE, RING, RUN_DETACHED, SHARE

JOINED_BEFORE = -1  # verdict: somebody has joined it, or it is no block of this worker's


@kernel
def join(hand: int, block: int, stamp: int) -> int:
    """Let a task of this worker be done, its result in its frame; return 0, its failure, or `JOINED_BEFORE`.

    The memory of the block may be used for the next spawn. Other values of ``stamp`` ask for other things.
    """
    own = table_at(hand, 1, HAND_FIELDS)
    me, directory = load_relaxed(own, 0, ROW), directory_of(own, 0)
    hands = hands_of(directory)
    if stamp < 0:
        return _answer(directory, own, hands, me, block, stamp)
    words = block_at(block)
    state = load_relaxed(words, 0, STATE)
    how, stamp = stamp & (DROP | IF_CALM), stamp & ~(DROP | IF_CALM)
    if state & ~STATES != stamp or state & STATES in (GONE, CALLED):
        return JOINED_BEFORE
    if state & STATES == IN_HAND:
        take_out(hands, me, block)
        if how != DROP and is_share_due(hands, me):  # many may have been spawned at once, and few shared
            share_oldest(directory, hands, me)
        failure = _enter(hands, me, block, how)
    else:
        failure = _join_shared(directory, hands, me, block, how)
    store_relaxed(words, 0, STATE, stamp | GONE)
    if load_relaxed(hands, me, ARENA_TOP) == block + load_relaxed(kind_of(block), 0, SIZE):
        store_relaxed(hands, me, ARENA_TOP, block)
    return failure


@kernel
def _answer(directory: Table, own: Table, hands: Table, me: int, block: int, asked: int) -> int:
    """Do what is asked for in the place of a stamp."""
    if asked in (ALL_ABOVE, NO_MORE_ABOVE):
        return spawned.join_all_above(hands, me, block, asked == NO_MORE_ABOVE)
    if asked == LOOK_UP:
        return look_up(directory, own, me, block)
    if asked == DETACH:
        return detach(directory, hands, me, block)
    if asked == SHARE:
        share_oldest(directory, hands, me)
    if asked == RUN_DETACHED:
        run_detached(directory, own, hands, me, block)
    if asked == RING:
        ring(directory, hands, me, block)
    return 0


@kernel
def _enter(hands: Table, me: int, block: int, how: int) -> int:
    """Run the body of a block that nobody else has, if it is wanted; return 0, or its failure."""
    if how == DROP:
        count_drop(hands, me)
        return 0
    if how == IF_CALM and load_relaxed(workers_of(directory_of(hands, me)), me, FAILED) != 0:
        failed, _ = find_failed(hands, me, block, load_relaxed(hands, me, ARENA_TOP))
        if failed != 0:
            count_drop(hands, me)
            return 0
    words, floor, entered = block_at(block), load_relaxed(hands, me, FLOOR), load_relaxed(hands, me, ENTERED)
    store_relaxed(words, 0, STATE, load_relaxed(words, 0, STATE) & ~STATES | IN_HAND)
    store_relaxed(words, 0, FLOOR_AROUND, floor)
    store_relaxed(words, 0, ENTERED_AROUND, entered)
    store_relaxed(hands, me, ENTERED, block)
    failure = spawned.enter(hands, me, block)
    store_relaxed(hands, me, ENTERED, entered)
    if failure != 0:
        count_failure(hands, me)
    return failure


@kernel
def _join_shared(directory: Table, hands: Table, me: int, block: int, how: int) -> int:
    """Run a shared task if nobody has taken it; else do other things until it is done; return its failure.

    When a task of its group has failed, the others that nobody has begun are passed over: they begin
    at their own joins, if there are any.
    """
    workers, hand_rings = workers_of(directory), hand_rings_of(directory)
    doomed_before, noted, passes = load_relaxed(hands, me, DOOMED), 0, how == DROP
    ring = load_relaxed(hands, me, TRACE)
    begun, told = spawned.begin_event(hands, me, block, tracing.JOINED) if ring != 0 else (0, 0)
    while not is_done(block):
        if load_relaxed(workers, me, FAILED) != noted:
            found = 0
            if note(workers, me):
                found, _ = find_around(hands, me)
            if found != 0:
                doom(hands, me, found)
                passes = True
            noted = load_relaxed(workers, me, NOTED)
        other = deque.pop(hands, hand_rings, me)
        if other == block:
            store_relaxed(hands, me, DOOMED, doomed_before)
            return _enter(hands, me, block, how)
        if other < 0:
            if load_relaxed(hands, me, NEWEST) == address_of(hands, me, ANCHOR):
                store_relaxed(workers, me, NOTED, noted)  # others' tasks may have waited here meanwhile
                if stack_pointer() < load_relaxed(hands, me, HELP_LIMIT):
                    rest_until_done(directory, hands, me, block)
                else:
                    work_until_done(directory, hands, me, block)
                continue
            # Spawned after the block, and not joined. Not the newest: that would lie, finished, above older
            # ones in hand, and the join of one of those would free its memory.
            other = load_relaxed(hands, me, ANCHOR + NEWER)
            make_shared(hands, me, other)
        if passes:
            finish(other, NOT_BEGUN)
        else:
            spawned.run(workers, hands, me, other)
    store_relaxed(hands, me, DOOMED, doomed_before)
    failure = load_relaxed(block_at(block), 0, FAILURE)
    if failure == NOT_BEGUN:
        return _enter(hands, me, block, how)
    if ring != 0:
        tracing.note(ring, begun, ticks(), load_relaxed(block_at(block), 0, KIND), told)
    if failure != 0:
        forget(workers, me)
    return failure
