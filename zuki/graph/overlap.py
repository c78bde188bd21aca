"""Whether two array views share a byte: exact integer arithmetic on addresses; no memory is read.

A view becomes a *box*: its lowest address, a run of `WIDTH` consecutive bytes, and *terms* (stride, steps).
Its bytes are ``low + sum(stride * step) + byte`` for all ``0 <= step <= steps`` and ``0 <= byte < WIDTH``.
Strides are positive and ascend; dimensions that add no byte are gone, and neighbours without a gap between
them are one term. So all views of the same bytes by reversing, transposing or reshaping become the same
box.

Two boxes meet when ``sum(coefficient * unknown) == target`` has a solution with bounded unknowns. Boxes of
one base array nest: the smaller coefficients together reach at most about twice the divisor of the larger
ones. The search parts them there, has two or three sums to try, and ends in equations of two unknowns,
which have a closed form. Views that do not nest (by `as_strided`) may need more; after `PATIENCE` sums the
answer is yes.

The boxes of a graph are the columns of one int64 table, and the terms of all of them those of another.
"""

import numpy as np
import numpy.typing as npt
from numba import njit

__all__ = ["overlap"]

Words = npt.NDArray[np.int64]

LOW = 0  # address of the first byte
HIGH = 1  # address past the last byte
WIDTH = 2  # consecutive bytes in one run
PERIOD = 3  # greatest common divisor of the strides; 0 where the box is one run
PHASE = 4  # LOW modulo PERIOD
FIRST_TERM = 5  # where the box's terms begin
PAST_TERM = 6  # where they end, and those of the next box begin
FIELDS = 7

STRIDE = 0
STEPS = 1

FIRST = 0  # a frame of the search: the coefficients from FIRST on
PAST = 1  # before PAST
TARGET = 2  # must add up to this
PLACE = 3  # and are parted here
NEXT = 4  # the next sum of the smaller ones to try
HIGHEST = 5  # the last
DIVISOR = 6  # from one to the next
FRAME_FIELDS = 7

BLOCK = 64  # neighbouring boxes that share one line of bounds in `find`
MOST_COEFFICIENTS = 129  # a run of bytes, and two views of at most 64 dimensions
PATIENCE = 20_000  # remainders tried before the answer is yes
LARGEST_FACTOR = 1 << 31  # two of them multiply within an int64

MEETS = 0  # what a box found is to the one looked for, in `find`
INSIDE = 1
AROUND = 2


@njit(cache=True, nogil=True)
def greatest_common_divisor(a: int, b: int) -> int:
    """Answer the greatest common divisor of two numbers, of which 0 is the neutral one."""
    while b:
        a, b = b, a % b
    return a


@njit(cache=True, nogil=True)
def measure(view: Words, boxes: Words, terms: Words, row: int) -> bool:
    """Write the box of a view into a row of the table; answer False for a view without elements.

    The view is (itemsize, address, *shape, *strides); `terms` has room for one term a dimension.
    """
    dimensions = (len(view) - 2) // 2
    low, width = view[1], view[0]
    first = boxes[PAST_TERM, row - 1] if row else 0
    past = first
    for dimension in range(dimensions):
        length, stride = view[2 + dimension], view[2 + dimensions + dimension]
        if length <= 0:
            return False
        if stride < 0:
            low += stride * (length - 1)
            stride = -stride
        if length == 1 or stride == 0:  # no byte beside those of the other dimensions
            continue
        place = past
        while place > first and terms[STRIDE, place - 1] > stride:
            terms[STRIDE, place] = terms[STRIDE, place - 1]
            terms[STEPS, place] = terms[STEPS, place - 1]
            place -= 1
        terms[STRIDE, place] = stride
        terms[STEPS, place] = length - 1
        past += 1
    if width <= 0:
        return False
    kept = first
    for term in range(first, past):
        stride, steps = terms[STRIDE, term], terms[STEPS, term]
        if kept == first and stride <= width:
            width += stride * steps
        elif kept > first and fills(terms[STRIDE, kept - 1], terms[STEPS, kept - 1], stride):
            terms[STEPS, kept - 1] += stride // terms[STRIDE, kept - 1] * steps
        else:
            terms[STRIDE, kept] = stride
            terms[STEPS, kept] = steps
            kept += 1
    high, period = low + width, 0
    for term in range(first, kept):
        high += terms[STRIDE, term] * terms[STEPS, term]
        period = greatest_common_divisor(terms[STRIDE, term], period)
    boxes[LOW, row] = low
    boxes[HIGH, row] = high
    boxes[WIDTH, row] = width
    boxes[PERIOD, row] = period
    boxes[PHASE, row] = low % period if period else 0
    boxes[FIRST_TERM, row] = first
    boxes[PAST_TERM, row] = kept
    return True


