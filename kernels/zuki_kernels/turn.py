"""A worker's turn: one call that runs task after task, until only the interpreter can go on."""

from . import aside, detached, idling, lane, queue, search, service, solo, spawned, tracing
from ._jit import kernel
from ._types import Table
from .atomics import load_acquire, load_relaxed, store_relaxed
from .blocks import LISTED, NO_BLOCK, OWNER, block_at, is_done, state_of
from .chain import UNKNOWN, run_chain
from .clock import now, ticks
from .counters import (
    CURSOR,
    PYTHON_FAILURES,
    PYTHON_NODES,
    PYTHON_PASSED,
    STEALS,
    TASKS,
    TICK,
    WORKER_FIELDS,
    count,
)
from .dependencies import FAILED, PASSED
from .deque import DEQUE_FIELDS, TOP
from .dispatch import address_of, bare, call_join, call_python, table_at
from .groups import has_news
from .handing_over import hand_over
from .hands import CALL_PYTHON, HAND_FIELDS, JOIN, RUN, TRACE
from .notifier import (
    POOL_FIELDS,
    PULSE,
    START,
    is_alone,
    is_anyone_free,
    notify,
)
from .patience import FEW, is_quick
from .queue import QUEUE_FIELDS
from .reasons import GO_ON, POSTPONED, RAISED, RETURNED, RUN_OVER, RUN_PYTHON, SERVE, SIGNALS
from .release import mark_failed, offer_roots, settle, take_roots
from .runs import (
    BATCH,
    BODIES,
    BODY_COUNT,
    DONE,
    EPOCH,
    NODE_FIELDS,
    NONE,
    ROOT_MARKER,
    RUN_FIELDS,
    SHAPE,
    TIMES,
    edges_of,
    level_of,
    node_of,
    nodes_of,
    root_at,
    slot_of,
    task_of,
)
from .spawning import RUN_DETACHED
from .waking import pass_on

LATEST = -2  # as ``pulse``: what it is at the begin of the turn

FRESH = -2  # as `finished`: a thread that was just started, and has been counted as a worker


@kernel
def _robbed(pool: Table, workers: Table, me: int, block: int) -> int:
    """Return from whom the worker has just taken a block or, where that is NO_BLOCK, a node."""
    if block != NO_BLOCK:
        return load_relaxed(block_at(block), 0, OWNER)
    victim = load_relaxed(workers, me, CURSOR) + 1
    return victim if victim < load_relaxed(pool, 0, search.USED_WORKERS) else 0


@kernel
def turn(
    me: int,
    until: int,
    finished: int,
    outcome: int,
    pulse: int,
    pool: Table,
    workers: Table,
    deques: Table,
    rings: Table,
    queues: Table,
    runs: Table,
    hands: Table,
    hand_rings: Table,
) -> tuple[int, int, int, bool]:
    """Run tasks as worker ``me``.

    ``until`` is the run whose end ends the turn, or NONE. ``finished`` is the Python node
    that has just been run, NONE or FRESH, and ``outcome`` how it went. ``pulse`` is the
    pulse that was seen last, LATEST, or NONE for a thread that need not look at signals.

    Returns the reason; the task to run; the run that has ended and that Python wants to
    hear of, or NONE; and whether the caller must start a thread.
    """
    return run_tasks(
        me,
        until,
        finished,
        outcome,
        pulse,
        bare(pool, POOL_FIELDS),
        bare(workers, WORKER_FIELDS),
        bare(deques, DEQUE_FIELDS),
        bare(rings, rings.shape[1]),
        bare(queues, QUEUE_FIELDS),
        bare(runs, RUN_FIELDS),
        bare(hands, HAND_FIELDS),
        bare(hand_rings, hand_rings.shape[1]),
    )


