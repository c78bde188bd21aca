"""Scenarios of a pool on which more than one thing happens: runs inside of bodies, runs that are stopped."""

from zuki_kernels import reasons
from zuki_kernels.runs import node_of, slot_of

from .mount import Table, atomic
from .pools import PoolOf, wait, wake
from .worlds import World, load_plain, plain, store_plain


class Nested(PoolOf):
    """The first node of run 0 is a Python body that begins run 1 and waits for it.

    Meanwhile no other node of run 0 may be run by the same thread: it might wait for this very body.
    """

    def __init__(self, kernels, nodes, inner, workers=2, **options):
        super().__init__(kernels, nodes, workers=workers, python=range(nodes), **options)
        self.inner = World(inner, python=range(inner), name="inner ")
        self.inside = Table("inside", 1, 1)

    def run_python(self, me, task):
        held = yield from load_plain(self.interpreter, 0, 0)
        yield from store_plain(self.interpreter, 0, 0, held + 1)
        if plain(slot_of)(task) == 1:
            yield from self.inner.run_body(plain(node_of)(task))
        elif (yield from load_plain(self.inside, 0, 0)):
            raise AssertionError("another node of the run inside of a body that waits")
        elif plain(node_of)(task) == 0:
            yield from self.wait_in_a_body(me)
            yield from self.run_body(0)
        else:
            yield from self.run_body(plain(node_of)(task))
        return reasons.RETURNED

    def wait_in_a_body(self, me):
        yield from store_plain(self.inside, 0, 0, 1)
        start = yield from self.kernels.starting.begin(
            self.pool, self.workers, self.queues, self.runs, 1, self.inner.plan, 1, 0, 1, me, 0
        )
        if start == self.kernels.notifier.START:
            yield from self.start()
        yield from self.work(me, until=1)
        if set((yield from self.inner.read_all())) != {1}:
            raise AssertionError("a result of the inner run is missing")
        yield from store_plain(self.inside, 0, 0, 0)


def nested(kernels, nodes=1, inner=1, workers=2, **options):
    """A graph's Python body runs another graph of Python bodies, and other workers find those, too."""
    pool = Nested(kernels, nodes, inner, workers, **options)

    def submitter():
        yield from pool.begin(callback=1)

    return [submitter] + [pool.worker(me) for me in range(workers)], pool.each_ran()


def stopped(kernels, nodes, edges=(), workers=2, **options):
    """A run is stopped while it goes on: it ends, and no node has run twice or without its predecessors."""
    pool = PoolOf(kernels, nodes, edges, workers=workers, **options)

    def submitter():
        yield from pool.begin(callback=1)
        yield from kernels.starting.stop(pool.runs, 0)

    def check(results, memory):
        ran = pool.times_run(memory)
        passed_over = any(ran[after] > ran[before] for before, after in edges)
        return (max(ran) > 1 or passed_over) and f"the nodes have run {ran} times"

    return [submitter] + [pool.worker(me) for me in range(workers)], check


class Meeting(PoolOf):
    """Two nodes follow from the first, and the body of the last waits until the one before it has run."""

    def __init__(self, kernels, **options):
        self.met = Table("met", 1, 1)
        super().__init__(kernels, 3, [(0, 1), (0, 2)], **options)

    def body(self, before):
        run_alone = super().body(before)

        def run(node):
            failure = yield from run_alone(node)
            if node == 1:
                yield from atomic("store_release")(self.met, 0, 0, 1)
                yield from wake(self.met, 0, 0, 1)
            elif node == 2:
                while (yield from atomic("load_acquire")(self.met, 0, 0)) == 0:
                    yield from wait(self.met, 0, 0, 0, -1)
            return failure

        return run


def meeting(kernels, workers=2):
    """A body waits for a node that lies in its own worker's deque; another has to take it from there."""
    pool = Meeting(kernels, workers=workers)

    def submitter():
        yield from pool.begin(callback=1)

    return [submitter] + [pool.worker(me) for me in range(workers)], pool.each_ran()
