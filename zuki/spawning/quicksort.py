"""Quicksort of words by tasks, in place, where the processor has vectors for it and NumPy a fast sort.

First all workers split ranges together: each takes pairs of blocks, one from either end, and moves lesser
words from one to the other, so that not many are left to be exchanged. Once there is a range for each
worker, one worker splits each alone. A range that fits a cache is sorted by NumPy's function
(`numpy_sorts`), by whoever has time.

All keys of a range lie between two bounds, which splits narrow: what has one key only is done. So words that
are all alike are no worse than others. Pivots are medians of samples. Should they be bad all the same,
ranges are left to NumPy's function as they are, which has a remedy of its own.
"""

import numpy as np
from numba import njit

from zuki.runtime.tables import GUESTS
from zuki.spawning.api import join, spawn
from zuki.spawning.asking import num_workers
from zuki.spawning.keys import bits_of, flipped, key_of, survey, word_of
from zuki.spawning.lanes import step_in
from zuki.spawning.numpy_sorts import sort_by_numpy
from zuki.spawning.partition import split, split_pair
from zuki.task.decorator import task

ALONE = 32768  # words that one worker sorts
_IN_CACHE = 1 << 19  # bytes of a range that is not split again
_BLOCK = 32768  # words that one task splits, looks at or exchanges, at least
_MOST_BLOCKS = 64
_MOST_RANGES = 256  # that all workers split together
_FEW, _MANY = 65, 1025  # keys in a sample, if one worker splits or all
_RUNS, _RUN = 32, 32  # places that are looked at first, and words there, to see whether all may be in order
_STRIDE = np.uint64(0x9E3779B97F4A7C15)  # of samples; of the golden section, so that they are spread
_SPARE_DEPTH = 16  # splits of splits beyond twice as many as there should be


@task
def _is_block_sorted(words, base, below, answer):
    """Note whether words are in order."""
    answer[0] = survey(words, base, below)[2]


@task
def _are_blocks_sorted(words, cuts, base, below, answers):
    """Note for each block whether it is in order, with the first word behind it."""
    for block in range(len(cuts) - 1):
        part = words[cuts[block] : cuts[block + 1] + 1]
        spawn(_is_block_sorted, part, base, below, answers[block : block + 1])


@task
def _split_middle(words, base, below, pivot, lesser):
    """Split a block; note how many words have lesser keys."""
    lesser[0] = split(words, base, below, pivot)


@task
def _split_pair(some, others, base, below, pivot, lesser, others_lesser):
    """Split two blocks; note how many words of each have lesser keys."""
    lesser[0], others_lesser[0] = split_pair(some, others, base, below, pivot)


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
    spawn(_split_middle, part, base, below, pivot, lesser[middle : middle + 1])


@task
def _exchange(some, others):
    """Exchange words of two ranges."""
    for i in range(len(some)):
        some[i], others[i] = others[i], some[i]


@task
def _exchange_all(words, cuts, lesser, middle):
    """Exchange the words before `middle` whose keys are not less and those behind it whose keys are."""
    blocks = len(lesser)
    early = late = 0  # blocks
    here = there = here_stop = there_stop = 0
    while True:
        while here == here_stop and early < blocks:
            here = min(cuts[early] + lesser[early], middle)
            here_stop = max(here, min(cuts[early + 1], middle))
            early += 1
        while there == there_stop and late < blocks:
            there = max(cuts[late], middle)
            there_stop = max(there, cuts[late] + lesser[late])
            late += 1
        count = min(here_stop - here, there_stop - there, _BLOCK)
        if count == 0:
            return
        spawn(_exchange, words[here : here + count], words[there : there + count])
        here, there = here + count, there + count


