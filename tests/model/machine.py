"""Threads and memory together: the states of a scenario and the steps between them.

A state is ``(threads, cells, fence)``: for each thread its node, whether it is
asleep and its three views; for each cell its messages; and what the latest
seq_cst fence had seen. All are small ints, so a state is its own key.
"""

from itertools import combinations

from .memory import EVERYWHERE, RMW, SEQ_CST, Memory, RaceError
from .program import CELL_BITS, FENCES_ACQUIRE, FENCES_SEQ_CST, WRITES_RELAXED, Programs

_ENDED = 0, 0, 0  # views that nobody asks for


class Machine:
    """The states and steps of one scenario.

    Parameters
    ----------
    threads : sequence of generator functions
        One for each thread; the same function twice makes two threads that may be exchanged.
    timeouts : bool
        Whether a wait with a timeout may run into it.
    spurious : bool
        Whether a sleeping thread may wake for no reason.
    exchange : bool
        Whether states that differ by an exchange of equal threads are one.
    alike : bool
        Whether states of a thread that nothing can tell apart are one; random runs seldom meet one twice.
    """

    def __init__(self, threads, skip, timeouts=True, spurious=False, exchange=True, alike=True):
        self.memory = Memory()
        self.programs = Programs(threads, self.memory, skip, alike)
        self.timeouts, self.spurious = timeouts, spurious
        self._groups, self._several, self._needed = [], {}, {}
        if exchange:
            alike = {}
            for slot, root in enumerate(self.programs.roots):
                alike.setdefault(root, []).append(slot)
            self._groups = [slots for slots in alike.values() if len(slots) > 1]

    def start(self):
        """Return the first state; forgets all earlier ones."""
        self.memory.restart()
        self._several, self._needed = {}, {}
        self.programs.grown = False
        return tuple((root, 0, *_ENDED) for root in self.programs.roots), self.memory.start(), 0

    def nodes(self, state):
        """The node of each thread."""
        known = self.programs.nodes
        return [known[thread[0]] for thread in state[0]]

    def enabled(self, node, asleep):
        """Whether a thread at ``node`` can step."""
        return node.kind is not None and (
            not asleep or self.spurious or (self.timeouts and node.operands[1] >= 0)
        )

    def able(self, state, nodes):
        """The threads that can step."""
        return [
            at for at, (thread, node) in enumerate(zip(state[0], nodes, strict=True))
            if node.kind is not None and (not thread[1] or self.enabled(node, True))
        ]  # fmt: skip

    def draw(self, state, slot, random):
        """One next step of a thread, drawn from all of them: (choice, next state)."""
        threads, cells, fence = state
        number, _, *views = threads[slot]
        node = self.programs.nodes[number]
        if node.kind != "load" or node.order == "plain":
            choice, _, after = random.choice(self.steps(state, slot))
            return choice, after
        written = cells[node.cell]
        stamp = random.choice(self._readable(views, written, node.cell))
        value, _, views = self.memory.load(views, written, node.cell, node.order, stamp)
        return stamp, self._moved(threads, slot, value, views, cells, fence)

    def _readable(self, views, written, cell):
        """The stamps of the messages that a load may read."""
        return range(self.memory.stamps[views[0]][cell], len(self.memory.lists[written]))

    def steps(self, state, slot):
        """Each next step of a thread: (choice, answer, next state)."""
        threads, cells, fence = state
        number, asleep, *views = threads[slot]
        node = self.programs.nodes[number]
        kind = node.kind
        if kind == "fence" and node.order == EVERYWHERE:
            return [(None, None, self._moved(*self._fenced_everywhere(threads, slot, fence, cells)))]
        if kind == "fence":
            views, fence = self.memory.fence(views, node.order, fence)
            return [(None, None, self._moved(threads, slot, None, views, cells, fence))]
        written = cells[node.cell]
        if kind == "load" and node.order != "plain":
            taken = []
            for stamp in self._readable(views, written, node.cell):
                value, _, after = self.memory.load(views, written, node.cell, node.order, stamp)
                taken.append((stamp, value, self._moved(threads, slot, value, after, cells, fence)))
            return taken
        if kind == "wait":
            return self._wait(state, slot, node, asleep, views)
        if kind == "wake":
            return self._wake(state, slot, node, views)
        if node.order == "plain":
            value, cells, views = self._plain(node, slot, cells, views)
        elif kind == "store":
            value, written, views = self.memory.store(views, written, node.cell, node.order, node.operands[0])
        else:
            change = self.memory.modify
            value, written, views = change(views, written, node.cell, kind, node.order, node.operands)
        if node.order != "plain":
            cells = (*cells[: node.cell], written, *cells[node.cell + 1 :])
        return [(None, value, self._moved(threads, slot, value, views, cells, fence))]

    def _moved(self, threads, slot, value, views, cells, fence):
        following = self.programs.advance(threads[slot][0], value)
        return (*threads[:slot], (following, 0, *views), *threads[slot + 1 :]), cells, fence

    def _fenced_everywhere(self, threads, slot, fence, cells):
        """Let the thread pass a seq_cst fence, then each other one, then the thread again."""
        threads, others = list(threads), [at for at in range(len(threads)) if at != slot]
        for at in (slot, *others, slot):
            number, asleep, *views = threads[at]
            views, fence = self.memory.fence(views, SEQ_CST, fence)
            threads[at] = number, asleep, *views
        return threads, slot, None, threads[slot][2:], cells, fence

    def _plain(self, node, slot, cells, views):
        memory, cell = self.memory, node.cell
        if not memory.seen(views, cells[cell], cell):
            raise RaceError(f"a plain {node.kind} and a write that does not happen before it")
        cells, value = list(cells), None
        if node.kind == "load":
            value = memory.lists[cells[cell]][-1][0]
            mark = node.marks[slot]
            _, cells[mark], views = memory.store(views, cells[mark], mark, "relaxed", 0)
        else:
            for mark in node.marks:
                if not memory.seen(views, cells[mark], mark):
                    raise RaceError("a plain store and a plain load that does not happen before it")
            _, cells[cell], views = memory.store(views, cells[cell], cell, "plain", node.operands[0])
        return value, tuple(cells), views

    def _wait(self, state, slot, node, asleep, views):
        """Fall asleep, if the cell's latest value is the expected; wake by time or for no reason."""
        threads, cells, fence = state
        awake = self._moved(threads, slot, None, views, cells, fence)
        if asleep:
            timed = self.timeouts and node.operands[1] >= 0
            return [("times out" if timed else "wakes for no reason", None, awake)]
        if self.latest(state, node.cell) != node.operands[0] or node.operands[1] == 0:
            return [("returns at once", None, awake)]
        sleeping = threads[slot][0], 1, *views
        return [("sleeps", None, ((*threads[:slot], sleeping, *threads[slot + 1 :]), cells, fence))]

    def _wake(self, state, slot, node, views):
        """Wake as many sleepers of the cell as asked for, whichever they are."""
        sleepers = [
            at
            for at, (number, asleep, *_) in enumerate(state[0])
            if asleep and self.programs.nodes[number].cell == node.cell
        ]
        count, taken = min(node.operands[0], len(sleepers)), []
        for woken in combinations(sleepers, count):
            threads, cells, fence = self._moved(state[0], slot, count, views, *state[1:])
            for at in woken:
                threads, _, _ = self._moved(threads, at, None, threads[at][2:], cells, fence)
            taken.append((woken, count, (threads, cells, fence)))
        return taken

    def memory_after(self, node, held):
        """What a read-modify-write makes of the value it found."""
        return RMW[node.kind](held, node.operands[0])

    def latest(self, state, cell):
        """The latest value of a cell."""
        return self.memory.lists[state[1][cell]][-1][0]

    def _kept(self, cells):
        """Which cells hold more than one message, and the stamps of their last."""
        known = self._several.get(cells)
        if known is None:
            last = self.memory.last
            known = [(cell, last[written]) for cell, written in enumerate(cells) if last[written]]
            self._several[cells] = known
        return known

    def _limits(self, cells, readers):
        """How many messages of each cell nobody can read any more."""
        limits, any_at_all = [0] * len(cells), False
        for cell, limit in self._kept(cells):
            for touches, stamps in readers:
                if stamps[cell] < limit and touches >> cell & 1:
                    limit = stamps[cell]
            if limit:
                limits[cell], any_at_all = limit, True
        return tuple(limits) if any_at_all else None

    def forget(self, state):
        """The same state without what no thread can tell: old messages, views nobody will ask for."""
        threads, cells, fence = state
        kept, readers, fences = [], [], 0
        nodes, memory = self.programs.nodes, self.memory
        # who passes a fence everywhere is said to touch all there is: what it has others pass is a fence, too
        fenced_by_others = self.programs.fenced and min([nodes[one[0]].touches for one in threads]) < 0
        for number, asleep, view, pending, fenced in threads:
            touches = nodes[number].touches
            fences |= touches
            if not touches and not fenced_by_others:
                kept.append((number, 0, *_ENDED))
                continue
            readers.append((touches >> CELL_BITS, memory.stamps[view]))
            kept.append((number, asleep, view,
                         pending if touches & FENCES_ACQUIRE or fenced_by_others else 0,
                         fenced if touches & WRITES_RELAXED or fenced_by_others else 0))  # fmt: skip
        if not fences & FENCES_SEQ_CST:
            fence = 0
        limits = self._limits(cells, readers) if readers else None
        if limits:
            views, messages = memory.cut(limits)
            kept = [(n, a, views[v], views[p], views[f]) for n, a, v, p, f in kept]
            cells = tuple([messages[asked] for asked in zip(cells, limits, strict=True)])
            fence = views[fence]
        return tuple(kept), cells, fence

    def order(self, state):
        """The order of the threads in which equal ones are sorted."""
        places = list(range(len(state[0])))
        if not self.programs.plain:
            for slots in self._groups:
                for slot, taken in zip(slots, sorted(slots, key=lambda at: state[0][at]), strict=True):
                    places[slot] = taken
        return places

    def settle(self, state):
        """The representative of all states like this one."""
        state = self.forget(state)
        if not self._groups:
            return state
        threads = state[0]
        return tuple([threads[place] for place in self.order(state)]), state[1], state[2]

    def needed(self, state, nodes, able):
        """Threads whose next steps commute with all that the others can ever do: the rest may wait."""
        where = tuple([thread[:2] for thread in state[0]])
        known = self._needed.get(where)
        if known is None:  # what nodes may still touch grows, but then all is searched once more
            known = self._needed[where] = self._needed_of(nodes, able)
        return known

    def _needed_of(self, nodes, able):
        best = able
        futures = [(node.touches, node.writes) for node in nodes]
        for first in able:
            group, work = {first}, [first]
            while work:
                node = nodes[work.pop()]
                bit, load = node.bit & ~FENCES_ACQUIRE, node.kind == "load"
                if bit:
                    for other, (touches, writes) in enumerate(futures):
                        if other not in group and bit & (writes if load else touches):
                            group.add(other)
                            work.append(other)
                if len(group) >= len(best):
                    break
            else:
                chosen = [slot for slot in able if slot in group]
                if len(chosen) < len(best):
                    best = chosen
            if len(best) == 1:
                break
        return best
