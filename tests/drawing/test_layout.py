"""Where boxes and lines are."""

from itertools import combinations, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.drawing.graphs import acyclic, any_lines
from zuki.drawing.layout import lay_out

GAPS = 10.0, 30.0


def sizes_of(count):
    return [(20.0 + 7 * (box % 5), 15.0 + 6 * (box % 3)) for box in range(count)]


@settings(deadline=None, max_examples=50)
@given(any_lines(12), st.booleans())
def test_boxes_lie_apart_and_within(drawn, rightwards):
    count, lines = drawn
    sizes = sizes_of(count)
    layout = lay_out(sizes, lines, rightwards, GAPS)
    for (x, y), (width, height) in zip(layout.centres, sizes, strict=True):
        assert width / 2 - 1e-6 <= x <= layout.width - width / 2 + 1e-6
        assert height / 2 - 1e-6 <= y <= layout.height - height / 2 + 1e-6
    for one, other in combinations(range(count), 2):
        apart = [
            abs(layout.centres[one][axis] - layout.centres[other][axis])
            - (sizes[one][axis] + sizes[other][axis]) / 2
            for axis in (0, 1)
        ]
        assert max(apart) >= min(GAPS) - 1e-6


@settings(deadline=None, max_examples=50)
@given(any_lines(), st.booleans())
def test_every_line_leads_from_its_source_to_its_target(drawn, rightwards):
    count, lines = drawn
    sizes = sizes_of(count)
    layout = lay_out(sizes, lines, rightwards, GAPS)
    assert layout.routes.keys() == set(lines)
    along = 0 if rightwards else 1
    for line, route in layout.routes.items():
        for box, point in zip(line, (route[0], route[-1]), strict=True):
            assert abs(point[along] - layout.centres[box][along]) == pytest.approx(sizes[box][along] / 2)
            assert abs(point[1 - along] - layout.centres[box][1 - along]) <= sizes[box][1 - along] / 2
        steps = [to[along] - at[along] for at, to in pairwise(route)]
        assert all(step < 0 for step in steps) if line in layout.turned else all(step > 0 for step in steps)
        assert len(route) % 2 == 0


@settings(deadline=None, max_examples=50)
@given(acyclic())
def test_both_directions_are_one_layout(drawn):
    count, lines = drawn
    down = lay_out(sizes_of(count), lines, False, GAPS)
    right = lay_out([(height, width) for width, height in sizes_of(count)], lines, True, GAPS)
    assert (right.width, right.height) == (down.height, down.width)
    assert right.centres == [(y, x) for x, y in down.centres]


@settings(deadline=None, max_examples=50)
@given(acyclic())
def test_lines_pass_beside_boxes(drawn):
    count, lines = drawn
    sizes = sizes_of(count)
    layout = lay_out(sizes, lines, False, GAPS)
    for line, route in layout.routes.items():
        for x, y in route[1:-1]:
            for box in set(range(count)) - set(line):
                is_beside = abs(x - layout.centres[box][0]) > sizes[box][0] / 2
                assert is_beside or abs(y - layout.centres[box][1]) > sizes[box][1] / 2


def test_a_long_line_is_straight():
    lines = [(0, 1), (1, 2), (2, 3), (3, 4), (0, 4)]
    layout = lay_out([(20, 20)] * 5, lines, False, GAPS)
    between = {x for x, _ in layout.routes[0, 4][1:-1]}
    assert len(between) == 1
    assert len({x for x, _ in layout.centres[1:4]}) == 1  # so is what is between the ends


def test_there_and_back_are_two_lines():
    layout = lay_out([(20, 20)] * 2, [(0, 1), (1, 0)], False, GAPS)
    assert layout.turned == {(1, 0)}
    assert layout.routes[0, 1] != layout.routes[1, 0][::-1]


def test_nothing():
    layout = lay_out([], [], False, GAPS)
    assert (layout.width, layout.height, layout.centres, layout.routes) == (0, 0, [], {})
