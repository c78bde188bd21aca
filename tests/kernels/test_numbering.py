"""Rows that go by lines: which graphs have them, and that the tables say the same in other rows."""

import random

import numpy as np
import pytest

from tests.kernels.runs_of import Plan
from zuki.graph.numbering import by_lines
from zuki_kernels import freeze
from zuki_kernels.runs import FIRST, FRAME, SHAPE, STATE, first_edge_of, heir_of, successors_of


def steps_of(width, steps, reach):
    """Edges of a graph that goes over `width` places: each waits for those that it reaches from itself."""
    return [
        (step * width + place + way, (step + 1) * width + place)
        for step in range(steps - 1)
        for place in range(width)
        for way in reach
        if 0 <= place + way < width
    ]


class Moved:
    """A graph whose rows go by lines, if they may."""

    def __init__(self, count, edges):
        self.plan = plan = Plan(count, edges)
        plan.nodes[:, FRAME] = 64 * np.arange(count)
        freeze.name_heirs(plan.nodes, plan.edges)
        found = by_lines(plan.nodes, plan.edges.view(np.uint32), plan.root_count)
        self.is_moved = found is not None
        if found is not None:
            numbering, self.nodes, _, self.edges = found
            self.rows = numbering.rows

    def successors(self, row):
        """Return the rows that edges lead to from a row, and the one that leads to the heir, or None."""
        first, shape = first_edge_of(int(self.nodes[row, FIRST])), int(self.nodes[row, SHAPE])
        found = self.edges[first : first + successors_of(shape)].tolist()
        return found, found[heir_of(shape)] if heir_of(shape) >= 0 else None


def test_lines_that_begin_side_by_side_share_a_piece():
    moved = Moved(10 * 20, steps_of(10, 20, (-1, 0, 1)))
    assert moved.is_moved
    step, place = np.divmod(np.arange(200), 10)
    width_before, width = place // 4 * 4, np.minimum(10 - place // 4 * 4, 4)
    assert moved.rows.tolist() == (20 * width_before + step * width + place - width_before).tolist()


@pytest.mark.parametrize("seed", range(10))
def test_the_tables_say_the_same_in_other_rows(seed):
    generator = random.Random(seed)
    width, steps = generator.randint(5, 30), generator.randint(8, 30)
    reach = sorted({0, *(generator.randint(-4, 4) for _ in range(3))})
    edges = steps_of(width, steps, reach)
    edges = [edge for edge in edges if edge[1] - edge[0] == width or generator.random() < 0.5]
    moved = Moved(width * steps, edges)
    plan, rows = moved.plan, moved.rows
    assert moved.is_moved
    assert sorted(rows.tolist()) == list(range(width * steps))
    assert (moved.nodes[rows][:, [STATE, FRAME, SHAPE]] == plan.nodes[:, [STATE, FRAME, SHAPE]]).all()
    for node in range(plan.count):
        found, heir = moved.successors(rows[node])
        expected = plan.successors(node)
        assert found == rows[expected].tolist()
        place = heir_of(int(plan.nodes[node, SHAPE]))
        assert heir == (rows[expected[place]] if place >= 0 else None)
    begins = [first_edge_of(int(word)) for word in moved.nodes[:, FIRST]]
    counts = [successors_of(int(word)) for word in moved.nodes[:, SHAPE]]
    assert begins == np.cumsum([0, *counts])[:-1].tolist()  # edges lie in the order of their rows


def tree(depth):
    return 2**depth - 1, [((child - 1) // 2, child) for child in range(1, 2**depth - 1)]


def wave(side):
    place = np.arange(side * side).reshape(side, side)
    pairs = [(place[:-1], place[1:]), (place[:, :-1], place[:, 1:])]
    return side * side, [
        edge
        for before, after in pairs
        for edge in zip(before.ravel().tolist(), after.ravel().tolist(), strict=True)
    ]


@pytest.mark.parametrize(
    ("count", "edges"),
    [
        (100, []),
        tree(8),
        wave(20),
        (4 * 50, steps_of(4, 50, (-1, 0, 1))),  # one piece
        (20 * 7, steps_of(20, 7, (0,))),  # short lines
        (10 * 20 + 20, [*steps_of(10, 20, (0,)), (3, 200), *((node, node + 1) for node in range(200, 219))]),
    ],
    ids=["no edges", "a tree", "a wave", "few places", "few steps", "a line that begins later"],
)
def test_other_graphs_stay_as_they_were_built(count, edges):
    assert not Moved(count, edges).is_moved
