"""Lanes under the model: nobody sleeps while a task waits, each runs once, and holders are as many as may be."""

import pytest

from .scenario import Scenario, finders, named
from .servants import Future, Lanes, add, get, mount_lanes, put, wait, wake


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


def alone(methods, adders=1):
    """Nobody serves but who waits: a thread outside ends its wait by what it adds, or wakes, whenever it does."""
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
    """A thread that waits is the last that serves a pool which was shut down meanwhile: it ends it."""
    future = Future("future")

    def run(servant, task):
        yield from lanes.note(task)
        yield from wake(lanes.ran, 0, 0, 1)
        yield from future.end()

    lanes = Lanes(methods, (future,), run=run, ends=True)
    servant = lanes.servant("s")

    def server():
        yield from lanes.add(0)
        yield from lanes.wait_for(future, servant)

    def closer():
        yield from wait(lanes.ran, 0, 0, 0, -1)  # until the task has run
        yield from lanes.pool.shut_down()

    return [server, closer, lanes.worker("w")], lambda results, memory: lanes.at_rest(memory, 1)


SCENARIOS = {
    "a task": Scenario(added, entry=mount_lanes),
    "two tasks": Scenario(lambda methods: added(methods, 2), entry=mount_lanes, preemptions=1),
    "a call": Scenario(lambda methods: added(methods, calls=True), entry=mount_lanes),
    "handed over": Scenario(handed_over, entry=mount_lanes, preemptions=1),
    "served by nobody else": Scenario(alone, entry=mount_lanes),
    "served by who waits": Scenario(awaited, entry=mount_lanes),
    "who waits, and a worker": Scenario(lambda methods: awaited(methods, 1, 1), entry=mount_lanes, preemptions=1),
    "inside of a task": Scenario(inside, entry=mount_lanes, preemptions=1),
    "woken": Scenario(woken_once, entry=mount_lanes, preemptions=1),
    "shut down": Scenario(shut_down, entry=mount_lanes, preemptions=1),
    "shut down while it waits": Scenario(shut_down_while_it_waits, entry=mount_lanes, preemptions=1),
    "shut down, the last to leave": Scenario(last_to_leave, entry=mount_lanes, preemptions=1),
    "nobody can come": Scenario(refused, entry=mount_lanes),
}


@named(SCENARIOS)
def test_tasks_run_once(scenario):
    scenario.holds()
