"""The memory of frames: chunks that live as long as their graph."""

import numpy as np

from zuki.task.frames import ALIGNMENT

_CHUNK = 1 << 16  # bytes


class Arena:
    """Hands out zeroed memory from the bottom of ever larger chunks.

    Attributes
    ----------
    base, window : int, memoryview
        Where the newest chunk begins, and its bytes.
    """

    def __init__(self) -> None:
        self._chunks: list[np.ndarray] = []
        self._next = _CHUNK
        self._top = self._end = 0  # addresses
        self.base = 0
        self.window = memoryview(b"")

    def take(self, size: int) -> int:
        """Return the address of ``size`` bytes, a multiple of the alignment."""
        address = self._top
        if address + size > self._end:
            address = self._open(max(self._next, size))
            self._next = min(2 * self._next, 1 << 24)
        self._top = address + size
        return address

    def give_back(self, address: int) -> None:
        """Take back everything from ``address`` on, which was taken last."""
        start = address - self.base
        self.window[start : self._top - self.base] = bytes(self._top - address)
        self._top = address

    def copy(self, address: int, start: int, stop: int) -> bytes:
        """Return a part of what was taken last."""
        begin = address - self.base
        return self.window[begin + start : begin + stop].tobytes()

    def take_rows(self, rows: int, size: int) -> np.ndarray:
        """Return ``rows`` pieces of ``size`` bytes in a chunk of their own, shape (rows, size)."""
        chunk, skipped = self._make(rows * size)
        return chunk[skipped : skipped + rows * size].reshape(rows, size)

    def _open(self, size: int) -> int:
        chunk, skipped = self._make(size)
        self.base = chunk.ctypes.data + skipped
        self.window = memoryview(chunk)[skipped:]
        self._end = self.base + size
        return self.base

    def _make(self, size: int) -> tuple[np.ndarray, int]:
        chunk = np.zeros(size + ALIGNMENT, np.uint8)
        self._chunks.append(chunk)
        return chunk, -chunk.ctypes.data % ALIGNMENT
