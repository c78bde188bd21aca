"""The tables of a small pool with a graph in it, as the kernels expect them."""

from itertools import chain

from zuki_kernels import (
    aside,
    counters,
    deque,
    hands,
    lingering,
    notifier,
    queue,
    runs,
    search,
    starting,
    steering,
    sync_state,
    tracing,
)
from zuki_kernels.runs import NONE

from .mount import Table, address_of, atomic, cell_address

load_plain, store_plain = atomic("load_plain"), atomic("store_plain")

_COUNTERS = (steering.STEERED, steering.THREAD, counters.WAS_WOKEN, tracing.RING,
             *range(counters.TASKS, counters.COUNTING),
             *range(counters.COUNTING + 1, aside.BEGAN))  # fmt: skip
_COUNTERS_OF_HANDS = hands.TRACE, hands.FAILURES, hands.DROPS


def plain(kernel):
    """The Python function that a compiled kernel was made from."""
    return kernel.py_func


def hands_of(workers, ring=4, initial=None):
    """The tables of empty hands."""
    table = Table("hands", workers, hands.HAND_FIELDS, initial, ignored=_COUNTERS_OF_HANDS)
    for me in range(workers):
        table.initial[me, hands.NEWEST] = cell_address(table, me, hands.ANCHOR)
        table.initial[me, hands.ROW] = me
    return table, Table("hand rings", workers, ring)


class World:
    """A pool's tables, one graph, and what its bodies have done.

    Parameters
    ----------
    nodes : int
        How many nodes the graph has; the body of node ``i`` adds one to its result, which its
        successors read: plain accesses, so that the model reports any that nothing orders.
    edges : sequence of (int, int)
        Pairs of a node and one that waits for it, by the node's number.
    workers, ring : int
        Rows of workers; capacity of their deques.
    python : sequence of int
        The nodes that only the interpreter can run.
    limit, most, spawned : int, optional
        How many workers may be awake, now and ever, and how many there are; default: ``workers``.
    run : dict, optional
        Fields of the rows of runs that have begun.
    begun : int
        How many runs have begun, all of the one graph.
    name : str
        Goes before the names of the graph's tables, where there are several worlds.
    """

    def __init__(
        self, nodes=1, edges=(), *, workers=1, ring=4, python=(), limit=None, most=None, spawned=None,
        run=None, begun=1, name="",
    ):  # fmt: skip
        self.edges, self.name = tuple(sorted(edges)), name
        self.results = Table(f"{name}results", nodes, 1)
        spawned = workers if spawned is None else spawned
        self.pool = Table("pool", 1, 64, {
            (0, sync_state.SYNC): spawned * sync_state.ONE_SPAWNED,
            (0, notifier.LIMIT): limit or workers,
            (0, notifier.MOST): most or limit or workers,
            (0, lingering.STEADY): 1,  # in the model time does not pass
            (0, search.USED_LEVELS): 1,
            (0, search.USED_WORKERS): workers,
        }, ignored=(starting.ACCEPTED,))  # fmt: skip
        self.workers = Table("workers", workers, counters.WORKER_FIELDS, ignored=_COUNTERS)
        self.deques = Table("deques", workers * search.LEVELS, deque.DEQUE_FIELDS)
        self.rings = Table("rings", workers * search.LEVELS, ring)
        self.queues = Table("queues", search.FIRST_OWN + workers, queue.QUEUE_FIELDS)
        self.hands, self.hand_rings = hands_of(workers)
        plan = self._graph(nodes, python)
        self.plan = Table(
            f"{name}plan", 1, runs.LEVELS_USED + 1, {(0, field): held for field, held in plan.items()}
        )
        fresh = {runs.WAITER: NONE, runs.FIRST_FAILED: NONE, runs.EPOCH: 1, runs.BATCH: 1}
        row = {**plan, **fresh, runs.REMAINING: nodes, **(run or {})}
        rows = {(slot, field): held for slot in range(begun) for field, held in row.items()}
        self.runs = Table("runs", 2, runs.RUN_FIELDS, rows)

    def frozen(self):
        return "world", self.name

    def _graph(self, count, python):
        after = [[target for source, target in self.edges if source == node] for node in range(count)]
        before = [[source for source, target in self.edges if target == node] for node in range(count)]
        nodes, first = {}, 0
        for node in range(count):
            nodes[node, runs.STATE] = len(before[node])
            nodes[node, runs.SHAPE] = plain(runs.shape)(0, len(before[node]), len(after[node]))
            nodes[node, runs.FIRST] = node << runs.BODY_SHIFT | first
            nodes[node, runs.FRAME] = node
            first += len(after[node])
        targets = [*chain.from_iterable(after), 0]
        words = {(at // 2, 0): targets[at] | targets[at + 1] << 32 for at in range(0, first, 2)}
        roots = [node for node in range(count) if not before[node]]
        entries = {
            (node, 0): runs.PYTHON if node in python else self.entry_of(node, tuple(before[node]))
            for node in range(count)
        }
        self.bodies = Table(f"{self.name}bodies", count, 1, entries)
        self.nodes = Table(f"{self.name}nodes", count, runs.NODE_FIELDS, nodes)
        self.words = Table(f"{self.name}edges", (first + 1) // 2, 1, words)
        self.margins = Table(f"{self.name}margins", count, runs.MARGIN_FIELDS,
                             {(place, runs.ROOT): node for place, node in enumerate(roots)})  # fmt: skip
        return {
            runs.NODES: address_of(self.nodes),
            runs.NODE_COUNT: count,
            runs.EDGES: address_of(self.words),
            runs.EDGE_COUNT: first,
            runs.MARGINS: address_of(self.margins),
            runs.BODIES: address_of(self.bodies),
            runs.BODY_COUNT: count,
            runs.ROOT_COUNT: len(roots),
            runs.LEVELS_USED: 1,
        }

    def entry_of(self, node, before):
        """By which number kernels run a node's body."""
        return address_of(self.body(before))

    def body(self, before):
        """What a node runs: read what its predecessors did, then do one more than so far."""
        results = self.results

        def run(node):
            held = yield from load_plain(results, node, 0)
            for source in before:
                if (yield from load_plain(results, source, 0)) != held + 1:
                    raise AssertionError(f"node {node} runs before its predecessor {source}")
            yield from store_plain(results, node, 0, held + 1)
            return 0

        return run

    def run_body(self, node):
        """Run the body of a node, as the interpreter or a worker does."""
        before = tuple(source for source, target in self.edges if target == node)
        return self.body(before)(node)

    def read_all(self):
        """Read what every node did, as whoever began the run does at its end; return the answers."""
        answers = ()
        for node in range(self.results.shape[0]):
            answers += ((yield from load_plain(self.results, node, 0)),)
        return answers

    def times_run(self, memory):
        """How often each node has run, in the end."""
        return [memory.latest(self.results, node, 0) for node in range(self.results.shape[0])]


def task(node, slot=0):
    """The task that stands for a node."""
    return plain(runs.task_of)(slot, node)


MARKER = task(runs.ROOT_MARKER)
