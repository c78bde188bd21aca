"""What jitted code may ask: which worker runs it, of how many, and whether it should come to an end.

Outside of a pool there is no hand, and the answers are those of a single worker that nobody stops.
"""

from . import groups
from ._jit import kernel
from .atomics import load_relaxed
from .blocks import NO_BLOCK, OWNER, STATE, block_at
from .current import current_hand
from .directory import SEATS, directory_of, hands_of, runs_of, workers_of
from .dispatch import call_join, table_at
from .groups import FAILED, find_around, is_doomed
from .hands import HAND_FIELDS, JOIN, ROW, RUN, STACK_LIMIT, TASK
from .runs import STOPPED
from .spawning import CANCELLED, IN_DOUBT, LOOK_UP

NO_WORKER = -1


@kernel
def worker_id() -> int:
    """Return the row of the calling thread's worker, or `NO_WORKER`."""
    hand = current_hand()
    return load_relaxed(table_at(hand, 1, HAND_FIELDS), 0, ROW) if hand != 0 else NO_WORKER


@kernel
def num_workers() -> int:
    """Return how many rows the workers of the calling thread's pool have."""
    hand = current_hand()
    if hand == 0:
        return 1
    return load_relaxed(directory_of(table_at(hand, 1, HAND_FIELDS), 0), 0, SEATS)


@kernel
def is_stopped() -> bool:
    """Tell whether the thread's run was stopped; look at the signals first, if asked to."""
    hand = current_hand()
    if hand == 0:
        return False
    own = table_at(hand, 1, HAND_FIELDS)
    join, is_asked = load_relaxed(own, 0, JOIN), load_relaxed(own, 0, STACK_LIMIT) >= IN_DOUBT
    if is_asked and call_join(join, hand, 0, LOOK_UP) == CANCELLED:
        return True
    run = load_relaxed(own, 0, RUN)
    return run >= 0 and load_relaxed(runs_of(directory_of(own, 0)), run, STOPPED) != 0


@kernel
def is_forsaken() -> bool:
    """Tell whether nobody can see what the task does that the thread runs, for its spawner has failed."""
    hand = current_hand()
    if hand == 0:
        return False
    own = table_at(hand, 1, HAND_FIELDS)
    task = load_relaxed(own, 0, TASK)
    if task == NO_BLOCK:
        return False
    words = block_at(task)
    hands = hands_of(directory_of(own, 0))
    return groups.is_forsaken(hands, load_relaxed(words, 0, OWNER), load_relaxed(words, 0, STATE))


@kernel
def is_cancelled() -> bool:
    """Tell whether the thread works for nothing.

    That is: its run was stopped, or a task has failed that has spawned what it runs, or of the same group.
    """
    if is_stopped():
        return True
    hand = current_hand()
    if hand == 0:
        return False
    own = table_at(hand, 1, HAND_FIELDS)
    directory, me, task = directory_of(own, 0), load_relaxed(own, 0, ROW), load_relaxed(own, 0, TASK)
    hands = hands_of(directory)
    if task != NO_BLOCK:
        words = block_at(task)
        if is_doomed(hands, load_relaxed(words, 0, OWNER), load_relaxed(words, 0, STATE)):
            return True
    return load_relaxed(workers_of(directory), me, FAILED) != 0 and find_around(hands, me)[1]
