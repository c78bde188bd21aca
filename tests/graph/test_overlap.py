"""The overlap of views against sets of bytes, and against NumPy's exact answer."""

import random

import numpy as np
import pytest
from numpy.lib.stride_tricks import as_strided, sliding_window_view

from zuki.graph.boxes import FIELDS, contains, measure
from zuki.graph.overlap import overlap

RECORD = np.dtype([("weight", "f4"), ("matrix", "f8", (3, 2)), ("phase", "c16"), ("flags", "u1", (5,))])


def key_of(view):
    address = view.__array_interface__["data"][0]
    return np.array([view.itemsize, address, *view.shape, *view.strides], np.int64).tobytes()


def bytes_of(view):
    offsets = np.array([view.__array_interface__["data"][0]])
    for length, stride in zip(view.shape, view.strides, strict=True):
        offsets = np.add.outer(offsets, stride * np.arange(length)).ravel()
    return set(np.add.outer(offsets, np.arange(view.itemsize)).ravel().tolist())


def random_slice(generator, length):
    start, stop = sorted((generator.randint(0, length), generator.randint(0, length)))
    step = generator.choice((1, 1, 1, 2, 3, -1, -2))
    if step < 0:
        start, stop = stop, start
    if start == stop and generator.random() < 0.9:  # mostly a view with elements
        start, stop = None, None
    return slice(start, stop, step)


def random_box(generator, base):
    """A view by basic slicing: axis-aligned, with steps."""
    index = []
    for length in base.shape:
        if length and generator.random() < 0.2:
            index.append(generator.randrange(length))
        elif generator.random() < 0.2:
            index.append(slice(None))
        else:
            index.append(random_slice(generator, length))
    view = base[(*index, ...)]  # the ellipsis: a view, no scalar, when all dimensions have an integer
    if generator.random() < 0.3:
        view = view.transpose(generator.sample(range(view.ndim), view.ndim))
    if generator.random() < 0.2:
        view = view[..., None]
    return view


def random_part(generator, base):
    """A box of a base array, of one of its fields, or of the base in another shape or type."""
    if base.dtype == RECORD:
        base = base[generator.choice(RECORD.names)]
    if base.dtype == np.complex128:
        base = generator.choice((base, base.real, base.imag))
    if base.flags.c_contiguous and base.ndim > 1 and generator.random() < 0.3:
        base = base.reshape(generator.choice([(-1,), (base.shape[-1], -1), (-1, base.shape[0])]))
    if base.flags.c_contiguous and generator.random() < 0.2:
        base = base.view(np.uint8 if base.dtype.itemsize == 2 else np.int16)
    return random_box(generator, base)


