"""Partition in place by one worker, many words at once.

From M. Blacher, J. Giesen, P. Sanders and J. Wassenberg, "Vectorized and performance-portable
Quicksort" (2022), and B. Bramas, "A novel hybrid quicksort algorithm vectorized using AVX-512" (2017):
the first and the last words are kept aside, which leaves room for those that are read next, whether
their keys are less than the pivot or not. What is read next is on the side that has less room.
"""

import numpy as np
from numba import njit

from zuki.spawning.keys import copy, flipped, key_of
from zuki.spawning.lanes import STEP, lanes_in, put_step, put_vector
from zuki.spawning.prefetching import prefetch

_AHEAD = 8  # steps from what is moved to what is fetched: processors do not foresee two ways at once


@njit
def make_room(words):
    """Return memory for the words that `split` and `split_pair` keep aside."""
    return np.empty(3 * STEP * lanes_in(words), words.dtype)


@njit
def _fetch(words, place):
    """Have a step of words at hand from a place on; there need not be such a place."""
    for vector in range(STEP):
        prefetch(words, np.uint64(place + vector * lanes_in(words)))


@njit
def _put_all(source, words, left, right, base, below, pivot):
    """Do as `put_step` with less than a step of words, or a few more, into just as much room."""
    start = len(source) % lanes_in(source)
    for word in source[:start]:
        words[left] = words[right - 1] = word  # no branch: nobody could foresee it
        is_lesser = np.int64(key_of(flipped(word, below), base) < pivot)
        left, right = left + is_lesser, right - 1 + is_lesser
    for place in range(start, len(source), lanes_in(source)):
        left, right = put_vector(source, place, words, left, words, right, base, below, pivot)
    return left, right


@njit
def split(words, base, below, pivot, kept):
    """Move words with lesser keys than a pivot before the others, in place; return how many they are.

    Parameters
    ----------
    words : array of uint32 or uint64, shape (n,), contiguous
        What is moved.
    base, below : of the same dtype
        What makes keys of words: ``key_of(flipped(word, below), base)``.
    pivot : of the same dtype
        A key.
    kept : array of the same dtype
        What `make_room` returns.
    """
    step = STEP * lanes_in(words)
    left, right = 0, len(words)
    if right < 2 * step:
        copy(words, kept[:right])
        return _put_all(kept[:right], words, left, right, base, below, pivot)[0]
    rest = right % step
    unread, read = rest + step, right - step
    copy(words[:unread], kept[:unread])
    copy(words[read:], kept[unread : unread + step])
    while unread < read:
        if unread - left < right - read:
            place, unread = unread, unread + step
            _fetch(words, place + _AHEAD * step)
        else:
            place = read = read - step
            _fetch(words, place - _AHEAD * step)
        left, right = put_step(words, place, words, left, words, right, base, below, pivot)
    left, right = _put_all(kept[:rest], words, left, right, base, below, pivot)
    left, right = put_step(kept, rest, words, left, words, right, base, below, pivot)
    left, right = put_step(kept, rest + step, words, left, words, right, base, below, pivot)
    return left


@njit
def split_pair(some, others, base, below, pivot, kept):
    """Split two ranges, moving words with lesser keys to `some` and the rest to `others` while that goes.

    Each is split in the end. Only one has many words that are better off in the other: `some` if less than
    half of all have lesser keys, else `others`. Returned is how many of each have lesser keys.

    Parameters
    ----------
    some, others : arrays of uint32 or uint64, shape (n,), contiguous
        What is split; a whole number of steps.
    base, below, pivot, kept
        As for `split`.
    """
    step = STEP * lanes_in(some)
    left, right = 0, len(others)
    unread, read = step, len(others) - step
    copy(some[:unread], kept[:step])
    copy(others[read:], kept[step : 2 * step])
    while True:
        if unread - left < right - read:
            if unread == len(some):
                break
            _fetch(some, unread + _AHEAD * step)
            left, right = put_step(some, unread, some, left, others, right, base, below, pivot)
            unread += step
        else:
            if read == 0:
                break
            read -= step
            _fetch(others, read - _AHEAD * step)
            left, right = put_step(others, read, some, left, others, right, base, below, pivot)
    room = unread - left
    copy(kept[:room], some[left:unread])
    copy(kept[room : 2 * step], others[read:right])
    left += split(some[left:], base, below, pivot, kept)
    return left, split(others[:right], base, below, pivot, kept)
