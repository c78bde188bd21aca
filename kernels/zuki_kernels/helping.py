"""What a worker does while it waits for a shared task: run others', or sleep."""

from ._jit import kernel
from ._types import Table
from .atomics import load_relaxed, store_relaxed
from .blocks import NO_BLOCK, STATE, block_at, expect, is_done
from .clock import give_way
from .directory import deques_of, hand_rings_of, queues_of, rings_of, runs_of, workers_of
from .dispatch import call_python
from .groups import has_news
from .hands import CALL_PYTHON, FLOOR, IS_WATCHED, RUN, STACK_LIMIT, begin_other, end_other
from .notifier import PULSE
from .reasons import EXIT, RETURNED, RUN_OVER, RUN_PYTHON, SERVE, SIGNALS
from .requests import pool_of
from .runs import NONE
from .spawning import IN_DOUBT
from .turn import run_tasks
from .waiting import wait

_SHORT_NAP = 10_000  # nanoseconds
_LONG_NAP = 200_000


@kernel
def rest_until_done(directory: Table, hands: Table, me: int, block: int) -> None:
    """Sleep until a shared task is done, or there is news: the stack is too deep for others' tasks.

    Whoever has the task never waits for this worker: what it joins was spawned after the task began, which
    was after all that lies on this stack had begun.
    """
    pool = pool_of(directory)
    is_watched = load_relaxed(hands, me, IS_WATCHED) != 0
    pulse, nap = load_relaxed(pool, 0, PULSE), _SHORT_NAP
    words = block_at(block)
    workers = workers_of(directory)
    while not is_done(block) and not has_news(workers, me):
        # nobody wakes it: a thread that counts as awake must not be taken for one that looks for work
        wait(words, 0, STATE, load_relaxed(words, 0, STATE), nap)
        nap = min(2 * nap, _LONG_NAP)
        if is_watched and load_relaxed(pool, 0, PULSE) != pulse:
            pulse = load_relaxed(pool, 0, PULSE)
            call_python(load_relaxed(hands, me, CALL_PYTHON), me, SIGNALS, NONE, NONE, 0)


@kernel
def work_until_done(directory: Table, hands: Table, me: int, block: int) -> None:
    """Take turns until a shared task is done, or until the worker is told that one of its own has failed."""
    pool, workers, hand_rings = pool_of(directory), workers_of(directory), hand_rings_of(directory)
    deques, rings = deques_of(directory), rings_of(directory)
    queues, runs = queues_of(directory), runs_of(directory)
    function = load_relaxed(hands, me, CALL_PYTHON)
    is_watched = load_relaxed(hands, me, IS_WATCHED) != 0
    run_before = load_relaxed(hands, me, RUN)
    finished, outcome, reason = NONE, RETURNED, NONE
    while reason != RUN_OVER and (finished >= 0 or expect(block)):  # who ran a Python body has to tell
        pulse = load_relaxed(pool, 0, PULSE) if is_watched else NONE
        reason, task, ended, start = run_tasks(
            me,
            -block,
            finished,
            outcome,
            pulse,
            pool,
            workers,
            deques,
            rings,
            queues,
            runs,
            hands,
            hand_rings,
        )
        finished = NONE
        if start or ended >= 0 or reason in (RUN_PYTHON, SERVE, SIGNALS):
            outcome = _call_python(hands, me, function, reason, task, ended, int(start))
        if reason == RUN_PYTHON:
            finished = task
        elif reason == EXIT:  # the interpreter ends: whoever has the task may still finish it
            give_way()
    store_relaxed(hands, me, RUN, run_before)
    store_relaxed(hands, me, STACK_LIMIT, IN_DOUBT)  # all may have been asked while another run's task ran


@kernel
def _call_python(hands: Table, me: int, function: int, reason: int, task: int, ended: int, start: int) -> int:
    """Let Python do what is no part of what waits here; return how a Python body went."""
    before, floor = begin_other(hands, me, NO_BLOCK), load_relaxed(hands, me, FLOOR)
    store_relaxed(hands, me, FLOOR, 0)
    outcome = call_python(function, me, reason, task, ended, start)
    store_relaxed(hands, me, FLOOR, floor)
    end_other(hands, me, before)
    return outcome
