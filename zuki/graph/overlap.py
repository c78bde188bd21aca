"""Whether two array views share a byte: exact integer arithmetic on addresses; no memory is read.

Two boxes meet when ``sum(coefficient * unknown) == target`` has a solution with bounded unknowns. Boxes of
one base array nest: the smaller coefficients together reach at most about twice the divisor of the larger
ones. The search parts them there, has two or three sums to try, and ends in equations of two unknowns,
which have a closed form. Views that do not nest (by `as_strided`) may need more; after `PATIENCE` sums the
answer is yes.
"""

import numpy as np

from zuki.graph.boxes import (
    FIELDS,
    FIRST_TERM,
    HIGH,
    LOW,
    PAST_TERM,
    PERIOD,
    STEPS,
    STRIDE,
    WIDTH,
    Words,
    contains,
    fills,
    greatest_common_divisor,
    measure,
)
from zuki_kernels._jit import rare_kernel

__all__ = ["overlap"]

FIRST = 0  # a frame of the search: the coefficients from FIRST on
PAST = 1  # before PAST
TARGET = 2  # must add up to this
PLACE = 3  # and are parted here
NEXT = 4  # the next sum of the smaller ones to try
HIGHEST = 5  # the last
DIVISOR = 6  # from one to the next
FRAME_FIELDS = 7

MOST_COEFFICIENTS = 129  # a run of bytes, and two views of at most 64 dimensions
PATIENCE = 20_000  # remainders tried before the answer is yes
LARGEST_FACTOR = 1 << 31  # two of them multiply within an int64

MEETS = 0  # what a box found is to the one looked for, in `relate`
INSIDE = 1
AROUND = 2


@rare_kernel
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


@rare_kernel
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


@rare_kernel
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


@rare_kernel
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


@rare_kernel
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


@rare_kernel
def relate(boxes: Words, terms: Words, row: int, found: Words, near: int) -> int:
    """Keep those of the boxes that `find_near` found which meet a row's box, as (row, relation).

    Answers how many there are, or -1 minus the row of one that is equal to it.
    """
    problem = np.empty((2, MOST_COEFFICIENTS), np.int64)
    frames = np.empty((MOST_COEFFICIENTS, FRAME_FIELDS), np.int64)
    count = 0
    for index in range(near):
        other = found[index, 0]
        if not meet(boxes, terms, row, other, problem, frames):
            continue
        inside = contains(boxes, terms, row, other)
        around = contains(boxes, terms, other, row)
        if inside and around:
            return -1 - other
        found[count, 0] = other
        found[count, 1] = INSIDE if inside else AROUND if around else MEETS
        count += 1
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
