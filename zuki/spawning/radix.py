"""Radix sort of words by tasks.

A range is spread over up to 512 buckets by the leading bits in which its keys differ, all workers
counting and then moving blocks of it. A bucket then fits a cache, where one worker sorts it
(`buckets`). One that holds much of the array is spread again: since its least key becomes the base
of its keys, it has fewer bits then, however the keys are distributed.

Blocks and buckets are cut by the length of the array alone, whatever the number of workers.
"""

import numpy as np
from numba import njit

from zuki.spawning.api import join, spawn
from zuki.spawning.buckets import DIGIT, bits_of, copy, key_of, sort_bucket, survey, with_base
from zuki.task.task import task

DIRECT = 32768  # words that are sorted by one worker, as one bucket
_BUCKET = 4096  # words in a bucket where keys are spread evenly, about
_BLOCK = 65536  # words that one task counts or moves, at least
_MOST_BLOCKS = 32
_LEAST_LEADING = 6
_MOST_LEADING = 9  # bits that choose a bucket: moving to 1,024 took twice as long as moving to 512
_GROUPS = 64  # tasks that sort buckets, at most
_BIG = 16  # parts of the array; a bucket of more than one is spread again


@task
def _survey_block(words, order, found):
    found[0], found[1], found[2] = survey(words, order)


@task
def _count(words, order, shift, counts):
    """Count the leading digits of a block."""
    counts[:] = 0
    for i in range(len(words)):
        counts[key_of(words[i], order) >> shift] += np.uint64(1)


@task
def _spread(source, target, order, shift, places):
    """Move a block's words to their buckets; `places` says where the block's parts of them begin."""
    for i in range(len(source)):
        word = source[i]
        digit = key_of(word, order) >> shift
        place = places[digit]
        target[place] = word
        places[digit] = place + np.uint64(1)


@task
def _copy_block(source, target):
    copy(source, target)


@task
def _sort_buckets(words, scratch, starts, largest, is_away, order):
    """Sort the buckets that have at most `largest` words."""
    places = np.empty(1 << DIGIT, np.uint64)
    for bucket in range(len(starts) - 1):
        start, stop = starts[bucket], starts[bucket + 1]
        if start < stop and stop - start <= largest:
            sort_bucket(words[start:stop], scratch[start:stop], is_away, order, places)


@njit
def _cuts(first, stop):
    """Return the ends of the blocks of a range."""
    blocks = max(1, min(_MOST_BLOCKS, (stop - first) // _BLOCK))
    cuts = np.empty(blocks + 1, np.int64)
    for block in range(blocks + 1):
        cuts[block] = first + (stop - first) * block // blocks
    return cuts


@task
def _survey_all(words, cuts, order, found):
    """Survey all blocks of a range; each begins with the last word of the one before."""
    for block in range(len(cuts) - 1):
        first = max(cuts[0], cuts[block] - 1)
        spawn(_survey_block, words[first : cuts[block + 1]], order, found[block])


@njit
def _summary(found):
    """Return for a range what `survey` has found for its blocks."""
    least, most, descents = found[0, 0], found[0, 1], found[0, 2]
    for block in range(1, len(found)):
        least, most = min(least, found[block, 0]), max(most, found[block, 1])
        descents += found[block, 2]
    return least, most, descents


@task
def _copy_all(source, target, cuts):
    """Copy all blocks of a range."""
    for block in range(len(cuts) - 1):
        spawn(_copy_block, source[cuts[block] : cuts[block + 1]], target[cuts[block] : cuts[block + 1]])


@task
def _count_all(words, cuts, order, shift, counts):
    """Count the leading digits of all blocks of a range."""
    for block in range(len(cuts) - 1):
        spawn(_count, words[cuts[block] : cuts[block + 1]], order, shift, counts[block])


@task
def _spread_all(source, target, cuts, order, shift, places):
    """Move all words of a range to their buckets."""
    for block in range(len(cuts) - 1):
        spawn(_spread, source[cuts[block] : cuts[block + 1]], target, order, shift, places[block])


@task
def _sort_all_buckets(words, scratch, starts, largest, is_away, order):
    """Sort all buckets of a range that have at most `largest` words."""
    buckets = len(starts) - 1
    share = (starts[buckets] - starts[0]) // _GROUPS
    first = 0
    for bucket in range(buckets):
        if bucket + 1 == buckets or starts[bucket + 1] - starts[first] > share:
            spawn(_sort_buckets, words, scratch, starts[first : bucket + 2], largest, is_away, order)
            first = bucket + 1


@njit
def _places_of(counts, first):
    """Turn counts by block and digit into places; return where the buckets start."""
    blocks, digits = counts.shape
    starts = np.empty(digits + 1, np.int64)
    place = np.uint64(first)
    for digit in range(digits):
        starts[digit] = np.int64(place)
        for block in range(blocks):
            place, counts[block, digit] = place + counts[block, digit], place
    starts[digits] = np.int64(place)
    return starts


@task
def sort_words(words, scratch, order):
    """Sort unsigned words by their keys, in place.

    Parameters
    ----------
    words : array of unsigned integers, shape (n,), contiguous
        What is sorted.
    scratch : array of the same shape and dtype
        Memory that is written over.
    order : tuple of four uint64
        What `key_of` takes.
    """
    if len(words) == 0:
        return
    if len(words) <= DIRECT:
        sort_bucket(words, scratch, False, order, np.empty(1 << DIGIT, np.uint64))
        return
    largest = max(DIRECT, len(words) // _BIG)
    waiting = np.empty((_BIG + 1, 3), np.int64)  # ranges, and whether their words are in `scratch`
    waiting[0, 0], waiting[0, 1], waiting[0, 2] = 0, len(words), 0
    count = 1
    while count:
        count -= 1
        first, stop, is_away = waiting[count, 0], waiting[count, 1], waiting[count, 2] != 0
        here, there = (scratch, words) if is_away else (words, scratch)
        cuts = _cuts(first, stop)
        found = np.empty((len(cuts) - 1, 3), np.uint64)
        join(spawn(_survey_all, here, cuts, order, found))
        least, most, descents = _summary(found)
        if descents == 0:
            if is_away:
                join(spawn(_copy_all, here, words, cuts))
            continue
        bits = bits_of(most - least)
        leading = max(_LEAST_LEADING, bits_of(np.uint64((stop - first) // _BUCKET)))
        leading = min(bits, leading, _MOST_LEADING)
        shift, based = np.uint64(bits - leading), with_base(order, least)
        places = np.empty((len(cuts) - 1, 1 << leading), np.uint64)
        join(spawn(_count_all, here, cuts, based, shift, places))
        starts = _places_of(places, first)
        join(spawn(_spread_all, here, there, cuts, based, shift, places))
        join(spawn(_sort_all_buckets, words, scratch, starts, largest, not is_away, order))
        for bucket in range(1 << leading):
            if starts[bucket + 1] - starts[bucket] > largest:
                waiting[count, 0], waiting[count, 1] = starts[bucket], starts[bucket + 1]
                waiting[count, 2] = not is_away
                count += 1
