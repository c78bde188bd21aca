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
_MOST_LEADING = 11  # bits of a first digit: the buckets' ends fit a second-level cache and its TLB
_GROUPS = 64  # tasks that sort buckets, at most; a bucket with more than its share may be spread again
_BIG = 16  # parts of the array that a bucket must exceed one of to be spread again
_DIGIT = 8  # bits of a digit inside of a bucket
_DIGITS = 1 << _DIGIT
_FEW = 40  # words that an insertion sort sorts as fast
_SPARE = 4  # bits above those that count a bucket's words, by which most of its keys differ
_MOVES = 8  # moves of an insertion sort per word, after which it is given up


@njit
def _key_of(word, order):
    """Return a word's key; `order` holds what negative ones flip, the sign's place, a mask, the base."""
    fold, top, mask, base = order
    wide = np.uint64(word)
    return ((wide ^ (fold & (np.uint64(0) - (wide >> top)))) - base) & mask


@njit
def _bits_of(number):
    bits = 0
    while number:
        number >>= np.uint64(1)
        bits += 1
    return bits


@njit
def _with_base(order, low):
    fold, top, mask, base = order
    return fold, top, mask, base + low


@njit
def _survey(words, first, stop, order):
    """Return the least and the greatest key, and how many are less than the one before."""
    before = _key_of(words[first], order)
    least, most, descents = before, before, np.uint64(0)
    for i in range(first, stop):
        key = _key_of(words[i], order)
        least, most = min(least, key), max(most, key)
        descents += np.uint64(key < before)
        before = key
    return least, most, descents


@task
def _survey_block(words, first, stop, order):
    return _survey(words, first, stop, order)


@task
def _count(words, first, stop, order, shift, counts, row):
    """Count the leading digits of a block."""
    own = counts[row]
    own[:] = 0
    for i in range(first, stop):
        own[_key_of(words[i], order) >> shift] += np.uint64(1)


@task
def _spread(source, target, first, stop, order, shift, places, row):
    """Move a block's words to their buckets; `places` says where the block's parts of them begin."""
    own = places[row]
    for i in range(first, stop):
        word = source[i]
        digit = _key_of(word, order) >> shift
        place = own[digit]
        target[place] = word
        own[digit] = place + np.uint64(1)


@task
def _copy(source, target, first, stop):
    for i in range(first, stop):
        target[i] = source[i]


@njit
def _insert(source, target, first, stop, order):
    """Sort a range of `source` into `target` by insertion; return False if that took too many moves."""
    moves = _MOVES * (stop - first) + _FEW * _FEW
    last = np.uint64(0)
    for i in range(first, stop):
        word = source[i]
        key = _key_of(word, order)
        if key >= last:
            target[i], last = word, key
            continue
        place = i
        while place > first and _key_of(target[place - 1], order) > key:
            target[place] = target[place - 1]
            place -= 1
        target[place] = word
        moves -= i - place
        if moves < 0:
            for rest in range(i + 1, stop):
                target[rest] = source[rest]
            return False
    return True


@njit
def _pass_over(source, target, first, stop, order, shift, places):
    """Sort a range stably by one digit."""
    last = np.uint64(_DIGITS - 1)
    places[:] = 0
    for i in range(first, stop):
        places[(_key_of(source[i], order) >> shift) & last] += np.uint64(1)
    place = np.uint64(first)
    for digit in range(_DIGITS):
        place, places[digit] = place + places[digit], place
    for i in range(first, stop):
        word = source[i]
        digit = (_key_of(word, order) >> shift) & last
        place = places[digit]
        target[place] = word
        places[digit] = place + np.uint64(1)


