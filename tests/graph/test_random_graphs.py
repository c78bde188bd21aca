"""Ten thousand random graphs in which every body checks that its predecessors have run."""

import numpy as np
import pytest

import zuki

GRAPHS = 10_000
MOST_NODES = 200
WORKERS = 4  # more than most machines of tests have processors for
BATCH = 250  # graphs for each test

# `done[i]` is the run in which node i was last executed; a graph's nodes are a range of one array for all
VIOLATIONS = 0
REPEATS = 1
EXECUTIONS = 2


@zuki.task(writes=())  # the graph's edges alone order the nodes
def check(node, first, predecessors, done, run, counts):
    for index in range(first[node], first[node + 1]):
        if done[predecessors[index]] != run[0]:
            counts[node, VIOLATIONS] += 1
    if done[node] == run[0]:
        counts[node, REPEATS] += 1
    done[node] = run[0]
    counts[node, EXECUTIONS] += 1


def random_edges(generator, nodes):
    """Edges from lower to higher places of a random order, now and then twice."""
    kind = generator.integers(4)
    if kind == 0 or nodes == 1:
        count = int(generator.integers(3 * nodes))
        ends = generator.integers(nodes, size=(2, count))
    elif kind == 1:  # layers, each node waits for some of the layer before
        width = int(generator.integers(1, nodes))
        targets = np.repeat(np.arange(min(width, nodes), nodes), 2)
        ends = np.array([np.maximum(targets - generator.integers(1, 2 * width, len(targets)), 0), targets])
    elif kind == 2:  # a tree, turned round or not
        targets = np.arange(1, nodes)
        ends = np.array([generator.integers(targets), targets])
        if generator.integers(2):
            ends = nodes - 1 - ends[::-1]
    else:  # fan out and in
        middle = np.arange(1, max(nodes - 1, 1))
        ends = np.concatenate(
            [[np.zeros_like(middle), middle], [middle, np.full_like(middle, nodes - 1)]], axis=1
        )
    ends = np.sort(ends[:, ends[0] != ends[1]], axis=0)
    return ends if generator.integers(2) else generator.permutation(nodes)[ends]


class Checked:
    """A random graph, and the arrays its bodies check and count in."""

    def __init__(self, generator):
        self.nodes = nodes = int(min(generator.geometric(1 / 40), MOST_NODES))
        sources, targets = random_edges(generator, nodes)
        first = np.zeros(nodes + 1, np.int64)
        np.cumsum(np.bincount(targets, minlength=nodes), out=first[1:])
        predecessors = sources[np.argsort(targets, kind="stable")].astype(np.int64)
        self.run, self.counts = np.zeros(1, np.int64), np.zeros((nodes, 3), np.int64)
        self.graph = zuki.Graph()
        self.graph.add_many(
            check,
            zuki.each(np.arange(nodes)),
            first,
            predecessors,
            np.zeros(nodes, np.int64),
            self.run,
            self.counts,
            priority=generator.integers(12, size=nodes) if generator.random() < 0.2 else None,
            cost=generator.random(nodes) if generator.random() < 0.2 else None,
        )
        self.graph.add_edges(sources, targets)

    def prepare(self):
        self.run += 1
        return self.graph

    def check(self):
        assert self.counts[:, VIOLATIONS].sum() == 0
        assert self.counts[:, REPEATS].sum() == 0
        assert np.all(self.counts[:, EXECUTIONS] == self.run[0])


@pytest.fixture(scope="module")
def executor():
    with zuki.Executor(max_threads=WORKERS) as made:
        yield made


@pytest.mark.parametrize("seed", range(GRAPHS // BATCH))
def test_every_body_runs_once_and_after_its_predecessors(executor, seed):
    generator = np.random.default_rng(seed)
    checked = [Checked(generator) for _ in range(BATCH)]
    for each in checked:  # one after the other, the calling thread helping
        each.prepare().run(executor)
        each.check()
    for each in checked[: BATCH // 5]:  # again
        each.prepare().run(executor)
        each.check()
    futures = [each.prepare().submit(executor) for each in checked]  # all at once
    for future, each in zip(futures, checked, strict=True):
        assert future.result(60).nodes == each.nodes
        each.check()


@pytest.mark.parametrize("workers", [1, 2, 3, 16])
def test_other_numbers_of_workers(workers):
    generator = np.random.default_rng(1000 + workers)
    checked = [Checked(generator) for _ in range(50)]
    with zuki.Executor(max_threads=workers) as executor:
        for _ in range(3):
            futures = [each.prepare().submit(executor) for each in checked[::2]]
            for each in checked[1::2]:
                each.prepare().run(executor)
            for future in futures:
                future.result(60)
            for each in checked:
                each.check()
