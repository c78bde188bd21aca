"""Lanes and who serves them, under the model: the methods of `zuki` on the model's cells.

What a worker does between two calls is written here, as in `PoolHome.serve` and `Pool.serve`; how a call
comes to a worker `test_service` looks at, and what becomes of requests `test_exchange`.
"""

from zuki.errors import ZukiError
from zuki.lane.priority import NORMAL

from .cells import Bits, Lock, Nothing, Thing, add, and_, exchange, or_, wait, wake
from .interpreted import get, goes_on, put
from .mount import Table


class Servant(Thing):
    """What a thread does for lanes, once."""

    shared = ("is_lost", "held")

    def __init__(self, lanes, name, outer=None):
        super().__init__(f"servant {name}")
        self._lanes, self._outer = lanes, outer

    def meaning(self, name):
        if name == "is_lost":
            return bool, int
        both = self._lanes.coroutines, self._lanes.calls
        return (
            lambda word: tuple(lane for at, lane in enumerate(both) if word >> at & 1),
            lambda lanes: sum(1 << both.index(lane) for lane in lanes),
        )

    def enter(self, wanted):
        return self._lanes.call_method("Servant.enter", self, wanted)

    def let_go(self):
        return self._lanes.call_method("Servant.let_go", self)

    def leave(self):
        return self._lanes.call_method("Servant.leave", self)

    def run_steps(self, queue):
        """Run a burst of two tasks."""
        for _ in range(2):
            try:
                task = yield from queue.popleft()
            except IndexError:
                return
            yield from self._lanes.run(self, task)

    run_calls = run_steps


class Lane(Thing):
    """Tasks of one kind."""

    shared = ("holders", "is_awake")

    def __init__(self, lanes, name, limit):
        super().__init__(name)
        self._lanes, self.limit = lanes, limit
        self.ready = (Nothing(), Bits(f"ready {name}"), Nothing())
        self.parked = Bits(f"parked for {name}", lanes.parkings)

    def meaning(self, name):
        return (int, int) if name == "holders" else (bool, int)

    def has_work(self):
        return self._lanes.call_method("Lane.has_work", self)

    def next_queue(self):
        return self._lanes.call_method("Lane.next_queue", self)

    def enter(self):
        return self._lanes.call_method("Lane.enter", self)

    def pass_on(self):
        return self._lanes.call_method("Lane.pass_on", self)

    def call(self):
        return self._lanes.call_method("Lane.call", self)

    def is_left_alone(self):
        return self._lanes.call_method("Lane.is_left_alone", self)

    def take_all(self):
        return self._lanes.call_method("Lane.take_all", self)


CALLED, ENDED = 1, 2  # bits of what workers wait for


class Pool(Thing):
    """A pool, its end, its executor and its home for lanes: which of them is asked does not matter here."""

    shared = ("is_closed", "is_ended")
    desk = active = _broken = None

    def __init__(self, lanes):
        super().__init__("pool")
        self.lanes, self.lock = lanes, Lock("lock of the pool")
        self._pool = self.home = self.closing = self._nothing_active = self

    def meaning(self, name):
        return bool, int

    def call_servant(self):
        return self.lanes.call_servant()

    def shut_down(self):
        """Do as `zuki.runtime.closing.Closing.shut_down`, and do not wait."""
        yield from self.lock.take()
        yield from put(self, "is_closed", True)
        yield from self.lock.give()
        yield from self.end_if_empty()

    def end_if_empty(self):
        return self.lanes.call_method("Closing.end_if_empty", self)

    def _is_without_python(self):
        return self.lanes.call_method("Closing._is_without_python", self)

    def _closes_generators(self):
        return False

    def notify_all(self):
        """Do nothing: who waits here looks now and then."""

    def _end_threads(self):
        yield from or_(self.lanes.summons, 0, 0, ENDED)
        yield from wake(self.lanes.summons, 0, 0, 9)

    def _take_back(self, lanes, level, task):
        return self.lanes.call_method("MultiThreadedExecutor._take_back", self, lanes, level, task)

    def _refuse(self):
        raise ZukiError("shut down")


