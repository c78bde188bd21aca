"""What each thread does next, as an automaton that is found while it is explored.

A thread is deterministic: what it does depends on the values it was answered
alone. So it is run once for each local state and value; a *node* is a local
state, with the operation it waits at, and leads by each value to a next node.
Searching then touches no generator. Nodes whose snapshots are equal are one.

A node knows its *future*: which cells the thread may still touch from there,
and which it may write. What two threads' futures do not share commutes.
"""

import inspect

from .memory import EVERYWHERE, RELEASES
from .snapshot import SharedStateError, freeze, site

FENCES_SEQ_CST, FENCES_ACQUIRE, WRITES_RELAXED = 1, 2, 4  # bits of a future, below those of the cells
CELL_BITS = 3


class Node:
    """A local state of a thread."""

    __slots__ = (
        "bit", "cell", "error", "generator", "kind", "marks", "number", "operands", "operation", "order",
        "parent", "parents", "program", "result", "site", "table", "then", "touches", "value", "writes",
    )  # fmt: skip

    def __init__(self, program, number, parent, value):
        self.program, self.number = program, number
        self.parent, self.value = parent, value  # how it was first reached
        self.generator, self.then, self.parents = None, {}, []
        self.kind = self.order = self.cell = self.table = self.result = self.error = self.site = None
        self.operands, self.operation, self.marks = (), None, ()
        self.bit = self.touches = self.writes = 0

    @property
    def done(self):
        """Whether the thread has ended here."""
        return self.kind is None


class Programs:
    """The automata of the threads of one scenario."""

    def __init__(self, threads, memory, skip, alike=True):
        self.threads, self.memory, self.skip = threads, memory, skip
        self.alike = alike  # whether equal nodes are one, and know their futures
        self.nodes, self._known = [], {}
        self.grown = False  # whether a future that was relied on has grown, or a view is longer
        self.fenced = False  # whether a fence of all threads was met
        self.plain = False  # whether a plain access was met
        starts = list(dict.fromkeys(threads))
        roots = {start: self._arrive(index, None, None, start()) for index, start in enumerate(starts)}
        self.roots = [roots[start].number for start in threads]

    def advance(self, number, value):
        """Return the number of the node to which ``value``, the answer to its operation, leads."""
        node = self.nodes[number]
        following = node.then.get(value)
        if following is None:
            generator, node.generator = node.generator, None
            reached = self._arrive(node.program, node, value, generator or self._again(node))
            following = node.then[value] = reached.number
            reached.parents.append(node)
            self._spread(node, reached)
        return following

    def _again(self, node):
        """Run the thread anew up to ``node``."""
        path = []
        while node.parent is not None:
            path.append(node.value)
            node = node.parent
        generator = list(dict.fromkeys(self.threads))[node.program]()
        generator.send(None)
        for value in reversed(path):
            generator.send(value)
        return generator

    def _arrive(self, program, parent, value, generator):
        node = Node(program, len(self.nodes), parent, value)
        if not inspect.isgenerator(generator):
            raise TypeError("each thread of a scenario is a generator function")
        try:
            operation = generator.send(value)
        except StopIteration as end:
            node.result, key = end.value, None
        except SharedStateError:
            raise
        except Exception as error:  # of the kernel or the scenario: the run's verdict
            node.error, key = error, None
        else:
            node.site = site(generator, self.skip)
            node.generator = generator
            self._read(node, *operation)
            key = self._key_of(node, generator) if self.alike else None
        if key in self._known:
            return self._known[key]
        if key is not None:
            self._known[key] = node
        self.nodes.append(node)
        return node

    def _key_of(self, node, generator):
        """What nodes that are alike have in common, or None if that cannot be told."""
        try:
            return node.program, node.kind, node.order, node.operation, node.operands, freeze(generator)
        except TypeError:
            return None

    def _read(self, node, kind, order, table, row, field, operands):
        node.kind, node.order, node.operands = kind, order, operands
        if kind == "fence" and order == EVERYWHERE:
            self.fenced = True
            node.bit = node.touches = node.writes = -1  # all there is: it moves the views of all threads
            return
        if kind == "fence":
            node.bit = (FENCES_SEQ_CST if order == "seq_cst" else 0) | (
                0 if order == "release" else FENCES_ACQUIRE
            )
            node.touches = node.writes = node.bit
            return
        node.table, node.operation = table, (table.name, row, field)
        before = len(self.memory.initial)
        node.cell = self.memory.cell(node.operation, table.initial.get((row, field), 0))
        if order == "plain":
            self.plain = True
            readers = range(len(self.threads))
            node.marks = [self.memory.cell((*node.operation, f"read by {at}"), 0) for at in readers]
        self.grown |= len(self.memory.initial) > before
        node.bit = 1 << node.cell + CELL_BITS
        node.touches = node.bit
        if kind == "store" and order == "plain":
            node.touches |= sum(1 << mark + CELL_BITS for mark in node.marks)
        node.writes = 0 if kind == "load" else node.bit
        if node.writes and order not in RELEASES:
            node.touches |= WRITES_RELAXED

    def _spread(self, node, reached):
        """Let the nodes that lead to ``reached`` know its future."""
        if not self.alike:
            return
        work = [(node, reached)]
        while work:
            node, reached = work.pop()
            if reached.touches & ~node.touches or reached.writes & ~node.writes:
                node.touches |= reached.touches
                node.writes |= reached.writes
                self.grown = True
                work += [(parent, node) for parent in node.parents]