@njit
def _sort_bucket(words, scratch, first, stop, is_away, order, places):
    """Sort a range of `words`, whose words are in `scratch` if `is_away`, by one worker."""
    here, there = (scratch, words) if is_away else (words, scratch)
    if stop - first <= _FEW:
        _insert(here, words, first, stop, order)
        return
    least, most, descents = _survey(here, first, stop, order)
    if descents == 0:
        if is_away:
            words[first:stop] = scratch[first:stop]
        return
    order = _with_base(order, least)
    bits = _bits_of(most - least)
    passes = (min(bits, _bits_of(np.uint64(stop - first)) + _SPARE) + _DIGIT - 1) // _DIGIT
    while True:
        low = max(0, bits - passes * _DIGIT)
        for number in range(passes):
            _pass_over(here, there, first, stop, order, np.uint64(low + number * _DIGIT), places)
            here, there = there, here
        is_away ^= passes % 2 == 1
        if low == 0:
            if is_away:
                words[first:stop] = scratch[first:stop]
            return
        if _insert(here, words, first, stop, order):
            return
        here, there, is_away = words, scratch, False
        passes = (bits + _DIGIT - 1) // _DIGIT


@task
def _sort_buckets(words, scratch, starts, first, stop, largest, is_away, order):
    """Sort the buckets `first` to `stop` that have at most `largest` words."""
    places = np.empty(_DIGITS, np.uint64)
    for bucket in range(first, stop):
        start, end = starts[bucket], starts[bucket + 1]
        if start < end and end - start <= largest:
            _sort_bucket(words, scratch, start, end, is_away, order, places)


@njit
def _cuts(first, stop):
    """Return the ends of the blocks of a range."""
    blocks = max(1, min(_MOST_BLOCKS, (stop - first) // _BLOCK))
    cuts = np.empty(blocks + 1, np.int64)
    for block in range(blocks + 1):
        cuts[block] = first + (stop - first) * block // blocks
    return cuts


@njit
def _survey_all(words, cuts, order):
    """Do as `_survey` with all blocks of a range."""
    blocks = len(cuts) - 1
    handles = [
        spawn(_survey_block, words, max(cuts[0], cuts[block] - 1), cuts[block + 1], order)
        for block in range(blocks)
    ]
    least, most, descents = join(handles[blocks - 1])
    for block in range(blocks - 2, -1, -1):
        low, high, down = join(handles[block])
        least, most, descents = min(least, low), max(most, high), descents + down
    return least, most, descents


@task
def _copy_all(source, target, cuts):
    """Copy all blocks of a range."""
    for block in range(len(cuts) - 1):
        spawn(_copy, source, target, cuts[block], cuts[block + 1])


@task
def _count_all(words, cuts, order, shift, counts):
    """Count the leading digits of all blocks of a range."""
    for block in range(len(cuts) - 1):
        spawn(_count, words, cuts[block], cuts[block + 1], order, shift, counts, block)


@task
def _spread_all(source, target, cuts, order, shift, places):
    """Move all words of a range to their buckets."""
    for block in range(len(cuts) - 1):
        spawn(_spread, source, target, cuts[block], cuts[block + 1], order, shift, places, block)


@task
def _sort_all_buckets(words, scratch, starts, largest, is_away, order):
    """Sort all buckets of a range that have at most `largest` words."""
    buckets = len(starts) - 1
    share = (starts[buckets] - starts[0]) // _GROUPS
    first = 0
    for bucket in range(buckets):
        if bucket + 1 == buckets or starts[bucket + 1] - starts[first] > share:
            spawn(_sort_buckets, words, scratch, starts, first, bucket + 1, largest, is_away, order)
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
    if len(words) <= DIRECT:
        _sort_bucket(words, scratch, 0, len(words), False, order, np.empty(_DIGITS, np.uint64))
        return
    largest = max(DIRECT, len(words) // _BIG)
    waiting = [(0, len(words), False)]  # ranges, and whether their words are in `scratch`
    while waiting:
        first, stop, is_away = waiting.pop()
        here, there = (scratch, words) if is_away else (words, scratch)
        cuts = _cuts(first, stop)
        least, most, descents = _survey_all(here, cuts, order)
        if descents == 0:
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
                waiting.append((starts[bucket], starts[bucket + 1], not is_away))
