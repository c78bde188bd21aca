"""Words that are sorted, and the keys in whose order they are.

A word's *key* is an unsigned number in whose order the words are sorted: the word itself less a base,
without carry. The base of signed integers is their least; that of ranges, the least key in them. Floats
are made words in whose order they are before they are sorted, and floats again after: see `flipped`.
Keys have the words' type, so that a vector holds as many.
"""

import numpy as np
from numba import njit, types
from numba.extending import intrinsic

from zuki_kernels.bits import leading_zeros

_CHUNK = 4096  # words that stay in a first-level cache from one look at them to the next


def _of_words(word, other, emit):
    """Type what makes a word of two, which are unsigned and of one type."""
    if not isinstance(word, types.Integer) or word != other:
        return None
    return word(word, word), lambda context, builder, signature, args: emit(builder, *args)


@intrinsic
def key_of(typing, word, base):
    """Return a word less a base, without carry; both are unsigned, and of one type."""
    return _of_words(word, base, lambda builder, word, base: builder.sub(word, base))


@intrinsic
def word_of(typing, key, base):
    """Return a key and a base, without carry; both are unsigned, and of one type."""
    return _of_words(key, base, lambda builder, key, base: builder.add(key, base))


@intrinsic
def flipped(typing, word, below):
    """Return a word with the bits of `below` flipped if its sign is set; to do it twice is to do nothing.

    The words of floats, with all bits below the sign, are then in the order of the floats, as signed
    integers. For other words `below` is 0.
    """

    def emit(builder, word, below):
        sign = builder.ashr(word, word.type(word.type.width - 1))
        return builder.xor(word, builder.and_(sign, below))

    return _of_words(word, below, emit)


@njit
def flip(words, below):
    """Make words such as `flipped` returns."""
    if below:
        for i in range(len(words)):
            words[i] = flipped(words[i], below)


@njit
def bits_of(number):
    """Return how many bits a number has, without leading zeros."""
    return 64 - leading_zeros(np.int64(number))


@njit
def survey(words, base, below):
    """Return the least and the greatest key of `flipped` words, and whether they are in order."""
    least = most = key_of(flipped(words[0], below), base)
    is_sorted = True
    for i in range(1, len(words)):
        key = key_of(flipped(words[i], below), base)
        least, most = min(least, key), max(most, key)
        is_sorted &= key >= key_of(flipped(words[i - 1], below), base)
    return least, most, is_sorted


@njit
def flip_and_survey(words, base, below):
    """Do as `flip` and as `survey`, coming by each word once."""
    zero = key_of(below, below)
    flip(words[:1], below)
    least, most, is_sorted = survey(words[:1], base, zero)
    for start in range(1, len(words), _CHUNK):
        stop = min(start + _CHUNK, len(words))
        flip(words[start:stop], below)
        low, high, is_chunk_sorted = survey(words[start - 1 : stop], base, zero)
        least, most, is_sorted = min(least, low), max(most, high), is_sorted and is_chunk_sorted
    return least, most, is_sorted


@njit
def copy(source, target):
    """Copy words; ``target[:] = source`` takes Numba four times as long to compile."""
    for i in range(len(source)):
        target[i] = source[i]
