"""Scenarios in which workers run the kernel `turn` itself, as the pool's threads do."""

from zuki_kernels import reasons
from zuki_kernels import turn as turns
from zuki_kernels.runs import NONE, REMAINING, WAITER, node_of

from .mount import Table, atomic, mount_all
from .mount import _operation as operation
from .mutants import pattern
from .worlds import World, load_plain, plain, store_plain

wait, wake = operation("wait", None), operation("wake", None)


# Sleep after two rounds of search
SLEEPS_SOON = {("idling", "moment - idle_since < linger_of(workers, me)"): "spins < 2"}


def mounted(edit, edits):
    """Mount kernels after some edits of how a worker idles, for in the model time does not pass."""
    edits["patience", "now() - moment < _GLANCE"] = "False"

    def edited(source, name):
        for (kernel, old), new in edits.items():
            if kernel == name:
                source, replaced = pattern(old).subn(new, source)
                assert replaced == 1
        return edit(source, name)

    return mount_all(edited)


def mount_pool(edit=lambda source, name: source):
    """Mount kernels whose workers sleep after two rounds of search."""
    return mounted(edit, SLEEPS_SOON)


def mount_patient(edit=lambda source, name: source):
    """Mount kernels whose workers leave the last tasks of others alone at first, and sleep without delay."""
    patient = {("turn", "patient = is_quick(mine - had, mine_at - had_at)"): "patient = True"}
    return mounted(edit, {("idling", "moment - idle_since < linger_of(workers, me)"): "False", **patient})


class PoolOf(World):
    """A world whose workers take turns."""

    def __init__(self, kernels, nodes=1, edges=(), **options):
        super().__init__(nodes, edges, **options)
        self.kernels = kernels
        self.threads = Table("threads", 1, 1)  # how many were asked for
        self.interpreter = Table("interpreter", 1, 1)

    def turn(self, me, until, finished, outcome):
        return self.kernels.turn.turn(
            me, until, finished, outcome, NONE,
            self.pool, self.workers, self.deques, self.rings, self.queues, self.runs, self.hands,
            self.hand_rings,
        )  # fmt: skip

    def begin(self, epoch=1, batch=1, waiter=NONE, callback=0):
        """Begin a run, and start a thread if asked to."""
        start = yield from self.kernels.starting.begin(
            self.pool, self.workers, self.queues, self.runs, 0, self.plan, epoch, 0, batch, waiter, callback
        )
        if start == self.kernels.notifier.START:
            yield from self.start()

    def start(self):
        yield from atomic("add_release")(self.threads, 0, 0, 1)
        yield from wake(self.threads, 0, 0, 1)

    def run_python(self, me, task):
        """Run a body in the interpreter, which runs one at a time; return how it went."""
        held = yield from load_plain(self.interpreter, 0, 0)
        yield from self.run_body(plain(node_of)(task))
        yield from store_plain(self.interpreter, 0, 0, held + 1)
        return reasons.RETURNED

    def work(self, me, until=NONE, finished=NONE):
        """Take turns until the run ``until``, or the pool, has ended; return why."""
        outcome = reasons.RETURNED
        while True:
            reason, task, ended, start = yield from self.turn(me, until, finished, outcome)
            finished = NONE
            if start:
                yield from self.start()
            if ended >= 0:
                yield from self.ended()
            if reason == reasons.RUN_PYTHON:
                outcome = yield from self.run_python(me, task)
                finished = task
            elif reason != reasons.GO_ON:
                return reason

    def ended(self):
        """What Python does when it hears of the end of a run: end the pool."""
        yield from self.kernels.notifier.shut_down(self.pool, self.workers)

    def worker(self, me):
        """A thread of the pool that is there from the beginning."""

        def run():
            return (yield from self.work(me))

        return run

    def fresh(self, me):
        """A thread of the pool that is started when it is asked for."""

        def run():
            yield from wait(self.threads, 0, 0, 0, -1)
            return (yield from self.work(me, finished=turns.FRESH))

        return run

    def each_ran(self, times=1):
        """The check that each node has run so often, and that all threads have come to their ends."""

        def check(results, memory):
            ran = self.times_run(memory)
            return ran != [times] * len(ran) and f"the nodes have run {ran} times"

        return check


def submitted(kernels, nodes, edges=(), workers=2, **options):
    """A thread outside submits; the worker that reaches the end ends the pool."""
    pool = PoolOf(kernels, nodes, edges, workers=workers, **options)

    def submitter():
        yield from pool.begin(callback=1)

    return [submitter] + [pool.worker(me) for me in range(workers)], pool.each_ran()


