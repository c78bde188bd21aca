"""Sorting words by one worker, within a cache.

As many leading bits as count the words, and a few more, tell most keys apart wherever these are
spread evenly. Passes of a radix sort, least significant digit first, go over those bits alone,
and an insertion sort mends the rest. Where it has much to do the passes go over all bits instead.
"""

import numpy as np
from numba import njit

from zuki.spawning.keys import bits_of, copy, key_of, survey, word_of
from zuki.spawning.prefetching import prefetch

DIGIT = 9  # bits of a digit, at most: two times 512 ends of parts just about fit a first-level cache
_FEW = 40  # words that an insertion sort sorts as fast
_SPARE = 2  # bits above those that count the words
_MOVES = 2  # moves of an insertion sort per word, after which it is given up


@njit
def _insert(source, target, base):
    """Sort `source` into `target` by insertion; return False if that took too many moves."""
    moves = _MOVES * len(source) + _FEW * _FEW
    last = key_of(base, base)  # the least
    for i in range(len(source)):
        word = source[i]
        key = key_of(word, base)
        if key >= last:
            target[i], last = word, key
            continue
        place = i
        while place > 0 and key_of(target[place - 1], base) > key:
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
def _count_two(words, base, shift, width, last, counts):
    """Count the digits from `shift` on, and those above: the words are read once for both."""
    counts[:, : last + 1] = 0
    for i in range(len(words)):
        digits = key_of(words[i], base) >> shift
        counts[0, digits & last] += np.uint64(1)
        counts[1, (digits >> width) & last] += np.uint64(1)


@njit
def _pass_over(source, target, base, shift, last, places):
    """Sort stably by one digit, whose greatest value is `last` and whose counts are in `places`."""
    place = np.uint64(0)
    for digit in range(last + 1):
        place, places[digit] = place + places[digit], place
    for i in range(len(source)):
        word = source[i]
        digit = (key_of(word, base) >> shift) & last
        place = places[digit]
        target[place] = word
        places[digit] = place + np.uint64(1)
        prefetch(target, place + np.uint64(1))  # the next of the digit, which often lies in another line


@njit
def sort_bucket(words, scratch, is_away, base, counts):
    """Sort `words`, which are in `scratch` if `is_away`, by one worker; `counts` is memory for digits."""
    here, there = (scratch, words) if is_away else (words, scratch)
    if len(words) <= _FEW:
        _insert(here, words, base)
        return
    least, most, is_sorted = survey(here, base, key_of(base, base))
    if is_sorted:
        if is_away:
            copy(scratch, words)
        return
    base = word_of(base, least)
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
                _count_two(here, base, shift, np.uint64(width), last, counts)
            _pass_over(here, there, base, shift, last, counts[number % 2])
            here, there = there, here
        is_away ^= passes % 2 == 1
        if low == 0:
            if is_away:
                copy(scratch, words)
            return
        if _insert(here, words, base):
            return
        here, there, is_away, wanted = words, scratch, False, bits
