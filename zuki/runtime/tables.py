"""Every table of a pool is made here; after this only kernels touch them."""

import numpy as np

from zuki_kernels import counters, deque, notifier, queue, runs, search
from zuki_kernels._types import Table

_LINE = 128  # bytes: a pair of cache lines, which processors fetch together
GUESTS = 8  # callers that can help at once, beside the pool's threads
RUNS = 1024  # runs that can be in flight at once
CAPACITY = 1024  # tasks a deque holds; a power of two


def make_table(rows: int, fields: int) -> Table:
    """Return a table of zeros whose rows do not share cache lines if ``fields`` is a multiple of 16."""
    words = np.zeros(rows * fields + _LINE // 8, np.int64)
    skipped = -words.ctypes.data % _LINE // 8
    return words[skipped : skipped + rows * fields].reshape(rows, fields)


class Tables:
    """The tables of one pool.

    Parameters
    ----------
    max_threads : int
        How many workers may be awake at once.
    min_threads : int
        How many threads stay, however long they are idle.
    keep_alive : int
        Nanoseconds after which an idle thread goes; 0 for never.
    """

    def __init__(self, max_threads: int, min_threads: int = 0, keep_alive: int = 0) -> None:
        self.seats = max_threads + GUESTS
        self.pool = make_table(1, notifier.POOL_FIELDS)
        self.pool[0, notifier.LIMIT] = max_threads
        self.pool[0, notifier.LEAST] = min_threads
        self.pool[0, notifier.KEEP_ALIVE] = keep_alive
        self.pool[0, search.USED_LEVELS] = 1
        self.workers = make_table(self.seats, counters.WORKER_FIELDS)
        self.deques = make_table(self.seats * search.LEVELS, deque.DEQUE_FIELDS)
        self.rings = make_table(self.seats * search.LEVELS, CAPACITY)
        self.queues = make_table(search.FIRST_OWN + self.seats, queue.QUEUE_FIELDS)
        self.runs = make_table(RUNS, runs.RUN_FIELDS)

    @property
    def of_a_turn(self) -> tuple[Table, ...]:
        """The tables that a worker's turn wants, in its order."""
        return self.pool, self.workers, self.deques, self.rings, self.queues, self.runs
