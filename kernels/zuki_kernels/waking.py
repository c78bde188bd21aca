"""The duty to wake: a worker that was woken, and has found work, wakes the next one if more work is left.

To wake a thread takes longer than most tasks, 5 to 20 microseconds, and the task of who wakes it waits as
long. Often one task was all there was. So the worker lays its duty down first, then looks, as if it went to
sleep. If anything is left, it says so as if that had just been added.

What was added before the duty was laid down is seen then. Who added it has made the fence of `notify`, and
has woken nobody only because it saw a notification in SYNC; whoever has taken that since has changed SYNC
before the duty was laid down. Who adds work later finds nobody waking, and wakes a worker.

Roles: the worker that has the duty.
"""

from . import deque, queue, search, service
from ._jit import kernel, rare_kernel
from ._types import Table
from .atomics import load_relaxed
from .blocks import NO_BLOCK
from .hands import DETACHED
from .notifier import QUIET, lay_down, notify


@kernel
def _has_any(deques: Table, queues: Table, hands: Table, worker: int, levels: int) -> bool:
    """Tell whether others might find something at a worker."""
    if queue.holds_any(queues, search.FIRST_OWN + worker) or not deque.is_empty(hands, worker):
        return True
    for level in range(levels):
        if not deque.is_empty(deques, worker * search.LEVELS + level):
            return True
    return load_relaxed(hands, worker, DETACHED) != NO_BLOCK


@kernel
def _is_any_left(pool: Table, deques: Table, queues: Table, hands: Table, me: int) -> bool:
    """Tell whether a worker that searches might find something, what the caller has included."""
    if queue.holds_any(queues, search.GLOBAL) or service.is_wanted(pool):
        return True
    used, levels = load_relaxed(pool, 0, search.USED_WORKERS), load_relaxed(pool, 0, search.USED_LEVELS)
    worker = me
    for _ in range(used):
        if _has_any(deques, queues, hands, worker, levels):
            return True
        worker = worker + 1 if worker + 1 < used else 0
    return False


@rare_kernel
def pass_on(pool: Table, workers: Table, deques: Table, queues: Table, hands: Table, me: int) -> int:
    """Be rid of the duty to wake, having found work; return what `notify` would."""
    if not lay_down(pool):
        return notify(pool, workers, me, True)
    return notify(pool, workers, me, False) if _is_any_left(pool, deques, queues, hands, me) else QUIET
