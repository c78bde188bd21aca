"""A worker that waits goes on as one: until a run has ended, or a gate opens because a future is done."""

import math
import time
from typing import TYPE_CHECKING, Any

from zuki.lane.stillness import Patience, resting
from zuki.runtime import seat, worker
from zuki.runtime.gate import Gate
from zuki.runtime.run import Run
from zuki_kernels import pulse, starting
from zuki_kernels._signals import held_back
from zuki_kernels.runs import NONE

if TYPE_CHECKING:
    from zuki.runtime.pool import Pool


def help_with(pool: "Pool", run: Run, timeout: float | None) -> None:
    """Run tasks until a submitted run has ended, if the calling thread is a worker of its pool.

    Parameters
    ----------
    pool : Pool
        Whose run it is.
    run : Run
        What is waited for.
    timeout : float or None
        Seconds to wait at most.
    """
    row = seat.row_of_this_thread(pool)
    if row is None:
        return
    seat.note_wait()
    with held_back() as held:
        with pool.lock:
            if pool.active.get(run.slot) is not run:
                return
            starting.expect(pool.tables.runs, run.slot, row)
        if timeout is None:
            worker.work(pool, row, run.slot, NONE, lambda: bool(held.errors))
            return
        deadline = time.monotonic() + timeout
        pulse.count_helper(pool.tables.pool, 1)
        pool.workers.keep_pulse()
        worker.work(pool, row, run.slot, NONE, lambda: bool(held.errors) or time.monotonic() >= deadline)
        pulse.count_helper(pool.tables.pool, -1)


def work_until(pool: "Pool", future: Any, timeout: float | None) -> bool:
    """Run tasks until a future is done. A worker.

    Parameters
    ----------
    pool : Pool
        Whose worker the calling thread is.
    future : Future
        What is waited for.
    timeout : float or None
        Seconds to wait at most.

    Returns
    -------
    bool
        False if it will never be done.
    """
    gate = Gate(pool)
    seat.note_wait()
    with held_back() as held:
        row = seat.row_of_this_thread(pool)
        slot = pool.slots.take(gate, is_late=True)
        starting.make_gate(pool.tables.runs, slot, row)
        future._add_waker(gate)
        deadline = math.inf if timeout is None else time.monotonic() + timeout
        pulse.count_helper(pool.tables.pool, 1)
        pool.workers.keep_pulse()
        patience, is_in_vain = Patience(), False

        def is_to_give_up() -> bool:
            nonlocal is_in_vain
            is_in_vain = timeout is None and patience.is_in_vain()
            return is_in_vain or bool(held.errors) or time.monotonic() >= deadline

        with resting(future):
            worker.work(pool, row, slot, NONE, is_to_give_up)
        pulse.count_helper(pool.tables.pool, -1)
        future._drop_waker(gate)
        gate.close()
    return not (is_in_vain and not future.done())
