"""Where a thread is a worker: which rows of which pools it has, and what bodies it is inside of."""

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zuki.runtime.pool import Pool


def is_main_thread() -> bool:
    """Tell whether the calling thread is the one that signal handlers run on."""
    return threading.get_ident() == threading.main_thread().ident


class _Seats(threading.local):
    """Where this thread is a worker, the innermost last: pools and rows."""

    def __init__(self) -> None:
        self.taken: list[tuple[Pool, int, int]] = []  # and the hand that was the thread's before
        self.bodies: list[bool] = []  # of Python nodes, the innermost last: whether each has waited


seats = _Seats()


def row_of_this_thread(pool: "Pool") -> int | None:
    """Return the row of this thread among a pool's workers, or None."""
    for taken, row, _ in seats.taken:
        if taken is pool:
            return row
    return None


def innermost_seat() -> "tuple[Pool, int, int] | None":
    """Return where this thread is a worker now: the pool and its row; or None."""
    return seats.taken[-1] if seats.taken else None


def note_wait() -> None:
    """Remember of the innermost Python node that it waits, and its thread does other work meanwhile."""
    if seats.bodies:
        seats.bodies[-1] = True