@njit(cache=True, nogil=True)
def fills(stride: int, steps: int, larger: int) -> bool:
    """Whether steps of a larger stride continue those of a smaller one without a gap."""
    return larger % stride == 0 and larger // stride <= steps + 1


@njit(cache=True, nogil=True)
def have_solution(large: int, large_steps: int, small: int, small_steps: int, target: int) -> bool:
    """Whether ``large * x + small * y == target`` has a solution within the steps."""
    divisor = greatest_common_divisor(large, small)
    if target % divisor:
        return False
    modulus = small // divisor
    if modulus >= LARGEST_FACTOR:
        return True
    lowest = max(0, -((small * small_steps - target) // large))
    highest = min(large_steps, target // large)
    # Euclid's algorithm for the inverse of `large` modulo `modulus`.
    inverse, following = 0, 1
    rest, divided = modulus, large // divisor % modulus
    while divided:
        quotient = rest // divided
        inverse, following = following, inverse - quotient * following
        rest, divided = divided, rest - quotient * divided
    solution = target // divisor % modulus * (inverse % modulus) % modulus
    return lowest + (solution - lowest) % modulus <= highest


@njit(cache=True, nogil=True)
def reach_at_once(problem: Words, first: int, past: int, target: int) -> bool:
    """Whether bounded multiples of one or two coefficients, from `first` to `past`, add up to the target."""
    if target < 0:
        return False
    if past - first == 1:
        steps, rest = divmod(target, problem[STRIDE, first])
        return bool(rest == 0 and steps <= problem[STEPS, first])
    larger = first + 1
    return have_solution(
        problem[STRIDE, larger], problem[STEPS, larger], problem[STRIDE, first], problem[STEPS, first], target
    )


@njit(cache=True, nogil=True)
def split(problem: Words, frames: Words, depth: int) -> None:
    """Choose where a frame's coefficients are parted, and the sums of the smaller ones to try.

    One part has at most two coefficients. The sums leave multiples of the divisor of the larger ones.
    """
    first, past, target = (frames[depth, FIRST], frames[depth, PAST], frames[depth, TARGET])
    total = 0
    for term in range(first, past):
        total += problem[STRIDE, term] * problem[STEPS, term]
    frames[depth, NEXT], frames[depth, HIGHEST] = 1, 0  # nothing to try
    least, larger, divisor = -1, 0, 0
    for place in range(past - 1, first, -1):
        larger += problem[STRIDE, place] * problem[STEPS, place]
        divisor = greatest_common_divisor(problem[STRIDE, place], divisor)
        lowest, highest = max(0, target - larger), min(target, total - larger)
        lowest += (target - lowest) % divisor
        if lowest > highest:
            frames[depth, NEXT], frames[depth, HIGHEST] = 1, 0
            return
        count = (highest - lowest) // divisor
        if (past - place <= 2 or place - first <= 2) and (least < 0 or count < least):
            least = count
            frames[depth, PLACE], frames[depth, DIVISOR] = place, divisor
            frames[depth, NEXT], frames[depth, HIGHEST] = lowest, highest


@njit(cache=True, nogil=True)
def reachable(problem: Words, count: int, target: int, frames: Words) -> bool:
    """Whether bounded multiples of the coefficients, in ascending order, can add up to the target."""
    if count <= 2:
        return reach_at_once(problem, 0, count, target)
    # A stack and not recursion: Numba's cache cannot load a function that calls itself.
    depth, patience = 0, PATIENCE
    frames[0, FIRST], frames[0, PAST], frames[0, TARGET] = 0, count, target
    split(problem, frames, 0)
    while depth >= 0:
        smaller = frames[depth, NEXT]
        if smaller > frames[depth, HIGHEST]:
            depth -= 1
            continue
        frames[depth, NEXT] += frames[depth, DIVISOR]
        patience -= 1
        if patience < 0:
            return True
        first, place, past = (frames[depth, FIRST], frames[depth, PLACE], frames[depth, PAST])
        larger = frames[depth, TARGET] - smaller
        if past - place <= 2:
            if not reach_at_once(problem, place, past, larger):
                continue
            past, rest = place, smaller
        else:
            if not reach_at_once(problem, first, place, smaller):
                continue
            first, rest = place, larger
        if past - first <= 2:
            if reach_at_once(problem, first, past, rest):
                return True
            continue
        depth += 1
        frames[depth, FIRST], frames[depth, PAST], frames[depth, TARGET] = (first, past, rest)
        split(problem, frames, depth)
    return False


@njit(cache=True, nogil=True)
def meet(boxes: Words, terms: Words, one: int, other: int, problem: Words, frames: Words) -> bool:
    """Whether two boxes share a byte; `problem` and `frames` are scratch."""
    if boxes[HIGH, one] <= boxes[LOW, other] or boxes[HIGH, other] <= boxes[LOW, one]:
        return False
    if boxes[PERIOD, one] == 0 and boxes[PERIOD, other] == 0:
        return True
    # The other's steps are counted down from its last byte: so all coefficients are positive.
    target = boxes[HIGH, other] - 1 - boxes[LOW, one]
    problem[STRIDE, 0] = 1
    problem[STEPS, 0] = boxes[WIDTH, one] + boxes[WIDTH, other] - 2
    count = 1
    mine, past_mine = boxes[FIRST_TERM, one], boxes[PAST_TERM, one]
    theirs, past_theirs = boxes[FIRST_TERM, other], boxes[PAST_TERM, other]
    while mine < past_mine or theirs < past_theirs:
        if theirs == past_theirs or (mine < past_mine and terms[STRIDE, mine] <= terms[STRIDE, theirs]):
            stride, steps = terms[STRIDE, mine], terms[STEPS, mine]
            mine += 1
        else:
            stride, steps = terms[STRIDE, theirs], terms[STEPS, theirs]
            theirs += 1
        if fills(problem[STRIDE, count - 1], problem[STEPS, count - 1], stride):
            problem[STEPS, count - 1] += stride // problem[STRIDE, count - 1] * steps
        else:
            problem[STRIDE, count] = stride
            problem[STEPS, count] = steps
            count += 1
    return reachable(problem, count, target, frames)


@njit(cache=True, nogil=True)
def contains(boxes: Words, terms: Words, outer: int, inner: int) -> bool:
    """Whether every byte of the inner box is surely one of the outer's; exact for boxes of one base array."""
    if boxes[LOW, inner] < boxes[LOW, outer] or boxes[HIGH, inner] > boxes[HIGH, outer]:
        return False
    # Write the inner box's origin, strides and width as steps of the outer box, its largest strides first.
    offset = boxes[LOW, inner] - boxes[LOW, outer]
    lowest, current = boxes[FIRST_TERM, inner], boxes[PAST_TERM, inner] - 1
    left = terms[STEPS, current] if current >= lowest else 0
    for term in range(boxes[PAST_TERM, outer] - 1, boxes[FIRST_TERM, outer] - 1, -1):
        stride = terms[STRIDE, term]
        steps = min(offset // stride, terms[STEPS, term])
        offset -= steps * stride
        while current >= lowest:
            if terms[STRIDE, current] % stride == 0:
                steps += terms[STRIDE, current] // stride * left
                current -= 1
                left = terms[STEPS, current] if current >= lowest else 0
                continue
            ratio = stride // terms[STRIDE, current]
            if stride % terms[STRIDE, current] == 0 and left >= ratio:  # two dimensions that became one term
                steps += left // ratio
                left = ratio - 1
            break
        if steps > terms[STEPS, term]:
            return False
    while current >= lowest:
        offset += terms[STRIDE, current] * left
        current -= 1
        left = terms[STEPS, current] if current >= lowest else 0
    return bool(offset + boxes[WIDTH, inner] <= boxes[WIDTH, outer])


@njit(cache=True, nogil=True)
def find(boxes: Words, terms: Words, blocks: Words, row: int, found: Words) -> int:
    """Write (row, relation) of the earlier boxes that meet a row's box; answer how many there are.

    Where one of them is equal to it, answer -1 minus its row. Else the row's bounds are added to `blocks`,
    which holds the least LOW and the greatest HIGH of each `BLOCK` rows.
    """
    lows, highs, widths, periods, phases = boxes[LOW], boxes[HIGH], boxes[WIDTH], boxes[PERIOD], boxes[PHASE]
    low, high, width, period, phase = lows[row], highs[row], widths[row], periods[row], phases[row]
    problem = np.empty((2, MOST_COEFFICIENTS), np.int64)
    frames = np.empty((MOST_COEFFICIENTS, FRAME_FIELDS), np.int64)
    count = 0
    for block in range((row + BLOCK - 1) // BLOCK):
        if blocks[1, block] <= low or high <= blocks[0, block]:
            continue
        for other in range(block * BLOCK, min(row, (block + 1) * BLOCK)):
            if (highs[other] <= low) | (high <= lows[other]):
                continue
            # All strides are multiples of the shared period: runs apart in it are apart everywhere.
            if periods[other] == period:
                shared, ahead = period, phases[other] - phase
                ahead += period if ahead < 0 else 0
            else:
                shared = greatest_common_divisor(period, periods[other])
                ahead = (lows[other] - low) % shared
            if (width <= ahead) & (widths[other] <= shared - ahead):
                continue
            if not meet(boxes, terms, row, other, problem, frames):
                continue
            inside = contains(boxes, terms, row, other)
            around = contains(boxes, terms, other, row)
            if inside and around:
                return -1 - other
            found[count, 0] = other
            found[count, 1] = INSIDE if inside else AROUND if around else MEETS
            count += 1
    block = row // BLOCK
    blocks[0, block] = low if row % BLOCK == 0 else min(low, blocks[0, block])
    blocks[1, block] = high if row % BLOCK == 0 else max(high, blocks[1, block])
    return count


def overlap(first: bytes, second: bytes) -> bool:
    """Tell whether two views share a byte.

    Parameters
    ----------
    first, second : bytes
        The int64 words (itemsize, address, *shape, *strides) of a view.

    Returns
    -------
    bool
        Never False for views that share a byte. Exact for boxes of one base array; for other views it may be
        True where a long search for a shared byte was given up.
    """
    boxes = np.empty((FIELDS, 2), np.int64)
    terms = np.empty((2, (len(first) + len(second)) // 16), np.int64)
    for row, view in enumerate((first, second)):
        if not measure(np.frombuffer(view, np.int64), boxes, terms, row):
            return False
    problem = np.empty((2, MOST_COEFFICIENTS), np.int64)
    frames = np.empty((MOST_COEFFICIENTS, FRAME_FIELDS), np.int64)
    return bool(meet(boxes, terms, 0, 1, problem, frames))
