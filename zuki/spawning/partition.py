"""Partition in place by one worker, many words at once.

From M. Blacher, J. Giesen, P. Sanders and J. Wassenberg, "Vectorized and performance-portable
Quicksort" (2022), and B. Bramas, "A novel hybrid quicksort algorithm vectorized using AVX-512" (2017):
the first and the last words are kept aside, which leaves room for those that are read next, whether
their keys are less than the pivot or not. What is read next is on the side that has less room.
"""

import numpy as np
from numba import njit

from zuki.spawning.keys import copy, flipped, key_of
from zuki.spawning.lanes import put_step, step_in

_AHEAD = 8  # steps from what is moved to what is fetched: processors do not foresee two ways at once


@njit
def split(words, base, below, pivot):
    """Move words with lesser keys than a pivot before the others, in place; return how many they are.

    Parameters
    ----------
    words : array of uint32 or uint64, shape (n,), contiguous
        What is moved.
    base, below : of the same dtype
        What makes keys of words: ``key_of(flipped(word, below), base)``.
    pivot : of the same dtype
        A key.
    """
    step = step_in(words)
    left, right = 0, len(words)
    while (right - left) % step or right - left == step:  # the rest is none, or steps and more than one
        word = words[left]
        if key_of(flipped(word, below), base) < pivot:
            left += 1
        else:
            right -= 1
            words[left], words[right] = words[right], word
    if left == right:
        return left
    unread, read = left + step, right - step
    kept = np.empty(2 * step, words.dtype)
    copy(words[left:unread], kept[:step])
    copy(words[read:right], kept[step:])
    while unread < read:
        if unread - left < right - read:
            place, unread, ahead = unread, unread + step, unread + _AHEAD * step
        else:
            read -= step
            place, ahead = read, read - _AHEAD * step
        left, right = put_step(words, place, ahead, words, left, right, base, below, pivot)
    left, right = put_step(kept, 0, 0, words, left, right, base, below, pivot)
    left, right = put_step(kept, step, 0, words, left, right, base, below, pivot)
    return left
