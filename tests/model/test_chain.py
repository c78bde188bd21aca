"""A node whose body spawns tasks and joins none: they have ended before what follows on the node."""

import pytest

from zuki_kernels import runs
from zuki_kernels.runs import MAY_SPAWN, NONE

from .families import mount_spawning, spawn
from .mount import Table, address_of
from .mutants import assert_killed
from .scenario import Scenario, finders, named
from .spawners import FAILURE, Spawners
from .worlds import load_plain

MUTANTS = [
    ("run_chain", "if entry & MAY_SPAWN != 0", "if False"),
    ("call_spawner", "if load_relaxed(hands, me, ARENA_TOP) != floor", "if False"),
    ("call_spawner", "NO_MORE_ABOVE if failure != 0 else ALL_ABOVE", "ALL_ABOVE"),
    ("call_spawner", "NO_MORE_ABOVE if failure != 0 else ALL_ABOVE", "NO_MORE_ABOVE"),
    ("call_spawner", "failure = failure if failure != 0 else left", "pass"),
    ("call_spawner", "failure = failure if failure != 0 else left", "failure = left"),
    ("call_spawner", "arena.unpin(floor)", "pass"),
]
BEYOND_THE_MODEL = {}


class Nodes(Spawners):
    """Two nodes, one after the other: the first spawns tasks, the second reads what they have done."""

    def __init__(self, kernels, tasks, fails, **options):
        self.program, self.fails = spawn(*range(tasks)), fails
        super().__init__(kernels, tasks, nodes=2, edges=[(0, 1)], **options)

    def entry_of(self, node, before):
        return address_of(self._spawn) + MAY_SPAWN if node == 0 else address_of(self._read)

    def _spawn(self, me_and_node):
        me, node = me_and_node
        yield from self.run_body(node)
        yield from self.follow(me, self.program)
        return FAILURE if self.fails else 0

    def _read(self, node):
        for number in range(self.ran.shape[1]):
            if (yield from load_plain(self.ran, 0, number)) != 1:
                raise AssertionError(f"task {number} has not run")
        return (yield from self.run_body(node))

    def chain(self):
        """Run the two nodes as a worker does; return how many have finished."""
        kernels = self.kernels
        _, _, done, *_ = yield from kernels.chain.run_chain(
            self.pool, self.workers, self.deques, self.rings, self.queues, self.runs, self.hands, self.nodes,
            self.words, self.bodies, Table("durations", 0, 1), self.owns, 0, 0, kernels.chain.UNKNOWN,
            1, 8, NONE, NONE, kernels.solo.SHARED, 0, 0, 0,
        )  # fmt: skip
        return done


def chain(tasks, *, times, failed=False, fails=False, thieves=1, **options):
    """A scenario: which tasks have run, each of them released, and whether the first node has failed."""

    def make(kernels):
        nodes = Nodes(kernels, tasks, fails, workers=thieves + 1, **options)

        def check(results, memory):
            if results[0] != 2 or memory.latest(nodes.runs, 0, runs.FAILURES) != failed:
                return "it has failed, or it has not"
            if nodes.times_run(memory) != [1, 0 if failed else 1]:
                return "the nodes have run at other times"
            found = tuple(memory.latest(nodes.ran, 0, number) for number in range(tasks))
            if found not in times:
                return f"the tasks have run {found} times"
            return nodes.wrong_in_hands(memory, range(tasks))

        return [nodes.chain, *(nodes.thief(me) for me in range(thieves))], check

    return Scenario(make, entry=mount_spawning, timeouts=False)


SCENARIOS = {
    "alone": chain(2, times={(1, 1)}, thieves=0, shares=False),
    "alone, a task fails": chain(1, times={(1,)}, failed=True, thieves=0, shares=False, failing=(0,)),
    "alone, the node fails": chain(1, times={(0,)}, failed=True, fails=True, thieves=0, shares=False),
    "a thief": chain(1, times={(1,)}),
    "a thief, a task fails": chain(1, times={(1,)}, failed=True, failing=(0,)),
    "a thief, the node fails": chain(1, times={(0,), (1,)}, failed=True, fails=True),
}


@named(SCENARIOS)
def test_a_node_ends_with_what_it_has_spawned(scenario):
    scenario.holds()


@pytest.mark.parametrize("mutant", MUTANTS)
def test_each_step_is_needed(mutant):
    assert_killed("chain", mutant, *finders(SCENARIOS), entry=mount_spawning)
