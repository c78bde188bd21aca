"""Faults that others have published, put back: the kernels as they stand pass, each faulty variant is found.

The first part are the seven known faults of zap (King Protty, 2022), from which the pool's protocol comes;
the second those of the literature on work-stealing deques and on sleep. A fault is an edit of a kernel;
where the kernels have no such place, a small wrong variant is written out here.
"""

import pytest

from zuki_kernels import event as events
from zuki_kernels import runs, search
from zuki_kernels.event import EMPTY, NOTIFIED, SHUTDOWN, WAITING
from zuki_kernels.queue import STACK
from zuki_kernels.runs import NONE

from . import test_deque, test_notifier
from .mount import Table, atomic, mount_all
from .mount import _operation as operation
from .mutants import assert_killed
from .scenario import Scenario, named
from .test_queue import Queue
from .trace import BrokenRunError
from .worlds import World, store_plain

load, cas = atomic("load_relaxed"), atomic("cas_acq_rel")
exchange, wait, wake = atomic("exchange_acq_rel"), operation("wait", None), operation("wake", None)


def freed_at_once(kernels):
    """Whoever waits for the end frees what it waited on: plain writes, that no late access may meet."""
    world = World(1)

    def worker():
        yield from world.run_body(0)
        yield from kernels.release.settle(world.workers, world.runs, 0, 1)

    def caller():
        while not (yield from kernels.starting.wait_until_over(world.runs, 0, NONE)):
            pass
        for field in (runs.WAITER, runs.CALLBACK, runs.REMAINING, runs.DONE):
            yield from store_plain(world.runs, 0, field, 7)

    return [worker, caller], None


class OneEvent:
    """Zap's event, on which all workers sleep; whoever comes awake and takes a token forgets those asleep."""

    def __init__(self, careful):
        self.careful, self.cells = careful, Table("event", 1, 1)

    def frozen(self):
        return "event", self.careful

    def sleep(self, _me):
        left = EMPTY
        while (state := (yield from load(self.cells, 0, 0))) != SHUTDOWN:
            if state == NOTIFIED:
                if (yield from cas(self.cells, 0, 0, NOTIFIED, left)):
                    return
            elif state == WAITING or (yield from cas(self.cells, 0, 0, state, WAITING)):
                yield from wait(self.cells, 0, 0, WAITING, -1)
                left = WAITING

    def post(self):
        if (yield from exchange(self.cells, 0, 0, NOTIFIED)) == WAITING:
            yield from wake(self.cells, 0, 0, 1)

    def shut_down(self):
        if (yield from exchange(self.cells, 0, 0, SHUTDOWN)) == WAITING or self.careful:
            yield from wake(self.cells, 0, 0, 9)


class OwnEvents:
    """An event for each worker, as the kernels have it."""

    def __init__(self, kernels, workers):
        self.event, self.rows = kernels.event, Table("workers", workers, 32)

    def frozen(self):
        return "events"

    def sleep(self, me):
        before = yield from self.event.arm(self.rows, me)
        while before in (EMPTY, WAITING):
            yield from wait(self.rows, me, events.EVENT, WAITING, -1)
            before = yield from self.event.arm(self.rows, me)

    def post(self):
        for worker in range(self.rows.shape[0]):
            if (yield from self.event.claim(self.rows, worker)):
                yield from wake(self.rows, worker, events.EVENT, 1)
                return

    def shut_down(self):
        for worker in range(self.rows.shape[0]):
            if (yield from self.event.shut_down(self.rows, worker)):
                yield from wake(self.rows, worker, events.EVENT, 1)


def all_are_told(event, workers=3):
    """A token is left for somebody, then the end for everybody."""

    def poster():
        yield from event.post()
        yield from event.shut_down()

    def sleeper(me):
        def run():
            yield from event.sleep(me)

        return run

    one = sleeper(0)
    sleepers = [one] * workers if isinstance(event, OneEvent) else [sleeper(me) for me in range(workers)]
    return [poster, *sleepers], None


def tree_of_forks(kernels, depth=3):
    """Each task forks into two and takes the newest: no more tasks at once than the tree is deep."""
    world = World(1 << depth + 1, ring=4)

    def worker():
        ran, level = 0, (1,)
        while level:
            task, *_ = level
            ran += 1
            if task < 1 << depth:
                for child in (2 * task, 2 * task + 1):
                    yield from kernels.search.add(
                        world.deques, world.rings, world.queues, world.workers, world.runs, 0, 0, child
                    )
            task = yield from kernels.search.pop(world.pool, world.deques, world.rings, 0)
            level = (task,) if task >= 0 else ()
        return ran

    def check(results, memory):
        overflowed = memory.latest(world.queues, search.FIRST_OWN, STACK)
        return (overflowed or results[0] != (1 << depth + 1) - 1) and "more tasks at once than levels"

    return [worker], check


def released_into_a_list(kernels):
    """Two predecessors end at once; the one that released the node pushes it, and somebody consumes."""
    world = Queue(kernels, 1)
    graph = World(3, [(0, 2), (1, 2)])

    def predecessor():
        if (yield from kernels.dependencies.arrive(graph.nodes, 2, 0, False)):
            yield from world.push(1)

    def consumer():
        return (yield from world.take(3))

    def check(results, memory):
        taken = results[2] if type(results[2]) is tuple else ()
        left = memory.latest(world.queues, 0, STACK)
        return len(taken) + (left != 0) != 1 and "the task is not in the list once"

    return [predecessor, predecessor, consumer], check


