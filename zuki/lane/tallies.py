"""How many Python tasks were accepted, and what became of them."""

from itertools import count
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from zuki.lane.serving import Servant


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


class Roll:
    """The threads that serve, each of which counts the coroutines that it begins and that return.

    Parameters
    ----------
    lock : RLock
        Of their lanes.
    """

    def __init__(self, lock: Any) -> None:
        self._lock = lock
        self._servants: set[Servant] = set()
        self._begun = self._returned = 0  # by those that have left

    def add(self, servant: "Servant") -> None:
        """Let what a servant counts be counted."""
        with self._lock:
            self._servants.add(servant)

    def drop(self, servant: "Servant") -> None:
        """Keep what a servant has counted that leaves."""
        with self._lock:
            self._servants.discard(servant)
            self._begun += servant.begun
            self._returned += _returned_by(servant)

    def read(self) -> tuple[int, int]:
        """Return how many coroutines servants have begun in steps of others, and how many have returned."""
        with self._lock:
            begun = self._begun + sum(servant.begun for servant in self._servants)
            return begun, self._returned + sum(map(_returned_by, self._servants))


def _returned_by(servant: "Servant") -> int:
    return servant.begun - servant.unfinished + servant.returned


def _value_of(counter: "count[int]") -> int:
    """Return how often `next` was called; a count tells that in its representation alone."""
    return int(repr(counter)[len("count(") : -1])
