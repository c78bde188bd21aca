"""When a node was ready, under the model: who runs it reads a moment that a predecessor has written."""

import pytest

from zuki_kernels import runs

from .mount import Table, address_of, mount_all
from .mutants import assert_killed
from .scenario import Scenario, finders, named
from .worlds import World

MUTANTS = [
    ("_make_ready", "store_relaxed(cells, target_of(edges, edge), 0, moment)", "pass"),
    ("_make_ready", "range(first, first", "range(first + 1, first"),
    ("_ready_since", "if waits else cells.shape[0] - 1", "if not waits else cells.shape[0] - 1"),
]
BEYOND_THE_MODEL = {}
BEGUN = 9  # when the run began


def join_and_steal(kernels):
    """Two predecessors end at once; who is the last offers the node, and a thief may take it."""
    measuring, deque, levels = kernels.measuring, kernels.deque, kernels.search.LEVELS
    cells = Table("cells", 4, 1, {(3, 0): BEGUN})
    run = {runs.READY_SINCE: address_of(cells)}
    world = World(3, [(0, 2), (1, 2)], workers=2, run=run)

    def since(node):
        seen = yield from measuring._cells_of(world.runs, 0)
        return (yield from measuring._ready_since(seen, world.nodes, node))

    def predecessor(me):
        def run():
            if (yield from since(me)) != BEGUN:
                raise AssertionError("a root is ready from the begin of the run on")
            seen = yield from measuring._cells_of(world.runs, 0)
            yield from measuring._make_ready(seen, world.runs, 0, me, 1 + me)
            if (
                yield from kernels.dependencies.arrive(world.nodes, 2, 0, False)
            ) == kernels.dependencies.WAITS:
                return None
            yield from deque.push(world.deques, world.rings, me * levels, 2)
            taken = yield from deque.pop(world.deques, world.rings, me * levels)
            return (yield from since(2)) if taken == 2 else None

        return run

    def thief():
        for me in range(2):
            if (yield from deque.steal(world.deques, world.rings, me * levels)) == 2:
                return (yield from since(2))
        return None

    def check(results, memory):
        moments = [moment for moment in results.values() if moment is not None]
        return (len(moments) != 1 or moments[0] not in (1, 2)) and f"ready since {moments}"

    return [predecessor(0), predecessor(1), thief], check


SCENARIOS = {"two predecessors and a thief": Scenario(join_and_steal)}


@named(SCENARIOS)
def test_a_node_that_begins_was_ready_when_a_predecessor_had_ended(scenario):
    scenario.holds()


@pytest.mark.parametrize("mutant", MUTANTS)
def test_each_line_is_needed(mutant):
    assert_killed("measuring", mutant, *finders(SCENARIOS), entry=mount_all)
