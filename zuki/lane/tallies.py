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

    def read(self) -> tuple[int, int, int, int]:
        """Return how many were spawned, run, failed and cancelled; the ends are looked at first."""
        run, failed, cancelled = _value_of(self.run), _value_of(self.failed), _value_of(self.cancelled)
        return _value_of(self.spawned), run, failed, cancelled


def _value_of(counter: "count[int]") -> int:
    """Return how often `next` was called; a count tells that in its representation alone."""
    return int(repr(counter)[len("count(") : -1])
