"""C11 by its axioms, to hold the model of memory against: which executions of a small program are allowed.

The other way round than `memory.py`: no steps, but all ways in which reads may read from
writes and writes of a cell be ordered, and conditions on these relations. RC11 (Lahav et
al., "Repairing sequential consistency in C/C++11", PLDI 2017) with the release sequences
and fences of C++20, for relaxed, release and acquire accesses and all fences.

A program is a list of threads, each a sequence of ``(operation, cell, operand, ...)``, or
``(fence,)``. A relation is a list of masks: bit j of mask i says that i comes before j.
"""

from itertools import combinations, pairwise, permutations, product
from typing import NamedTuple

from .memory import ACQUIRES, RELEASES, RMW


class Event(NamedTuple):
    """One operation; the initial writes have no thread."""

    thread: int
    kind: str
    order: str
    cell: int
    operands: tuple


class _RejectedError(Exception):
    """A choice of what is read that no execution has."""


def _events(threads, cells):
    found = [Event(-1, "store", "relaxed", cell, (0,)) for cell in range(cells)]
    for number, steps in enumerate(threads):
        for name, *operands in steps:
            kind, _, order = name.partition("_")
            place = operands[0] if operands else -1
            found.append(Event(number, kind, order, place, tuple(operands[1:])))
    return found


def _values(events, read_from):
    """What each event reads and writes, None for neither; a cas that fails writes nothing."""
    reads, writes = {}, {}

    def written(at, asked):
        if at in asked:
            raise _RejectedError  # a value out of thin air
        if at not in writes:
            kind, operands = events[at].kind, events[at].operands
            if kind == "store":
                writes[at] = operands[0]
            else:
                held = reads[at] = written(read_from[at], (*asked, at))
                if held is None:
                    raise _RejectedError  # it would read what a failed cas has not written
                writes[at] = None
                if kind == "cas":
                    writes[at] = operands[1] if held == operands[0] else None
                elif kind != "load":
                    writes[at] = RMW[kind](held, operands[0])
        return writes[at]

    for at in [*read_from, *(at for at, event in enumerate(events) if event.kind == "store")]:
        written(at, ())
    return reads, writes


def _closed(relation):
    """The transitive closure."""
    relation = list(relation)
    for middle, after in enumerate(relation):
        bit = 1 << middle
        for at, mask in enumerate(relation):
            if mask & bit:
                relation[at] = mask | relation[middle] | after
    return relation


def _then(one, other):
    """The composition of two relations."""
    found = []
    for mask in one:
        reached, at = 0, 0
        while mask:
            if mask & 1:
                reached |= other[at]
            mask >>= 1
            at += 1
        found.append(reached)
    return found


def _union(*relations):
    return [a | b for a, b in zip(*relations, strict=True)] if len(relations) == 2 else _union(
        relations[0], _union(*relations[1:])
    )  # fmt: skip


def _is_acyclic(relation):
    return not any(mask >> at & 1 for at, mask in enumerate(_closed(relation)))


def _pairs(count, pairs):
    relation = [0] * count
    for before, after in pairs:
        relation[before] |= 1 << after
    return relation


