"""The counts under the model: the last predecessor releases a node, once, and its owner sees them all."""

import pytest

from zuki_kernels import runs
from zuki_kernels.dependencies import PASSED, epoch_of

from .explore import explore
from .mount import mount, mount_all
from .mutants import assert_killed
from .scenario import Scenario, finders, named
from .worlds import World, load_plain, plain, store_plain

MUTANTS = [
    ("arrive", "load_acquire", "load_relaxed"),
    ("arrive", "add_acq_rel", "add_relaxed"),
    ("arrive", "add_acq_rel", "add_acquire"),
    ("arrive", "add_acq_rel", "add_release"),
    ("arrive", "home if is_heir else 0", "home"),
    ("finish", "outcome | predecessors_of(shape)", "outcome"),
    ("condemn", "or_acq_rel(nodes, node, STATE, CONDEMNED)",
     "store_relaxed(nodes, node, STATE, load_relaxed(nodes, node, STATE) | CONDEMNED)"),
]  # fmt: skip
BEYOND_THE_MODEL = {}


def join(kernels, count, failing=0):
    """``count`` predecessors end at once, the first ``failing`` in failure; the last runs the node.

    The node is the heir of predecessor 0.
    """
    dependencies = kernels.dependencies
    world = World(count + 1, [(node, count) for node in range(count)])
    nodes, results = world.nodes, world.results

    def predecessor(me):
        def run():
            yield from store_plain(results, me, 0, 1)
            if me < failing:
                yield from dependencies.condemn(nodes, count)
            home = yield from dependencies.home_of(me)
            verdict = yield from dependencies.arrive(nodes, count, home, me == 0)
            if verdict == dependencies.WAITS:
                return None
            if verdict != (dependencies.READY if me == 0 else dependencies.ELSEWHERE):
                return "the wrong home"
            read = 0
            for node in range(count):
                read += yield from load_plain(results, node, 0)
            condemned = yield from dependencies.is_condemned(nodes, count)
            yield from store_plain(results, count, 0, 1)
            shape = plain(runs.shape)(0, count, 0)
            yield from dependencies.finish(nodes, count, shape, 5, dependencies.PASSED if condemned else 0)
            return read, condemned

        return run

    def check(results, memory):
        released = [answer for answer in results.values() if answer is not None]
        if released != [(count, failing > 0)]:
            return "not released once, with all results"
        state = memory.latest(nodes, count, runs.STATE)
        at_rest = plain(epoch_of)(state), state % PASSED
        return at_rest != (5, count) and f"left as {state:x}"

    return [predecessor(me) for me in range(count)], check


SCENARIOS = {
    "two predecessors": Scenario(lambda kernels: join(kernels, 2)),
    "two, one fails": Scenario(lambda kernels: join(kernels, 2, failing=1)),
    "two, both fail": Scenario(lambda kernels: join(kernels, 2, failing=2)),
    "three predecessors": Scenario(lambda kernels: join(kernels, 3)),
}


@named(SCENARIOS)
def test_a_node_is_released_once(scenario):
    scenario.holds()


@pytest.mark.parametrize("mutant", MUTANTS)
def test_each_ordering_is_needed(mutant):
    assert_killed("dependencies", mutant, *finders(SCENARIOS), entry=mount_all)


def test_one_worker_alone_counts_as_many_do():
    dependencies, world = mount("dependencies"), World(3, [(0, 2), (1, 2)])

    def worker():
        answers = ()
        for _ in range(2):
            answers += ((yield from dependencies.arrive_alone(world.nodes, 2)),)
        yield from dependencies.reset(world.nodes)
        return answers

    def check(results, memory):
        return (results[0], memory.latest(world.nodes, 2, runs.STATE)) != ((False, True), 2) and "wrong"

    explore([worker], check)