class Lanes(Thing):
    """The lanes of a pool whose workers come when they are called, if there are any.

    ``run(servant, task)`` is what tasks do, a generator function: default, they note that they have run.
    """

    shared = ("away", "may_be_rung", "entries", "attending")
    recorder = make_servant = prepare = None
    is_ending = only_callers_serve = False

    def __init__(
        self,
        methods,
        futures=(),
        workers=1,
        limit=1,
        run=None,
        starts_fail=False,
        ends=False,
        alone=False,
        rings=False,
    ):
        super().__init__("lanes", ("attending",) if ends else ("attending", "entries"))
        self.methods, self.workers = methods, workers
        self.parkings = tuple(future.parking for future in futures)
        self.lock = Lock("lock of the lanes")
        self.coroutines, self.calls = Lane(self, "coroutines", limit), Lane(self, "calls", limit)
        self.outbox, self.asleep = Bits("outbox"), Bits("rows")
        self.rings, self.rung = rings, Bits("rung") if rings else Nothing()
        self._exchanging = Lock("lock of the exchange")
        self.home = self.pool = Pool(self)
        self.starts_fail, self.only_callers_serve = starts_fail, alone
        self.summons, self.watched = Table("summons", 1, 1), Table("watched", 1, 1)
        self.ran, self.forsaken = Table("ran", 1, 8), Table("forsaken", 1, 8)
        if run is not None:
            self.run = run
        self.servants = ()

    def servant(self, name, outer=None):
        """Make one, of which an invariant is to know."""
        made = Servant(self, name, outer)
        self.servants += (made,)
        return made

    def call_method(self, name, *arguments):
        return self.methods.found[name](*arguments)

    def run(self, servant, task):
        return self.note(task)

    def note(self, task):
        """Note that a task has run."""
        if (yield from add(self.ran, 0, task, 1)):
            raise AssertionError("a task has run twice")

    def exchange(self):
        return self.call_method("Lanes.exchange", self)

    def hand_over(self):
        """Do what is in the outbox, and take those that were rung: see `test_exchange`."""
        ready = yield from self.outbox.take_all()
        if self.rings:
            ready += yield from self.rung.take_all()
        for task in ready:
            yield from self.coroutines.ready[1].append(task)

    def ring(self, task):
        """Wake a task from jitted code."""
        yield from self.rung.append(task)
        yield from self.call_servant()

    def wake(self, number):
        return self.call_method("Lanes.wake", self, number)

    # ---- who comes ---------------------------------------------------------------------------------

    def call_servant(self):
        """Let a worker come; see `test_service` for how. Return whether there is one."""
        if self.starts_fail:
            return False
        if self.only_callers_serve:
            return True
        yield from or_(self.summons, 0, 0, CALLED)
        yield from wake(self.summons, 0, 0, 1)
        return True

    def serve(self, servant, wanted, future=None):
        """Do as `zuki.lane.serving.serve`, with a servant that was not used before, or is used again."""
        yield from put(servant, "held", ())
        yield from put(servant, "is_lost", False)
        try:
            return (yield from self.call_method("_serve", servant, wanted, future, None, self.beat))
        finally:
            if goes_on():
                yield from servant.leave()

    def beat(self, servant):
        """Let the watcher know of a servant: the first that it may take lanes from."""
        if servant is self.servants[0]:
            yield from exchange(self.watched, 0, 0, 1)
            yield from wake(self.watched, 0, 0, 1)

    def watch(self):
        """Take the lanes from the first servant, as one that is stuck, if it has begun."""
        if (yield from add(self.watched, 0, 0, 0)):
            yield from self.servants[0].let_go()

    def worker(self, name, times=1):
        """A thread of the pool that comes when it is called; its first servants are used once each."""
        servants = tuple(self.servant(f"{name}{at}") for at in range(times))

        def work():
            at = 0
            while True:
                called = yield from add(self.summons, 0, 0, 0)
                if called & CALLED:
                    if (yield from and_(self.summons, 0, 0, ~CALLED)) & CALLED:
                        if self.rings:
                            yield from put(self, "may_be_rung", True)
                        yield from self.serve(servants[at], (self.coroutines, self.calls))
                        at = min(at + 1, times - 1)
                        if (yield from get(self.pool, "is_closed")):
                            yield from self.pool.end_if_empty()
                elif called & ENDED:
                    return "ended"
                else:
                    yield from wait(self.summons, 0, 0, called, -1)

        return work

    def wait_for(self, future, servant, outer=None):
        """A thread that waits for a future, and serves meanwhile."""
        future.servant, future.outer = servant, outer
        return self.call_method("PoolHome.wait_for", self.pool, future, None)

    # ---- coroutines --------------------------------------------------------------------------------

    def add(self, task):
        """Add a coroutine; return whether it was accepted. Any thread."""
        try:
            yield from self.call_method("queue_on", self, task, NORMAL, None)
        except ZukiError:
            return False
        return True

    def submit(self, task):
        """Add a call; return whether it was accepted. Any thread."""
        try:
            yield from self.call_method("MultiThreadedExecutor._submit_call", self.pool, task, (), {}, NORMAL)
        except ZukiError:
            return False
        return True

    def take_back(self, lane, level, task):
        return self.call_method("Lanes.take_back", self, lane, level, task)

    def refuse(self, lane, level, task):
        return self.call_method("Lanes.refuse", self, lane, level, task)

    def forsake(self, task):
        """Note that a task was cancelled."""
        yield from add(self.forsaken, 0, task, 1)

    def park(self, task):
        """Let a task have a row, as one that waits."""
        yield from self.asleep.append(task)

    def waiting(self):
        """Return what has a row."""
        return self.asleep

    def is_empty(self):
        return self.call_method("Lanes.is_empty", self)

    # ---- properties --------------------------------------------------------------------------------

    def holds(self, memory):
        """What is wrong, in any state in which nobody has the lock."""
        if memory.latest(self.lock.table, 0, 0):
            return None
        for lane in (self.coroutines, self.calls):
            served = sum(
                lane in one.last(memory, "held") and not one.last(memory, "is_lost") for one in self.servants
            )
            held = lane.last(memory, "holders")
            if not 0 <= held <= lane.limit:
                return f"{held} hold {lane.name}"
            if served > held:
                return f"{served} run {lane.name}, of which {held} are known"
        return None

    def at_rest(self, memory, *tasks):
        """What is wrong in the end, when each of the tasks was to run so many times."""
        for task, times in enumerate(tasks):
            ran = memory.latest(self.ran, 0, task)
            if ran != times:
                return f"task {task} has run {ran} times"
        counts = [lane.last(memory, "holders") for lane in (self.coroutines, self.calls)]
        counts += [self.last(memory, "away")]
        return any(counts) and f"somebody counts still: {counts}"
