"""Where a worker looks for its next task.

Its own deques, the most urgent level first; its own queue, where its overflow is; the
queue of all; then the other workers, from the one after the last that was tried, each
in the reverse of its owner's order; those of its own NUMA node before the others.
"""

from . import deque, queue
from ._jit import kernel, rare_kernel
from ._types import Table
from .atomics import cas_relaxed, load_relaxed, store_relaxed
from .counters import CURSOR, LOSSES, OVERFLOWS, RETRIEVED, TRIES, count, count_theft
from .nearness import NUMA_NODE, is_of_the_other_lap, steps
from .node import END, next_of
from .runs import NONE, ROOT_MARKER, SHAPE, level_of, node_of, nodes_of, slot_of

FAIRNESS = 61  # after so many nodes the queue of all comes first, as in Go
SCRAPS = -4  # verdict: there are tasks, and so few that they are left to their owner
LEVELS = 8  # levels of urgency: each worker has a deque for each

GLOBAL = 0  # row of the table of queues: what comes from outside
LANE = 1  # row of the table of queues: nodes that wait for the interpreter
FIRST_OWN = 2  # row of the table of queues: worker 0's overflow

USED_LEVELS = 32  # column of the pool's row: levels that any run has used
USED_WORKERS = 33  # column of the pool's row: rows of workers that any thread has used


@kernel
def admit(pool: Table, me: int) -> None:
    """Let the others look at worker ``me`` from now on."""
    used = load_relaxed(pool, 0, USED_WORKERS)
    while used <= me and not cas_relaxed(pool, 0, USED_WORKERS, used, me + 1):
        used = load_relaxed(pool, 0, USED_WORKERS)


@kernel
def pop(pool: Table, deques: Table, rings: Table, me: int) -> int:
    """Take the newest task of one's own most urgent level; return it, or NONE."""
    for level in range(load_relaxed(pool, 0, USED_LEVELS)):
        task = deque.pop(deques, rings, me * LEVELS + level)
        if task >= 0:
            return task
    return NONE


@kernel
def pop_alone(pool: Table, deques: Table, rings: Table, me: int) -> int:
    """Do as `pop` where only one worker may be awake."""
    for level in range(load_relaxed(pool, 0, USED_LEVELS)):
        task = deque.pop_alone(deques, rings, me * LEVELS + level)
        if task >= 0:
            return task
    return NONE


@kernel
def add(
    deques: Table, rings: Table, queues: Table, workers: Table, runs: Table, me: int, level: int, task: int
) -> None:
    """Add a task to one's own deque; to one's own queue if the deque is full."""
    if deque.push(deques, rings, me * LEVELS + level, task) == deque.FULL:
        count(workers, me, OVERFLOWS, 1)
        queue.push(queues, FIRST_OWN + me, runs, task, task)


@kernel
def consume(
    queues: Table, source: int, deques: Table, rings: Table, workers: Table, runs: Table, me: int
) -> int:
    """Take the first task of a queue, and some more into one's own deque; return it, or a verdict."""
    task = queue.acquire(queues, source)
    if task < 0:
        return task
    rest, taken = next_of(runs, task), 1
    if node_of(task) != ROOT_MARKER:
        for _ in range(rings.shape[1] // 2):
            if rest == END:
                rest = queue.more(queues, source)
            if rest == END or node_of(rest) == ROOT_MARKER:
                break
            following = next_of(runs, rest)
            level = level_of(load_relaxed(nodes_of(runs, slot_of(rest)), node_of(rest), SHAPE))
            if deque.push(deques, rings, me * LEVELS + level, rest) == deque.FULL:
                break
            rest = following
            taken += 1
        if source != GLOBAL:  # there lies what comes from outside, and has not overflowed
            count(workers, me, RETRIEVED, taken)
    queue.release(queues, source, rest)
    return task


@rare_kernel
def find(
    pool: Table, workers: Table, deques: Table, rings: Table, queues: Table, runs: Table, me: int, few: int
) -> int:
    """Take a task from anywhere but one's own deques; return it, or a verdict if a round found nothing.

    A deque of not more than ``few`` tasks is left to its owner, and the verdict is then `SCRAPS`, else NONE.
    """
    task = consume(queues, FIRST_OWN + me, deques, rings, workers, runs, me)
    if task >= 0:
        return task
    task = consume(queues, GLOBAL, deques, rings, workers, runs, me)
    if task >= 0:
        return task
    used = load_relaxed(pool, 0, USED_WORKERS)
    levels = load_relaxed(pool, 0, USED_LEVELS)
    victim = load_relaxed(workers, me, CURSOR)
    node = load_relaxed(workers, me, NUMA_NODE)
    verdict = NONE
    for step in range(steps(node, used)):
        victim = victim + 1 if victim + 1 < used else 0
        if victim == me or is_of_the_other_lap(workers, node, victim, step >= used):
            continue
        count(workers, me, TRIES, 1)
        had = load_relaxed(workers, me, RETRIEVED)
        task = consume(queues, FIRST_OWN + victim, deques, rings, workers, runs, me)
        for level in range(levels):
            if task >= 0:
                break
            if few > 0 and 0 < deque.size(deques, victim * LEVELS + level) <= few:
                verdict = SCRAPS
            else:
                task = deque.steal(deques, rings, victim * LEVELS + level)
                if task == deque.LOST:
                    count(workers, me, LOSSES, 1)
        if task >= 0:
            more = load_relaxed(workers, me, RETRIEVED) - had
            count_theft(workers, me, victim, max(more, 1))
            store_relaxed(workers, me, CURSOR, victim - 1 if victim > 0 else used - 1)  # it may have more
            return task
    return verdict


@kernel
def is_anything_left(deques: Table, queues: Table, me: int) -> bool:
    """Tell whether one's own deques and queue seem to hold tasks."""
    for level in range(LEVELS):
        if not deque.is_empty(deques, me * LEVELS + level):
            return True
    return not queue.is_empty(queues, FIRST_OWN + me)
