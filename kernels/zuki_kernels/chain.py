"""A chain of nodes: run one, then the most urgent of those it makes ready, and so on; then the next root.

This is where a run spends its time. What is looked at for each node is one cell each of the
run, of the pool and of the node; what is rarer ends the chain, for `turn` to deal with.
"""

from . import arena, measuring, search, solo
from ._jit import kernel
from ._types import Table
from .atomics import load_relaxed, store_relaxed
from .blocks import NO_BLOCK
from .clock import now, ticks
from .counters import TASKS, count
from .dependencies import FAILED, PASSED, finish, is_condemned
from .deque import TOP
from .dispatch import address_of, call, call_join, prefetch
from .hands import ARENA_TOP, FLOOR, JOIN, TRACE, begin_other, end_other
from .notifier import PULSE, is_anyone_free
from .release import mark_failed, successors, successors_among_others
from .runs import (
    DONE,
    FIRST,
    FRAME,
    MAY_SPAWN,
    NONE,
    NOTHING,
    PYTHON,
    SHAPE,
    STOPPED,
    body_of,
    first_edge_of,
    root_at,
    successors_of,
    target_of,
    task_of,
)
from .spawning import ALL_ABOVE, NO_MORE_ABOVE
from .sync_state import SYNC

# Roots lie side by side, and those of a share before were perhaps written by another processor. With this
# distance two workers take 3.0 ns for a node of a million without edges; half or four times as much: 3.8.
_AHEAD = 32

UNKNOWN = -1  # as an outcome: the node has not been run yet


@kernel
def run_chain(
    pool: Table,
    workers: Table,
    deques: Table,
    rings: Table,
    queues: Table,
    runs: Table,
    hands: Table,
    nodes: Table,
    edges: Table,
    bodies: Table,
    durations: Table,
    me: int,
    slot: int,
    node: int,
    outcome: int,
    epoch: int,
    most: int,
    pulse: int,
    other: int,
    sole: int,
    root: int,
    last_root: int,
    moment: int,
) -> tuple[int, int, int, bool, int, int, int]:
    """Run ``node`` and what follows from it, at most ``most`` nodes of one run.

    ``outcome`` is `UNKNOWN`, or how the node went in Python: 0, `FAILED` or `PASSED`.
    ``durations`` has rows if bodies are to be timed. ``pulse`` is the pulse that ends the chain
    when it differs, and ``other`` a run whose end does; NONE for neither. ``root`` to ``last_root``
    are the places of roots of the run that may be taken: nothing that is more urgent is in one's deque.
    ``sole`` is what SYNC is while the worker is solo, or `solo.SHARED` or `solo.ALONE`.
    ``moment`` is when the worker's last event has ended, if it has been busy since, else 0.

    Returns the node that is to be run next, or NONE; how many others were made ready; how many
    nodes have finished; whether the next one was not run for it wants the interpreter; the
    place of the first root that was not taken; a new ``sole``; and a new ``moment``.
    """
    calm, added, done, timed, ring = NONE, 0, 0, durations.shape[0] > 0, load_relaxed(hands, me, TRACE)
    if ring == 0:
        moment = 0
    elif moment == 0:
        moment = ticks()
    if ring != 0 and outcome != UNKNOWN:
        measuring.end_node(ring, address_of(runs, 0, 0), task_of(slot, node))
    alone, is_solo = sole != solo.SHARED, sole >= 0  # for the whole loop, so that each case gets its own code
    while True:
        first, shape = load_relaxed(nodes, node, FIRST), load_relaxed(nodes, node, SHAPE)
        entry = load_relaxed(bodies, body_of(first), 0)
        if outcome == UNKNOWN:
            if is_condemned(nodes, node) or load_relaxed(runs, slot, STOPPED) != 0:
                outcome = PASSED
            elif entry == PYTHON:
                return node, 0, done, True, root, sole, 0
            else:
                if not alone:
                    begin = first_edge_of(first)
                    for edge in range(begin, begin + min(successors_of(shape), 4)):
                        prefetch(nodes, target_of(edges, edge))
                begun = now() if timed else 0
                frame = load_relaxed(nodes, node, FRAME)
                if entry & MAY_SPAWN != 0:
                    failure = call_spawner(hands, me, entry - MAY_SPAWN, frame)
                else:
                    failure = call(entry, frame) if entry != NOTHING else 0
                if timed:
                    store_relaxed(durations, node, 0, now() - begun)
                if ring != 0:
                    moment = measuring.note_node(ring, moment, address_of(runs, 0, 0), task_of(slot, node))
                count(workers, me, TASKS, 1)
                outcome = 0
                if failure != 0:
                    mark_failed(runs, slot, nodes, node, failure)
                    outcome = FAILED
        finish(nodes, node, shape, epoch, outcome)
        done += 1
        node, added = NONE, 0
        if successors_of(shape) > 0:
            if is_solo:
                sole = solo.begin(pool, workers, me, sole)
                if sole == solo.SHARED:
                    node, added = successors_among_others(
                        deques, rings, queues, workers, runs, me, slot, nodes, edges,
                        first_edge_of(first), shape, outcome == 0,
                    )  # fmt: skip
                    break
            node, added = successors(
                deques, rings, queues, workers, runs, me, slot, nodes, edges,
                first_edge_of(first), shape, outcome == 0, alone,
            )  # fmt: skip
            if is_solo:
                solo.end(workers, me)
        outcome = UNKNOWN
        if added > 0 or done >= most:
            break
        if node < 0:
            if root >= last_root:
                break
            sync = load_relaxed(pool, 0, SYNC)
            if sync != calm:  # who is awake has changed since the last root
                if (is_solo or not alone) and is_anyone_free(pool):
                    break
                calm = sync
            node = root_at(runs, slot, root)
            root += 1
            prefetch(nodes, node + _AHEAD)
        if load_relaxed(pool, 0, search.USED_LEVELS) > 1:  # something more urgent may wait
            break
        if pulse >= 0 and load_relaxed(pool, 0, PULSE) != pulse:
            break
        if other >= 0 and load_relaxed(runs, other, DONE) != 0:  # relaxed: `turn` looks again
            break
    return node, added, done, False, root, sole, moment


@kernel
def call_spawner(hands: Table, me: int, entry: int, frame: int) -> int:
    """Run a body, and join the children that it has left; return 0, or the first failure."""
    floor_before = load_relaxed(hands, me, FLOOR)
    before = begin_other(hands, me, NO_BLOCK) if floor_before != 0 else (NO_BLOCK, 0, NO_BLOCK)
    floor = arena.pin(hands, me)
    store_relaxed(hands, me, FLOOR, floor)
    failure = call(entry, frame)
    arena.unpin(floor)
    if load_relaxed(hands, me, ARENA_TOP) != floor:
        above = NO_MORE_ABOVE if failure != 0 else ALL_ABOVE
        left = call_join(load_relaxed(hands, me, JOIN), address_of(hands, me, TOP), floor, above)
        failure = failure if failure != 0 else left
    store_relaxed(hands, me, FLOOR, floor_before)
    if floor_before != 0:
        end_other(hands, me, before)
    return failure
