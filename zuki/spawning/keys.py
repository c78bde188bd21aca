"""Words that are sorted, and the keys in whose order they are.

A word's *key* is an unsigned number in whose order the words are sorted: the word itself less a base,
without carry. The base of signed integers is their least; that of ranges, the least key in them. Floats
are made words in whose order they are before they are sorted, and floats again after: see `flipped`.
Keys have the words' type, so that a vector holds as many.
"""

import numpy as np
from numba import njit, types
from numba.extending import intrinsic

_CHUNK = 4096  # words that stay in a first-level cache from one look at them to the next


@intrinsic
def key_of(typing, word, base):
    """Return a word less a base, without carry; both are unsigned, and of one type."""
    if not isinstance(word, types.Integer) or word != base:
        return None

    def emit(context, builder, signature, args):
        return builder.sub(*args)

    return word(word, word), emit


@intrinsic
def word_of(typing, key, base):
    """Return a key and a base, without carry; both are unsigned, and of one type."""
    if not isinstance(key, types.Integer) or key != base:
        return None

    def emit(context, builder, signature, args):
        return builder.add(*args)

    return key(key, key), emit


@intrinsic
def flipped(typing, word, below):
    """Return a word with the bits of `below` flipped if its sign is set; to do it twice is to do nothing.

    The words of floats, with all bits below the sign, are then in the order of the floats, as signed
    integers. For other words `below` is 0.
    """
    if not isinstance(word, types.Integer) or word != below:
        return None

    def emit(context, builder, signature, args):
        sign = builder.ashr(args[0], args[0].type(word.bitwidth - 1))
        return builder.xor(args[0], builder.and_(sign, args[1]))

    return word(word, word), emit


@njit
def flip(words, below):
    """Make words such as `flipped` returns."""
    if below:
        for i in range(len(words)):
            words[i] = flipped(words[i], below)


@njit
def bits_of(number):
    """Return how many bits a number has, without leading zeros."""
    bits = 0
    while number:
        number >>= np.uint64(1)
        bits += 1
    return bits


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
