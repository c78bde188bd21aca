"""Sorting words by one worker, within a cache.

A word's *key* is an unsigned number in whose order the words are sorted: the word itself less a base,
without carry. The base of signed integers is their least; that of ranges, the least key in them. Floats
are made words in whose order they are before they are sorted, and floats again after: see `flip`.

As many leading bits as count the words, and a few more, tell most keys apart wherever these are
spread evenly. Passes of a radix sort, least significant digit first, go over those bits alone,
and an insertion sort mends the rest. Where it has much to do the passes go over all bits instead.
"""

import numpy as np
from numba import njit

from zuki.spawning.prefetching import prefetch

DIGIT = 9  # bits of a digit, at most: two times 512 ends of parts just about fit a first-level cache
_FEW = 40  # words that an insertion sort sorts as fast
_SPARE = 2  # bits above those that count the words
_MOVES = 2  # moves of an insertion sort per word, after which it is given up


@njit
def key_of(word, order):
    """Return a word's key; `order` holds the base and a mask of the word's bits."""
    base, mask = order
    return (np.uint64(word) - base) & mask


@njit
def with_base(order, low):
    """Return an order whose keys are less by `low`."""
    base, mask = order
    return base + low, mask


@njit
def flip(words, sign):
    """Flip what is below the sign of each negative word; to do it twice is to do nothing.

    The words of floats are then in the order of the floats, as signed integers. `sign` is the number of
    that bit, or 0 where nothing is to be done.
    """
    if sign == 0:
        return
    below = (np.uint64(1) << np.uint64(sign)) - np.uint64(1)
    for i in range(len(words)):
        word = np.uint64(words[i])
        words[i] = word ^ (below & (np.uint64(0) - (word >> np.uint64(sign))))


@njit
def bits_of(number):
    """Return how many bits a number has, without leading zeros."""
    bits = 0
    while number:
        number >>= np.uint64(1)
        bits += 1
    return bits


@njit
def survey(words, order):
    """Return the least and the greatest key, and how many are less than the one before."""
    least = most = key_of(words[0], order)
    descents = np.uint64(0)
    for i in range(1, len(words)):
        key = key_of(words[i], order)
        least, most = min(least, key), max(most, key)
        descents += np.uint64(key < key_of(words[i - 1], order))
    return least, most, descents


@njit
def copy(source, target):
    """Copy words; ``target[:] = source`` takes Numba four times as long to compile."""
    for i in range(len(source)):
        target[i] = source[i]


@njit
def _insert(source, target, order):
    """Sort `source` into `target` by insertion; return False if that took too many moves."""
    moves = _MOVES * len(source) + _FEW * _FEW
    last = np.uint64(0)
    for i in range(len(source)):
        word = source[i]
        key = key_of(word, order)
        if key >= last:
            target[i], last = word, key
            continue
        place = i
        while place > 0 and key_of(target[place - 1], order) > key:
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
def _count_two(words, order, shift, width, last, counts):
    """Count the digits from `shift` on, and those above: the words are read once for both."""
    counts[:, : last + 1] = 0
    for i in range(len(words)):
        digits = key_of(words[i], order) >> shift
        counts[0, digits & last] += np.uint64(1)
        counts[1, (digits >> width) & last] += np.uint64(1)


@njit
def _pass_over(source, target, order, shift, last, places):
    """Sort stably by one digit, whose greatest value is `last` and whose counts are in `places`."""
    place = np.uint64(0)
    for digit in range(last + 1):
        place, places[digit] = place + places[digit], place
    for i in range(len(source)):
        word = source[i]
        digit = (key_of(word, order) >> shift) & last
        place = places[digit]
        target[place] = word
        places[digit] = place + np.uint64(1)
        prefetch(target, place + np.uint64(1))  # the next of the digit, which often lies in another line


@njit
def sort_bucket(words, scratch, is_away, order, counts):
    """Sort `words`, which are in `scratch` if `is_away`, by one worker; `counts` is memory for digits."""
    here, there = (scratch, words) if is_away else (words, scratch)
    if len(words) <= _FEW:
        _insert(here, words, order)
        return
    least, most, descents = survey(here, order)
    if descents == 0:
        if is_away:
            copy(scratch, words)
        return
    order = with_base(order, least)
    bits = bits_of(most - least)
    wanted = min(bits, bits_of(np.uint64(len(words))) + _SPARE)
    while True:
        passes = (wanted + DIGIT - 1) // DIGIT
        width = (wanted + passes - 1) // passes
        low = max(0, bits - passes * width)
        last = np.uint64((1 << width) - 1)
        for number in range(passes):
            shift = np.uint64(low + number * width)
            if number % 2 == 0:
                _count_two(here, order, shift, np.uint64(width), last, counts)
            _pass_over(here, there, order, shift, last, counts[number % 2])
            here, there = there, here
        is_away ^= passes % 2 == 1
        if low == 0:
            if is_away:
                copy(scratch, words)
            return
        if _insert(here, words, order):
            return
        here, there, is_away, wanted = words, scratch, False, bits
