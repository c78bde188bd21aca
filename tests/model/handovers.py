"""Scenarios of lanes: threads that add, wake, wait and serve, and a watcher that takes lanes away."""

from .cells import Future, add, exchange, wait, wake
from .mount import Table
from .servants import Lanes


def added(methods, adders=1, workers=1, calls=False):
    """Threads add tasks; workers come and run them all."""
    lanes = Lanes(methods)
    add = lanes.submit if calls else lanes.add

    def adder(task):
        def run():
            return (yield from add(task))

        return run

    def quiescent(results, memory):
        return not lanes.at_rest(memory, *[1] * adders)

    threads = [adder(at) for at in range(adders)]
    return threads + [lanes.worker(f"w{at}") for at in range(workers)], None, quiescent


def handed_over(methods, workers=2, tasks=2):
    """A watcher takes the lanes from a holder at any moment; all tasks run, by whoever comes."""
    lanes = Lanes(methods)

    def adder():
        for task in range(tasks):
            yield from lanes.add(task)

    def watcher():
        yield from lanes.watch()

    def quiescent(results, memory):
        return not lanes.at_rest(memory, *[1] * tasks)

    threads = [lanes.worker(f"w{at}", 2) for at in range(workers)]
    return [adder, watcher, *threads], None, quiescent, lanes.holds


def awaited(methods, tasks=1, workers=0):
    """A thread waits for what the first task ends, and serves; others come or are called for the rest."""
    future = Future("future")

    def run(servant, task):
        yield from lanes.note(task)
        if task == 0:
            yield from future.end()

    lanes = Lanes(methods, (future,), run=run)
    servant = lanes.servant("s")

    def server():
        yield from lanes.wait_for(future, servant)

    def adder():
        for task in range(tasks):
            yield from lanes.add(task)

    def quiescent(results, memory):
        is_called = memory.latest(lanes.summons, 0, 0) and not workers  # somebody will come
        return is_called or (1 in results and not lanes.at_rest(memory, *[1] * tasks))

    def check(results, memory):
        if memory.latest(lanes.summons, 0, 0):
            return None  # somebody is called, and will come
        return lanes.at_rest(memory, *[1] * tasks)

    return [adder, server, *(lanes.worker(f"w{at}") for at in range(workers))], check, quiescent


def alone(methods):
    """Nobody serves but who waits: a thread outside wakes what ends its wait."""
    future = Future("future")

    def run(servant, task):
        yield from lanes.note(task)
        yield from future.end()

    lanes = Lanes(methods, (future,), run=run, alone=True)
    servant = lanes.servant("s")

    def server():
        yield from lanes.wait_for(future, servant)

    def waker():
        yield from lanes.wake(0)

    return [server, waker], lambda results, memory: lanes.at_rest(memory, 1)


def stuck(methods):
    """A task lasts until the next one has run, which it does if the watcher takes the lanes away."""

    def run(servant, task):
        if task == 0:
            yield from wait(lanes.ran, 0, 1, 0, -1)
        yield from lanes.note(task)
        yield from wake(lanes.ran, 0, task, 1)

    lanes = Lanes(methods, run=run)

    def adder():
        for task in range(2):
            yield from lanes.add(task)

    def watcher():
        yield from wait(lanes.watched, 0, 0, 0, -1)
        yield from lanes.watch()

    def quiescent(results, memory):
        other_began = not memory.latest(lanes.watched, 0, 0)  # whom nobody watches here
        return other_began or not lanes.at_rest(memory, 1, 1)

    return [adder, watcher, lanes.worker("w"), lanes.worker("v")], None, quiescent


def entering(methods, taken=False):
    """Two threads enter lanes and leave them; a watcher may take them from the first."""
    lanes = Lanes(methods)
    servants = lanes.servant("s"), lanes.servant("t")
    both = lanes.coroutines, lanes.calls

    def server(servant):
        def serve():
            yield from servant.enter(both)
            yield from lanes.beat(servant)
            yield from servant.leave()

        return serve

    def check(results, memory):
        return lanes.at_rest(memory)

    return [*map(server, servants)] + [lanes.watch] * taken, check, None, lanes.holds


def looked_for(methods, taken=False):
    """A task runs, and then waits, while somebody looks whether all is over: it is not, at any moment.

    Where a watcher may take the lanes, the task is stuck until somebody has looked.
    """
    looked = Table("looked", 1, 1)

    def run(servant, task):
        if taken:
            yield from wait(looked, 0, 0, 0, -1)
        yield from lanes.park(task)

    lanes = Lanes(methods, run=run, ends=True)
    lanes.coroutines.ready[1].table.initial[0, 0] = 1
    servant = lanes.servant("s")

    def server():
        yield from lanes.serve(servant, (lanes.coroutines,))

    def looker():
        is_over = yield from lanes.is_empty()
        yield from exchange(looked, 0, 0, 1)
        yield from wake(looked, 0, 0, 1)
        return is_over

    threads = [server, looker] + [lanes.watch] * taken
    return threads, lambda results: results[1] and "it is said to be over"


