"""Lanes under the model: nobody sleeps while a task waits, each runs once, and holders are as many as may be."""

import pytest

from .book import BOOK, Tried
from .interpreted import edits
from .scenario import Scenario, finders, named
from .mount import Table
from .servants import Future, Lanes, add, exchange, mount_lanes, wait, wake
from .trace import BrokenRunError

MUTANTS = [  # method, what stands there, what is put in its place
    ("queue_on", "lane.ready[level].append(task)\n    if not lane.is_awake and",
     "is_awake = lane.is_awake\n    lane.ready[level].append(task)\n    if not is_awake and"),
    ("Lanes.wake", "self.outbox.append(number)\n    if not self.coroutines.is_awake:\n        self.coroutines.call()",
     "if not self.coroutines.is_awake:\n        self.coroutines.call()\n    self.outbox.append(number)"),
    ("Lane.pass_on", "self.is_awake = False\n    if self.has_work():",
     "is_left = self.has_work()\n    self.is_awake = False\n    if is_left:"),
    ("Lane.pass_on", "self.is_awake = False", "pass"),
    ("Lane.has_work", "lanes.outbox or", ""),
    ("Lane.call", "self.is_awake = False", "pass"),
    ("Lane.call", "if not self.parked", "if True"),
    ("Lane.call", "with lanes.lock", "if True"),
    ("_take_out", "with lane._lanes.lock, suppress", "with suppress"),
    ("Lane.enter", "self.holders >= self.limit", "False"),
    ("Servant.enter", "with self._lanes.lock", "if True"),
    ("Servant.enter", "self._lanes.entries += 1", "pass"),
    ("Servant.enter",
     "self.held = [lane for lane in wanted if lane.enter()]\n        self._lanes.away -= self.is_lost\n"
     "        self.is_lost = False\n        self._lanes.entries += 1",
     "self._lanes.entries += 1\n        self.held = [lane for lane in wanted if lane.enter()]\n"
     "        self._lanes.away -= self.is_lost\n        self.is_lost = False"),
    ("Servant.enter", "self._lanes.away -= self.is_lost", "pass"),
    ("Servant.let_go", "with self._lanes.lock", "if True"),
    ("Servant.let_go", "if self.is_lost", "if False"),
    ("Servant.let_go", "self.is_lost = True", "pass"),
    ("Servant.let_go", "self._lanes.away += 1", "pass"),
    ("Servant.let_go", "lane.holders -= 1", "pass"),
    ("Servant.let_go", "lane.pass_on()", "pass"),
    ("Servant.leave", "with self._lanes.lock", "if True"),
    ("Servant.leave", "if self.is_lost", "if False"),
    ("Servant.leave", "self.is_lost = True", "pass"),
    ("Servant.leave", "lane.pass_on()", "pass"),
    ("attend", "any(lane.is_left_alone() for lane in lanes)", "False"),
    ("attend", "lane.parked.append(parking)", "pass"),
    ("attend", "lane.pass_on()", "pass"),
    ("Lanes.refuse", "if not lane.holders", "if False"),
    ("Lane.take_all", "with suppress(IndexError)", "if True"),
    ("Lanes.is_empty", "or self.entries != entries", ""),
    ("Lanes.is_empty", "or self.away", ""),
    ("Lanes.is_empty", "self.calls.holders or self.coroutines.holders or", ""),
    ("Lanes.is_empty", "or self.waiting()", ""),
    ("Pool.end_if_empty", "self.is_ended = True", "pass"),
    ("Servant.let_go",
     "self._lanes.away += 1\n        for lane in self.held:\n            lane.holders -= 1",
     "for lane in self.held:\n            lane.holders -= 1\n        self._lanes.away += 1"),
    ("PoolHome.wait_for", "self._pool.end_if_empty()", "pass"),
    ("MultiThreadedExecutor._submit_call", "if pool.is_ended or self._broken", "if False"),
]  # fmt: skip


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


def stuck(methods):
    """A task lasts until the next one has run: only if the watcher takes the lanes from its servant does that run."""

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
    """Two threads enter lanes of which one may hold each, and leave; a watcher may take them from the first."""
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


def small(make, **options):
    return Scenario(make, entry=mount_lanes, **options)


SCENARIOS = {
    "a task": small(added, mutants=None),
    "a call": small(lambda methods: added(methods, calls=True), mutants=None),
    "nobody can come": small(refused),
    "entered at once": small(entering, preemptions=2),
    "entered at once, and taken": small(lambda methods: entering(methods, True), preemptions=1),
    "looked for": small(looked_for),
    "looked for, and lost": small(lambda methods: looked_for(methods, True), preemptions=1),
    "two tasks": small(lambda methods: added(methods, 2), preemptions=1),
    "woken": small(woken_once, preemptions=1),
    "stuck": small(stuck, preemptions=0),
    "served by nobody else": small(alone),
    "served by who waits": small(awaited),
    "shut down": small(shut_down, preemptions=1),
    "shut down while it waits": small(shut_down_while_it_waits, preemptions=1),
    "shut down, the last to leave": small(last_to_leave, preemptions=1),
    "called too late": small(called_too_late, preemptions=0),
    "a task is handed over": small(lambda methods: handed_over(methods, tasks=1), preemptions=1),
    "inside of a task": small(inside, preemptions=0),
    "who waits, and a worker": small(lambda methods: awaited(methods, 1, 1), preemptions=1),
    "two tasks are handed over": small(handed_over, preemptions=1, slow=True, mutants=None),
    "inside of a task, preempted": small(inside, preemptions=1, slow=True, mutants=None),
}


@named(SCENARIOS)
def test_tasks_run_once(scenario):
    scenario.holds()


def killed(mutant):
    """Tell whether a scenario finds the mutant broken."""
    methods = mount_lanes(edits(mutant))
    for scenario in finders(SCENARIOS):
        try:
            scenario(methods)
        except BrokenRunError as broken:
            assert not broken.problem.startswith(("NameError", "AttributeError", "TypeError")), broken
            return True
    return False


@pytest.mark.parametrize("mutant", MUTANTS)
def test_each_step_is_needed(mutant):
    was_killed = killed(mutant)
    BOOK.tried.append(Tried("lanes", mutant, was_killed))
    assert was_killed, f"the mutant {mutant} survives"
