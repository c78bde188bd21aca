"""Every table of a pool is made here; after that only kernels touch them, but for cells of one's own hand."""

from mmap import mmap

import numpy as np

from zuki_kernels import counters, deque, hands, joining, notifier, queue, runs, search
from zuki_kernels._types import Table
from zuki_kernels.runs import NONE

_LINE = 128  # bytes: a pair of cache lines, which processors fetch together
GUESTS = 8  # callers that can help at once, beside the pool's threads
RUNS = 1024  # runs that can be in flight at once
CAPACITY = 1024  # tasks a deque holds; a power of two
HAND_CAPACITY = 16  # blocks a hand shares at once; a power of two
_OF_WHAT_RUNS = hands.RUN, hands.TASK, hands.DOOMED  # columns of a hand
ARENA_BYTES = 256 << 20  # address space of a worker's arena; the system gives memory where it is used


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
    join, call_python : int
        Addresses of what hands call; see `zuki.runtime.hands`.
    """

    def __init__(
        self,
        max_threads: int,
        min_threads: int = 0,
        keep_alive: int = 0,
        join: int = 0,
        call_python: int = 0,
    ) -> None:
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
        self.hands = make_table(self.seats, hands.HAND_FIELDS)
        self._hands_at = self.hands.ctypes.data
        self.hand_rings = make_table(self.seats, HAND_CAPACITY)
        self.directory = make_table(1, joining.DIRECTORY_FIELDS)
        self._arenas = [mmap(-1, ARENA_BYTES) for _ in range(self.seats)]
        self._fill_hands(max_threads > 1, join, call_python)

    @property
    def of_a_turn(self) -> tuple[Table, ...]:
        """The tables that a worker's turn wants, in its order."""
        return (
            self.pool,
            self.workers,
            self.deques,
            self.rings,
            self.queues,
            self.runs,
            self.hands,
            self.hand_rings,
        )

    def take_hand(self, row: int, stack: tuple[int, int], watched: bool) -> int:
        """Let the calling thread have a worker's hand, which nobody has; return its address."""
        hand = self.hands[row]
        hand[hands.STACK_LIMIT], hand[hands.HELP_LIMIT] = stack
        hand[hands.STACK_END] = stack[0]
        hand[hands.RUN] = NONE
        hand[hands.IS_WATCHED] = watched
        return hand.ctypes.data

    # Cells of a hand that only its worker writes, which is the thread that calls these

    def hand_of(self, row: int) -> int:
        """Return the address of a worker's hand."""
        return self._hands_at + row * self.hands.strides[0]

    def arena_top(self, row: int) -> int:
        """Return where the next task would lie that the worker spawns."""
        return int(self.hands[row, hands.ARENA_TOP])

    def has_detached(self, row: int) -> bool:
        """Tell whether the worker has detached tasks that nobody has taken."""
        return bool(self.hands[row, hands.DETACHED] != hands.NO_BLOCK)

    def run_of(self, row: int) -> int:
        """Return the slot of the run that the worker works for, or NONE."""
        return int(self.hands[row, hands.RUN])

    def begin_python(self, row: int, slot: int) -> tuple[int, ...]:
        """Let what the worker spawns belong to a run alone; return what `end_python` takes."""
        hand = self.hands[row]
        before = tuple(hand[field] for field in _OF_WHAT_RUNS)
        hand[hands.RUN], hand[hands.TASK], hand[hands.DOOMED] = slot, hands.NO_BLOCK, hands.NO_BLOCK
        return before

    def end_python(self, row: int, before: tuple[int, ...]) -> None:
        """Let what the worker spawns belong to what it belonged to before."""
        hand = self.hands[row]
        for field, held in zip(_OF_WHAT_RUNS, before, strict=True):
            hand[field] = held

    def _fill_hands(self, shares: bool, join: int, call_python: int) -> None:
        for row, arena in enumerate(self._arenas):
            hand = self.hands[row]
            begin = np.frombuffer(arena, np.int8, 1).ctypes.data
            hand[hands.NEWEST] = hand.ctypes.data + 8 * hands.ANCHOR
            hand[hands.ARENA_TOP] = begin
            hand[hands.ARENA_END] = begin + ARENA_BYTES
            hand[hands.SHARES] = shares
            hand[hands.ROW] = row
            hand[hands.JOIN] = join
            hand[hands.CALL_PYTHON] = call_python
            hand[hands.DIRECTORY] = self.directory.ctypes.data
        for field, table in (
            (joining.POOL, self.pool),
            (joining.WORKERS, self.workers),
            (joining.DEQUES, self.deques),
            (joining.RINGS, self.rings),
            (joining.QUEUES, self.queues),
            (joining.RUNS, self.runs),
            (joining.HANDS, self.hands),
            (joining.HAND_RINGS, self.hand_rings),
        ):
            self.directory[0, field] = table.ctypes.data
        for field, number in (
            (joining.SEATS, self.seats),
            (joining.DEQUE_ROWS, len(self.deques)),
            (joining.CAPACITY, self.rings.shape[1]),
            (joining.HAND_CAPACITY, self.hand_rings.shape[1]),
            (joining.QUEUE_ROWS, len(self.queues)),
            (joining.RUN_ROWS, len(self.runs)),
        ):
            self.directory[0, field] = number
