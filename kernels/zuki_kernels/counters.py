"""What a worker counts: cells of its own row, that only it writes and anyone may read."""

from ._jit import kernel
from ._types import Table
from .atomics import load_relaxed, store_relaxed

# Columns of the table of workers, beside `event.EVENT`; on cache lines that only the owner writes
CURSOR = 16  # the worker it tried to rob last
TICK = 17  # nodes since the last look at the queue of all
LANE_DEPTH = 18  # calls of Python bodies that it is inside of
TASKS = 24  # bodies it has run
STEALS = 25  # tasks it has taken from other workers
TRIES = 26  # looks at other workers
PARKS = 27  # sleeps
WAKES = 28  # workers it has woken
OVERFLOWS = 29  # tasks that did not fit into its deque
WORKER_FIELDS = 32


@kernel
def count(workers: Table, me: int, field: int, amount: int) -> None:
    """Add to a counter of one's own."""
    store_relaxed(
        workers, me, field, load_relaxed(workers, me, field) + amount
    )  # relaxed: only the owner writes it
