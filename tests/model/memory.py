"""A small operational model of C11 atomics: messages, views, fences.

A cell keeps its values as *messages*, oldest first; the place of a message is
its *stamp*. A *view* says of each cell up to which stamp one has seen. A load
may read any message that the thread's view does not rule out; a message carries
the view that an acquiring reader gains. A fence moves a thread's views:

- ``view``: what the thread has seen;
- ``pending``: what an acquire fence would make of it (never less than ``view``);
- ``fenced``: what it had seen at its last release fence, carried by relaxed stores.

Limits: no load buffering (a load never reads a store that runs later); stores
enter a cell's order as they run; seq_cst is modelled as a fence, not as an
ordering of accesses; a failed cas reads the latest value.

Views and lists of messages are interned: a thread is a tuple of small ints, so
that states compare and hash quickly, and joins are remembered.
"""

from operator import sub

RELAXED, ACQUIRE, RELEASE, ACQ_REL, SEQ_CST = "relaxed", "acquire", "release", "acq_rel", "seq_cst"
EVERYWHERE = "everywhere"  # a seq_cst fence of all threads, where they are
PLAIN = "plain"
ACQUIRES, RELEASES = (ACQUIRE, ACQ_REL, SEQ_CST), (RELEASE, ACQ_REL, SEQ_CST)

_SIGN = 1 << 63


def _word(value):
    return (value + _SIGN) % (2 * _SIGN) - _SIGN


RMW = {
    "add": lambda held, operand: _word(held + operand),
    "sub": lambda held, operand: _word(held - operand),
    "or": lambda held, operand: held | operand,
    "and": lambda held, operand: held & operand,
    "xor": lambda held, operand: held ^ operand,
    "max": max,
    "min": min,
    "exchange": lambda held, operand: operand,
}
ORDERINGS = {
    "load": (RELAXED, ACQUIRE, PLAIN),
    "store": (RELAXED, RELEASE, PLAIN),
    "fence": (ACQUIRE, RELEASE, ACQ_REL, SEQ_CST, EVERYWHERE),
    **dict.fromkeys(("cas", *RMW), (RELAXED, ACQUIRE, RELEASE, ACQ_REL)),
}  # what each kind of operation may carry


class RaceError(Exception):
    """Two accesses, one of them plain, that nothing orders."""


