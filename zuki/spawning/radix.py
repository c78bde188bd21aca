"""Radix sort of words by tasks.

A range is spread over some hundred buckets by the leading bits in which its keys differ, all workers
counting and then moving blocks of it. There are more digits than buckets: neighbours share one, so that
buckets are about alike however keys are distributed, as those of floats are. A bucket then fits a cache,
where one worker sorts it (`buckets`). One digit that holds much of the array is spread again: since its
least key becomes the base of its keys, it has fewer bits then.

To move a word waits for the cache line that it goes to, if that is not at hand: with more buckets than
the processor foresees, each line comes from memory, one after the other. So the next line of a bucket is
asked for with each word. Then 256 buckets take 1.7 ns a word of 32 bits, where they took 5.9; 64 take 1.1.

Blocks and buckets are cut by the length of the array alone, whatever the number of workers.
"""

import numpy as np
from numba import njit

from zuki.spawning.api import join, spawn
from zuki.spawning.buckets import DIGIT, sort_bucket
from zuki.spawning.keys import bits_of, copy, flip, flip_and_survey, key_of, word_of
from zuki.spawning.prefetching import prefetch
from zuki.task.decorator import task

DIRECT = 32768  # words that are sorted by one worker, as one bucket
_BUCKET = 49152  # words in a bucket of more than one digit, at most
_MOST_BUCKETS = 1024  # about; if there would be more, they are larger
_BLOCK = 65536  # words that one task counts or moves, at least
_MOST_BLOCKS = 32
_LEADING = 12  # bits that choose a bucket
_LINE = 64  # bytes of a cache line
_GROUPS = 64  # tasks that sort buckets, at most
_BIG = 16  # parts of the array; a bucket of more than one is spread again


@task
def _survey_block(words, base, below, found):
    """Survey a block, made words that are in order; note its first and its last key, too."""
    found[0], found[1], found[2] = flip_and_survey(words, base, below)
    found[3], found[4] = key_of(words[0], base), key_of(words[len(words) - 1], base)


@task
def _count(words, base, shift, counts):
    """Count the leading digits of a block."""
    counts[:] = 0
    for i in range(len(words)):
        counts[key_of(words[i], base) >> shift] += np.uint64(1)


