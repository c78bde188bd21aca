"""Scenarios of threads that add work and of workers that look for it and sleep, on the notifier alone.

The work is a counter that relaxed operations move, so that nothing but the notifier orders
what a worker sees. Each scenario is a function of the mounted kernels and returns the
threads, the check, and whether a run may end with sleepers.
"""

from zuki_kernels.notifier import LEAST, START
from zuki_kernels.runs import NONE, WAITER
from zuki_kernels.sync_state import ONE_SPAWNED, ONE_THREAD, SYNC

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
        if self.starts_fail and answer == START:
            yield from self.notifier.give_up_start(self.pool, self.workers)

    def take(self):
        """Take a task; return whether there was one."""
        while (held := (yield from load_relaxed(self.work, 0, 0))) > 0:
            if (yield from cas_relaxed(self.work, 0, 0, held, held - 1)):
                return True
        return False

    def wait_for_work(self, me, waking, until=NONE, timeout=-1):
        return self.notifier.wait_for_work(
            self.pool, self.workers, self.runs, me, waking, until, NONE, timeout
        )  # fmt: skip

    def start(self):
        """Start one more of the threads that wait to be."""
        yield from atomic("add_release")(self.work, 0, 1, 1)
        yield from wake(self.work, 0, 1, 9)

    def worker(self, me, forks=0, fresh=None, timeout=-1):
        """A worker; its first tasks each add another. With a ``timeout`` of 0 a sleep is over at once.

        One that is ``fresh`` begins when more threads than that number have been started.
        """

        def run():
            waking, left = False, forks
            if fresh is not None:
                while (started := (yield from atomic("load_acquire")(self.work, 0, 1))) <= fresh:
                    yield from wait(self.work, 0, 1, started, -1)
                waking = (yield from self.wait_for_work(me, False, NONE, timeout)) == self.notifier.DUTY
            while True:
                if (yield from self.take()):
                    if waking:
                        if (yield from self.tell(me, True)) == START:
                            yield from self.start()
                        waking = False
                    if left:
                        left -= 1
                        if (yield from self.add(me)) == START:
                            yield from self.start()
                    continue
                answer = yield from self.wait_for_work(me, waking, NONE, timeout)
                waking = answer == self.notifier.DUTY
                if answer == self.notifier.STOP:
                    return "stopped"
                if answer == self.notifier.RETIRE:
                    return "retired"

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
            if (yield from pool.add()) == START:
                yield from pool.start()

    return [caller, pool.worker(0, fresh=0)], None, pool.no_work_is_left


def retiring(kernels, retirers=1, others=0, least=0, tasks=1, ends=False, limit=None, starts=1):
    """Threads that may retire at each look, others that sleep for ever, and a caller that adds tasks.

    Time does not pass here, so the sleep of a retirer is over at once; that it may be delayed anywhere makes
    it as long as one likes. Up to so many ``starts`` are answered; runs that ask for more are not judged.
    """
    there = retirers + others
    pool = Sleepers(kernels, there + starts, limit=limit or there, spawned=0)
    pool.pool.initial.update({(0, SYNC): there * ONE_THREAD, (0, LEAST): least})

    def caller():
        for _ in range(tasks):
            if (yield from pool.add()) == START:
                yield from pool.start()

    def ender():
        yield from pool.notifier.shut_down(pool.pool, pool.workers)

    def quiescent(results, memory):
        started = memory.latest(pool.work, 0, 1)
        if started > starts:
            return True
        asleep = sum(slot not in results for slot in range(1, there + started + 1))
        if ends:
            return asleep == 0  # threads that nobody asked for
        return pool.no_work_is_left(results, memory) and asleep >= least

    def check(results, memory):
        wrong = not ends and (least > 0 or not pool.no_work_is_left(results, memory))
        return memory.latest(pool.work, 0, 1) <= starts and wrong and "nobody has stayed, or work is left"

    threads = [caller]
    threads += [pool.worker(me, timeout=0) for me in range(retirers)]
    threads += [pool.worker(me) for me in range(retirers, there)]
    threads += [pool.worker(there + fresh, fresh=fresh) for fresh in range(starts)]
    return threads + [ender] * ends, check, quiescent


def starting_fails(kernels):
    """The first thread that is asked for cannot be started; the next notification asks again."""
    pool = Sleepers(kernels, 1, spawned=0)

    def caller():
        yield from pool.add()
        yield from pool.notifier.give_up_start(pool.pool, pool.workers)
        if (yield from pool.add()) == START:
            yield from pool.start()

    return [caller, pool.worker(0, fresh=0)], None, pool.no_work_is_left


def starting_fails_among_others(kernels):
    """A thread cannot be started while a worker is going to sleep, another leaves and work comes.

    While the thread and the one that leaves count as awake, nobody else may be woken.
    """
    pool = Sleepers(kernels, 2, starts_fail=True, limit=2)
    pool.pool.initial[0, SYNC] = 2 * ONE_THREAD + ONE_SPAWNED  # who leaves is a caller

    def caller():
        yield from pool.add()

    def starter():
        yield from pool.notifier.give_up_start(pool.pool, pool.workers)

    def leaver():
        answer = yield from pool.notifier.depart(pool.pool, pool.workers, 1, False, False)
        yield from pool.undo(answer)

    return [caller, starter, leaver, pool.worker(0)], None, pool.no_work_is_left


def retiring_while_starting_fails(kernels):
    """A thread may retire at each look while another cannot be started: no work is left to one that stays."""
    pool = Sleepers(kernels, 1, starts_fail=True, limit=1)
    pool.pool.initial[0, SYNC] = 2 * ONE_THREAD

    def caller():
        yield from pool.add()

    def starter():
        yield from pool.notifier.give_up_start(pool.pool, pool.workers)

    def check(results, memory):
        stays = memory.latest(pool.pool, 0, SYNC) >= ONE_THREAD
        return stays and not pool.no_work_is_left(results, memory) and "work is left"

    return [caller, starter, pool.worker(0, timeout=0)], check, pool.no_work_is_left


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
        if (yield from pool.notifier.join(pool.pool, pool.workers, 1)):
            yield from pool.take()
            yield from act()
            yield from pool.notifier.depart(pool.pool, pool.workers, 1, False, False)

    def caller():
        yield from pool.add()

    return [worker, joiner, caller], None, pool.no_work_is_left
