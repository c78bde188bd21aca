"""A thread as a worker: the dialogue with `turn`, which asks for what only Python can do."""

import threading
from typing import TYPE_CHECKING

from zuki_kernels import pulse, starting, turn
from zuki_kernels.runs import NONE, node_of, slot_of

if TYPE_CHECKING:
    from zuki.runtime.pool import Pool


class _Seats(threading.local):
    """Where this thread is a worker, the innermost last: pools and rows."""

    def __init__(self) -> None:
        self.taken: list[tuple[Pool, int]] = []


seats = _Seats()


def row_of_this_thread(pool: "Pool") -> int | None:
    """Return the row of this thread among a pool's workers, or None."""
    for taken, row in seats.taken:
        if taken is pool:
            return row
    return None


def work(pool: "Pool", row: int, until: int, finished: int, errors: list[BaseException]) -> None:
    """Be a worker until the run ``until`` has ended, or the pool ends.

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
    errors : list of BaseException
        Where exceptions of signal handlers go; they stop the run.
    """
    outcome = turn.RETURNED
    main = threading.current_thread() is threading.main_thread()
    beat = pulse.read(pool.tables.pool) if main else NONE
    while True:
        arguments = row, until, finished, outcome, beat
        if main:
            reason, task, ended, start = _guarded_turn(pool, arguments, errors)
        else:
            reason, task, ended, start = turn.turn(*arguments, *pool.tables.of_a_turn)
        finished = NONE
        if start:
            pool.start_thread()
        if ended >= 0:
            pool.end(ended)
        if reason == turn.RUN_PYTHON:
            finished, outcome = task, _run_python(pool, task)
        elif reason == turn.SIGNALS:
            beat = pulse.read(pool.tables.pool)
        elif reason != turn.GO_ON:
            return


def _guarded_turn(
    pool: "Pool", arguments: tuple[int, int, int, int, int], errors: list[BaseException]
) -> tuple[int, int, int, bool]:
    """Run a turn on the main thread, where a signal handler's exception may take the place of its answer."""
    row, until, *_ = arguments
    workers = pool.tables.workers
    before = turn.turns(workers, row)
    while True:
        try:
            return turn.turn(*arguments, *pool.tables.of_a_turn)
        except BaseException as error:
            note(pool, error, until, errors)
            if turn.turns(workers, row) != before:
                return turn.last_answer(workers, row)


def note(pool: "Pool", error: BaseException, slot: int, errors: list[BaseException]) -> None:
    """Keep a signal handler's exception for the end of a run, and stop the run."""
    errors.append(error)
    if slot >= 0:
        starting.stop(pool.tables.runs, slot)


def _run_python(pool: "Pool", task: int) -> int:
    slot = slot_of(task)
    stopped = starting.is_stopped(pool.tables.runs, slot)
    return pool.active[slot].run_python(node_of(task), stopped)
