"""Scenarios of a worker that is solo, and of others that come and go, each by itself.

Each has run its own predecessor of all joins, and has to say so: it arrives at each of them.
"""

from zuki_kernels import sync_state
from zuki_kernels.deque import BOTTOM
from zuki_kernels.runs import NONE

from .mount import Table, atomic
from .worlds import World, store_plain

add_acq_rel = atomic("add_acq_rel")
ONE_IDLE, ONE_SPAWNED, SYNC = sync_state.ONE_IDLE, sync_state.ONE_SPAWNED, sync_state.SYNC


class Counting:
    """Workers of which each has run a predecessor of some nodes, and has to say so."""

    def __init__(self, kernels, workers, awake=1, joins=2):
        self.kernels = kernels
        self.joins = range(workers, workers + joins)
        edges = [(me, node) for me in range(workers) for node in self.joins]
        self.world = World(workers + joins, edges, workers=workers)
        asleep = workers - awake
        self.world.pool.initial[0, SYNC] = workers * ONE_SPAWNED + asleep * ONE_IDLE
        self.pool, self.workers = self.world.pool, self.world.workers

    def frozen(self):
        return "counting"

    def run_first(self, me):
        """Run the worker's own predecessor of all."""
        yield from store_plain(self.world.results, me, 0, 1)

    def arrive(self, node, sole):
        """Arrive at a node, and run it if it is ready."""
        dependencies, nodes = self.kernels.dependencies, self.world.nodes
        if sole >= 0:
            is_ready = yield from dependencies.arrive_alone(nodes, node)
        else:
            is_ready = yield from dependencies.arrive(nodes, node, 0, False)
        if is_ready:
            yield from self.world.run_body(node)

    def section(self, me, node, sole):
        """Arrive at a node in a section if the worker is solo; return whether it is."""
        solo = self.kernels.solo
        if sole >= 0:
            sole = yield from solo.begin(self.pool, self.workers, me, sole)
        yield from self.arrive(node, sole)
        if sole >= 0:
            yield from solo.end(self.workers, me)
        return sole

    def solo_worker(self, me, nested=False):
        """A worker that is the only one, at first; if ``nested``, a turn inside of its body asks, too."""

        def run():
            solo = self.kernels.solo
            sole = yield from solo.go_solo(self.pool, me)
            if nested:  # a turn inside of a body
                inner = yield from solo.go_solo(self.pool, me)
                yield from solo.give_up(self.pool, inner)
            yield from self.run_first(me)
            for node in self.joins:
                sole = yield from self.section(me, node, sole)
            yield from solo.give_up(self.pool, sole)

        return run

    def wake_up(self, me):
        """Do what who wakes up does."""
        yield from add_acq_rel(self.pool, 0, SYNC, -ONE_IDLE)
        yield from self.kernels.solo.come(self.pool, self.workers, me)

    def comer(self, me, come=None, goes=False, tries=False):
        """A worker that comes, by waking up if nothing else is said, and ``goes`` to sleep at the end.

        One that ``tries`` may become solo itself.
        """

        def run():
            yield from (come or self.wake_up)(me)
            yield from self.run_first(me)
            sole = -1
            for node in self.joins:
                if tries:
                    sole = yield from self.kernels.solo.go_solo(self.pool, me)
                sole = yield from self.section(me, node, sole)
                yield from self.kernels.solo.give_up(self.pool, sole)
            if goes:
                yield from self.fall_asleep(me)

        return run

    def fall_asleep(self, me):
        """Do what who goes to sleep does."""
        yield from add_acq_rel(self.pool, 0, SYNC, ONE_IDLE)

    def goer(self, me, go=None):
        """A worker that is awake, and goes, by falling asleep if nothing else is said."""

        def run():
            yield from self.run_first(me)
            for node in self.joins:
                yield from self.arrive(node, -1)
            yield from (go or self.fall_asleep)(me)

        return run

    def each_ran(self, results, memory):
        ran = self.world.times_run(memory)
        return ran != [1] * len(ran) and f"the nodes have run {ran} times"


def one_comes(kernels, **options):
    counting = Counting(kernels, 2)
    return [counting.solo_worker(0), counting.comer(1, **options)], counting.each_ran


