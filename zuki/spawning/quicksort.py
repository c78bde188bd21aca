"""Quicksort of words by tasks, in place, where the processor has vectors for it and NumPy a fast sort.

First all workers split ranges together: each takes pairs of blocks, one from either end, and moves lesser
words from one to the other, so that not many are left to be exchanged. Once there is a range for each
worker, one worker splits each alone. A range that fits a cache is sorted by who is free (`halving`).

All keys of a range lie between two bounds, which splits narrow: what has one key only is done. So words that
are all alike are no worse than others. Pivots are medians of samples. Should they be bad all the same,
ranges are left to NumPy as they are, which has a remedy of its own.
"""

import numpy as np
from numba import njit

from zuki.runtime.tables import GUESTS
from zuki.spawning.api import join, spawn
from zuki.spawning.asking import num_workers
from zuki.spawning.halving import sort_in_cache
from zuki.spawning.keys import bits_of, flipped, key_of, survey, word_of
from zuki.spawning.lanes import STEP, lanes_in
from zuki.spawning.numpy_sorts import LONG, UNSIGNED, address_of, sort_at
from zuki.spawning.partition import make_room, split, split_pair
from zuki.task.decorator import task

IN_CACHE = 1 << 19  # bytes that one worker sorts
_BLOCK = 32768  # words of a block, at least
_MOST_BLOCKS = 64
_MOST_RANGES = 256  # that all workers split together
_FEW, _MANY = 65, 1025  # keys in a sample, if one worker splits or all
_RUNS, _RUN = 32, 32  # places where it is looked first whether words are in order, and how many there
_STRIDE = np.uint64(0x9E3779B97F4A7C15)  # of samples; of the golden section, so that they are spread
_SPARE_DEPTH = 16  # splits of splits beyond twice as many as there should be


@task
def _split_pair(some, others, base, below, pivot, lesser, others_lesser):
    """Split two blocks; note how many words of each have lesser keys."""
    lesser[0], others_lesser[0] = split_pair(some, others, base, below, pivot, make_room(some))