def waited_for(kernels, nodes, edges=(), workers=2, runs=1, batch=1, **options):
    """A caller that is a worker itself runs a graph, helps and reads the results."""
    pool = PoolOf(kernels, nodes, edges, workers=workers, **options)

    def caller():
        for epoch in range(1, runs + 1):
            yield from pool.begin(epoch, batch, waiter=0)
            yield from pool.work(0, until=0)
            if (yield from pool.read_all()) != (epoch,) * nodes:
                return "a result is missing"
        yield from pool.kernels.notifier.shut_down(pool.pool, pool.workers)
        return "done"

    def check(results, memory):
        return results[0] != "done" or pool.each_ran(runs)(results, memory)

    return [caller] + [pool.worker(me) for me in range(1, workers)], check


def waited_outside(kernels, nodes, edges=(), workers=1, **options):
    """A caller that is no worker begins a run and waits; threads are started as they are asked for."""
    pool = PoolOf(kernels, nodes, edges, workers=workers, spawned=0, **options)

    def caller():
        yield from pool.begin()
        over = False
        while not over:
            over = yield from kernels.starting.wait_until_over(pool.runs, 0, NONE)
        results = yield from pool.read_all()
        yield from kernels.notifier.shut_down(pool.pool, pool.workers)
        return results

    def check(results, memory):
        return results[0] != (1,) * nodes and "a result is missing"

    def quiescent(results, memory):
        return 0 in results  # threads that nobody asked for

    return [caller] + [pool.fresh(me) for me in range(workers)], check, quiescent


def helped(kernels, told):
    """A worker submits a run inside a body and waits for it; ``told``: it says so before it sleeps."""
    pool = PoolOf(kernels, 1, workers=2)

    def ended():
        return
        yield

    pool.ended = ended

    def helper():
        yield from pool.begin(callback=1)
        if told:
            yield from kernels.starting.expect(pool.runs, 0, 0)
        yield from pool.work(0, until=0)
        return (yield from pool.read_all())

    def quiescent(results, memory):
        return 0 in results and results[0] == (1,)

    return [helper, pool.worker(1)], None, quiescent


def over_meanwhile(kernels):
    """A helper runs another run's task while the run that it waits for ends; it reads the results of that."""
    pool = PoolOf(kernels, 2, [(0, 1)], workers=2)
    pool.runs.initial.update({(1, REMAINING): 1, (1, WAITER): 0})
    other = Table("other results", 1, 1)

    def helper():
        yield from pool.begin(waiter=0)
        yield from pool.work(0, until=1)
        return (yield from load_plain(other, 0, 0))

    def ender():
        yield from store_plain(other, 0, 0, 1)
        yield from kernels.release.settle(pool.workers, pool.runs, 1, 1)

    return [helper, ender], lambda results: results[0] != 1 and "a result is missing"


def joined(kernels, nodes, edges=()):
    """A worker runs a graph that another thread has begun; a caller comes, and runs with it until the end."""
    pool = PoolOf(kernels, nodes, edges, workers=2, spawned=1)

    def submitter():
        yield from pool.begin(callback=1)

    def caller():
        helps = yield from kernels.notifier.join(pool.pool, pool.workers, 1)
        if helps:
            yield from pool.work(1)

    return [submitter, pool.worker(0), caller], pool.each_ran()


def resized(kernels, nodes, edges=(), **options):
    """A thread submits, lets one worker be awake, then two again; it does not hear of the end."""
    pool = PoolOf(kernels, nodes, edges, workers=2, **options)

    def submitter():
        yield from pool.begin(callback=1)
        for limit in (1, 2):
            start = yield from kernels.notifier.set_limit(pool.pool, pool.workers, limit)
            if start == kernels.notifier.START:
                return "a thread is to be started"

    def check(results, memory):
        return results[0] or pool.each_ran()(results, memory)

    return [submitter, pool.worker(0), pool.worker(1)], check


def one_awake(kernels, nodes, edges=()):
    """One worker may be awake: a caller helps if it may and waits outside if not; a thread is there too."""
    pool = PoolOf(kernels, nodes, edges, workers=2, limit=1, spawned=1)

    def caller():
        helps = yield from kernels.notifier.join(pool.pool, pool.workers, 0)
        yield from pool.begin(waiter=0 if helps else NONE)
        if helps:
            yield from pool.work(0, until=0)
            left = yield from kernels.search.is_anything_left(pool.deques, pool.queues, 0)
            yield from kernels.notifier.depart(pool.pool, pool.workers, 0, False, left)
        while not (yield from kernels.starting.wait_until_over(pool.runs, 0, NONE)):
            pass
        results = yield from pool.read_all()
        yield from kernels.notifier.shut_down(pool.pool, pool.workers)
        return results

    def check(results, memory):
        return results[0] != (1,) * nodes and "a result is missing"

    return [caller, pool.worker(1)], check
