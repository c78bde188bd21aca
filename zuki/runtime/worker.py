"""A thread as a worker: the dialogue with `turn`, which asks for what only Python can do."""

import threading
import time
from typing import TYPE_CHECKING, Any

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


def work(
    pool: "Pool",
    row: int,
    until: int,
    finished: int,
    errors: list[BaseException],
    deadline: float | None = None,
) -> None:
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
    deadline : float, optional
        Of `time.monotonic`: when to give up; only while the pool's pulse beats.
    """
    main = threading.current_thread() is threading.main_thread()
    dialogue = (_GuardedDialogue if main else _Dialogue)(pool, row, until, finished, errors)
    beat = NONE if deadline is None and not main else pulse.read(pool.tables.pool)
    while True:
        reason = dialogue.take_turn(beat)
        if reason == turn.SIGNALS:
            beat = pulse.read(pool.tables.pool)
            if deadline is not None and time.monotonic() >= deadline:
                return
        elif reason not in (turn.GO_ON, turn.RUN_PYTHON):
            return


class _Dialogue:
    """A worker's turns, and what Python does after each."""

    def __init__(
        self, pool: "Pool", row: int, until: int, finished: int, errors: list[BaseException]
    ) -> None:
        self.pool, self.row, self.until, self.errors = pool, row, until, errors
        self.finished, self.outcome = finished, turn.RETURNED

    def take_turn(self, beat: int) -> int:
        """Run a turn, do what it asks for, and return its reason."""
        pool = self.pool
        arguments = self.row, self.until, self.finished, self.outcome, beat
        reason, task, ended, start = turn.turn(*arguments, *pool.tables.of_a_turn)
        self.finished = NONE
        if start:
            pool.start_thread()
        if ended >= 0:
            pool.end(ended)
        if reason == turn.RUN_PYTHON:
            self.finished, self.outcome = task, _run_python(pool, task)
        return reason


class _GuardedDialogue(_Dialogue):
    """The dialogue on the main thread, where a signal handler may raise between any two steps.

    Each step is noted before it is done, so that none is done twice or forgotten; the exception is kept
    for the end of the run, which is stopped.
    """

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._dealt_with = turn.turns(self.pool.tables.workers, self.row)  # turns whose answers are done
        self._answer: tuple[int, int, int, bool] | None = None  # what is being dealt with
        self._done: set[str] = set()  # steps of that

    def take_turn(self, beat: int) -> int:
        """Run a turn, do what it asks for, and return its reason; whatever handlers raise."""
        while True:
            try:
                return self._take_turn(beat)
            except BaseException as error:
                note(self.pool, error, self.until, self.errors)

    def _take_turn(self, beat: int) -> int:
        pool, workers = self.pool, self.pool.tables.workers
        if self._answer is None:
            if turn.turns(workers, self.row) == self._dealt_with:
                arguments = self.row, self.until, self.finished, self.outcome, beat
                turn.turn(*arguments, *pool.tables.of_a_turn)  # the answer may be lost here; it is read below
            self._answer = turn.last_answer(workers, self.row)
        reason, task, ended, start = self._answer
        if start and self._is_due("start"):
            pool.start_thread()
        if ended >= 0 and self._is_due("end"):
            pool.end(ended)
        if reason == turn.RUN_PYTHON and self._is_due("run"):
            self.outcome = turn.RAISED  # unless it comes back
            self.outcome = _run_python(pool, task)
        self.finished = task if reason == turn.RUN_PYTHON else NONE
        self._dealt_with = turn.turns(workers, self.row)  # a body may have taken turns of its own
        self._answer = None
        self._done.clear()
        return reason

    def _is_due(self, step: str) -> bool:
        """Tell whether a step has not been begun, and note that it is."""
        if step in self._done:
            return False
        self._done.add(step)
        return True


def note(pool: "Pool", error: BaseException, slot: int, errors: list[BaseException]) -> None:
    """Keep a signal handler's exception for the end of a run, and stop the run."""
    errors.append(error)
    if slot >= 0:
        starting.stop(pool.tables.runs, slot)


def _run_python(pool: "Pool", task: int) -> int:
    slot = slot_of(task)
    stopped = starting.is_stopped(pool.tables.runs, slot)
    return pool.active[slot].run_python(node_of(task), stopped)