@task
def _split_blocks(words, cuts, base, below, pivot, lesser):
    """Split all blocks of a range: the first with the last, and so on; one is left in the middle."""
    blocks = len(lesser)
    for block in range(blocks // 2):
        other = blocks - 1 - block
        some, others = words[cuts[block] : cuts[block + 1]], words[cuts[other] : cuts[other + 1]]
        counts, others_counts = lesser[block : block + 1], lesser[other : other + 1]
        spawn(_split_pair, some, others, base, below, pivot, counts, others_counts)
    middle = blocks // 2
    part = words[cuts[middle] : cuts[middle + 1]]
    lesser[middle] = split(part, base, below, pivot, make_room(part))


@njit
def _exchange(words, cuts, lesser, middle):
    """Exchange the words before `middle` whose keys are not less and those behind it whose keys are."""
    early = late = here = there = here_stop = there_stop = 0
    while True:
        while here == here_stop and early < len(lesser):
            here, here_stop = min(cuts[early] + lesser[early], middle), min(cuts[early + 1], middle)
            early += 1
        while there == there_stop and late < len(lesser):
            there, there_stop = max(cuts[late], middle), max(cuts[late] + lesser[late], middle)
            late += 1
        count = min(here_stop - here, there_stop - there)
        if count == 0:
            return
        for i in range(count):
            words[here + i], words[there + i] = words[there + i], words[here + i]
        here, there = here + count, there + count


@njit
def _pivot_of(words, base, below, low, sample):
    """Return the median of some keys, or what is more than the least, so that there is something to split."""
    place = np.uint64(0)
    for i in range(len(sample)):
        place += _STRIDE
        sample[i] = key_of(flipped(words[place % np.uint64(len(words))], below), base)
    sort_at(address_of(UNSIGNED if words.itemsize == 4 else LONG), sample)
    return max(sample[len(sample) // 2], word_of(low, words.dtype.type(1)))


@njit
def _sort_alone(words, base, below, low, high, kept):
    """Sort words by one worker; if no split has made a bound, look for those that there are."""
    if low == 0 or high == key_of(key_of(base, base), words.dtype.type(1)):
        low, high, is_sorted = survey(words, base, below)
        if is_sorted:
            return
    sort_in_cache(words, base, below, low, high, kept)


@task([f"void({word}[::1], {word}, {word}, {word}, {word}, int64)" for word in ("uint32", "uint64")])
def _sort_range(words, base, below, low, high, depth):
    """Sort a range whose keys lie between two bounds, by splits of splits up to a depth."""
    sample, kept = np.empty(_FEW, words.dtype), make_room(words)
    while len(words) * words.itemsize > IN_CACHE and low < high and depth > 0:
        depth -= 1
        pivot = _pivot_of(words, base, below, low, sample)
        lesser, last = split(words, base, below, pivot, kept), key_of(pivot, words.dtype.type(1))
        if 2 * lesser < len(words):
            spawn(_sort_range, words[lesser:], base, below, pivot, high, depth)
            words, high = words[:lesser], last
        else:
            spawn(_sort_range, words[:lesser], base, below, low, last, depth)
            words, low = words[lesser:], pivot
    if low < high:
        _sort_alone(words, base, below, low, high, kept)


@njit
def _are_sorted(words, base, below):
    """Return whether words are in order; where it does not look like that, only some are looked at."""
    place = np.uint64(0)
    for _ in range(_RUNS):
        place = (place + _STRIDE) % np.uint64(len(words) - _RUN)
        if not survey(words[place : place + np.uint64(_RUN)], base, below)[2]:
            return False
    return survey(words, base, below)[2]


@njit
def _paired_cuts(words):
    """Return the ends of blocks: one in the middle and as many before as behind it, of whole steps."""
    pairs = max(1, min(_MOST_BLOCKS, len(words) // _BLOCK) // 2)
    step = STEP * lanes_in(words)
    size = len(words) // (2 * pairs) // step * step
    cuts = np.empty(2 * pairs + 2, np.int64)
    for block in range(pairs + 1):
        cuts[block] = block * size
        cuts[2 * pairs + 1 - block] = len(words) - block * size
    return cuts


@njit
def _split_together(words, base, below, pivot):
    """Do as `split` with all workers."""
    cuts = _paired_cuts(words)
    lesser = np.empty(len(cuts) - 1, np.int64)
    join(spawn(_split_blocks, words, cuts, base, below, pivot, lesser))
    middle = lesser.sum()
    _exchange(words, cuts, lesser, middle)
    return middle


@task
def _sort_ranges(words, base, below, ends, bounds, depth):
    """Sort ranges, whose keys lie between bounds of their own."""
    for index in range(len(ends)):
        part, low, high = words[ends[index, 0] : ends[index, 1]], bounds[index, 0], bounds[index, 1]
        spawn(_sort_range, part, base, below, low, high, depth)


@njit
def _split_off(ends, bounds, index, count, middle, pivot):
    """Make one range two, whose keys are less than a pivot, and not; return how many ranges there are."""
    ends[count, 0], ends[count, 1] = middle, ends[index, 1]
    bounds[count, 0], bounds[count, 1] = pivot, bounds[index, 1]
    ends[index, 1], bounds[index, 1] = middle, key_of(pivot, bounds.dtype.type(1))
    return count + 1


@task
def sort_words(words, base, below):
    """Sort words by their keys, in place; `can_sort` must have said yes.

    Parameters
    ----------
    words : array of uint32 or uint64, shape (n,), contiguous
        What is sorted.
    base, below : of the same dtype
        What makes keys of words: ``key_of(flipped(word, below), base)``.
    """
    if len(words) == 0:
        return
    zero = key_of(base, base)
    if len(words) * words.itemsize <= IN_CACHE:
        _sort_alone(words, base, below, zero, zero, make_room(words))
        return
    if _are_sorted(words, base, below):
        return
    # a quarter more than a worker's share: medians of samples are not quite in the middle
    share = max(5 * len(words) // (4 * max(1, num_workers() - GUESTS)), IN_CACHE // words.itemsize)
    sample = np.empty(_MANY, words.dtype)
    ends, bounds = np.empty((_MOST_RANGES, 2), np.int64), np.empty((_MOST_RANGES, 2), words.dtype)
    ends[0, 0], ends[0, 1] = 0, len(words)
    bounds[0, 0], bounds[0, 1] = zero, key_of(zero, words.dtype.type(1))  # all bits
    index, count = 0, 1
    while index < count:
        first, stop, low, high = ends[index, 0], ends[index, 1], bounds[index, 0], bounds[index, 1]
        if stop - first <= share or low == high or count == _MOST_RANGES:
            index += 1
            continue
        pivot = _pivot_of(words[first:stop], base, below, low, sample)
        middle = first + _split_together(words[first:stop], base, below, pivot)
        count = _split_off(ends, bounds, index, count, middle, pivot)
    depth = 2 * bits_of(np.uint64(len(words))) + _SPARE_DEPTH
    join(spawn(_sort_ranges, words, base, below, ends[:count], bounds[:count], depth))
