"""Things of Python's whose attributes threads share, on cells of the model: deques, locks, futures.

A task is a number below 8; a deque, a list or a set is a word with a bit for each thing that may be
in it. Which of several comes first does not matter here: `test_priorities` looks at that.
"""

from zuki.lane.outcome import DONE, FINISHED, PENDING

from .interpreted import get, put
from .mount import Table, atomic
from .mount import _operation as operation

add, cas, exchange, or_, and_ = (
    atomic(f"{name}_acq_rel") for name in ("add", "cas", "exchange", "or", "and")
)
wait, wake = operation("wait", None), operation("wake", None)


class Thing:
    """Something whose attributes threads share; a subclass says which."""

    shared = ()

    def __init__(self, name, ignored=()):
        ignored = [self.shared.index(one) for one in ignored]
        self.name, self.table = name, Table(name, 1, max(len(self.shared), 1), ignored=ignored)

    def frozen(self):
        return "thing", self.name

    def cell(self, name):
        if name not in self.shared:
            return None
        return self.table, 0, self.shared.index(name), *self.meaning(name)

    def meaning(self, name):
        """How a word is read and written."""
        return int, int

    def last(self, memory, name):
        """The latest value of an attribute."""
        table, row, field, to_value, _ = self.cell(name)
        return to_value(memory.latest(table, row, field))


class Lock:
    """A lock, on which a thread sleeps that finds it held."""

    def __init__(self, name):
        self.table = Table(name, 1, 1)

    def frozen(self):
        return "lock", self.table.name

    def take(self):
        while not (yield from cas(self.table, 0, 0, 0, 1)):
            yield from wait(self.table, 0, 0, 1, -1)

    def acquire(self, blocking):
        """Take it, if it is free; return whether."""
        return (yield from cas(self.table, 0, 0, 0, 1))

    def give(self):
        yield from exchange(self.table, 0, 0, 0)
        yield from wake(self.table, 0, 0, 1)

    release = give


class Bits:
    """A deque, list or set of things, each of which is in it once at most."""

    def __init__(self, name, things=range(8)):
        self.table, self.things = Table(name, 1, 1), tuple(things)

    def frozen(self):
        return "bits", self.table.name

    def truth(self):
        return (yield from add(self.table, 0, 0, 0)) != 0

    def append(self, thing):
        before = yield from or_(self.table, 0, 0, self._bit(thing))
        if before & self._bit(thing):
            raise AssertionError(f"{thing} is in {self.table.name} twice")

    def remove(self, thing):
        if not (yield from and_(self.table, 0, 0, ~self._bit(thing))) & self._bit(thing):
            raise ValueError

    def popleft(self):
        while True:
            held = yield from add(self.table, 0, 0, 0)
            if not held:
                raise IndexError
            if (yield from cas(self.table, 0, 0, held, held & held - 1)):
                return self.things[(held & -held).bit_length() - 1]

    pop = popleft

    def take_all(self):
        """Take all out."""
        held = yield from exchange(self.table, 0, 0, 0)
        return tuple(thing for at, thing in enumerate(self.things) if held >> at & 1)

    def _bit(self, thing):
        return 1 << self.things.index(thing)


class Nothing:
    """A deque that is always empty: no step is spent on it."""

    def frozen(self):
        return "nothing"

    def __bool__(self):
        return False

    def popleft(self):
        raise IndexError


class Parking:
    """Where one thread sleeps: `zuki.lane.parking.Parking`."""

    def __init__(self, name):
        self.table = Table(f"parking of {name}", 1, 1)

    def frozen(self):
        return "parking", self.table.name

    def wake(self):
        yield from exchange(self.table, 0, 0, 1)
        yield from wake(self.table, 0, 0, 1)

    def sleep(self, seconds):
        while not (yield from cas(self.table, 0, 0, 1, 0)):
            yield from wait(self.table, 0, 0, 0, -1)


class Future(Thing):
    """A future for which one thread waits at most."""

    shared = ("_state",)
    outer = None

    def __init__(self, name):
        super().__init__(name)
        self.parking, self.servant = Parking(name), None

    def meaning(self, name):
        return lambda word: FINISHED if word else PENDING, lambda state: int(state == FINISHED)

    def done(self):
        return (yield from get(self, "_state")) in DONE

    def end(self):
        yield from put(self, "_state", FINISHED)
        yield from self.parking.wake()

    def _add_waker(self, waker):
        """Do nothing: whoever ends this wakes the one that may wait, and that one first looks."""

    def _drop_waker(self, waker):
        """Do nothing."""
