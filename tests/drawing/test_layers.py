"""Which layer each box belongs to."""

from hypothesis import given, settings

from tests.drawing.graphs import acyclic, any_lines, ways
from zuki.drawing.layers import layers_of, reachable, without_circles, without_implied


def length(layer, lines):
    return sum(layer[target] - layer[source] for source, target in lines)


@settings(deadline=None, max_examples=50)
@given(any_lines())
def test_what_is_reached(drawn):
    count, lines = drawn
    found = reachable(count, lines)
    assert {
        (one, other) for one in range(count) for other in range(count) if found[one] >> other & 1
    } == ways(count, lines)


@settings(deadline=None, max_examples=50)
@given(any_lines())
def test_no_circle_is_left(drawn):
    count, lines = drawn
    kept, turned = without_circles(count, lines)
    assert turned <= set(lines)
    assert set(kept) == set(lines) - turned | {(target, source) for source, target in turned}
    assert len(kept) == len(set(kept))
    assert not any((box, box) in ways(count, kept) for box in range(count))
    on_circles = {(one, other) for one, other in lines if (other, one) in ways(count, lines)}
    assert turned <= on_circles
    assert bool(turned) == bool(on_circles)


@settings(deadline=None, max_examples=50)
@given(acyclic())
def test_what_others_imply_is_left_out(drawn):
    count, lines = drawn
    kept = without_implied(count, lines)
    assert ways(count, kept) == ways(count, lines)
    for line in kept:
        assert ways(count, [other for other in kept if other != line]) != ways(count, kept)


@settings(deadline=None, max_examples=50)
@given(acyclic())
def test_lines_lead_down(drawn):
    count, lines = drawn
    layer = layers_of(count, lines)
    assert all(layer[source] < layer[target] for source, target in lines)
    assert set(layer) == set(range(max(layer) + 1))
    longest = [0] * count  # the layer as the longest way to a box
    for source, target in lines:
        longest[target] = max(longest[target], longest[source] + 1)
    assert max(layer) <= max(longest)
    assert length(layer, lines) <= length(longest, lines)


def test_what_is_wanted_late_stands_late():
    chain = [(box, box + 1) for box in range(6)]
    late = [*chain, (7, 8), (8, 9), (9, 6)]  # three more boxes, the last of which leads to the last
    layer = layers_of(10, late)
    assert layer == [0, 1, 2, 3, 4, 5, 6, 3, 4, 5]


def test_nothing():
    assert layers_of(0, []) == []
    assert without_circles(0, []) == ([], set())
    assert layers_of(3, []) == [0, 0, 0]