@njit
def _pivot_of(words, base, below, low, high, sample):
    """Return the median of some keys, or what is more than the least, so that there is something to split."""
    place = np.uint64(0)
    for i in range(len(sample)):
        place += _STRIDE
        sample[i] = key_of(flipped(words[place % np.uint64(len(words))], below), base)
    zero = key_of(low, low)
    sort_by_numpy(sample, zero, zero, low, high)
    return max(sample[len(sample) // 2], word_of(low, words.dtype.type(1)))


@task([f"void({word}[::1], {word}, {word}, {word}, {word}, int64)" for word in ("uint32", "uint64")])
def _sort_range(words, base, below, low, high, depth):
    """Sort a range whose keys lie between two bounds, by splits of splits up to a depth."""
    sample = np.empty(_FEW, words.dtype)
    while len(words) * words.itemsize > _IN_CACHE and low < high and depth > 0:
        depth -= 1
        pivot = _pivot_of(words, base, below, low, high, sample)
        lesser, last = split(words, base, below, pivot), key_of(pivot, words.dtype.type(1))
        if 2 * lesser < len(words):
            spawn(_sort_range, words[lesser:], base, below, pivot, high, depth)
            words, high = words[:lesser], last
        else:
            spawn(_sort_range, words[:lesser], base, below, low, last, depth)
            words, low = words[lesser:], pivot
    if low < high:
        sort_by_numpy(words, base, below, low, high)


@njit
def _looks_sorted(words, base, below):
    """Look at some words here and there; return False if any are out of order."""
    place = np.uint64(0)
    for _ in range(_RUNS):
        place = (place + _STRIDE) % np.uint64(len(words) - _RUN)
        for i in range(place + np.uint64(1), place + np.uint64(_RUN)):
            if key_of(flipped(words[i], below), base) < key_of(flipped(words[i - 1], below), base):
                return False
    return True


@njit
def _cuts(length):
    """Return the ends of the blocks of a range."""
    blocks = max(1, min(_MOST_BLOCKS, length // _BLOCK))
    cuts = np.empty(blocks + 1, np.int64)
    for block in range(blocks + 1):
        cuts[block] = length * block // blocks
    return cuts


@njit
def _are_sorted(words, base, below):
    """Return whether words are in order, which all workers look at if it seems so."""
    if not _looks_sorted(words, base, below):
        return False
    cuts = _cuts(len(words))
    answers = np.empty(len(cuts) - 1, np.bool_)
    join(spawn(_are_blocks_sorted, words, cuts, base, below, answers))
    return answers.all()


@njit
def _paired_cuts(words):
    """Return the ends of blocks: one in the middle and as many before as behind it, of whole steps."""
    pairs = max(1, min(_MOST_BLOCKS, len(words) // _BLOCK) // 2)
    step = step_in(words)
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
    join(spawn(_exchange_all, words, cuts, lesser, middle))
    return middle


@njit
def _sort_alone(words, base, below):
    """Sort words by one worker."""
    low, high, is_sorted = survey(words, base, below)
    if not is_sorted:
        sort_by_numpy(words, base, below, low, high)


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
    if len(words) <= ALONE:
        _sort_alone(words, base, below)
        return
    if _are_sorted(words, base, below):
        return
    share = len(words) // max(1, num_workers() - GUESTS)
    share += share // 4  # a sample's median is not quite in the middle
    sample = np.empty(_MANY, words.dtype)
    ends, bounds = np.empty((_MOST_RANGES, 2), np.int64), np.empty((_MOST_RANGES, 2), words.dtype)
    ends[0, 0], ends[0, 1] = 0, len(words)
    bounds[0, 0], bounds[0, 1] = (
        key_of(base, base),
        key_of(key_of(base, base), words.dtype.type(1)),
    )  # all bits
    index, count = 0, 1
    while index < count:
        first, stop, low, high = ends[index, 0], ends[index, 1], bounds[index, 0], bounds[index, 1]
        if stop - first <= max(share, ALONE) or low == high or count == _MOST_RANGES:
            index += 1
            continue
        pivot = _pivot_of(words[first:stop], base, below, low, high, sample)
        middle = first + _split_together(words[first:stop], base, below, pivot)
        count = _split_off(ends, bounds, index, count, middle, pivot)
    depth = 2 * bits_of(np.uint64(len(words))) + _SPARE_DEPTH
    join(spawn(_sort_ranges, words, base, below, ends[:count], bounds[:count], depth))
