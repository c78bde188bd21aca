"""A thread as a worker: the dialogue with `turn`, which asks for what only Python can do."""

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from zuki_kernels import hands, reasons, starting, turn
from zuki_kernels.runs import NONE, node_of, slot_of

if TYPE_CHECKING:
    from zuki.runtime.pool import Pool


def is_main_thread() -> bool:
    """Tell whether the calling thread is the one that signal handlers run on."""
    return threading.get_ident() == threading.main_thread().ident


class _Seats(threading.local):
    """Where this thread is a worker, the innermost last: pools and rows."""

    def __init__(self) -> None:
        self.taken: list[tuple[Pool, int, int]] = []  # and the hand that was the thread's before


seats = _Seats()


def row_of_this_thread(pool: "Pool") -> int | None:
    """Return the row of this thread among a pool's workers, or None."""
    for taken, row, _ in seats.taken:
        if taken is pool:
            return row
    return None


def innermost_seat() -> "tuple[Pool, int, int] | None":
    """Return where this thread is a worker now: the pool and its row; or None."""
    return seats.taken[-1] if seats.taken else None


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


def run_python(pool: "Pool", row: int, task: int) -> int:
    """Run the body of a Python node; return how it went, as `turn` names it.

    Jitted functions that it calls may spawn tasks, into the worker's hand; they end with the node.
    """
    slot, tables = slot_of(task), pool.tables
    run = pool.active[slot]
    floor, before = tables.arena_top(row), tables.begin_python(row, slot)
    outcome = run.run_python(node_of(task), starting.is_stopped(tables.runs, slot))
    if tables.arena_top(row) != floor:
        join_left = hands.join_left if outcome == reasons.RETURNED else hands.drop_left
        failure = join_left(tables.hand_of(row), floor, 0)
        if failure != 0:
            outcome = run.fail(node_of(task), failure)
    tables.end_python(row, before)
    return outcome