def a_caller_joins(kernels):
    counting = Counting(kernels, 2)
    counting.pool.initial[0, SYNC] = ONE_SPAWNED

    def join(me):
        return kernels.notifier.join(counting.pool, counting.workers, me)

    return [counting.solo_worker(0), counting.comer(1, join)], counting.each_ran


def one_is_woken(kernels):
    counting = Counting(kernels, 2, awake=2, joins=1)
    world = counting.world

    def sleep(me):
        return kernels.idling.sleep(world.pool, world.workers, world.runs, me, NONE, NONE, False)

    def notifier():
        yield from kernels.notifier.notify(world.pool, world.workers, NONE, False)

    return [counting.solo_worker(0), counting.comer(1, sleep), notifier], counting.each_ran


def one_stands_aside(kernels, first=False):
    """A worker stands aside, ``first`` or in the end; it comes back at once, for nobody says that he runs."""
    counting = Counting(kernels, 2, awake=2)
    world = counting.world

    def stand_aside(me):
        return kernels.aside.stand_aside(
            world.pool, world.workers, world.queues, world.runs, world.hands, me, NONE, NONE, False
        )  # fmt: skip

    other = counting.comer(1, stand_aside) if first else counting.goer(1, stand_aside)
    return [counting.solo_worker(0), other], counting.each_ran


def one_comes_to_another_turn(kernels):
    counting = Counting(kernels, 2)
    return [counting.solo_worker(0, nested=True), counting.comer(1)], counting.each_ran


def one_goes(kernels):
    counting = Counting(kernels, 2, awake=2)
    return [counting.solo_worker(0), counting.goer(1)], counting.each_ran


def the_only_one_changes(kernels):
    """The first goes to sleep, solo until then; the other comes, and may be solo after it."""
    counting = Counting(kernels, 2)
    first = counting.solo_worker(0)

    def leaver():
        yield from first()
        yield from add_acq_rel(counting.pool, 0, SYNC, ONE_IDLE)

    return [leaver, counting.comer(1, tries=True)], counting.each_ran


def two_come(kernels):
    counting = Counting(kernels, 3, joins=1)
    return [counting.solo_worker(0), counting.comer(1), counting.comer(2)], counting.each_ran


def a_chain_is_interrupted(kernels):
    """A worker runs its node, and what follows, as the kernels do; another one comes."""
    counting = Counting(kernels, 2, joins=1)
    world, nothing = counting.world, Table("durations", 0, 1)

    def worker():
        sole = yield from kernels.solo.go_solo(world.pool, 0)
        node, *_, sole, _ = yield from kernels.chain.run_chain(
            world.pool, world.workers, world.deques, world.rings, world.queues, world.runs, world.hands,
            world.nodes, world.words, world.bodies, nothing, 0, 0, 0, kernels.chain.UNKNOWN, 1, 8, NONE, NONE,
            sole, 0, 0, 0,
        )  # fmt: skip
        if node >= 0:
            yield from world.run_body(node)
        yield from kernels.solo.give_up(world.pool, sole)

    return [worker, counting.comer(1)], counting.each_ran


def robbed(kernels):
    """A worker takes its own tasks as if there were no thieves, and one comes."""
    counting = Counting(kernels, 2)
    world, deque, solo = counting.world, kernels.deque, kernels.solo
    world.deques.initial[0, BOTTOM] = 2
    world.rings.initial.update({(0, 0): 0, (0, 1): 1})

    def owner():
        taken, sole = (), (yield from solo.go_solo(world.pool, 0))
        for _ in range(2):
            task, sole = yield from solo.pop(world.pool, world.workers, world.deques, world.rings, 0, sole)
            taken += (task,) * (task >= 0)
        return taken

    def thief():
        yield from add_acq_rel(world.pool, 0, SYNC, -ONE_IDLE)
        yield from solo.come(world.pool, world.workers, 1)
        task = yield from deque.steal(world.deques, world.rings, 0)
        return (task,) * (task >= 0)

    def check(results, memory):
        taken = sorted(results[0] + results[1])
        return (len(set(taken)) < len(taken) or not taken) and f"taken: {taken}"

    return [owner, thief], check
