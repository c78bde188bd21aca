"""Every table of a pool is made here; after that only kernels touch them, but for cells of one's own hand."""

import mmap

import numpy as np

from zuki_kernels import (
    arena,
    blocks,
    counters,
    deque,
    directory,
    hands,
    lingering,
    notifier,
    queue,
    runs,
    search,
    solo,
)
from zuki_kernels._barrier import is_there
from zuki_kernels._types import Table

_LINE = 128  # bytes: a pair of cache lines, which processors fetch together
_WORDS = _LINE // 8
GUESTS = 8  # callers that can help at once, beside the pool's threads
RUNS = 1024  # runs that can be in flight at once
CAPACITY = 2048  # tasks a deque holds; a power of two, and as many as `release` takes of a run's roots
HAND_CAPACITY = 16  # blocks a hand shares at once; a power of two
# Columns of a hand
_OF_WHAT_RUNS = hands.RUN, hands.TASK, hands.DOOMED, hands.ENTERED, hands.FLOOR, hands.PYTHON_FLOOR
ARENA_BYTES = 256 << 20  # address space of a worker's arena; the system gives memory where it is used
_LESS_AND_LESS = ARENA_BYTES, ARENA_BYTES >> 4, ARENA_BYTES >> 8  # where address space is limited
_PRIVATE = (  # what only this process has, and is no promise of so much memory
    {"flags": mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | getattr(mmap, "MAP_NORESERVE", 0)}
    if hasattr(mmap, "MAP_PRIVATE")
    else {}
)


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
        How many workers may be awake at once, at first.
    min_threads : int
        How many threads stay, however long they are idle.
    keep_alive : int
        Nanoseconds after which an idle thread goes; 0 for never.
    join, call_python : int
        Addresses of what hands call; see `zuki.runtime.hands`.
    most_threads : int
        How many may ever be awake at once; default: ``max_threads``.
    steady : bool
        Do not tune how long workers search before they sleep.
    """

    def __init__(
        self,
        max_threads: int,
        min_threads: int = 0,
        keep_alive: int = 0,
        join: int = 0,
        call_python: int = 0,
        most_threads: int = 0,
        steady: bool = False,
    ) -> None:
        most_threads = max(most_threads, max_threads)
        self.seats = most_threads + GUESTS
        self.pool = make_table(1, notifier.POOL_FIELDS)
        self.pool[0, notifier.LIMIT] = max_threads
        self.pool[0, notifier.LEAST] = min_threads
        self.pool[0, notifier.MOST] = most_threads
        self.pool[0, lingering.STEADY] = steady
        self.pool[0, solo.SOLO] = 0 if most_threads > 1 and is_there() else solo.NEVER
        self.pool[0, notifier.KEEP_ALIVE] = keep_alive
        self.pool[0, search.USED_LEVELS] = 1
        self.workers = make_table(self.seats, counters.WORKER_FIELDS)
        self.thefts = make_table(self.seats, -(-self.seats // _WORDS) * _WORDS)
        self.workers[:, counters.THEFTS] = self.thefts.ctypes.data + self.thefts.strides[0] * np.arange(
            self.seats
        )
        self.deques = make_table(self.seats * search.LEVELS, deque.DEQUE_FIELDS)
        self.rings = make_table(self.seats * search.LEVELS, CAPACITY)
        self.queues = make_table(search.FIRST_OWN + self.seats, queue.QUEUE_FIELDS)
        self.runs = make_table(RUNS, runs.RUN_FIELDS)
        self.hands = make_table(self.seats, hands.HAND_FIELDS)
        self._hands_at = self.hands.ctypes.data
        self.hand_rings = make_table(self.seats, HAND_CAPACITY)
        self.directory = make_table(1, directory.DIRECTORY_FIELDS)
        self._arenas: dict[int, mmap.mmap] = {}  # of the rows that somebody has had
        self._fill_hands(most_threads > 1, join, call_python)
        self.of_a_turn: tuple[Table, ...] = (  # in its order
            self.pool,
            self.workers,
            self.deques,
            self.rings,
            self.queues,
            self.runs,
            self.hands,
            self.hand_rings,
        )

    def provide_arena(self, row: int) -> None:
        """Let a worker's hand have memory, before somebody takes it."""
        for size in _LESS_AND_LESS:
            if row not in self._arenas:
                try:
                    self._map_arena(row, size)
                except OSError:
                    if size == _LESS_AND_LESS[-1]:
                        raise

    def tidy_arena(self, row: int) -> None:
        """Do as `renew_arena` if that is worth while."""
        if arena.is_to_be_given_back(self.hands, row):
            self.renew_arena(row)

    def renew_arena(self, row: int) -> None:
        """Let the system have the memory of a worker's arena, which is at rest; the worker calls this."""
        try:
            self._map_arena(row, ARENA_BYTES)
        except OSError:  # no address space for a second one, even for a moment: what is there is used again
            arena.begin_again(self.hands, row)

    def _map_arena(self, row: int, size: int) -> None:
        memory = mmap.mmap(-1, size + hands.CHUNK_BYTES, **_PRIVATE)
        address = np.frombuffer(memory, np.int8, 1).ctypes.data
        begin = -(-address // hands.CHUNK_BYTES) * hands.CHUNK_BYTES
        arena.lay_out(self.hands, row, begin, begin + size)
        self._arenas[row] = memory

    # Cells of a hand that only its worker writes, which is the thread that calls these

    def hand_of(self, row: int) -> int:
        """Return the address of a worker's hand."""
        return self._hands_at + row * self.hands.strides[0]

    def arena_top(self, row: int) -> int:
        """Return where the next task would lie that the worker spawns."""
        return int(self.hands[row, hands.ARENA_TOP])

    def run_of(self, row: int) -> int:
        """Return the slot of the run that the worker works for, or NONE."""
        return int(self.hands[row, hands.RUN])

    def begin_python(self, row: int, slot: int) -> tuple[int, ...]:
        """Let what the worker spawns belong to a run alone; return what `end_python` takes."""
        hand = self.hands[row]
        before = tuple(int(hand[field]) for field in _OF_WHAT_RUNS)
        hand[hands.RUN], hand[hands.TASK], hand[hands.DOOMED] = slot, blocks.NO_BLOCK, 0
        hand[hands.ENTERED] = blocks.NO_BLOCK
        hand[hands.FLOOR] = hand[hands.PYTHON_FLOOR] = self.arena_top(row)
        return before

    def end_python(self, row: int, before: tuple[int, ...]) -> None:
        """Let what the worker spawns belong to what it belonged to before."""
        hand = self.hands[row]
        for field, held in zip(_OF_WHAT_RUNS, before, strict=True):
            hand[field] = held

    def _fill_hands(self, shares: bool, join: int, call_python: int) -> None:
        for row, hand in enumerate(self.hands):
            hand[hands.NEWEST] = hand.ctypes.data + 8 * hands.ANCHOR
            hand[hands.SHARES] = shares
            hand[hands.ROW] = row
            hand[hands.JOIN] = join
            hand[hands.CALL_PYTHON] = call_python
            hand[hands.DIRECTORY] = self.directory.ctypes.data
        for field, table in (
            (directory.POOL, self.pool),
            (directory.WORKERS, self.workers),
            (directory.DEQUES, self.deques),
            (directory.RINGS, self.rings),
            (directory.QUEUES, self.queues),
            (directory.RUNS, self.runs),
            (directory.HANDS, self.hands),
            (directory.HAND_RINGS, self.hand_rings),
        ):
            self.directory[0, field] = table.ctypes.data
        for field, number in (
            (directory.SEATS, self.seats),
            (directory.DEQUE_ROWS, len(self.deques)),
            (directory.CAPACITY, self.rings.shape[1]),
            (directory.HAND_CAPACITY, self.hand_rings.shape[1]),
            (directory.QUEUE_ROWS, len(self.queues)),
            (directory.RUN_ROWS, len(self.runs)),
        ):
            self.directory[0, field] = number
