"""What a worker counts: cells of its own row, that only it writes and anyone may read.

Nothing here is counted for each node but TASKS. The rest is counted where something rarer happens: a
theft, a sleep, a failure, a body that somebody else has spawned or that Python runs. What a body of a node
was follows from the difference.
"""

from ._jit import kernel
from ._types import Table
from .atomics import load_relaxed, store_relaxed
from .dispatch import table_at

# Columns of the table of workers, beside `event.EVENT` and those of `activity`; on cache lines that only
# the owner writes
CURSOR = 16  # the worker it tried to rob last
TICK = 17  # nodes since the last look at the queue of all
LANE_DEPTH = 18  # calls of Python bodies that it is inside of
WAS_WOKEN = 20  # 1: it was woken, and has not found work since
TASKS = 24  # bodies it has run
STEALS = 25  # thefts that brought something
TRIES = 26  # looks at other workers
PARKS = 27  # sleeps
WAKES = 28  # workers it has woken
OVERFLOWS = 29  # tasks that did not fit into its deque
LOSSES = 30  # tries in which another worker was faster
LOOT = 31  # tasks that its thefts brought
RETRIEVED = 32  # tasks it has taken out of queues of what did not fit
SPURIOUS = 33  # sleeps that it was woken from for nothing
RETRIES = 34  # compare-exchanges of the pool's word that failed
PYTHON_NODES = 35  # of its TASKS: bodies of nodes that only the interpreter can run
PYTHON_FAILURES = 36  # of its PYTHON_NODES: those that raised
PYTHON_PASSED = 37  # nodes for the interpreter that it has passed over
SHARED_TASKS = 38  # of its TASKS: spawned tasks that lay where thieves find them
DETACHED_TASKS = 39  # of its TASKS: detached tasks
DETACHMENTS = 40  # tasks it has detached
DETACHED_FAILURES = 41  # detached tasks that raised
DETACHED_DROPS = 42  # detached tasks that did not begin
SUBMITTED_TASKS = 43  # of its TASKS: submitted calls that it has come to, run by it or by others
THEFTS = 44  # address of its row of thefts, a cell for each victim; 0: they are not counted
COUNTING = 45  # 1 while it counts as the only worker does: see `solo`
WORKER_FIELDS = 64


@kernel
def count(workers: Table, me: int, field: int, amount: int) -> None:
    """Add to a counter of one's own."""
    store_relaxed(
        workers, me, field, load_relaxed(workers, me, field) + amount
    )  # relaxed: only the owner writes it


@kernel
def count_theft(workers: Table, me: int, victim: int, tasks: int) -> None:
    """Count a theft, and how much it brought."""
    count(workers, me, STEALS, 1)
    count(workers, me, LOOT, tasks)
    thefts = load_relaxed(workers, me, THEFTS)
    if thefts != 0:
        count(table_at(thefts, 1, workers.shape[0]), 0, victim, 1)
