"""The watcher under the model: a servant that is stuck is noticed, each time, and somebody always watches.

The kernels `beat`, `watch` and what goes with them, and `PoolHome._watch`, which turns to them.
"""

import pytest

from zuki_kernels.runs import NONE
from zuki_kernels.service import _LONGEST, BEAT_FIELDS, BEATS, SERVERS

from .cells import Lock, Thing, add, exchange, wait, wake
from .interpreted import edits, get, interpret, put
from .mount import Kernels, Table, mount_all
from .mutants import assert_broken, weaken
from .scenario import Scenario, finders, named

KERNEL_MUTANTS = [
    ("begin_serving", "load_relaxed(beats, me, LAST) + 1", "1"),
    ("begin_serving", "add_relaxed(pool, 0, SERVERS, 1) == 0", "False"),
    ("beat", "load_relaxed(beats, me, BEATS) + 1", "load_relaxed(beats, me, BEATS)"),
    ("end_serving", "store_relaxed(beats, me, LAST, load_relaxed(beats, me, BEATS))", "pass"),
    ("end_serving", "add_relaxed(pool, 0, SERVERS, -1)", "pass"),
    ("watch", "seen == load_relaxed(beats, worker, SEEN)", "False"),
    ("watch", "store_relaxed(beats, worker, SEEN, load_relaxed(beats, worker, BEATS))", "pass"),
]
PYTHON_MUTANTS = [
    ("PoolHome._watch",
     "watcher, self._watcher = self._watcher, None\n"
     "if self._pool.is_closed or service.servers(tables.pool) == 0:\nreturn",
     "watcher = self._watcher\n"
     "                if self._pool.is_closed or service.servers(tables.pool) == 0:\n"
     "                    self._watcher = None\n"
     "                    return"),
    ("PoolHome._watch", "servant.let_go()", "pass"),
]  # fmt: skip
MUTANTS = [*KERNEL_MUTANTS, *PYTHON_MUTANTS]


def mount_home(mutant=None):
    """Mount the kernels and the method, one of them changed."""
    is_kernel = mutant in KERNEL_MUTANTS
    kernels = mount_all(weaken("service", *mutant) if is_kernel else lambda source, name: source, ["service"])
    edit = edits(mutant) if mutant in PYTHON_MUTANTS else lambda source, name: source
    watch = interpret(
        "runtime/home.py",
        "PoolHome._watch",
        edit=edit,
        service=kernels.service,
        NONE=NONE,
        _STUCK=_LONGEST,
        unbind=int,
    )
    return Kernels({"service": kernels.service, "watch": watch["_watch"]})


class Home(Thing):
    """A home for lanes of one worker, which is a servant whose lanes are taken when it is stuck."""

    shared = ("_watcher",)
    is_closed = False

    def __init__(self, kernels, watcher):
        super().__init__("home")
        self.table.initial[0, 0] = watcher
        self.kernels, self.lanes, self.tables, self._pool, self._servants = kernels, self, self, self, self
        self.lock = Lock("lock")
        self.pool, self._beats = Table("pool", 1, SERVERS + 1), Table("beats", 1, BEAT_FIELDS)
        self.started, self.taken = Table("started", 1, 1), Table("taken", 1, 1)

    def meaning(self, name):
        return lambda word: word or None, lambda value: value or 0

    def get(self, row):
        """Return the servant of a row."""
        return self

    def let_go(self):
        yield from exchange(self.taken, 0, 0, 1)
        yield from wake(self.taken, 0, 0, 1)

    def serve(self, bursts):
        """Do as `PoolHome.serve`, and be stuck in each burst until others have the lanes."""
        service, beats = self.kernels.service, self._beats
        yield from service.begin_serving(self.pool, beats, 0)
        if (yield from get(self, "_watcher")) is None:
            yield from self.lock.take()
            if (yield from get(self, "_watcher")) is None:
                yield from put(self, "_watcher", 2)
                yield from add(self.started, 0, 0, 1)
                yield from wake(self.started, 0, 0, 1)
            yield from self.lock.give()
        for _ in range(bursts):
            yield from service.beat(beats, 0)
            while not (yield from exchange(self.taken, 0, 0, 0)):
                yield from wait(self.taken, 0, 0, 0, -1)
        yield from service.end_serving(self.pool, beats, 0)

    def watch(self):
        return (yield from self.kernels.watch(self))

    def start(self):
        """A watcher that is started when somebody asks for one."""
        yield from wait(self.started, 0, 0, 0, -1)
        return (yield from self.watch())


def watched(kernels, times=1, bursts=1):
    """A servant is stuck in each burst, and begins to serve while the watcher is about to end."""
    home = Home(kernels, 1)

    def server():
        for _ in range(times):
            yield from home.serve(bursts)

    def quiescent(results, memory):
        asked = memory.latest(home.started, 0, 0)  # of those that are to be started there is one
        return asked > 1 or (0 in results and asked == 0)

    def check(results, memory):
        return memory.latest(home._beats, 0, BEATS) or memory.latest(home.pool, 0, SERVERS)

    return [server, home.watch, home.start], check, quiescent


SCENARIOS = {
    "stuck once": Scenario(watched, entry=mount_home, random=300),
    "stuck in two bursts": Scenario(lambda kernels: watched(kernels, 1, 2), entry=mount_home, random=300),
    "serves twice": Scenario(lambda kernels: watched(kernels, 2), entry=mount_home, random=300),
}


@named(SCENARIOS)
def test_who_is_stuck_is_noticed(scenario):
    scenario.holds()


@pytest.mark.parametrize("mutant", MUTANTS)
def test_each_step_is_needed(mutant):
    assert_broken("watching", mutant, mount_home(mutant), finders(SCENARIOS))
