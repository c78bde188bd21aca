"""Scenarios of threads that add work and of workers that look for it and sleep, on the notifier alone.

The work is a counter that relaxed operations move, so that nothing but the notifier orders
what a worker sees. Each scenario is a function of the mounted kernels and returns the
threads, the check, and whether a run may end with sleepers.
"""

from zuki_kernels.runs import NONE, WAITER

from .mount import Table, atomic
from .mount import _operation as operation
from .worlds import World, load_plain, store_plain

load_relaxed, add_relaxed, cas_relaxed = map(atomic, ("load_relaxed", "add_relaxed", "cas_relaxed"))
wait, wake = operation("wait", None), operation("wake", None)


class Sleepers:
    """A pool whose tasks are a number."""

    def __init__(self, kernels, workers, starts_fail=False, **options):
        self.notifier, self.world = kernels.notifier, World(workers=workers, **options)
        self.starts_fail = starts_fail
        self.pool, self.workers, self.runs = self.world.pool, self.world.workers, self.world.runs
        self.work = Table("work", 1, 2)

    def frozen(self):
        return "sleepers"

    def add(self, me=NONE):
        """Add a task and say so; return the verdict."""
        yield from add_relaxed(self.work, 0, 0, 1)
        return (yield from self.tell(me, False))

    def tell(self, me, waking):
        """Say that there is work; return the verdict."""
        answer = yield from self.notifier.notify(self.pool, self.workers, me, waking)
        yield from self.undo(answer)
        return answer

    def undo(self, answer):
        """Take a start back, where threads cannot be started."""
        if self.starts_fail and answer == self.notifier.START:
            yield from self.notifier.give_up_start(self.pool, self.workers)

    def take(self):
        """Take a task; return whether there was one."""
        while (held := (yield from load_relaxed(self.work, 0, 0))) > 0:
            if (yield from cas_relaxed(self.work, 0, 0, held, held - 1)):
                return True
        return False

    def wait_for_work(self, me, waking, until=NONE):
        return self.notifier.wait_for_work(
            self.pool, self.workers, self.runs, me, waking, until, NONE, -1
        )  # fmt: skip

    def worker(self, me, forks=0, fresh=False):
        """A worker; its first tasks each add another."""

        def run():
            waking, left = False, forks
            if fresh:
                yield from wait(self.work, 0, 1, 0, -1)
                waking = (yield from self.wait_for_work(me, False)) == self.notifier.DUTY
            while True:
                if (yield from self.take()):
                    if waking:
                        yield from self.tell(me, True)
                        waking = False
                    if left:
                        left -= 1
                        yield from self.add(me)
                    continue
                answer = yield from self.wait_for_work(me, waking)
                waking = answer == self.notifier.DUTY
                if answer == self.notifier.STOP:
                    return "stopped"

        return run

    def no_work_is_left(self, results, memory):
        return memory.latest(self.work, 0, 0) == 0


def submitting(kernels, workers=1, tasks=1, ends=False, forks=0, callers=1):
    """Callers add tasks one after another, and one may end the pool: nobody sleeps while there is work."""
    pool = Sleepers(kernels, workers)

    def caller():
        for _ in range(tasks):
            yield from pool.add()

    def ender():
        yield from pool.notifier.shut_down(pool.pool, pool.workers)

    def quiescent(results, memory):
        return not ends and pool.no_work_is_left(results, memory)

    threads = [caller] * callers + [pool.worker(me, forks) for me in range(workers)]
    return threads + [ender] * ends, None, quiescent


def told_too_early(kernels):
    """What a caller must not do: say that there is work before there is."""
    pool = Sleepers(kernels, 1)

    def caller():
        yield from pool.notifier.notify(pool.pool, pool.workers, NONE, False)
        yield from add_relaxed(pool.work, 0, 0, 1)

    return [caller, pool.worker(0)], None, pool.no_work_is_left


def starting(kernels):
    """The first notification asks for a thread; it takes the notification that started it."""
    pool = Sleepers(kernels, 1, spawned=0)

    def caller():
        for _ in range(2):
            if (yield from pool.add()) == pool.notifier.START:
                yield from atomic("store_release")(pool.work, 0, 1, 1)
                yield from wake(pool.work, 0, 1, 1)

    return [caller, pool.worker(0, fresh=True)], None, pool.no_work_is_left


def starting_fails(kernels):
    """The first thread that is asked for cannot be started; the next notification asks again."""
    pool = Sleepers(kernels, 1, spawned=0)

    def caller():
        yield from pool.add()
        yield from pool.notifier.give_up_start(pool.pool, pool.workers)
        if (yield from pool.add()) == pool.notifier.START:
            yield from atomic("store_release")(pool.work, 0, 1, 1)
            yield from wake(pool.work, 0, 1, 1)

    return [caller, pool.worker(0, fresh=True)], None, pool.no_work_is_left


def starting_fails_among_others(kernels):
    """A thread cannot be started while a worker is going to sleep, another leaves and work comes.

    While the thread and the one that leaves count as awake, nobody else may be woken.
    """
    pool = Sleepers(kernels, 2, starts_fail=True, spawned=3, limit=2)

    def caller():
        yield from pool.add()

    def starter():
        yield from pool.notifier.give_up_start(pool.pool, pool.workers)

    def leaver():
        answer = yield from pool.notifier.depart(pool.pool, pool.workers, 1, False, False)
        yield from pool.undo(answer)

    return [caller, starter, leaver, pool.worker(0)], None, pool.no_work_is_left


def departing(kernels, leaves=True):
    """A worker that leaves its work behind says so; one that leaves unasked hands a notification on."""
    pool = Sleepers(kernels, 2)

    def leaver():
        yield from add_relaxed(pool.work, 0, 0, 1)
        if not leaves:
            yield from pool.notifier.notify(pool.pool, pool.workers, 1, False)
        yield from pool.notifier.depart(pool.pool, pool.workers, 1, False, leaves)

    return [leaver, pool.worker(0)], None, pool.no_work_is_left


def helping(kernels, tasks=0, outsider=False):
    """A worker waits for the end of a run that another ends, and sees all its results."""
    pool = Sleepers(kernels, 2, run={WAITER: 0})
    world = pool.world

    def helper():
        while True:
            answer = yield from pool.wait_for_work(0, False, until=0)
            if answer == pool.notifier.OVER:
                return (yield from world.read_all())
            yield from pool.take()

    def other():
        yield from world.run_body(0)
        yield from kernels.release.settle(pool.workers, pool.runs, 0, 1)

    def caller():
        for _ in range(tasks):
            yield from pool.add()

    def check(results):
        return results[0] != (1,) and "no end, or no results"

    return [helper, other] + [caller] * (tasks > 0), check, None


def taking_turns(kernels):
    """Where one worker may be awake, what the awake one does is never at once with what another does."""
    pool = Sleepers(kernels, 2, limit=1, spawned=1)
    shared = Table("shared", 1, 1)

    def act():
        held = yield from load_plain(shared, 0, 0)
        yield from store_plain(shared, 0, 0, held + 1)

    def worker():
        while True:
            if (yield from pool.take()):
                yield from act()
            elif (yield from pool.wait_for_work(0, False)) == pool.notifier.STOP:
                return

    def joiner():
        if (yield from pool.notifier.join(pool.pool)):
            yield from pool.take()
            yield from act()
            yield from pool.notifier.depart(pool.pool, pool.workers, 1, False, False)

    def caller():
        yield from pool.add()

    return [worker, joiner, caller], None, pool.no_work_is_left