SCENARIOS = {
    "1: what a caller waited on is freed": Scenario(freed_at_once),
    "2: all sleepers are told": Scenario(lambda kernels: all_are_told(OwnEvents(kernels, 3))),
    "2: on one event, woken in any case": Scenario(lambda kernels: all_are_told(OneEvent(careful=True))),
    "6: forks of forks in bounded memory": Scenario(tree_of_forks),
    "7: a released node is in one list": Scenario(released_into_a_list),
}
OF_THE_NOTIFIER, OF_THE_DEQUE = test_notifier.SCENARIOS, test_deque.SCENARIOS

FAULTS = {
    "1: the row is read after the end": (
        "release", ("settle", "if waiter >= 0", "if load_relaxed(runs, slot, WAITER) >= 0"),
        SCENARIOS["1: what a caller waited on is freed"],
    ),
    "3: a token overwrites the end": (
        "event", ("claim", "cas_release(workers, worker, EVENT, WAITING, NOTIFIED)",
                  "exchange_acq_rel(workers, worker, EVENT, NOTIFIED) == WAITING"),
        OF_THE_NOTIFIER["nothing follows the end"],
    ),
    "3: a notification overwrites the end": (
        "notifier", ("notify", "if sync_state.is_shut_down(sync): return QUIET", "pass"),
        OF_THE_NOTIFIER["nothing follows the end"],
    ),
    "3: who arms overwrites the end": (
        "event", ("_move", "if before == SHUTDOWN: return SHUTDOWN", "pass"),
        OF_THE_NOTIFIER["nothing follows the end"],
    ),
    "4: no fence before the look at NOTIFIED": (
        "notifier", ("notify", "fence_seq_cst()", "pass"), OF_THE_NOTIFIER["two tasks"],
    ),
    "5: nobody is started after a start that failed": (
        "sync_state", ("is_taken_care_of", "and spawned(sync) > 0", ""),
        OF_THE_NOTIFIER["a thread cannot be started"],
    ),
    "5: a start that failed takes the notification with it": (
        "sync_state", ("unsignaled", "if is_notified(after) and awake(after) == 0", "if False"),
        OF_THE_NOTIFIER["a thread cannot be started, others come and go"],
    ),
    "6: the oldest first": (
        "search", ("pop", "deque.pop(", "deque.steal("), SCENARIOS["6: forks of forks in bounded memory"],
    ),
    "7: each predecessor releases": (
        "dependencies", ("arrive", "!= 1:\n        return", "== 0:\n        return"),
        SCENARIOS["7: a released node is in one list"],
    ),
    "deque: no fence in pop": (
        "deque", ("pop", "fence_seq_cst()", "pass"), OF_THE_DEQUE["two pushes, two pops, two thieves"],
    ),
    "deque: an acq_rel fence in pop": (
        "deque", ("pop", "fence_seq_cst()", "fence_acq_rel()"),
        OF_THE_DEQUE["two pushes, two pops, two thieves"],
    ),
    "deque: an acq_rel fence in steal": (
        "deque", ("steal", "fence_seq_cst()", "fence_acq_rel()"),
        OF_THE_DEQUE["two pushes, two pops, two thieves"],
    ),
    "deque: a release store in place of push's fence": (
        "deque", ("push", "fence_release() store_relaxed(deques, owner, BOTTOM, bottom + 1)",
                  "store_release(deques, owner, BOTTOM, bottom + 1)"),
        OF_THE_DEQUE["two pushes, two pops, two thieves"],
    ),
    "deque: the look at TOP before the claim of BOTTOM": (
        "deque", ("pop", "store_relaxed(deques, owner, BOTTOM, bottom) fence_seq_cst()"
                  " top = load_relaxed(deques, owner, TOP)",
                  "top = load_relaxed(deques, owner, TOP); store_relaxed(deques, owner, BOTTOM, bottom)"),
        OF_THE_DEQUE["two pushes, two pops, two thieves"],
    ),
    "sleep: who takes a notification does not look again": (
        "notifier", ("wait_for_work",
                     "return DUTY if waking or sync_state.is_signaled(sync) else AWAKE", "idle = False"),
        OF_THE_NOTIFIER["two tasks"],
    ),
    "sleep: who has announced does not look again": (
        "notifier", ("wait_for_work", "if sync_state.may_take(", "if not idle and sync_state.may_take("),
        OF_THE_NOTIFIER["two tasks"],
    ),
    "sleep: who leaves does not look whether anybody is awake": (
        "notifier", ("depart", "leaves_work or nobody_looks", "leaves_work"),
        OF_THE_NOTIFIER["one worker may be awake"],
    ),
}  # fmt: skip


@named(SCENARIOS)
def test_the_kernels_have_no_such_fault(scenario):
    scenario.holds()


@pytest.mark.parametrize(("kernel", "mutant", "finder"), FAULTS.values(), ids=FAULTS)
def test_a_fault_that_is_put_back_is_found(kernel, mutant, finder):
    assert_killed(kernel, mutant, finder, entry=mount_all)


def test_an_event_that_forgets_sleepers_strands_one():
    """The second of zap's faults; our events have one sleeper each, so that nobody can be forgotten."""
    with pytest.raises(BrokenRunError, match="lost wake-up: run"):
        Scenario(lambda kernels: all_are_told(OneEvent(careful=False))).holds()
