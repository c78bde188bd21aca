"""The end of a turn: what the worker has in hand goes to where others find it, for it may not come back."""

from . import queue, search
from ._jit import rare_kernel
from ._types import Table
from .atomics import load_relaxed
from .notifier import START, notify
from .reasons import EXIT, RUN_PYTHON
from .release import offer_roots, settle
from .runs import ROOT_MARKER, SHAPE, level_of, node_of, nodes_of, slot_of
from .waking import pass_on


@rare_kernel
def hand_over(
    pool: Table,
    workers: Table,
    deques: Table,
    rings: Table,
    queues: Table,
    runs: Table,
    hands: Table,
    me: int,
    reason: int,
    slot: int,
    done: int,
    root_slot: int,
    root: int,
    last_root: int,
    task: int,
    waking: bool,
    ended: int,
    start: bool,
) -> tuple[int, bool]:
    """Hand over all that worker ``me`` holds at the end of a turn, whose ``reason`` is known.

    That is: the report that ``done`` nodes of the run ``slot`` have finished; the roots from ``root`` to
    ``last_root`` of the run ``root_slot``; ``task``, unless Python is to run it now, or NONE; and the duty to
    wake, if ``waking``.

    Returns ``ended``, the run that has ended and that Python wants to hear of; and ``start``, whether a
    thread is to be started.
    """
    if done > 0:
        finished_run = settle(workers, runs, slot, done)
        if finished_run >= 0:
            ended = finished_run
    if root < last_root:
        offer_roots(deques, rings, queues, workers, runs, me, root_slot, root, last_root)
        if reason != EXIT and notify(pool, workers, me, False) == START:
            start = True
    if task >= 0 and reason != RUN_PYTHON:
        if node_of(task) == ROOT_MARKER:  # it stands for no node: back to where all workers look
            queue.push(queues, search.GLOBAL, runs, task, task)
        else:
            level = level_of(load_relaxed(nodes_of(runs, slot_of(task)), node_of(task), SHAPE))
            search.add(deques, rings, queues, workers, runs, me, level, task)
    if waking and reason != EXIT and pass_on(pool, workers, deques, queues, hands, me) == START:
        start = True
    return ended, start
