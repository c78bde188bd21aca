"""A thread as a worker: the dialogue with `turn`, which asks for what only Python can do."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from zuki.runtime.failures import report_lost_failure
from zuki.runtime.python_body import run_python
from zuki.runtime.seat import is_main_thread
from zuki_kernels import reasons, turn
from zuki_kernels.runs import NONE

if TYPE_CHECKING:
    from zuki.runtime.pool import Pool


def work(
    pool: "Pool",
    row: int,
    until: int,
    finished: int,
    is_to_give_up: Callable[[], bool] | None = None,
) -> int:
    """Be a worker until the run ``until`` has ended, the thread was idle for long, or the pool ends.

    What this does must not be torn apart: on the main thread it is called inside of a `held_back` block.

    Parameters
    ----------
    pool : Pool
        Whose worker.
    row : int
        Which one.
    until : int
        Slot of a run, or NONE.
    finished : int
        What the first turn is told: NONE, or FRESH on a new thread.
    is_to_give_up : callable, optional
        Asked at each beat of the pool's pulse, which is to be kept meanwhile.

    Returns
    -------
    int
        The last turn's reason.
    """
    main = is_main_thread()
    beat = turn.LATEST if main or is_to_give_up is not None else NONE
    outcome = reasons.RETURNED
    while True:
        arguments = row, until, finished, outcome, beat
        reason, task, ended, start = turn.turn(*arguments, *pool.tables.of_a_turn)
        finished = NONE
        if start:
            pool.workers.start_thread()
        if ended >= 0:
            pool.slots.end(ended)
        if reason == reasons.RUN_PYTHON:
            finished, outcome = task, run_python(pool, row, task)
        elif reason == reasons.SIGNALS:
            if is_to_give_up is not None and is_to_give_up():
                return reason
        elif reason == reasons.SERVE:
            pool.serve(row)
        elif reason == reasons.SPARE_MEMORY:
            pool.tables.renew_arena(row)
        elif reason != reasons.GO_ON:
            return reason


def do_in_python(pool: "Pool", me: int, reason: int, task: int, ended: int, start: int) -> int:
    """Do what a turn inside of a join has asked for; return how a Python body went."""
    if start:
        pool.workers.start_thread()
    if ended >= 0:
        pool.slots.end(ended)
    if reason == reasons.RUN_PYTHON:
        return run_python(pool, me, task)
    if reason == reasons.BEGIN_DETACHED:
        return pool.slots.begin_detached()
    if reason == reasons.END_DETACHED:
        pool.slots.end_detached()
    elif reason == reasons.LOST:
        report_lost_failure(task)
    elif reason == reasons.SURPLUS:
        pool.slots.count_lost(me, task)
    elif reason == reasons.SERVE:
        pool.serve(me)
    return reasons.RETURNED
