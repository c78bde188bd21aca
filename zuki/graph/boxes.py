"""The bytes of an array view as a *box*: what is compared when two views may share memory.

A box is its lowest address, a run of `WIDTH` consecutive bytes, and *terms* (stride, steps). Its bytes
are ``low + sum(stride * step) + byte`` for all ``0 <= step <= steps`` and ``0 <= byte < WIDTH``. Strides are
positive and ascend; dimensions that add no byte are gone, and neighbours without a gap between them are
one term. So all views of the same bytes by reversing, transposing or reshaping become the same box.

The boxes of a graph are the columns of one int64 table, and the terms of all of them those of another.
"""

from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from zuki_kernels._jit import rare_kernel

if TYPE_CHECKING:
    import numpy.typing as npt

Words: TypeAlias = "npt.NDArray[np.int64]"

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

BLOCK = 64  # neighbouring boxes that share one line of bounds in `find_near`


@rare_kernel
def greatest_common_divisor(a: int, b: int) -> int:
    """Answer the greatest common divisor of two numbers, of which 0 is the neutral one."""
    while b:
        a, b = b, a % b
    return a


@rare_kernel
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


@rare_kernel
def fills(stride: int, steps: int, larger: int) -> bool:
    """Whether steps of a larger stride continue those of a smaller one without a gap."""
    return larger % stride == 0 and larger // stride <= steps + 1


@rare_kernel
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


@rare_kernel
def find_near(boxes: Words, blocks: Words, row: int, found: Words) -> int:
    """Write the rows of the earlier boxes that may meet a row's box; answer how many there are.

    The row's bounds are added to `blocks`, which holds the least LOW and the greatest HIGH of each `BLOCK`
    rows. Arrays that lie apart are told apart here: who has no others never compiles what `relate` needs.
    """
    lows, highs, widths, periods, phases = boxes[LOW], boxes[HIGH], boxes[WIDTH], boxes[PERIOD], boxes[PHASE]
    low, high, width, period, phase = lows[row], highs[row], widths[row], periods[row], phases[row]
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
            found[count, 0] = other
            count += 1
    block = row // BLOCK
    blocks[0, block] = low if row % BLOCK == 0 else min(low, blocks[0, block])
    blocks[1, block] = high if row % BLOCK == 0 else max(high, blocks[1, block])
    return count