def inside(methods, workers=2):
    """A task waits for what another one ends: whoever runs it serves meanwhile, or another worker does."""
    future = Future("future")

    def run(servant, task):
        if task == 0:
            yield from lanes.wait_for(future, inner, servant)
        yield from lanes.note(task)
        if task == 1:
            yield from future.end()

    lanes = Lanes(methods, (future,), run=run)
    inner = lanes.servant("inner")

    def adder():
        for task in range(2):
            yield from lanes.add(task)

    def quiescent(results, memory):
        return not lanes.at_rest(memory, 1, 1)

    return [adder, *(lanes.worker(f"w{at}", 2) for at in range(workers))], None, quiescent


def woken(methods, ends=False):
    """A task waits, and a thread wakes it while servants come and go."""

    def run(servant, task):
        if (yield from add(lanes.ran, 0, task, 1)) == 0:
            yield from lanes.park(task)
            yield from wake(lanes.asleep.table, 0, 0, 1)
        else:
            yield from lanes.asleep.remove(task)

    lanes = Lanes(methods, run=run, ends=ends)

    def adder():
        yield from lanes.add(0)

    def waker():
        while not (yield from add(lanes.asleep.table, 0, 0, 0)):
            yield from wait(lanes.asleep.table, 0, 0, 0, -1)
        yield from lanes.wake(0)

    return lanes, adder, waker


def woken_once(methods, workers=1):
    lanes, adder, waker = woken(methods)

    def quiescent(results, memory):
        return not lanes.at_rest(memory, 2)

    return [adder, waker, *(lanes.worker(f"w{at}") for at in range(workers))], None, quiescent


def rung(methods, workers=1):
    """Jitted code wakes a task while a thread serves: that one runs it, or who is called for it."""
    lanes = Lanes(methods, rings=True)
    lanes.table.initial[lanes.cell("may_be_rung")[1:3]] = 1  # as some other call has left it
    servant = lanes.servant("s")

    def server():
        yield from lanes.serve(servant, (lanes.coroutines,))

    def ringer():
        yield from lanes.ring(0)

    def quiescent(results, memory):
        return not lanes.at_rest(memory, 1)

    return [server, ringer, *(lanes.worker(f"w{at}") for at in range(workers))], None, quiescent


def shut_down_while_it_waits(methods):
    """The pool is shut down when a task was accepted that is to run twice; the last to leave ends it."""
    lanes, adder, waker = woken(methods, ends=True)

    def closer():
        yield from adder()
        yield from lanes.pool.shut_down()

    return [closer, waker, lanes.worker("w")], lambda results, memory: lanes.at_rest(memory, 2)


def shut_down(methods, calls=True):
    """A task is added while the pool is shut down: it is refused, or it runs, and the pool ends."""
    lanes = Lanes(methods, ends=True)

    def adder():
        return (yield from lanes.submit(0))

    def closer():
        yield from lanes.pool.shut_down()

    def check(results, memory):
        return lanes.at_rest(memory, results[0])

    return [adder, closer, lanes.worker("w")], check


def refused(methods, adders=2):
    """No thread can be started: each task is refused, or cancelled, if its adder has been told otherwise."""
    lanes = Lanes(methods, starts_fail=True)

    def adder(task):
        def run():
            return (yield from lanes.add(task))

        return run

    def check(results, memory):
        told = [memory.latest(lanes.forsaken, 0, task) for task in range(adders)]
        return told != [1] * adders and f"cancelled: {told}"

    return [adder(at) for at in range(adders)], check


def last_to_leave(methods):
    """A task shuts the pool down and ends what a thread waits for: whoever has run it ends the pool."""
    future = Future("future")

    def run(servant, task):
        yield from lanes.note(task)
        yield from lanes.pool.shut_down()
        yield from future.end()

    lanes = Lanes(methods, (future,), run=run, ends=True)
    servant = lanes.servant("s")

    def server():
        yield from lanes.add(0)
        yield from lanes.wait_for(future, servant)

    return [server, lanes.worker("w")], lambda results, memory: lanes.at_rest(memory, 1)


def called_too_late(methods):
    """A thread is called to serve when what it waits for is over: it passes the call on."""
    future = Future("future")
    lanes = Lanes(methods, (future,))
    servant = lanes.servant("s")

    def server():
        yield from lanes.wait_for(future, servant)

    def adder():
        yield from lanes.add(0)

    def quiescent(results, memory):
        return not lanes.at_rest(memory, 1)

    return [server, adder, future.end, lanes.worker("w")], None, quiescent
