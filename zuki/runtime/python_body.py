"""The body of a Python node: run where it is met, or postponed because it may take long."""

import time
from typing import TYPE_CHECKING

from zuki.lane.priority import NORMAL
from zuki.runtime.seat import row_of_this_thread, seats
from zuki_kernels import notifier, reasons, starting
from zuki_kernels.runs import node_of, slot_of
from zuki_kernels.spawning import ALL_ABOVE, NO_MORE_ABOVE, join_left

if TYPE_CHECKING:
    from zuki.runtime.pool import Pool


def run_python(pool: "Pool", row: int, task: int) -> int:
    """Run the body of a Python node, unless it is postponed; return how it went, as `turn` names it."""
    run, node = pool.active[slot_of(task)], node_of(task)
    outcome = run.answers.pop(node, None)
    if outcome is not None:
        return outcome
    if pool.overlaps and run.may_take_long(node):
        return postpone(pool, task)
    return run_body(pool, row, task)


def run_body(pool: "Pool", row: int, task: int) -> int:
    """Run the body of a Python node; return how it went, as `turn` names it.

    Jitted functions that it calls may spawn tasks, into the worker's hand; they end with the node.
    """
    slot, tables = slot_of(task), pool.tables
    run, recorder, begun = pool.active[slot], pool.recorder, time.monotonic_ns()
    floor, before = tables.arena_top(row), tables.begin_python(row, slot)
    seats.bodies.append(False)
    outcome = run.run_python(node_of(task), starting.is_stopped(tables.runs, slot))
    if seats.bodies.pop():
        run.hear_of_wait(node_of(task))
    if tables.arena_top(row) != floor:
        above = ALL_ABOVE if outcome == reasons.RETURNED else NO_MORE_ABOVE
        failure = join_left(tables.hand_of(row), floor, 0, above)
        if failure != 0 and outcome != reasons.POSTPONED:
            outcome = run.fail(node_of(task), failure)
    tables.end_python(row, before)
    if recorder is not None:
        recorder.note(begun, "node", task, row)
    return outcome


class NodeCall:
    """What stands for such a node among the calls of a pool's lanes.

    Parameters
    ----------
    pool : Pool
        Whose lanes.
    task : int
        Slot and node, as the kernels have them.
    """

    __slots__ = ("_pool", "_task")

    _level = NORMAL

    def __init__(self, pool: "Pool", task: int) -> None:
        self._pool, self._task = pool, task

    def _run(self) -> None:
        """Run the body, on a worker's thread."""
        row = row_of_this_thread(self._pool)
        assert row is not None
        outcome = run_body(self._pool, row, self._task)
        if outcome != reasons.POSTPONED:
            answer(self._pool, self._task, outcome)

    def _forsake(self) -> None:
        """Be passed over, of a node that nobody will ever run."""
        answer(self._pool, self._task, reasons.PASSED_OVER)

    def _break(self, error: BaseException) -> None:
        """Fail, before it has begun."""
        run = self._pool.active[slot_of(self._task)]
        answer(self._pool, self._task, run.refuse(node_of(self._task), error))


def postpone(pool: "Pool", task: int) -> int:
    """Let a Python node be run by who serves the lanes of a pool."""
    lane = (pool.lanes or pool.open_lanes()).calls
    lane.ready[NORMAL].append(NodeCall(pool, task))
    if not lane.is_awake:
        lane.call()  # there is somebody who can come: the worker that calls
    return reasons.POSTPONED


def answer(pool: "Pool", task: int, outcome: int) -> None:
    """Say how a Python node went that was postponed. Any thread."""
    tables = pool.tables
    pool.active[slot_of(task)].answers[node_of(task)] = outcome
    if starting.answer(tables.pool, tables.workers, tables.queues, tables.runs, task) == notifier.START:
        pool.workers.start_thread()
