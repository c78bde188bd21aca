import random
from itertools import pairwise

import numpy as np
import pytest

from tests.kernels.runs_of import NO_FLOATS, NO_NODES, Plan
from zuki_kernels import freeze
from zuki_kernels.dependencies import FAILED, PASSED, finish
from zuki_kernels.runs import (
    BODY_SHIFT,
    FIRST,
    FRAME,
    LINK,
    MOST_HEIRS,
    ROOT,
    SHAPE,
    STATE,
    heir_of,
    level_of,
    predecessors_of,
    successors_of,
)


def random_edges(generator, count, edges):
    order = generator.sample(range(count), count)  # any order of numbers, no circle
    pairs = (sorted(generator.sample(range(count), 2)) for _ in range(edges))
    return [(order[first], order[second]) for first, second in pairs]


@pytest.mark.parametrize("ends", [np.int64, np.int32, np.uint8])
def test_edges_are_copied_and_narrowed(ends):
    sources, targets = np.array([0, 2], ends), np.array([1, 0], ends)
    taken = np.full((2, 2), 99, np.int32)
    assert freeze.take_edges(sources, targets, 3, taken[0], taken[1]) == -1
    assert taken.tolist() == [[0, 2], [1, 0]]


@pytest.mark.parametrize(
    ("sources", "targets", "wrong"), [([0, 3], [1, 1], 1), ([-1], [0], 0), ([0, 1], [0, -5], 1)]
)
def test_the_first_edge_that_names_no_node_is_told(sources, targets, wrong):
    room = np.empty((2, 2), np.int32)
    assert freeze.take_edges(np.array(sources), np.array(targets), 3, room[0], room[1]) == wrong


@pytest.mark.parametrize("seed", range(5))
def test_the_tables_say_what_the_edges_say(seed):
    generator = random.Random(seed)
    count = generator.randint(2, 30)
    edges = random_edges(generator, count, generator.randint(0, 60))
    levels = [generator.randrange(8) for _ in range(count)]
    plan = Plan(count, edges, levels)
    assert plan.is_forward == all(source < target for source, target in edges)
    for node in range(count):
        assert sorted(plan.successors(node)) == sorted(target for source, target in edges if source == node)
        shape = int(plan.nodes[node, 3])
        assert level_of(shape) == levels[node]
        assert predecessors_of(shape) == plan.nodes[node, STATE] == sum(target == node for _, target in edges)
        assert successors_of(shape) == sum(source == node for source, _ in edges)
    roots = [node for node in range(count) if all(target != node for _, target in edges)]
    assert plan.margins[: plan.root_count, ROOT].tolist() == roots
    assert freeze.successors_of_all(plan.nodes).tolist() == [
        len(plan.successors(node)) for node in range(count)
    ]


@pytest.mark.parametrize("seed", range(5))
def test_order_and_ranks(seed):
    generator = random.Random(seed)
    count = generator.randint(2, 30)
    edges = random_edges(generator, count, generator.randint(1, 60))
    costs = np.array([float(generator.randint(0, 5)) for _ in range(count)])
    plan, order = Plan(count, edges), np.empty(count, np.int32)
    assert freeze.sort_nodes(plan.nodes, plan.edges, order) == count
    place = {node: index for index, node in enumerate(order.tolist())}
    assert all(place[source] < place[target] for source, target in edges)
    for given in (costs, NO_FLOATS):
        ways = np.empty(count)
        longest = freeze.longest_ways(plan.nodes, plan.edges, order, given, ways)
        for node in range(count):
            own = given[node] if len(given) else 1.0
            assert ways[node] == own + max((ways[target] for target in plan.successors(node)), default=0.0)
        assert longest == max(ways)


@pytest.mark.parametrize("seed", range(20))
def test_a_longest_way(seed):
    generator = random.Random(seed)
    count = generator.randrange(1, 40)
    edges = sorted(tuple(sorted(generator.sample(range(count), 2))) for _ in range(60)) if count > 1 else []
    plan, ways, found = Plan(count, edges), np.empty(count), np.empty(count, np.int64)
    costs = np.array([generator.randrange(1, 9) * 1.0 for _ in range(count)])
    longest = freeze.longest_ways(plan.nodes, plan.edges, NO_NODES, costs, ways)
    way = found[: freeze.longest_way(plan.nodes, plan.edges, ways, found)].tolist()
    assert costs[way].sum() == longest
    assert all(target in plan.successors(source) for source, target in pairwise(way))
    assert not plan.successors(way[-1])


def test_without_an_order_nodes_go_by_number():
    plan, ways = Plan(3, [(0, 1), (1, 2), (0, 2)]), np.empty(3)
    assert freeze.longest_ways(plan.nodes, plan.edges, NO_NODES, NO_FLOATS, ways) == 3
    assert ways.tolist() == [3, 2, 1]


def test_nodes_on_circles_and_behind_them_are_not_sorted():
    plan, order = Plan(5, [(0, 1), (1, 2), (2, 1), (2, 3)]), np.empty(5, np.int32)
    assert freeze.sort_nodes(plan.nodes, plan.edges, order) == 2
    assert order[:2].tolist() == [0, 4]


