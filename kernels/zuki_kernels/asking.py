"""What jitted code may ask: which worker runs it, of how many, and whether it should come to an end.

Outside of a pool there is no hand, and the answers are those of a single worker that nobody stops.
"""

from ._jit import kernel
from .atomics import load_relaxed
from .current import current_hand
from .dispatch import call_join, table_at
from .hands import (
    CANCELLED,
    DIRECTORY,
    DOOMED,
    HAND_FIELDS,
    IN_DOUBT,
    JOIN,
    LOOK_UP,
    NO_BLOCK,
    OWNER,
    ROW,
    RUN,
    STACK_LIMIT,
    STATE,
    TASK,
    block_at,
)
from .joining import DIRECTORY_FIELDS, HANDS, RUN_ROWS, RUNS, SEATS
from .runs import RUN_FIELDS, STOPPED

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
    directory = table_at(load_relaxed(table_at(hand, 1, HAND_FIELDS), 0, DIRECTORY), 1, DIRECTORY_FIELDS)
    return load_relaxed(directory, 0, SEATS)


@kernel
def is_cancelled() -> bool:
    """Tell whether the run was stopped that the thread works for; look at the signals first, if asked to."""
    hand = current_hand()
    if hand == 0:
        return False
    own = table_at(hand, 1, HAND_FIELDS)
    join, is_asked = load_relaxed(own, 0, JOIN), load_relaxed(own, 0, STACK_LIMIT) >= IN_DOUBT
    if is_asked and call_join(join, hand, 0, LOOK_UP) == CANCELLED:
        return True
    directory = table_at(load_relaxed(own, 0, DIRECTORY), 1, DIRECTORY_FIELDS)
    task = load_relaxed(own, 0, TASK)
    if task != NO_BLOCK:
        seats = load_relaxed(directory, 0, SEATS)
        hands = table_at(load_relaxed(directory, 0, HANDS), seats, HAND_FIELDS)
        # relaxed: a hint; what is doomed stays so until this task, too, has been joined
        words = block_at(task)
        doomed = load_relaxed(hands, load_relaxed(words, 0, OWNER), DOOMED)
        if doomed != 0 and load_relaxed(words, 0, STATE) >= doomed:
            return True
    run = load_relaxed(own, 0, RUN)
    if run < 0:
        return False
    runs = table_at(load_relaxed(directory, 0, RUNS), load_relaxed(directory, 0, RUN_ROWS), RUN_FIELDS)
    return load_relaxed(runs, run, STOPPED) != 0
