"""Radix sort of words, by tasks.

A range is first spread over up to 2,048 buckets by the leading bits in which its keys differ,
all workers counting and then moving blocks of it; a bucket then fits a cache, where one worker
sorts it by the few bits that tell most of its keys apart, and an insertion sort mends the rest.
A bucket that holds much of the array is spread again. (Most significant digit first outside,
least significant digit first inside, as in spreadsort and in Polychroniou and Ross, SIGMOD 2014.)

A word's *key* is an unsigned number in whose order the words are sorted: the word itself, with
its lower bits flipped if it is a negative float, less a base, without carry. The base of floats
is the key of minus infinity, so that NaNs of either sign come last; those of ranges, their least.
"""

import numpy as np
from numba import njit

from zuki.spawning.api import join, spawn
from zuki.task.task import task

DIRECT = 8192  # words that are sorted by one worker, as one bucket
_BUCKET = 4096  # words in a bucket, about, where keys are uniform
_BLOCK = 65536  # words that one task counts or moves, at least
_MOST_BLOCKS = 32
_MOST_LEADING = 9  # bits of a first digit: beyond, the buckets' ends fit no first-level TLB
_GROUPS = 64  # tasks that sort buckets, at most
_BIG = 16  # parts of the array; a bucket of more than one is spread again
_DIGIT = 9  # bits of a digit inside of a bucket, at most
_FEW = 40  # words that an insertion sort sorts as fast
_SPARE = 2  # bits above those that count a bucket's words, by which most of its keys differ
_MOVES = 8  # moves of an insertion sort per word, after which it is given up


@njit
def _key_of(word, order):
    """Return a word's key; `order` holds what negative ones flip, the sign's place, a mask, the base."""
    fold, top, mask, base = order
    wide = np.uint64(word)
    return ((wide ^ (fold & (np.uint64(0) - (wide >> top)))) - base) & mask


@njit
def _with_base(order, low):
    fold, top, mask, base = order
    return fold, top, mask, base + low


@njit
def _bits_of(number):
    bits = 0
    while number:
        number >>= np.uint64(1)
        bits += 1
    return bits


@njit
def _survey(words, order):
    """Return the least and the greatest key, and how many are less than the one before."""
    least = most = _key_of(words[0], order)
    descents = np.uint64(0)
    for i in range(1, len(words)):
        key = _key_of(words[i], order)
        least, most = min(least, key), max(most, key)
        descents += np.uint64(key < _key_of(words[i - 1], order))
    return least, most, descents


@njit
def _copy(source, target):
    for i in range(len(source)):
        target[i] = source[i]


@njit
def _insert(source, target, order):
    """Sort `source` into `target` by insertion; return False if that took too many moves."""
    moves = _MOVES * len(source) + _FEW * _FEW
    last = np.uint64(0)
    for i in range(len(source)):
        word = source[i]
        key = _key_of(word, order)
        if key >= last:
            target[i], last = word, key
            continue
        place = i
        while place > 0 and _key_of(target[place - 1], order) > key:
            target[place] = target[place - 1]
            place -= 1
        target[place] = word
        moves -= i - place
        if moves < 0:
            for rest in range(i + 1, len(source)):
                target[rest] = source[rest]
            return False
    return True


@njit
def _pass_over(source, target, order, shift, last, places):
    """Sort stably by one digit, whose greatest value is `last`."""
    places[: last + 1] = 0
    for i in range(len(source)):
        places[(_key_of(source[i], order) >> shift) & last] += np.uint64(1)
    place = np.uint64(0)
    for digit in range(last + 1):
        place, places[digit] = place + places[digit], place
    for i in range(len(source)):
        word = source[i]
        digit = (_key_of(word, order) >> shift) & last
        place = places[digit]
        target[place] = word
        places[digit] = place + np.uint64(1)


@njit
def _sort_bucket(words, scratch, is_away, order, places):
    """Sort `words`, which are in `scratch` if `is_away`, by one worker."""
    here, there = (scratch, words) if is_away else (words, scratch)
    if len(words) <= _FEW:
        _insert(here, words, order)
        return
    least, most, descents = _survey(here, order)
    if descents == 0:
        if is_away:
            _copy(scratch, words)
        return
    order = _with_base(order, least)
    bits = _bits_of(most - least)
    wanted = min(bits, _bits_of(np.uint64(len(words))) + _SPARE)
    while True:
        passes = (wanted + _DIGIT - 1) // _DIGIT
        width = (wanted + passes - 1) // passes
        low = max(0, bits - passes * width)
        last = np.uint64((1 << width) - 1)
        for number in range(passes):
            _pass_over(here, there, order, np.uint64(low + number * width), last, places)
            here, there = there, here
        is_away ^= passes % 2 == 1
        if low == 0:
            if is_away:
                _copy(scratch, words)
            return
        if _insert(here, words, order):
            return
        here, there, is_away, wanted = words, scratch, False, bits


@task
def _survey_block(words, order, found):
    found[0], found[1], found[2] = _survey(words, order)


@task
def _count(words, order, shift, counts):
    """Count the leading digits of a block."""
    counts[:] = 0
    for i in range(len(words)):
        counts[_key_of(words[i], order) >> shift] += np.uint64(1)


@task
def _spread(source, target, order, shift, places):
    """Move a block's words to their buckets; `places` says where the block's parts of them begin."""
    for i in range(len(source)):
        word = source[i]
        digit = _key_of(word, order) >> shift
        place = places[digit]
        target[place] = word
        places[digit] = place + np.uint64(1)


@task
def _copy_block(source, target):
    _copy(source, target)


@task
def _sort_buckets(words, scratch, starts, largest, is_away, order):
    """Sort the buckets that have at most `largest` words."""
    places = np.empty(1 << _DIGIT, np.uint64)
    for bucket in range(len(starts) - 1):
        start, stop = starts[bucket], starts[bucket + 1]
        if start < stop and stop - start <= largest:
            _sort_bucket(words[start:stop], scratch[start:stop], is_away, order, places)


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
        What `_key_of` takes.
    """
    if len(words) == 0:
        return
    if len(words) <= DIRECT:
        _sort_bucket(words, scratch, False, order, np.empty(1 << _DIGIT, np.uint64))
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
        least, most = found[:, 0].min(), found[:, 1].max()
        if not found[:, 2].any():
            if is_away:
                join(spawn(_copy_all, here, words, cuts))
            continue
        bits = _bits_of(most - least)
        leading = min(bits, _MOST_LEADING, max(1, _bits_of(np.uint64((stop - first) // _BUCKET))))
        shift, based = np.uint64(bits - leading), _with_base(order, least)
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
