"""When a thief leaves a victim's last tasks to it.

A task that is taken from another worker drags along the cache lines of all that it shares
with its neighbours. Where bodies are shorter than that takes, a thief that runs close behind
its victim slows both down, and for good: each finds the other's last tasks only. So a worker
that was quick itself, and then finds little, is patient: for a while it leaves the last few
tasks of each worker to their owners, who come to have more or run them all. It is so no
longer as soon as they do not get on, because the bodies they are in take longer.

Empty bodies take as long with half or twice the bound `_QUICK`. Twice was too much for bodies of 60
nanoseconds with inputs to read, for which two workers are faster than one: Task Bench's stencil took
0.19 us of both processors a task with it, and takes 0.15.
"""

from . import search
from ._jit import kernel
from ._types import Table
from .atomics import load_relaxed
from .clock import now, spin_hint
from .counters import TASKS

FEW = 3  # tasks that are left to their owner
PATIENCE = 40_000  # nanoseconds; from 15 to 100 thousand do as well
_GLANCE = 3_000  # nanoseconds from look to look: a look takes the deque's lines from its owner
_QUICK = 6  # bodies of not more than 2 ** 6 nanoseconds, with what their ends cost


@kernel
def is_quick(bodies: int, nanoseconds: int) -> bool:
    """Tell whether so many bodies in such a time are too short to be worth a theft."""
    return bodies > nanoseconds >> _QUICK


@kernel
def finished_by_others(pool: Table, workers: Table, me: int) -> int:
    """Return how many bodies all other workers have run; from two such numbers follows how quick they are."""
    finished = 0
    for other in range(load_relaxed(pool, 0, search.USED_WORKERS)):
        if other != me:
            finished += load_relaxed(workers, other, TASKS)
    return finished


@kernel
def wait_for_glance(moment: int) -> None:
    """Look nowhere until the next glance is due."""
    while now() - moment < _GLANCE:
        spin_hint()
