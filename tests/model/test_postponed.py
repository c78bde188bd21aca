"""Python nodes that are postponed: somebody else runs them and says so, and a worker finishes them."""

import pytest

from zuki_kernels import reasons
from zuki_kernels.runs import node_of, task_of

from .mount import Table, atomic
from .mount import _operation as operation
from .mutants import assert_killed
from .pools import PoolOf, mount_pool
from .scenario import Scenario, finders, named
from .worlds import plain

STEPS = [
    ("turn", ("run_tasks", "finished >= 0 and outcome == POSTPONED", "False")),
    ("turn", ("run_tasks", "lane.leave(pool, workers, me)\ntask = lane.enter", "task = lane.enter")),
    (
        "turn",
        (
            "run_tasks",
            "task = lane.enter(pool, workers, queues, runs, me, until)\nif task >= 0:",
            "if False:",
        ),
    ),
    ("starting", ("answer", "return notify(pool, workers, NONE, False)", "return 0")),
]
DIAMOND = (0, 1), (0, 2), (1, 3), (2, 3)

wait, wake = operation("wait", None), operation("wake", None)
load, store = atomic("load_acquire"), atomic("store_release")


class Postponing(PoolOf):
    """A pool whose Python bodies are run by threads of their own, one for each."""

    def __init__(self, kernels, nodes, edges, python, workers):
        super().__init__(kernels, nodes, edges, python=python, workers=workers)
        self.asked, self.told = Table("asked", nodes, 1), Table("told", nodes, 1)

    def run_python(self, me, task):
        """Ask for the body, unless it has been run."""
        node = plain(node_of)(task)
        if (yield from load(self.told, node, 0)) != 0:
            return reasons.RETURNED
        yield from store(self.asked, node, 0, 1)
        yield from wake(self.asked, node, 0, 1)
        return reasons.POSTPONED

    def other(self, node):
        """A thread that runs a body when it is asked to."""

        def run():
            while (yield from load(self.asked, node, 0)) == 0:
                yield from wait(self.asked, node, 0, 0, -1)
            yield from self.run_body(node)
            yield from store(self.told, node, 0, 1)
            kernels, task = self.kernels, plain(task_of)(0, node)
            start = yield from kernels.starting.answer(self.pool, self.workers, self.queues, self.runs, task)
            if start == kernels.notifier.START:
                yield from self.start()

        return run


def submitted(kernels, nodes, edges, python, workers=2):
    """A thread outside submits; the worker that reaches the end ends the pool."""
    pool = Postponing(kernels, nodes, edges, python, workers)

    def submitter():
        yield from pool.begin(callback=1)

    threads = [pool.worker(me) for me in range(workers)] + [pool.other(node) for node in python]
    return [submitter, *threads], pool.each_ran()


def scenario(*told, mutants=None, **options):
    def make(kernels):
        return submitted(kernels, *told)

    return Scenario(make, entry=mount_pool, timeouts=False, mutants=mutants, **options)


SCENARIOS = {
    "one": scenario(1, (), (0,), 1, mutants=(), slow=True),
    "one before another": scenario(2, [(0, 1)], (0,), 1, preemptions=2, mutants=()),
    "two": scenario(2, (), (0, 1), random=24, depth=4, mutants=()),
    "two of a diamond": scenario(4, DIAMOND, (1, 2), random=24, depth=4),
    "a chain": scenario(3, [(0, 1), (1, 2)], (0, 1, 2), random=24, depth=4),
}


@named(SCENARIOS)
def test_each_node_runs_once(scenario):
    scenario.holds()


@pytest.mark.parametrize(("kernel", "mutant"), STEPS)
def test_each_step_is_needed(kernel, mutant):
    assert_killed(kernel, mutant, *finders(SCENARIOS), entry=mount_pool)
