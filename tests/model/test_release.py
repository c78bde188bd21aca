"""What follows from finished nodes, under the model: the end comes once, after every result."""

import pytest

from zuki_kernels import runs
from zuki_kernels.runs import DONE, NONE, REMAINING

from .explore import explore
from .mount import mount_all
from .mutants import assert_killed
from .scenario import Scenario, finders, named
from .worlds import MARKER, World

MUTANTS = [
    ("settle", "add_acq_rel", "add_relaxed"),
    ("settle", "add_acq_rel", "add_acquire"),
    ("settle", "add_acq_rel", "add_release"),
    ("settle", "store_release(runs, slot, DONE, 1)", "store_relaxed(runs, slot, DONE, 1)"),
    ("settle", "fence_seq_cst()", "pass"),
    ("settle", "wake(runs, slot, DONE, _EVERYBODY)", "pass"),
    ("settle", "event.post(workers, waiter)", "event.claim(workers, waiter)"),
]  # fmt: skip
BEYOND_THE_MODEL = {}


def end(kernels, callback=0, waiters=1):
    """Two workers each run a node; others wait for the end outside the pool, without and with a look."""
    world = World(2, workers=1, run={runs.CALLBACK: callback})
    release, starting = kernels.release, kernels.starting

    def worker(me):
        def run():
            yield from world.run_body(me)
            return (yield from release.settle(world.workers, world.runs, 0, 1))

        return run

    def waiter():
        is_over = False
        while not is_over:  # with a callback nobody is woken: who calls Python tells those that wait
            if callback:
                is_over = yield from starting.is_over(world.runs, 0)
            else:
                is_over = yield from starting.wait_until_over(world.runs, 0, NONE)
        return (yield from world.read_all())

    def check(results, memory):
        ended = sorted([results[0], results[1]])
        if ended != ([NONE, 0] if callback else [NONE, NONE]):
            return "not heard of once"
        if memory.latest(world.runs, 0, REMAINING) != 0 or memory.latest(world.runs, 0, DONE) != 1:
            return "no end"
        return any(results[at] != (1, 1) for at in range(2, 2 + waiters)) and "a result is missing"

    return [worker(0), worker(1)] + [waiter] * waiters, check


def helper(kernels):
    """A worker of the pool waits for the end, asleep as it waits for work."""
    world = World(1, workers=1, run={runs.WAITER: 0})
    release, notifier = kernels.release, kernels.notifier

    def worker():
        yield from world.run_body(0)
        yield from release.settle(world.workers, world.runs, 0, 1)

    def waiter():
        answer = yield from notifier.wait_for_work(
            world.pool, world.workers, world.runs, 0, False, 0, NONE, -1
        )
        return answer == notifier.OVER and (yield from world.read_all())

    return [worker, waiter], lambda results: results[1] != (1,) and "a result is missing"


def expected(kernels):
    """A worker asks to be woken at the end of a run that Python wants to hear of."""
    world = World(1, workers=1, run={runs.CALLBACK: 1})

    def worker():
        yield from world.run_body(0)
        yield from kernels.release.settle(world.workers, world.runs, 0, 1)

    def waiter():
        yield from kernels.starting.expect(world.runs, 0, 0)
        answer = yield from kernels.notifier.wait_for_work(
            world.pool, world.workers, world.runs, 0, False, 0, NONE, -1
        )
        return answer == kernels.notifier.OVER and (yield from world.read_all())

    return [worker, waiter], lambda results: results[1] != (1,) and "a result is missing"


SCENARIOS = {
    "a worker asks to be told": Scenario(expected),
    "a caller waits": Scenario(end),
    "two callers wait": Scenario(lambda kernels: end(kernels, waiters=2)),
    "Python wants to hear of it": Scenario(lambda kernels: end(kernels, callback=1)),
    "a worker waits": Scenario(helper),
}


@named(SCENARIOS)
def test_the_end_comes_once_and_after_all_results(scenario):
    scenario.holds()


@pytest.mark.parametrize("mutant", MUTANTS)
def test_each_ordering_is_needed(mutant):
    assert_killed("release", mutant, *finders(SCENARIOS), entry=mount_all)


@pytest.mark.parametrize("heirs", [False, True])
def test_the_last_of_two_finished_nodes_releases_their_successors(heirs):
    """Both have two successors: who arrives last keeps one and offers the other."""
    kernels = mount_all()
    shapes = 2 | heirs * 2 << runs.HEIR_SHIFT, 2  # node 3 is the heir of node 0
    world = World(4, [(0, 2), (0, 3), (1, 2), (1, 3)], workers=2)

    def worker(me):
        def run():
            yield from world.run_body(me)
            kept, added = yield from kernels.release.successors(
                world.deques, world.rings, world.queues, world.workers, world.runs,
                me, 0, world.nodes, world.words, 2 * me, shapes[me], True, False,
            )  # fmt: skip
            if kept >= 0:
                yield from world.run_body(kept)
            return kept, added

        return run

    def check(results, memory):
        kept = [node for node, _ in results.values() if node >= 0]
        offered = sum(added for _, added in results.values())
        if len(kept) + offered != 2 or len(set(kept)) != len(kept):
            return "a successor is lost, or runs twice"
        return not heirs and 3 not in kept and "the less urgent one is kept"

    explore([worker(0), worker(1)], check)


def test_roots_are_handed_out_in_shares():
    kernels, world = mount_all(), World(3, workers=2)

    def worker():
        yield from kernels.queue.push(world.queues, 0, world.runs, MARKER, MARKER)
        taken = ()
        while (yield from kernels.queue.acquire(world.queues, 0)) == MARKER:
            yield from kernels.queue.release(world.queues, 0, NONE)
            taken += ((yield from kernels.release.take_roots(world.pool, world.queues, world.runs, 0)),)
        return taken

    def check(results, memory):
        return results[0] != ((0, 1, True), (1, 2, True), (2, 3, False)) and "wrong"

    explore([worker], check)


def test_a_failure_is_told_by_the_first_node_that_failed():
    kernels, world = mount_all(), World(2, workers=1)

    def worker(node):
        def run():
            yield from kernels.release.mark_failed(world.runs, 0, world.nodes, node, 7)

        return run

    def check(results, memory):
        failures = memory.latest(world.runs, 0, runs.FAILURES)
        return (failures != 2 or memory.latest(world.runs, 0, runs.FIRST_FAILED) not in (0, 1)) and "wrong"

    explore([worker(0), worker(1)], check)