@task
def _spread(source, target, base, shift, bucket_of, places):
    """Move a block's words to their buckets; `places` says where the block's parts of them begin."""
    line = np.uint64(_LINE // source.itemsize)
    for i in range(len(source)):
        word = source[i]
        bucket = bucket_of[key_of(word, base) >> shift]
        place = places[bucket]
        target[place] = word
        places[bucket] = place + np.uint64(1)
        prefetch(target, place + line)


@task
def _end_block(source, target, is_away, below):
    """Make a block that is in order the words that were given, copied from `source` if it is there."""
    if is_away:
        copy(source, target)
    flip(target, below)


@task
def _sort_buckets(words, scratch, starts, largest, is_away, base, below):
    """Sort the buckets that have at most `largest` words, and make their words those that were given."""
    counts = np.empty((2, 1 << DIGIT), np.uint64)
    for bucket in range(len(starts) - 1):
        start, stop = starts[bucket], starts[bucket + 1]
        if start < stop and stop - start <= largest:
            sort_bucket(words[start:stop], scratch[start:stop], is_away, base, counts)
            flip(words[start:stop], below)


@njit
def _cuts(first, stop):
    """Return the ends of the blocks of a range."""
    blocks = max(1, min(_MOST_BLOCKS, (stop - first) // _BLOCK))
    cuts = np.empty(blocks + 1, np.int64)
    for block in range(blocks + 1):
        cuts[block] = first + (stop - first) * block // blocks
    return cuts


@task
def _survey_all(words, cuts, base, below, found):
    """Survey all blocks of a range."""
    for block in range(len(cuts) - 1):
        spawn(_survey_block, words[cuts[block] : cuts[block + 1]], base, below, found[block])


@njit
def _summary(found):
    """Return for a range what `survey` has found for its blocks."""
    least, most, is_sorted = found[0, 0], found[0, 1], found[0, 2] != 0
    for block in range(1, len(found)):
        least, most = min(least, found[block, 0]), max(most, found[block, 1])
        is_sorted &= found[block, 2] != 0 and found[block, 3] >= found[block - 1, 4]
    return least, most, is_sorted


@task
def _end_all(source, target, cuts, is_away, below):
    """Do as `_end_block` with all blocks of a range."""
    for block in range(len(cuts) - 1):
        first, stop = cuts[block], cuts[block + 1]
        spawn(_end_block, source[first:stop], target[first:stop], is_away, below)


@task
def _count_all(words, cuts, base, shift, counts):
    """Count the leading digits of all blocks of a range."""
    for block in range(len(cuts) - 1):
        spawn(_count, words[cuts[block] : cuts[block + 1]], base, shift, counts[block])


@task
def _spread_all(source, target, cuts, base, shift, bucket_of, places):
    """Move all words of a range to their buckets."""
    for block in range(len(cuts) - 1):
        spawn(_spread, source[cuts[block] : cuts[block + 1]], target, base, shift, bucket_of, places[block])


@task
def _sort_all_buckets(words, scratch, starts, largest, is_away, base, below):
    """Sort all buckets of a range that have at most `largest` words."""
    buckets = len(starts) - 1
    share = (starts[buckets] - starts[0]) // _GROUPS
    first = 0
    for bucket in range(buckets):
        if bucket + 1 == buckets or starts[bucket + 1] - starts[first] > share:
            part = starts[first : bucket + 2]
            spawn(_sort_buckets, words, scratch, part, largest, is_away, base, below)
            first = bucket + 1


@njit
def _share_buckets(counts, most, bucket_of):
    """Let each digit have a bucket, one with its neighbours while that has `most` words; return how many."""
    bucket, filled = 0, np.uint64(0)
    for digit in range(len(bucket_of)):
        size = counts[:, digit].sum()
        if filled > 0 and filled + size > most:
            bucket, filled = bucket + 1, np.uint64(0)
        bucket_of[digit] = bucket
        filled += size
    return bucket + 1


@njit
def _find_places(counts, bucket_of, first, places):
    """Find where each block's part of each bucket begins; return where the buckets start."""
    blocks, buckets = places.shape
    places[:] = 0
    for block in range(blocks):
        for digit in range(len(bucket_of)):
            places[block, bucket_of[digit]] += counts[block, digit]
    starts = np.empty(buckets + 1, np.int64)
    place = np.uint64(first)
    for bucket in range(buckets):
        starts[bucket] = np.int64(place)
        for block in range(blocks):
            place, places[block, bucket] = place + places[block, bucket], place
    starts[buckets] = np.int64(place)
    return starts


@task
def sort_words(words, scratch, base, below):
    """Sort unsigned words by their keys, in place.

    Parameters
    ----------
    words : array of unsigned integers, shape (n,), contiguous
        What is sorted.
    scratch : array of the same shape and dtype
        Memory that is written over.
    base, below : of the same dtype
        What `key_of` and `flipped` take.
    """
    if len(words) == 0:
        return
    if len(words) <= DIRECT:
        flip(words, below)
        sort_bucket(words, scratch, False, base, np.empty((2, 1 << DIGIT), np.uint64))
        flip(words, below)
        return
    largest = max(DIRECT, len(words) // _BIG)
    waiting = np.empty((_BIG + 1, 3), np.int64)  # ranges, and whether their words are in `scratch`
    waiting[0, 0], waiting[0, 1], waiting[0, 2] = 0, len(words), 0
    count, are_flipped = 1, False
    while count:
        count -= 1
        first, stop, is_away = waiting[count, 0], waiting[count, 1], waiting[count, 2] != 0
        here, there = (scratch, words) if is_away else (words, scratch)
        cuts = _cuts(first, stop)
        found = np.empty((len(cuts) - 1, 5), np.uint64)
        join(spawn(_survey_all, here, cuts, base, key_of(below, below) if are_flipped else below, found))
        are_flipped = True
        least, most, is_sorted = _summary(found)
        if is_sorted:
            if is_away or below != 0:
                join(spawn(_end_all, here, words, cuts, is_away, below))
            continue
        bits = bits_of(most - least)
        leading = min(bits, _LEADING)
        shift, based = np.uint64(bits - leading), word_of(base, words.dtype.type(least))
        counts = np.empty((len(cuts) - 1, 1 << leading), np.uint64)
        bucket_of = np.empty(1 << leading, np.uint16)
        join(spawn(_count_all, here, cuts, based, shift, counts))
        most = np.uint64(min(largest, max(_BUCKET, (stop - first) // _MOST_BUCKETS)))
        places = np.empty((len(cuts) - 1, _share_buckets(counts, most, bucket_of)), np.uint64)
        starts = _find_places(counts, bucket_of, first, places)
        join(spawn(_spread_all, here, there, cuts, based, shift, bucket_of, places))
        join(spawn(_sort_all_buckets, words, scratch, starts, largest, not is_away, base, below))
        for bucket in range(len(starts) - 1):
            if starts[bucket + 1] - starts[bucket] > largest:
                waiting[count, 0], waiting[count, 1] = starts[bucket], starts[bucket + 1]
                waiting[count, 2] = not is_away
                count += 1