def random_stranger(generator, base):
    """A view that is no box: its elements may overlap, its strides need not nest."""
    flat = base.reshape(-1).view(np.uint8)
    dimensions = generator.randint(0, 4)
    shape = [generator.randint(1, 4) for _ in range(dimensions)]
    longest = min(25, len(flat) // 13)
    strides = [generator.randint(-longest, longest) for _ in range(dimensions)]
    spans = [stride * (length - 1) for stride, length in zip(strides, shape, strict=True)]
    lowest, highest = sum(min(0, span) for span in spans), sum(max(0, span) for span in spans)
    itemsize = generator.choice((1, 2, 4))
    start = generator.randint(-lowest, len(flat) - highest - itemsize)
    return as_strided(flat[start : start + itemsize].view(f"u{itemsize}")[0:1], shape, strides)


BASES = [
    np.zeros(40),
    np.zeros((6, 7), np.int16),
    np.zeros((6, 10), order="F"),
    np.zeros((4, 3, 5), np.int32),
    np.zeros((2, 3, 4, 3), np.complex128),
    np.zeros((3, 4), RECORD),
    np.zeros((9, 8))[:7, :5],
]


def answers(first, second):
    """The answer, checked to be the same in either order."""
    answer = overlap(key_of(first), key_of(second))
    assert answer == overlap(key_of(second), key_of(first))
    return answer


@pytest.mark.parametrize("base", BASES, ids=lambda base: f"{base.dtype.kind}{base.shape}")
def test_boxes_of_one_base_are_told_apart_exactly(base):
    generator = random.Random(str(base.strides))
    met = 0
    for _ in range(1000):
        first, second = random_part(generator, base), random_part(generator, base)
        shared = bool(bytes_of(first) & bytes_of(second))
        met += shared
        assert answers(first, second) == shared, (first.__array_interface__, second.__array_interface__)
    assert 50 < met < 950


def test_strangers_small_enough_to_search_are_told_apart_exactly():
    generator = random.Random(5)
    base = np.zeros(400, np.uint8)
    for _ in range(3000):
        first = random_stranger(generator, base)
        second = random_stranger(generator, base) if generator.random() < 0.7 else random_box(generator, base)
        shared = bool(bytes_of(first) & bytes_of(second))
        assert answers(first, second) == shared, (first.__array_interface__, second.__array_interface__)


@pytest.mark.parametrize(
    "shape", [(10**9,), (10**5, 10**5), (999, 1001, 1003), (50, 70, 90, 110), (20, 21, 22, 23, 24)], ids=str
)
def test_large_boxes_agree_with_numpy(shape):
    # Memory that is not there: neither NumPy nor the overlap looks at it.
    strides = 8 * np.cumprod([1, *shape[:0:-1]])[::-1]
    base = as_strided(np.zeros(1), shape, strides)
    generator = random.Random(len(shape))
    for _ in range(600):
        first, second = random_box(generator, base), random_box(generator, base)
        if generator.random() < 0.3:
            first, second = (
                first[..., 1::2] if first.ndim else first,
                second[..., ::3] if second.ndim else second,
            )
        assert answers(first, second) == np.shares_memory(first, second)


def box_contains(outer, inner):
    boxes, terms = np.empty((FIELDS, 2), np.int64), np.empty((2, 64), np.int64)
    for row, view in enumerate((outer, inner)):
        assert measure(np.frombuffer(key_of(view), np.int64), boxes, terms, row)
    return contains(boxes, terms, 0, 1)


@pytest.mark.parametrize("base", BASES, ids=lambda base: f"{base.dtype.kind}{base.shape}")
def test_slices_of_one_base_know_exactly_which_lies_inside_the_other(base):
    generator = random.Random(str(base.strides))
    contained = 0
    for _ in range(1500):
        outer = random_box(generator, base)
        inner = random_box(generator, outer if generator.random() < 0.5 else base)
        if outer.size and inner.size:
            inside = bytes_of(inner) <= bytes_of(outer)
            contained += inside
            assert box_contains(outer, inner) == inside, (
                outer.__array_interface__,
                inner.__array_interface__,
            )
    assert contained > 200


def test_other_views_are_never_said_to_contain_what_they_do_not():
    generator = random.Random(8)
    for _ in range(4000):
        base = generator.choice((np.zeros((5, 6, 2)), np.zeros((12, 15), np.int16), np.zeros((3, 4), RECORD)))
        outer, inner = (generator.choice((random_stranger, random_part))(generator, base) for _ in range(2))
        if outer.size and inner.size:
            assert box_contains(outer, inner) <= (bytes_of(inner) <= bytes_of(outer))


def test_views_without_elements_overlap_nothing():
    base = np.zeros((4, 5))
    for empty in (base[2:2], base[:, 5:], np.zeros((3, 0, 2)), np.zeros(2, "V0")):
        assert not answers(empty, base)
        assert not answers(empty, empty)


def test_views_of_the_same_bytes_overlap():
    base = np.arange(24.0).reshape(4, 6)
    for view in (base, base.T, base[::-1], base.reshape(2, 12), base.view(np.int8), base[None], base.ravel()):
        assert answers(view, base)
        assert box_contains(view, base)
        assert box_contains(base, view)


def test_a_broadcast_view_overlaps_what_it_repeats():
    base = np.zeros((3, 4))
    rows = np.broadcast_to(base[1], (1000, 4))
    assert answers(rows, base[1:2])
    assert not answers(rows, base[2])
    assert box_contains(base[1], rows)


def test_windows_overlap_as_their_array_does():
    base = np.zeros(50)
    windows = sliding_window_view(base[10:20], 4)
    assert answers(windows, base[19:])
    assert not answers(windows, base[20:])
    assert box_contains(windows, base[10:20])


def test_a_diagonal_meets_its_own_elements_only():
    base = np.zeros((5, 5))
    diagonal = np.einsum("ii->i", base)
    assert answers(diagonal, base[3:4, 3])
    assert not answers(diagonal, base[3, :3])
    assert not answers(diagonal, np.einsum("ii->i", base[1:, :4]))


def test_elements_without_dimensions():
    base = np.zeros(2, np.complex128)
    first, second = base[0, ...], base[1, ...]
    assert answers(first, base[:1])
    assert not answers(first, second)
    assert not answers(first.real, first.imag)


def test_a_search_too_long_ends_with_yes():
    # Strides without a common structure and a target between their sums: a knapsack.
    lengths = [20] * 8
    first = as_strided(np.zeros(1, np.uint8), lengths, [100_003 + 2 * 9973 * power for power in range(8)])
    second = as_strided(np.zeros(1, np.uint8), lengths, [90_001 + 2 * 9967 * power for power in range(8)])
    address = first.__array_interface__["data"][0] + 3_000_017
    moved = key_of(second).replace(key_of(second)[8:16], np.int64(address).tobytes(), 1)
    assert overlap(key_of(first), moved)


def test_products_too_large_for_a_word_end_with_yes():
    huge = 2**33 - 9
    first = np.array([1, 2**45, 2, huge], np.int64).tobytes()
    second = np.array([1, 2**45 + huge, 2, huge + 2], np.int64).tobytes()
    assert overlap(first, second)
