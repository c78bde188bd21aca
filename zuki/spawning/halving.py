"""Sorting a range that fits a cache, by one worker.

A range is halved by value until NumPy sorts what is left by one network (`numpy_sorts`). A network is made
for so many words, and takes as long for fewer. Where keys are spread evenly, halves by value are as large
as they should be; by the medians of samples, as NumPy makes them, they are not, and fill networks badly.
What is not spread evenly is left to NumPy.
"""

import numpy as np
from numba import njit

from zuki.spawning.keys import flipped, key_of, word_of
from zuki.spawning.numpy_sorts import DOUBLES, FLOATS, LONG, SIGNED, UNSIGNED, address_of, sort_at
from zuki.spawning.partition import split

_LEAST_DOUBLE = 1 << 52  # the bits of the least positive float that is not denormal
_MOST_BITS = 62  # of numbers that can be added to these and are finite floats still
_NETWORK = 1840  # bytes for which a network is best: a tenth less than it can sort
_MOST_WAITING = 64  # ranges: as many as a range can be halved
_UNEVEN = 4  # parts of a range; one more or less than half of it is not even


@njit
def _sort_halves(which, words, base, below, low, high, kept):
    """Sort words as numbers of a dtype."""
    address, target = address_of(which), _NETWORK // words.itemsize
    ends, bounds = np.empty((_MOST_WAITING, 2), np.int64), np.empty((_MOST_WAITING, 2), words.dtype)
    first, stop, count = 0, len(words), 0
    while True:
        part, parts = words[first:stop], (stop - first + target // 2) // target
        span = np.uint64(key_of(high, low)) // np.uint64(max(parts, 1))
        if parts < 2 or span == 0 or count == _MOST_WAITING:
            sort_at(address, part)
        else:
            pivot = word_of(low, words.dtype.type(span * np.uint64(parts // 2)))
            lesser = split(part, base, below, pivot, kept)
            if abs(lesser - len(part) * (parts // 2) // parts) * _UNEVEN > len(part):
                sort_at(address, part[:lesser])
                sort_at(address, part[lesser:])
            else:
                ends[count, 0], ends[count, 1] = first + lesser, stop
                bounds[count, 0], bounds[count, 1] = pivot, high
                stop, high, count = first + lesser, key_of(pivot, words.dtype.type(1)), count + 1
                continue
        if count == 0:
            return
        count -= 1
        first, stop, low, high = ends[count, 0], ends[count, 1], bounds[count, 0], bounds[count, 1]


@njit
def sort_in_cache(words, base, below, low, high, kept):
    """Sort words by their keys, in place; `numpy_sorts.can_sort` must have said yes.

    They stay as they are where NumPy has the same order. Keys of 64 bits are sorted as floats, if they are
    not too far apart: vectors have no faster way to compare.

    Parameters
    ----------
    words : array of uint32 or uint64, shape (n,), contiguous
        What is sorted.
    base, below : of the same dtype
        What makes keys of words: ``key_of(flipped(word, below), base)``. Without `below`, the base is 0
        or the least signed number.
    low, high : of the same dtype
        The least key that there may be, and the greatest.
    kept : array of the same dtype
        What `partition.make_room` returns.
    """
    kind, is_long = words.dtype.type, words.itemsize == 8
    own_base = own_below = zero = key_of(base, base)
    if below:
        infinity, float_zero = key_of(kind((base ^ below) & below), base), key_of(zero, base)
        # not with NaNs, nor with zeros, of which NumPy takes 0.0 and -0.0 for the same
        is_native = high <= infinity and (high < key_of(float_zero, kind(1)) or low > float_zero)
        which = DOUBLES if is_long else FLOATS
    else:
        is_native, which = not is_long, SIGNED if base else UNSIGNED
    if not is_native:
        span, least = key_of(high, low), zero
        if not is_long:
            which = UNSIGNED
        elif span < np.uint64(1) << np.uint64(_MOST_BITS):
            which, least = DOUBLES, kind(_LEAST_DOUBLE)
        else:
            which = LONG
        own_base, own_below = key_of(word_of(base, low), least), below
        for i in range(len(words)):
            words[i] = key_of(flipped(words[i], own_below), own_base)
        base, below, low, high = zero, zero, least, word_of(least, span)
    _sort_halves(which, words, base, below, low, high, kept)
    if not is_native:
        for i in range(len(words)):
            words[i] = flipped(word_of(words[i], own_base), own_below)
