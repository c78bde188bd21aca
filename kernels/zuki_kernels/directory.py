"""Where a pool's tables are: what a join that jitted code asks for has to find, from a hand alone."""

from ._jit import kernel
from ._types import Table
from .atomics import load_relaxed
from .counters import WORKER_FIELDS
from .deque import DEQUE_FIELDS
from .dispatch import table_at
from .hands import DIRECTORY, HAND_FIELDS
from .queue import QUEUE_FIELDS
from .runs import RUN_FIELDS

# Columns of the directory, of one row: addresses of tables, then numbers
POOL = 0
WORKERS = 1
DEQUES = 2
RINGS = 3
QUEUES = 4
RUNS = 5
HANDS = 6
HAND_RINGS = 7
SEATS = 8  # rows of workers
DEQUE_ROWS = 9
CAPACITY = 10  # tasks a ring holds
QUEUE_ROWS = 11
RUN_ROWS = 12
HAND_CAPACITY = 13  # blocks a hand's ring holds
TASKS_OF_LANES = 14  # address of the table of coroutines that wait, where the pool has lanes
TASK_ROWS = 15  # its rows; 0: it has none
DIRECTORY_FIELDS = 16


@kernel
def directory_of(hands: Table, me: int) -> Table:
    """View the directory of a hand's pool."""
    return table_at(load_relaxed(hands, me, DIRECTORY), 1, DIRECTORY_FIELDS)


@kernel
def workers_of(directory: Table) -> Table:
    """View the table of workers."""
    return table_at(load_relaxed(directory, 0, WORKERS), load_relaxed(directory, 0, SEATS), WORKER_FIELDS)


@kernel
def hands_of(directory: Table) -> Table:
    """View the table of hands."""
    return table_at(load_relaxed(directory, 0, HANDS), load_relaxed(directory, 0, SEATS), HAND_FIELDS)


@kernel
def hand_rings_of(directory: Table) -> Table:
    """View the rings of what hands share."""
    capacity = load_relaxed(directory, 0, HAND_CAPACITY)
    return table_at(load_relaxed(directory, 0, HAND_RINGS), load_relaxed(directory, 0, SEATS), capacity)


@kernel
def deques_of(directory: Table) -> Table:
    """View the deques of nodes."""
    return table_at(load_relaxed(directory, 0, DEQUES), load_relaxed(directory, 0, DEQUE_ROWS), DEQUE_FIELDS)


@kernel
def rings_of(directory: Table) -> Table:
    """View the rings of these."""
    capacity = load_relaxed(directory, 0, CAPACITY)
    return table_at(load_relaxed(directory, 0, RINGS), load_relaxed(directory, 0, DEQUE_ROWS), capacity)


@kernel
def queues_of(directory: Table) -> Table:
    """View the queues."""
    return table_at(load_relaxed(directory, 0, QUEUES), load_relaxed(directory, 0, QUEUE_ROWS), QUEUE_FIELDS)


@kernel
def runs_of(directory: Table) -> Table:
    """View the runs."""
    return table_at(load_relaxed(directory, 0, RUNS), load_relaxed(directory, 0, RUN_ROWS), RUN_FIELDS)
