"""In which order the boxes of a layer stand."""

from itertools import combinations

from hypothesis import given, settings

from tests.drawing.graphs import acyclic
from zuki.drawing.layers import layers_of
from zuki.drawing.order import crossings, joints_needed, knotted, ordered


def crossings_by_pairs(knots, rows):
    place = {knot: number for row in rows for number, knot in enumerate(row)}
    pieces = [(knot, other) for knot, others in enumerate(knots.after) for other in others]
    return sum(
        knots.layer[one] == knots.layer[other]
        and (place[one] - place[other]) * (place[to] - place[other_to]) < 0
        for (one, to), (other, other_to) in combinations(pieces, 2)
    )


@settings(deadline=None, max_examples=50)
@given(acyclic())
def test_every_line_is_cut_at_every_layer(drawn):
    count, lines = drawn
    layer = layers_of(count, lines)
    knots = knotted(layer, lines)
    assert len(knots.layer) == count + joints_needed(layer, lines)
    for (source, target), chain in knots.chains.items():
        assert (chain[0], chain[-1]) == (source, target)
        assert [knots.layer[knot] for knot in chain] == list(range(layer[source], layer[target] + 1))
        assert all(knot >= count for knot in chain[1:-1])


@settings(deadline=None, max_examples=50)
@given(acyclic())
def test_order_has_everything_and_no_more_crossings_than_at_first(drawn):
    count, lines = drawn
    knots = knotted(layers_of(count, lines), lines)
    rows = ordered(knots)
    assert [sorted(row) for row in rows] == [
        [knot for knot, layer in enumerate(knots.layer) if layer == number]
        for number in range(max(knots.layer) + 1)
    ]
    assert crossings(knots, rows) == crossings_by_pairs(knots, rows)
    assert crossings(knots, rows) <= crossings(knots, [sorted(row) for row in rows])


def test_what_need_not_cross_does_not():
    crossed = [(0, 4), (1, 3), (2, 5), (3, 7), (4, 6), (5, 8)]
    knots = knotted(layers_of(9, crossed), crossed)
    assert crossings(knots, [[0, 1, 2], [3, 4, 5], [6, 7, 8]]) == 2
    assert crossings(knots, ordered(knots)) == 0


def test_a_tree_has_no_crossings():
    lines = [(box, 2 * box + 1 + child) for box in range(31) for child in (1, 0)]
    knots = knotted(layers_of(63, lines), lines)
    assert crossings(knots, ordered(knots)) == 0


def test_nothing():
    assert ordered(knotted([], [])) == []
