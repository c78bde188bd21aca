"""Lanes and who serves them, under the model: the methods of `zuki.lane` on the model's cells.

A task is a number below 8; a deque of tasks, a list of parkings and a set of lanes are words with a bit for
each. Which task of several comes first does not matter here: `test_priorities` looks at that.
"""

from zuki.errors import ZukiError
from zuki.lane.future import DONE, FINISHED, PENDING
from zuki.lane.lanes import NORMAL

from .interpreted import edits, get, goes_on, interpret, put
from .mount import Table, atomic
from .mount import _operation as operation

add, cas, exchange, or_, and_ = (
    atomic(f"{name}_acq_rel") for name in ("add", "cas", "exchange", "or", "and")
)
wait, wake = operation("wait", None), operation("wake", None)

_METHODS = {
    "lane/lanes.py": (
        "Lane.has_work", "Lane.next_queue", "Lane.enter", "Lane.pass_on", "Lane.call", "Lane.take_all", "Lane.is_left_alone",
        "Lanes.wake",
        "Lanes.take_back", "Lanes.refuse", "Lanes.is_empty",
    ),
    "lane/serving.py": ("Servant.enter", "Servant.let_go", "Servant.leave", "_serve"),
    "lane/parking.py": ("attend", "_take_out"),
    "lane/coroutines.py": ("queue_on",),
    "runtime/home.py": ("PoolHome.wait_for",),
    "runtime/pool.py": ("Pool.end_if_empty", "Pool._is_without_python"),
    "runtime/multi_threaded.py": (
        "MultiThreadedExecutor._submit_call", "MultiThreadedExecutor._take_back",
    ),
}  # fmt: skip

_FITTING = (  # what threads do not share, or the model has in another way
    ("Lane.enter", "with self._lanes.lock:", "if True:"),  # `Servant.enter` holds it already
    ("attend", "here.servant", "future.outer"),
    ("attend", "Parking()", "future.parking"),
    ("PoolHome.wait_for", "worker.row_of_this_thread(self._pool) is not None", "False"),
    ("PoolHome.wait_for", "serves or here.servant is not None", "True"),
    ("Lanes.take_back", "task._forsake()", "self.forsake(task)"),
    ("Lanes.refuse", "other._forsake()", "self.forsake(other)"),
    ("queue_on", "new_task(lanes, coroutine, level)", "coroutine"),
    ("queue_on", "task._context = copy_context()", "pass"),
)


def mount_lanes(edit=lambda source, name: source):
    """Return the methods, by their names, of the sources as they stand or are edited."""
    fit, found = edits(*_FITTING), {}
    replaced = {
        "FINISHED": FINISHED, "_DONE": DONE, "Patience": _Patience, "note_beginning": _nothing,
        "serve": _serve_of, "attend": lambda *arguments: found["attend"](*arguments), "CoroutineType": int,
        "Call": lambda lanes, function, args, kwargs: function, "ZukiError": ZukiError, "NORMAL": NORMAL,
        "_take_out": lambda *arguments: found["_take_out"](*arguments),
    }  # fmt: skip
    for file, names in _METHODS.items():
        methods = interpret(
            file, *names, edit=lambda source, name: edit(fit(source, name), name), **replaced
        )
        for name in names:
            found[name] = methods[name.rpartition(".")[2]]
    return Methods(found)


def _nothing():
    """Do nothing that another thread sees."""


class Methods:
    """What `mount_lanes` has found."""

    def __init__(self, found):
        self.found = found

    def frozen(self):
        return "methods"


class _Patience:
    """That of a thread which never looks for a deadlock."""

    def frozen(self):
        return "patience"

    def left(self):
        return -1.0

    def is_in_vain(self):
        return False


def _serve_of(wanted, future, deadline):
    """Serve as the thread that waits for a future."""
    return wanted[0]._lanes.serve(future.servant, wanted, future)


# ---- things with cells --------------------------------------------------------------------------------


class Thing:
    """Something whose attributes threads share; a subclass says which."""

    shared = ()

    def __init__(self, name, ignored=()):
        ignored = [self.shared.index(one) for one in ignored]
        self.name, self.table = name, Table(name, 1, max(len(self.shared), 1), ignored=ignored)

    def frozen(self):
        return "thing", self.name

    def cell(self, name):
        if name not in self.shared:
            return None
        return self.table, 0, self.shared.index(name), *self.meaning(name)

    def meaning(self, name):
        """How a word is read and written."""
        return int, int

    def last(self, memory, name):
        """The latest value of an attribute."""
        table, row, field, to_value, _ = self.cell(name)
        return to_value(memory.latest(table, row, field))