@kernel
def run_tasks(
    me: int,
    until: int,
    finished: int,
    outcome: int,
    pulse: int,
    pool: Table,
    workers: Table,
    deques: Table,
    rings: Table,
    queues: Table,
    runs: Table,
    hands: Table,
    hand_rings: Table,
) -> tuple[int, int, int, bool]:
    """Run tasks: `turn`, on tables whose references nobody counts.

    ``until`` may also be minus the address of a block: a worker that joins it runs other tasks meanwhile, and
    stops also when one of its own has failed.
    """
    slot, done, epoch, batch, elsewhere, looks = NONE, 0, 0, 1, False, False
    nodes = table_at(0, 0, NODE_FIELDS)  # as many fields as always, so that the compiler knows the number
    edges = bodies = durations = table_at(0, 0, 1)
    reason, ended, start, waking = GO_ON, NONE, False, False
    task, handed, spins, idle_since, is_late = NONE, finished, 0, 0, False
    root_slot, root, last_root = NONE, 0, 0  # roots in hand
    alone = is_alone(pool)
    if pulse == LATEST:
        pulse = load_relaxed(pool, 0, PULSE)
    tick = load_relaxed(workers, me, TICK)
    patient, paced, paced_at, mine, mine_at, moment = False, 0, 0, 0, 0, 0
    yields, sole = False, solo.ALONE if alone else solo.SHARED
    while True:
        if yields:  # others run it meanwhile, or look for more in its place
            sole = solo.give_up(pool, sole)
            ended, start = hand_over(
                pool, workers, deques, rings, queues, runs, hands, me, GO_ON,
                slot, done, root_slot, root, last_root, task, waking, ended, start,
            )  # fmt: skip
            slot, done, root, task, waking, yields = NONE, 0, last_root, NONE, False, False
            start = notify(pool, workers, me, False) == START or start
            if ended >= 0:
                break
            reason, task = aside.stand_aside(pool, workers, queues, runs, hands, me, until, pulse, start)
            start, spins = False, 0
            if reason != GO_ON:
                break
        if handed == FRESH:  # take the signal that started this thread, and the duty with it
            idling.go_on(workers, me)
            spins = idling.SLEPT
            reason, waking = idling.sleep(pool, workers, runs, me, until, pulse, False)
            if reason != GO_ON:
                break
            idling.go_on(workers, me)
            spins = 0
        handed, node_is_python, lowest = NONE, False, False
        if finished >= 0 and outcome == POSTPONED:
            finished = NONE
            lane.leave(pool, workers, me)
            task = lane.enter(pool, workers, queues, runs, me, until)
            if task >= 0:
                reason = RUN_PYTHON
                break
        if finished >= 0:
            task, finished, node_is_python = finished, NONE, True
        elif tick >= search.FAIRNESS:  # what others began has waited for long enough
            tick = 0
            if queue.holds_another(queues, search.GLOBAL, runs, task_of(max(slot, 0), ROOT_MARKER)):
                if task >= 0:
                    level = level_of(load_relaxed(nodes, node_of(task), SHAPE))
                    search.add(deques, rings, queues, workers, runs, me, level, task)
                if root < last_root:
                    offer_roots(deques, rings, queues, workers, runs, me, root_slot, root, last_root)
                    root = last_root
                if not alone and notify(pool, workers, me, False) == START:
                    start = True
                task = search.consume(queues, search.GLOBAL, deques, rings, workers, runs, me)
                if spins != 0 and task >= 0:
                    idling.go_on(workers, me)
                if done == 0:
                    slot = NONE  # its run may be over, and the slot another's
            elif not alone and until >= NONE and aside.is_due(pool, workers, me):
                yields = True
                continue
            if sole == solo.SHARED:
                sole = solo.go_solo(pool, me)
        if task < 0:
            task, sole = solo.pop(pool, workers, deques, rings, me, sole)
        if task < 0 and root < last_root:
            task, lowest = task_of(root_slot, root_at(runs, root_slot, root)), True
            root += 1
            if root < last_root and not alone and is_anyone_free(pool):
                offer_roots(deques, rings, queues, workers, runs, me, root_slot, root, last_root)
                root = last_root
                start = notify(pool, workers, me, False) == START or start
        if task < 0:
            if done > 0 and spins > 0:  # not before a round of search has failed: all workers share that cell
                ended = settle(workers, runs, slot, done)
                done = 0
                if ended >= 0:
                    break
            if done == 0:
                slot = NONE  # its run may be over, and the slot another's
            sole = solo.give_up(pool, sole)
            reason, task = idling.reason_to_return(pool, workers, queues, runs, me, until, pulse)
            if reason != GO_ON:
                break
            if spins <= 0 and not alone and until >= NONE and aside.goes_on(pool, workers, me):
                yields = True
                continue
            if spins <= 0:
                had, had_at = mine, mine_at
                mine, mine_at = load_relaxed(workers, me, TASKS), now()
                patient = is_quick(mine - had, mine_at - had_at)
            ring, moment = load_relaxed(hands, me, TRACE), 0
            looked, stolen = (ticks(), load_relaxed(workers, me, STEALS)) if ring != 0 else (0, 0)
            task = search.find(pool, workers, deques, rings, queues, runs, me, FEW if patient else 0)
            block = spawned.find(pool, workers, hands, hand_rings, me) if task < 0 else NO_BLOCK
            if ring != 0 and load_relaxed(workers, me, STEALS) != stolen:
                moment = ticks()
                tracing.note(ring, looked, moment, _robbed(pool, workers, me, block), tracing.STOLEN)
            if task < 0 and block == NO_BLOCK and done == 0 and (until == NONE or is_late):
                block = detached.find(pool, hands, me)
            if block != NO_BLOCK:
                if spins != 0:
                    idling.go_on(workers, me)
                spins, is_late, moment = 0, False, 0
                if waking:
                    start = pass_on(pool, workers, deques, queues, hands, me) == START or start
                    waking = False
                if start:  # now: the task may run for long, and others wait for a worker
                    call_python(load_relaxed(hands, me, CALL_PYTHON), me, GO_ON, NONE, NONE, 1)
                    start = False
                if state_of(block) == LISTED:
                    call_join(load_relaxed(hands, me, JOIN), address_of(hands, me, TOP), block, RUN_DETACHED)
                else:
                    spawned.run(workers, hands, me, block)
                if service.claim(pool):
                    reason = SERVE
                if reason == SERVE:
                    break
                continue
            if task < 0:
                if service.claim(pool):  # not before the search: the only worker serves and runs by turns
                    reason = SERVE
                    break
                reason, spins, idle_since, is_late, waking, patient, paced, paced_at = idling.rest(
                    pool, workers, runs, hands, me, until, pulse, task == search.SCRAPS,
                    spins, idle_since, is_late, waking, patient, paced, paced_at,
                )  # fmt: skip
                if reason != GO_ON:
                    break
                continue
            if spins != 0:
                idling.go_on(workers, me)
            if waking:
                start = pass_on(pool, workers, deques, queues, hands, me) == START or start
                waking = False
        spins = 0
        if slot_of(task) != slot:
            if done > 0:
                ended = settle(workers, runs, slot, done)
                done = 0
                if ended >= 0:
                    break
            slot = slot_of(task)
            store_relaxed(hands, me, RUN, slot)
            nodes = nodes_of(runs, slot)
            edges = edges_of(runs, slot)
            bodies = table_at(load_relaxed(runs, slot, BODIES), load_relaxed(runs, slot, BODY_COUNT), 1)
            epoch, batch = load_relaxed(runs, slot, EPOCH), load_relaxed(runs, slot, BATCH)
            times = load_relaxed(runs, slot, TIMES)
            durations = table_at(times, nodes.shape[0] if times != 0 else 0, 1)
            elsewhere = until >= 0 and slot != until
            looks = until >= 0 and (elsewhere or batch == 1)
        node = node_of(task)
        if node == ROOT_MARKER:
            root_slot = slot  # nothing is in hand: a marker is looked for only then
            root, last_root, others = take_roots(pool, queues, runs, slot)
            node, lowest = root_at(runs, slot, root), True
            root += 1
            if load_relaxed(pool, 0, search.USED_LEVELS) > 1:  # they are taken in the order of their levels
                offer_roots(deques, rings, queues, workers, runs, me, slot, root, last_root)
                others, root = others or root < last_root, last_root
            if others and notify(pool, workers, me, False) == START:
                start = True
        known, most, other = UNKNOWN, min(batch - done, search.FAIRNESS), until if elsewhere else NONE
        if until < NONE:
            most = 1  # then the block may be done
        if node_is_python:
            most = 1  # then the lane is to be left
            if outcome == RETURNED:
                known = 0
            elif outcome == RAISED:
                known = FAILED
                mark_failed(runs, slot, nodes, node, 0)
                count(workers, me, PYTHON_FAILURES, 1)
            else:
                known = PASSED
                count(workers, me, PYTHON_PASSED, 1)
            if known != PASSED:
                count(workers, me, PYTHON_NODES, 1)
                count(workers, me, TASKS, 1)
        node, added, finished_nodes, wants_python, next_root, sole, moment = run_chain(
            pool, workers, deques, rings, queues, runs, hands, nodes, edges, bodies, durations,
            me, slot, node, known, epoch, most, pulse, other, sole, root,
            last_root if lowest else root, moment,
        )  # fmt: skip
        root = next_root
        done += finished_nodes
        tick += finished_nodes
        task = task_of(slot, node) if node >= 0 else NONE
        if wants_python:
            lane.offer(queues, runs, task)
            task = lane.enter(pool, workers, queues, runs, me, until)
            if task < 0:
                lane.call_holder(pool, workers)
            else:
                reason = RUN_PYTHON
        elif task >= 0 and load_relaxed(pool, 0, search.USED_LEVELS) > 1:  # something more urgent may wait
            level = level_of(load_relaxed(nodes, node, SHAPE))
            search.add(deques, rings, queues, workers, runs, me, level, task)
            task = NONE
            added += 1
        if node_is_python:
            lane.leave(pool, workers, me)
            following = lane.enter(pool, workers, queues, runs, me, until)
            if following >= 0:
                if task >= 0:
                    level = level_of(load_relaxed(nodes, node_of(task), SHAPE))
                    search.add(deques, rings, queues, workers, runs, me, level, task)
                    added += 1
                task, reason = following, RUN_PYTHON
        if added > 0 and notify(pool, workers, me, False) == START:
            start = True
        if done >= batch:
            finished_run = settle(workers, runs, slot, done)
            done = 0
            if finished_run >= 0:
                ended = finished_run
        if reason != GO_ON or start or ended >= 0:
            break
        if looks and load_acquire(runs, until, DONE):  # order: results after the end; pairs with settle's
            reason = RUN_OVER
            break
        if pulse >= 0 and load_relaxed(pool, 0, PULSE) != pulse:
            reason = SIGNALS
            break
        if until < NONE and (is_done(-until) or has_news(workers, me)):
            reason = RUN_OVER
            break
        if tick >= search.FAIRNESS and service.claim(
            pool
        ):  # what waits for Python has waited for long enough
            reason = SERVE
            break
    solo.give_up(pool, sole)
    store_relaxed(workers, me, TICK, tick)
    if spins != 0:
        idling.end_search(workers, me, until, reason)
    ended, start = hand_over(
        pool, workers, deques, rings, queues, runs, hands, me, reason,
        slot, done, root_slot, root, last_root, task, waking, ended, start,
    )  # fmt: skip
    return reason, task, ended, start
