"""How many workers a pool may have awake, from the processors that its process may use.

Within that the kernels fit the pool to its load: while work waits and nobody is idle another thread starts,
and one that was idle for ``keep_alive`` retires.
"""

import os
import time
from collections.abc import Callable

from zuki.platform.usable import usable_cpus

MOST_THREADS = 1024
_INTERVAL = 1.0  # seconds between two looks at the process's limits, which take some 50 microseconds


def limit_of(usable: int, most: int) -> int:
    """Return how many workers may be awake.

    Parameters
    ----------
    usable : int
        Processors that the process may use now.
    most : int
        How many workers the pool has room for.

    Returns
    -------
    int
        From 1 to ``most``.
    """
    return max(1, min(usable, most))


def most_of(usable: int) -> int:
    """Return for how many workers a pool has room that follows what its process may use.

    A pool that begins with one processor stays with it: its kernels do without atomic operations.
    """
    return 1 if usable == 1 else min(max(usable, os.cpu_count() or 1), MOST_THREADS)


class Follower:
    """Tells a pool when the processors that it may use have become more or fewer.

    Parameters
    ----------
    limit, most : int
        How many workers may be awake at first, and for how many there is room.
    usable : callable
        Answers how many processors the process may use now.
    clock : callable
        Answers the time, in seconds.
    """

    def __init__(
        self,
        limit: int,
        most: int,
        usable: Callable[[], int] = usable_cpus,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._limit, self._most, self._usable, self._clock = limit, most, usable, clock
        self._due = clock() + _INTERVAL

    def changed(self) -> int | None:
        """Return how many workers may be awake if that is another number than before; looks once a second."""
        if self._clock() < self._due:
            return None
        self._due = self._clock() + _INTERVAL
        limit = limit_of(self._usable(), self._most)
        if limit == self._limit:
            return None
        self._limit = limit
        return limit