class _Remembered(dict):
    """A function whose answers are kept."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def __missing__(self, asked):
        answer = self[asked] = self.function(asked)
        return answer


class Memory:
    """The cells of one exploration and the interned views and messages of its states."""

    def __init__(self):
        self.number = {}  # (table, row, field) -> cell
        self.initial = []  # what each cell starts with
        self.restart()

    def restart(self):
        """Forget views and messages: a new cell has made all views longer."""
        nothing = (0,) * len(self.initial)
        self.stamps, self._views = [nothing], {nothing: 0}
        self.lists, self._lists, self.last = [], {}, []
        self._joins, self._raised, self._cuts = {}, {}, {}

    def cell(self, key, value):
        """Return the number of a cell, which starts with ``value``."""
        if key not in self.number:
            self.number[key] = len(self.initial)
            self.initial.append(value)
        return self.number[key]

    def start(self):
        """Return the messages of every cell, before the first step."""
        return tuple(self.messages(((value, 0, False),)) for value in self.initial)

    def _view(self, stamps):
        known = self._views.get(stamps)
        if known is None:
            known = self._views[stamps] = len(self.stamps)
            self.stamps.append(stamps)
        return known

    def messages(self, written):
        """Intern a cell's messages: a tuple of (value, view carried, whether a plain store wrote it)."""
        known = self._lists.get(written)
        if known is None:
            known = self._lists[written] = len(self.lists)
            self.lists.append(written)
            self.last.append(len(written) - 1)
        return known

    def join(self, one, other):
        """The latest of two views, cell by cell."""
        if one == other or not other:
            return one
        if not one:
            return other
        pair = (one, other) if one < other else (other, one)
        known = self._joins.get(pair)
        if known is None:
            known = self._joins[pair] = self._view(tuple(map(max, self.stamps[one], self.stamps[other])))
        return known

    def raised(self, view, cell, stamp):
        """The view with ``stamp`` of ``cell`` seen."""
        key = view, cell, stamp
        known = self._raised.get(key)
        if known is None:
            stamps = self.stamps[view]
            later = stamps[cell] < stamp
            known = self._view((*stamps[:cell], stamp, *stamps[cell + 1 :])) if later else view
            self._raised[key] = known
        return known

    def load(self, views, written, cell, order, stamp):
        """Read one message: (value, messages, views)."""
        view, pending, fenced = views
        value, carried, plain = self.lists[written][stamp]
        if plain and self.stamps[view][cell] < stamp:
            raise RaceError("an atomic load reads a plain store that does not happen before it")
        view = self.raised(view, cell, stamp)
        if order in ACQUIRES:
            view = self.join(view, carried)
        return value, written, (view, self.join(self.join(pending, view), carried), fenced)

    def store(self, views, written, cell, order, value):
        """Write a message after all others: (None, messages, views)."""
        view, pending, fenced = views
        messages = self.lists[written]
        view = self.raised(view, cell, len(messages))
        carried = view if order in RELEASES else self.raised(fenced, cell, len(messages))
        written = self.messages((*messages, (_word(value), carried, order == PLAIN)))
        return None, written, (view, self.join(pending, view), fenced)

    def modify(self, views, written, cell, kind, order, operands):
        """Read the latest message and write the next one: (answer, messages, views).

        The new message carries what the one read carried: it continues its release sequence.
        """
        view, pending, fenced = views
        messages = self.lists[written]
        held, carried, plain = messages[-1]
        if plain and self.stamps[view][cell] < len(messages) - 1:
            raise RaceError("an atomic operation reads a plain store that does not happen before it")
        if kind == "cas":
            if held != operands[0]:
                return False, *self.load(views, written, cell, RELAXED, len(messages) - 1)[1:]
            answer, value = True, operands[1]
        else:
            answer, value = held, RMW[kind](held, operands[0])
        view = self.raised(view, cell, len(messages))
        if order in ACQUIRES:
            view = self.join(view, carried)
        pending = self.join(self.join(pending, view), carried)
        own = view if order in RELEASES else self.raised(fenced, cell, len(messages))
        latest = _word(value), self.join(own, carried), False
        return answer, self.messages((*messages, latest)), (view, pending, fenced)

    def fence(self, views, order, latest):
        """Move the views of the thread: (views, the view of the latest seq_cst fence)."""
        view, pending, fenced = views
        if order in ACQUIRES:
            view = pending
        if order == SEQ_CST:
            view = latest = self.join(view, latest)
        if order in RELEASES:
            fenced = view
        return (view, self.join(pending, view), fenced), latest

    def seen(self, views, written, cell):
        """Whether the latest message happens before the thread's next step."""
        return self.stamps[views[0]][cell] == len(self.lists[written]) - 1

    def cut(self, limits):
        """What becomes of views and of cells' messages if stamps count from ``limits``: two mappings.

        All stamps below are alike to whoever still reads. Messages are asked for with their limit.
        """
        known = self._cuts.get(limits)
        if known is None:
            views = _Remembered(lambda view: self._cut(view, limits))
            known = self._cuts[limits] = views, _Remembered(lambda asked: self._cut_messages(*asked, views))
        return known

    def _cut(self, view, limits):
        return self._view(tuple([stamp if stamp > 0 else 0 for stamp in map(sub, self.stamps[view], limits)]))

    def _cut_messages(self, written, limit, views):
        kept = self.lists[written][limit:]
        return self.messages(tuple((value, views[view], plain) for value, view, plain in kept))
