"""A worker's hand with blocks in its arena, for tests of kernels that spawn and join."""

import numpy as np
from numba import cfunc, types

from tests.kernels.runs_of import cells_at
from zuki.runtime.hands import address_of_join
from zuki.runtime.tables import Tables
from zuki_kernels import blocks, hands, spawned, spawning
from zuki_kernels.atomics import load_relaxed, store_relaxed
from zuki_kernels.dispatch import table_at

FRAME = 2  # words: the argument, then the result
SIZE = blocks.HEAD_BYTES + 8 * FRAME
FAILS = 1000  # arguments from here on fail


@cfunc(types.int64(types.int64))
def doubles(frame):
    """A body that answers with twice its argument, or fails."""
    words = table_at(frame, 1, 2)
    argument = load_relaxed(words, 0, 0)
    store_relaxed(words, 0, 1, 2 * argument)
    return argument if argument >= 1000 else 0


@cfunc(types.int64(types.int64))
def ends_another(frame):
    """A body that does what a thief would: it finishes the block whose address is its argument."""
    blocks.finish(load_relaxed(table_at(frame, 1, 2), 0, 0), 0)
    return 0


@cfunc(types.int64(types.int64))
def forgets(frame):
    """What becomes of a frame that nobody joins."""
    store_relaxed(table_at(frame, 1, 2), 0, 1, -1)
    return 0


def kind_of(body):
    """Return the description of a task with this body, as it lies in memory."""
    return np.array([body.address, SIZE, forgets.address], np.int64)


class Hand:
    """The hand of worker 0; it shares only when told to."""

    def __init__(self):
        self.tables = Tables(2, join=address_of_join())
        self.hands, self.rings = self.tables.hands, self.tables.hand_rings
        self.hands[:, hands.SHARES] = 0
        for row in range(2):
            self.tables.provide_arena(row)
        self.address = self.hands.ctypes.data
        self.begin = self.top
        self.kinds = {body: kind_of(body) for body in (doubles, ends_another)}

    @property
    def top(self):
        return int(self.hands[0, hands.ARENA_TOP])

    @property
    def is_empty(self):
        return self.hands[0, hands.NEWEST] == self.address + 8 * hands.ANCHOR

    def spawn(self, argument, body=doubles):
        """Spawn a task; return its block and its stamp."""
        block = spawning.reserve(self.address, SIZE, 1 << 62)
        cells_at(block + blocks.HEAD_BYTES, FRAME)[:] = argument, 0
        return block, spawning.spawn(self.address, block, self.kinds[body].ctypes.data)

    def join_newest(self, block, stamp):
        """Do as jitted code does at the join of the newest task; return its failure."""
        assert spawning.take_newest(self.address, block, stamp)
        failure = spawned.enter(self.hands, 0, block)
        return spawning.join_left(self.address, block, SIZE, spawning.ALL_ABOVE) or failure

    def words(self, block):
        """Return the words of a block, its frame with them."""
        return cells_at(block, SIZE // 8)

    def result(self, block):
        return int(self.words(block)[-1])
