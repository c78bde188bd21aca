"""Predecessors that finish at once: of each node one arrival is last, in run after run."""

import random

import numpy as np
import pytest

from tests.kernels.runs_of import Plan
from tests.kernels.threads_of import run_together
from zuki_kernels import dependencies
from zuki_kernels._jit import kernel
from zuki_kernels.atomics import load_relaxed
from zuki_kernels.runs import SHAPE, STATE


@kernel
def arrive_at_all(nodes, first, last_arrivals, me):
    """Arrive at every node from ``first`` on, condemning every third; note at which as the last.

    Each is the heir of the thread that its number names.
    """
    home = dependencies.home_of(me)
    for node in range(first, nodes.shape[0]):
        if node % 3 == 0:
            dependencies.condemn(nodes, node)
        verdict = dependencies.arrive(nodes, node, home, node % first == me)
        if verdict != dependencies.WAITS:
            last_arrivals[node] += 1 + (verdict == dependencies.ELSEWHERE) * (node % first == me)


@kernel
def finish_all(nodes, first, epoch):
    condemned = 0
    for node in range(first, nodes.shape[0]):
        condemned += dependencies.is_condemned(nodes, node)
        dependencies.finish(nodes, node, load_relaxed(nodes, node, SHAPE), epoch, 0)
    return condemned


@pytest.mark.parametrize("threads", [2, 4, 8])
def test_one_arrival_is_last(threads):
    count = 4000
    edges = [(source, target) for source in range(threads) for target in range(threads, count)]
    random.Random(threads).shuffle(edges)
    nodes = Plan(count, edges).nodes
    at_rest = nodes[:, STATE].copy()
    for epoch in (1, 2, 3):
        arrivals = np.zeros((threads, count), np.int64)
        run_together(
            *(
                lambda me=me, row=row: arrive_at_all(nodes, threads, row, me)
                for me, row in enumerate(arrivals)
            )
        )
        assert (arrivals.sum(axis=0)[threads:] == 1).all()
        assert finish_all(nodes, threads, epoch) == sum(node % 3 == 0 for node in range(threads, count))
        assert (nodes[threads:, STATE] == at_rest[threads:] + (epoch << 30)).all()