class Lock:
    """A lock, on which a thread sleeps that finds it held."""

    def __init__(self, name):
        self.table = Table(name, 1, 1)

    def frozen(self):
        return "lock", self.table.name

    def take(self):
        while not (yield from cas(self.table, 0, 0, 0, 1)):
            yield from wait(self.table, 0, 0, 1, -1)

    def give(self):
        yield from exchange(self.table, 0, 0, 0)
        yield from wake(self.table, 0, 0, 1)


class Bits:
    """A deque, list or set of things, each of which is in it once at most."""

    def __init__(self, name, things=range(8)):
        self.table, self.things = Table(name, 1, 1), tuple(things)

    def frozen(self):
        return "bits", self.table.name

    def truth(self):
        return (yield from add(self.table, 0, 0, 0)) != 0

    def append(self, thing):
        before = yield from or_(self.table, 0, 0, self._bit(thing))
        if before & self._bit(thing):
            raise AssertionError(f"{thing} is in {self.table.name} twice")

    def remove(self, thing):
        if not (yield from and_(self.table, 0, 0, ~self._bit(thing))) & self._bit(thing):
            raise ValueError

    def popleft(self):
        while True:
            held = yield from add(self.table, 0, 0, 0)
            if not held:
                raise IndexError
            if (yield from cas(self.table, 0, 0, held, held & held - 1)):
                return self.things[(held & -held).bit_length() - 1]

    pop = popleft

    def take(self):
        """Take all out."""
        held = yield from exchange(self.table, 0, 0, 0)
        return tuple(thing for at, thing in enumerate(self.things) if held >> at & 1)

    def _bit(self, thing):
        return 1 << self.things.index(thing)


class Nothing:
    """A deque that is always empty: no step is spent on it."""

    def frozen(self):
        return "nothing"

    def __bool__(self):
        return False

    def popleft(self):
        raise IndexError


class Parking:
    """Where one thread sleeps: `zuki.lane.parking.Parking`."""

    def __init__(self, name):
        self.table = Table(f"parking of {name}", 1, 1)

    def frozen(self):
        return "parking", self.table.name

    def wake(self):
        yield from exchange(self.table, 0, 0, 1)
        yield from wake(self.table, 0, 0, 1)

    def sleep(self, seconds):
        while not (yield from cas(self.table, 0, 0, 1, 0)):
            yield from wait(self.table, 0, 0, 0, -1)


class Future(Thing):
    """A future for which one thread waits at most."""

    shared = ("_state",)
    outer = None

    def __init__(self, name):
        super().__init__(name)
        self.parking, self.servant = Parking(name), None

    def meaning(self, name):
        return lambda word: FINISHED if word else PENDING, lambda state: int(state == FINISHED)

    def done(self):
        return (yield from get(self, "_state")) in DONE

    def end(self):
        yield from put(self, "_state", FINISHED)
        yield from self.parking.wake()

    def _add_waker(self, waker):
        """Do nothing: whoever ends this wakes the one that may wait, and that one first looks."""

    def _drop_waker(self, waker):
        """Do nothing."""


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
    """A pool, its executor and its home for lanes: which of them is asked does not matter here."""

    shared = ("is_closed", "is_ended")
    desk = active = _broken = None

    def __init__(self, lanes):
        super().__init__("pool")
        self.lanes, self.lock = lanes, Lock("lock of the pool")
        self._pool = self._home = self._nothing_active = self

    def meaning(self, name):
        return bool, int

    def call_servant(self):
        return self.lanes.call_servant()

    def shut_down(self):
        """Do as `zuki.runtime.pool.Pool.shut_down`, and do not wait."""
        yield from self.lock.take()
        yield from put(self, "is_closed", True)
        yield from self.lock.give()
        yield from self.end_if_empty()

    def end_if_empty(self):
        return self.lanes.call_method("Pool.end_if_empty", self)

    def _is_without_python(self):
        return self.lanes.call_method("Pool._is_without_python", self)

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

    def __init__(self, methods, futures=(), workers=1, limit=1, run=None, starts_fail=False, ends=False, alone=False):
        super().__init__("lanes", ("attending",) if ends else ("attending", "entries"))
        self.methods, self.workers = methods, workers
        self.parkings = tuple(future.parking for future in futures)
        self.lock = Lock("lock of the lanes")
        self.coroutines, self.calls = Lane(self, "coroutines", limit), Lane(self, "calls", limit)
        self.outbox, self.asleep = Bits("outbox"), Bits("rows")
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
        """Hand over what is in the outbox: see `test_exchange`."""
        yield from put(self, "may_be_rung", False)
        for task in (yield from self.outbox.take()):
            yield from self.coroutines.ready[1].append(task)

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
