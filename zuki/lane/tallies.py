"""How many Python tasks were accepted, and what became of them."""

from itertools import count
from typing import NamedTuple


class Counted(NamedTuple):
    """Tasks of one kind: accepted; ended well, by an exception, cancelled; and not begun, or asleep."""

    spawned: int
    run: int
    failed: int
    cancelled: int
    queued: int


class Tally:
    """Counters that any thread adds to, by `next`, which the interpreter does in one piece.

    With `+=` a thread could lose what another one adds meanwhile, where the interpreter has no lock.
    """

    __slots__ = ("cancelled", "failed", "run", "spawned")

    def __init__(self) -> None:
        self.spawned, self.run, self.failed, self.cancelled = count(), count(), count(), count()


def value_of(counter: "count[int]") -> int:
    """Return how often `next` was called; a count tells that in its representation alone."""
    return int(repr(counter)[len("count(") : -1])
