"""What a graph is made of: the tables, also after more was added, and the longest way."""

import numpy as np
import pytest

from zuki.errors import GraphCycleError, GraphError
from zuki.graph import contents as module
from zuki.graph.contents import Contents
from zuki_kernels import freeze, runs


def ids(*numbers):
    return np.array(numbers, np.int64)


def add_nodes(contents, count):
    """Add nodes whose frames are their numbers, 64 bytes apart."""
    return contents.add_segment(contents.count + count, 64 * contents.count, 64, 0)


def successors(contents):
    """Return each node's successors, read from the tables."""
    first = [runs.first_edge_of(int(word)) for word in contents.nodes[:, runs.FIRST]]
    counts = [runs.successors_of(int(word)) for word in contents.nodes[:, runs.SHAPE]]
    return [
        contents.edges[start : start + count].tolist() for start, count in zip(first, counts, strict=True)
    ]


def sorted_edges(sources, targets):
    return sorted(zip(sources.tolist(), targets.tolist(), strict=True))


@pytest.fixture
def contents():
    made = Contents()
    made.entries.append(runs.NOTHING)
    return made


def check_tables(contents, sources, targets):
    """Compare the tables with the edges they were made of."""
    assert contents.is_frozen
    assert contents.edge_count == len(sources)
    assert sorted_edges(*contents.all_edges()) == sorted_edges(sources, targets)
    found = successors(contents)
    assert [sorted(each) for each in found] == [
        sorted(targets[sources == node].tolist()) for node in range(contents.count)
    ]
    predecessors = np.bincount(targets, minlength=contents.count)
    assert [
        runs.predecessors_of(int(word)) for word in contents.nodes[:, runs.SHAPE]
    ] == predecessors.tolist()
    roots = contents.margins[: contents.plan[0, runs.ROOT_COUNT], runs.ROOT]
    assert sorted(roots.tolist()) == np.flatnonzero(predecessors == 0).tolist()
    assert contents.nodes[:, runs.FRAME].tolist() == [64 * node for node in range(contents.count)]
    assert contents.count == 0 or contents.nodes.ctypes.data % 64 == 0
    assert contents.plan[0, runs.NODE_COUNT] == contents.count


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("forward", [True, False], ids=["forward", "any order"])
def test_tables_of_random_graphs(contents, seed, forward):
    generator = np.random.default_rng(seed)
    all_sources, all_targets = ids(), ids()
    names = generator.permutation(200) if not forward else np.arange(200)
    for stop in (1, 40, 40, 130, 200):  # frozen after each step, as by a run
        add_nodes(contents, stop - contents.count)
        there = np.flatnonzero(names < stop)
        ends = np.sort(generator.choice(there, size=(2, 2 * stop)), axis=0)
        sources, targets = names[ends[:, ends[0] < ends[1]]]
        contents.add_edges(sources[1:], targets[1:])
        contents.sources.extend(sources[:1].tolist())
        contents.targets.extend(targets[:1].tolist())
        all_sources, all_targets = np.append(all_sources, sources), np.append(all_targets, targets)
        assert sorted_edges(*contents.all_edges()) == sorted_edges(all_sources, all_targets)
        contents.freeze(str)
        check_tables(contents, all_sources, all_targets)
        assert contents.frame_and_body(stop - 1) == (64 * (stop - 1), 0)
    table = contents.nodes
    contents.freeze(str)
    assert contents.nodes is table  # nothing was added since


@pytest.mark.parametrize("seed", range(20))
def test_span(contents, seed):
    generator = np.random.default_rng(seed)
    add_nodes(contents, 60)
    names = generator.permutation(60)
    ends = np.sort(generator.integers(60, size=(2, 100)), axis=0)
    ends = ends[:, ends[0] < ends[1]]
    contents.add_edges(*names[ends])
    contents.freeze(str)
    durations = generator.random(60)
    ways = np.zeros(60)  # by place in the order, of all ways that end there
    for place in range(60):
        before = ends[0][ends[1] == place]
        ways[place] = durations[names[place]] + max(ways[before], default=0.0)
    assert contents.span(durations) == pytest.approx(ways.max())