@pytest.mark.parametrize("count", [1, 2, 23, 24, 25, 100, 1000])
def test_edges_lead_to_ever_more_urgent_nodes(count):
    generator = np.random.default_rng(count)
    levels = [0, *generator.integers(0, 3, count).tolist()]
    plan = Plan(count + 1, [(0, node) for node in range(1, count + 1)], levels)
    ways = generator.integers(0, 10, count + 1).astype(np.float64)
    assert freeze.successors_differ(plan.nodes, plan.edges, ways) == (len(set(ways[1:])) > 1)
    freeze.sort_edges(plan.nodes, plan.edges, ways)
    urgency = [(-levels[node], ways[node]) for node in plan.successors(0)]
    assert urgency == sorted(urgency)
    assert sorted(plan.successors(0)) == list(range(1, count + 1))


def heirs_of(plan):
    """Return the heir of each node, or None."""
    places = [heir_of(int(shape)) for shape in plan.nodes[:, SHAPE]]
    return [plan.successors(node)[place] if place >= 0 else None for node, place in enumerate(places)]


def test_each_column_of_a_stencil_is_a_line_of_heirs():
    width, steps = 5, 4
    edges = [
        (step * width + column, (step + 1) * width + other)
        for step in range(steps - 1)
        for column in range(width)
        for other in range(max(column - 1, 0), min(column + 2, width))
    ]
    plan = Plan(width * steps, edges)
    before = plan.nodes.copy()
    freeze.name_heirs(plan.nodes, plan.edges)
    assert heirs_of(plan) == [*range(width, width * steps), *[None] * width]
    for parts in (level_of, predecessors_of, successors_of):
        assert [*map(parts, plan.nodes[:, SHAPE])] == [*map(parts, before[:, SHAPE])]


@pytest.mark.parametrize("seed", range(10))
def test_a_node_is_the_heir_of_one_other_at_most_and_none_goes_without_need(seed):
    generator = random.Random(seed)
    plan = Plan(60, random_edges(generator, 60, 150), [generator.randrange(8) for _ in range(60)])
    freeze.name_heirs(plan.nodes, plan.edges)
    found = heirs_of(plan)
    named = [heir for heir in found if heir is not None]
    assert len(set(named)) == len(named)
    for node, heir in enumerate(found):
        assert heir is not None or set(plan.successors(node)) <= set(named)


def test_only_the_first_edges_are_looked_at_for_an_heir():
    sources = 20
    plan = Plan(2 * sources, [(node, sources + other) for node in range(sources) for other in range(sources)])
    freeze.name_heirs(plan.nodes, plan.edges)
    assert heirs_of(plan)[:sources] == [
        *range(sources, sources + MOST_HEIRS),
        *[None] * (sources - MOST_HEIRS),
    ]


def test_bodies_and_frames_of_segments():
    plan = Plan(6, [(0, 5), (1, 5)])
    freeze.place_bodies(np.array([[0, 2, 1000, 16, 7], [2, 6, 5000, 0, 3]], np.int64), plan.nodes)
    assert [tuple(freeze.frame_and_body(plan.nodes, node)) for node in (0, 1, 2, 5)] == [
        *((1000, 7), (1016, 7), (5000, 3), (5000, 3)),
    ]
    assert freeze.count_bodies(plan.nodes).tolist() == [0, 0, 0, 4, 0, 0, 0, 2]


def test_bodies_of_all():
    plan = Plan(6, [(0, 5), (1, 5)])
    freeze.place_bodies(np.array([[0, 2, 1000, 16, 7], [2, 6, 5000, 0, 3]], np.int64), plan.nodes)
    assert freeze.bodies_of_all(plan.nodes).tolist() == [7, 7, 3, 3, 3, 3]


def test_outcomes():
    plan = Plan(5)
    for node, (epoch, outcome) in enumerate([(3, 0), (3, FAILED), (3, PASSED), (2, 0), (2, FAILED)]):
        finish(plan.nodes, node, int(plan.nodes[node, SHAPE]), epoch, outcome)
    assert freeze.outcomes(plan.nodes, 3).tolist() == [0, FAILED, PASSED, PASSED, PASSED]


def test_forgetting_edges_keeps_bodies():
    plan = Plan(3, [(0, 1), (0, 2)])
    plan.nodes[:, FIRST] |= 5 << BODY_SHIFT
    plan.nodes[:, FRAME] = 77
    freeze.forget_edges(plan.nodes)
    assert plan.nodes[:, FIRST].tolist() == [5 << BODY_SHIFT] * 3
    assert (plan.nodes[:, FRAME] == 77).all()


def test_failures_are_given_away_once():
    plan = Plan(4)
    plan.nodes[[0, 1, 3], STATE] |= FAILED
    plan.margins[:, LINK] = [11, 0, 12, 13]  # 1 has none (a Python body), 2 did not fail
    assert freeze.failed(plan.nodes, plan.margins, 1).tolist() == [[0, 11]]
    assert freeze.failed(plan.nodes, plan.margins, 9).tolist() == [[3, 13]]
    assert freeze.failed(plan.nodes, plan.margins, 9).tolist() == []
    assert freeze.state_of(plan.nodes, 3) & FAILED