class Execution:
    """A way in which reads read from writes and the writes of each cell are ordered."""

    def __init__(self, events, read_from, orders, writes):
        self.events, self.read_from, count = events, read_from, len(events)
        self.program = _pairs(count, [
            (one, other) for one in range(count) for other in range(one + 1, count)
            if events[one].thread in (-1, events[other].thread) and events[other].thread >= 0
        ])  # fmt: skip
        self.reads = _pairs(count, [(source, at) for at, source in read_from.items()])
        place = {at: where for order in orders for where, at in enumerate(order)}
        self.modification = _pairs(count, [
            pair for order in orders for pair in combinations(order, 2)
        ])  # fmt: skip
        self.before_writes = _pairs(count, [
            (at, other) for at, source in read_from.items() for other, where in place.items()
            if events[other].cell == events[at].cell and where > place[source] and other != at
        ])  # fmt: skip
        self.failed = [at for at in read_from if events[at].kind == "cas" and writes[at] is None]
        self.writers = {at for at, value in writes.items() if value is not None}
        self.happens = _closed(_union(self.program, self._synchronizes()))
        self.order_of_fences = self._order_of_fences()

    def _after_in_thread(self, at):
        return [other for other in range(len(self.events)) if self.program[at] >> other & 1]

    def _synchronizes(self):
        events, pairs = self.events, []
        followed = {at: [] for at in self.writers}  # by which read-modify-writes a release sequence goes on
        for at, source in self.read_from.items():
            if at in self.writers:
                followed[source].append(at)
        for start, event in enumerate(events):
            if event.thread < 0 or event.order not in RELEASES:
                continue
            heads = [start] if event.kind != "fence" else self._after_in_thread(start)
            sequence = [at for at in heads if at in self.writers]
            for at in sequence:
                sequence += [one for one in followed[at] if one not in sequence]
            for reader, source in self.read_from.items():
                if source in sequence:
                    is_acquire = events[reader].order in ACQUIRES and reader not in self.failed
                    pairs += [(start, reader)] * is_acquire
                    pairs += [
                        (start, other) for other in self._after_in_thread(reader)
                        if events[other].kind == "fence" and events[other].order in ACQUIRES
                    ]  # fmt: skip
        return _pairs(len(events), pairs)

    def _order_of_fences(self):
        """What an order of all seq_cst fences has to respect."""
        communication = _closed(_union(self.reads, self.modification, self.before_writes))
        self.communication = communication
        around = _then(_then(self.happens, communication), self.happens)
        fences = sum(1 << at for at, event in enumerate(self.events) if event.order == "seq_cst")
        return [
            (a | b) & fences if fences >> at & 1 else 0
            for at, (a, b) in enumerate(zip(self.happens, around, strict=True))
        ]

    def is_allowed(self):
        """Coherence and the order of fences; that each read-modify-write follows its source is given."""
        seen = _union(self.happens, _then(self.happens, self.communication))
        return not any(mask >> at & 1 for at, mask in enumerate(seen)) and _is_acyclic(self.order_of_fences)

    def has_run(self):
        """Whether it happens step after step: no read of what runs later, writes ordered as they run."""
        latest = [mask if at in self.failed else 0 for at, mask in enumerate(self.before_writes)]
        return _is_acyclic(_union(self.program, self.reads, self.modification, self.order_of_fences, latest))


def _orders(cells, events, read_from, writers):
    """Every order of the writes of each cell in which each read-modify-write follows what it reads."""
    own = [[at for at in writers if events[at].cell == cell and at != cell] for cell in range(cells)]
    for choice in product(*map(permutations, own)):
        orders = [(cell, *order) for cell, order in enumerate(choice)]
        if all(
            read_from.get(at, before) == before
            for order in orders for before, at in pairwise(order)
        ):  # fmt: skip
            yield orders


def outcomes(threads, cells=2, with_a_run=True):
    """All (answers, last values of the cells); ``with_a_run``: of executions within the model's limits."""
    events, found = _events(threads, cells), set()
    readers = [at for at, event in enumerate(events) if event.kind not in ("store", "fence")]
    sources = [
        [at for at, one in enumerate(events) if one.cell == events[reader].cell and at != reader
         and one.kind not in ("load", "fence")]
        for reader in readers
    ]  # fmt: skip
    for choice in product(*sources):
        read_from = dict(zip(readers, choice, strict=True))
        try:
            reads, writes = _values(events, read_from)
        except _RejectedError:
            continue
        writers = [at for at, value in writes.items() if value is not None]
        answers = tuple(
            int(writes[at] is not None) if events[at].kind == "cas" else reads[at] for at in readers
        )
        for orders in _orders(cells, events, read_from, writers):
            outcome = answers, tuple(writes[order[-1]] for order in orders)
            if outcome not in found:
                execution = Execution(events, read_from, orders, writes)
                if execution.is_allowed() and (not with_a_run or execution.has_run()):
                    found.add(outcome)
    return found