def test_no_nodes_and_no_edges(contents):
    contents.freeze(str)
    check_tables(contents, ids(), ids())
    add_nodes(contents, 3)
    contents.freeze(str)
    check_tables(contents, ids(), ids())
    assert contents.span(np.array([1.0, 5.0, 2.0])) == 5


def test_the_same_edge_twice(contents):
    add_nodes(contents, 2)
    contents.add_edges(ids(0, 0), ids(1, 1))
    contents.freeze(str)
    check_tables(contents, ids(0, 0), ids(1, 1))


def test_a_cycle_leaves_the_tables_as_they_were(contents):
    add_nodes(contents, 4)
    contents.add_edges(ids(0, 1, 2), ids(1, 2, 3))
    contents.freeze(str)
    before = contents.nodes.copy()
    contents.add_edges(ids(3), ids(1))

    class Named:
        def __init__(self, number):
            self.name = f"n{number}"

    for _ in range(2):
        with pytest.raises(GraphCycleError, match=r"n\d -> n\d -> n\d -> n\d$"):
            contents.freeze(Named)
        assert (contents.nodes == before).all()
        assert successors(contents) == [[1], [2], [3], []]
        assert (contents.edge_count, contents.is_frozen) == (4, False)


def test_wrong_edges_are_not_taken(contents):
    add_nodes(contents, 2)
    with pytest.raises(GraphError, match="edge 1 leads from node 0 to node 2"):
        contents.add_edges(ids(0, 0), ids(1, 2))
    assert contents.edge_count == 0


def test_bodies_are_counted(contents):
    contents.add_segment(3, 0, 0, 0)
    contents.entries.append(runs.NOTHING)
    contents.freeze(str)
    contents.add_segment(5, 0, 0, 1)
    contents.add_segment(6, 0, 0, 0)
    assert dict(contents.count_bodies()) == {0: 4, 1: 2}
    contents.freeze(str)
    assert freeze.count_bodies(contents.nodes).tolist() == [4, 2]


def test_nodes_that_follow_one_another_in_memory_are_one_segment(contents):
    added = [(64, 32, 0), (96, 32, 0), (128, 32, 0), (160, 32, 1), (192, 32, 1)]
    added += [(0, 0, 0), (0, 0, 0), (0, 0, 1), (512, 16, 1), (512 + 32, 16, 1)]
    for frame, size, body in added:
        contents.add_node(frame, size, body)
    contents.add_segment(12, 544 + 16, 16, 1)
    contents.add_node(544 + 48, 16, 1)  # as if it went on from the segment
    assert len(contents.segments) == 5 * (2 + 2 + 2 + 1 + 1)
    expected = [(frame, body) for frame, _, body in added] + [(560, 1), (576, 1), (592, 1)]
    assert [contents.frame_and_body(node) for node in range(13)] == expected
    contents.entries.append(runs.NOTHING)
    contents.freeze(str)
    contents.add_node(608, 16, 1)  # after the tables were made
    assert [contents.frame_and_body(node) for node in range(14)] == [*expected, (608, 1)]
    contents.freeze(str)
    assert [freeze.frame_and_body(contents.nodes, node) for node in range(14)] == [*expected, (608, 1)]


@pytest.mark.parametrize("is_out", [False, True])
def test_too_many_edges_of_one_node(contents, monkeypatch, is_out):
    monkeypatch.setattr(module, "_MOST_EDGES", 3)
    add_nodes(contents, 6)
    sources, targets = ids(0, 1, 2, 3, 0), ids(4, 4, 4, 4, 5)
    contents.add_edges(*((5 - targets, 5 - sources) if is_out else (sources, targets)))
    with pytest.raises(GraphError, match="at most 3 edges"):
        contents.freeze(str)
