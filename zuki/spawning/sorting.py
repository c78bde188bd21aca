"""`parallel_sort`, in jitted code and from Python."""

from functools import cache
from typing import Any

import numpy as np
from numba import njit, types
from numba.core import errors
from numba.extending import overload

from zuki.later import later
from zuki.spawning.api import run
from zuki.spawning.numpy_sorts import can_sort

lanes = later("zuki.spawning.lanes")
quicksort = later("zuki.spawning.quicksort")
radix = later("zuki.spawning.radix")
ties = later("zuki.spawning.ties")

_ALONE = 65536  # elements below which a radix sort is the caller's alone: to enter a pool costs as much
_WHAT = "zuki.parallel_sort sorts one-dimensional arrays of integers, floats of 32 or 64 bits, or booleans"


def parallel_sort(array: np.ndarray, stable: bool = False, *, executor: Any = None) -> None:
    """Sort an array in place, with all workers of a pool; in jitted code and from Python.

    In jitted code, the pool is that of the calling thread; outside of one the calling thread
    sorts alone. Memory for a second array of the same size may be taken while it lasts; a sort that
    an exception interrupts, such as Ctrl-C, leaves the array in no particular state.

    Parameters
    ----------
    array : ndarray, shape (n,)
        Integers, floats of 32 or 64 bits, or booleans, in native byte order, writable;
        contiguous or not. NaNs come last.
    stable : bool
        Keep the order of floats that compare alike but are not the same: 0.0 and -0.0, and NaNs.
        Nothing else could be told apart. Otherwise -0.0 comes before 0.0.
    executor : Executor, optional
        Where it is to run; default: `default_executor`. From Python only.

    Raises
    ------
    TypeError
        It is not an array, or holds something else.
    ValueError
        The array has other than one dimension, or is read-only.

    Notes
    -----
    Where the processor has AVX-512 or AVX2 and NumPy's sort uses it, numbers of 32 and 64 bits are sorted
    in place: by a quicksort whose partitions move vectors, after M. Blacher et al., "Vectorized and
    performance-portable Quicksort" (2022), and in cache by NumPy's own function.

    Elsewhere it is a radix sort: time and memory grow with `n` alone. Spreading by leading bits, then sorting
    each part in cache, is from Polychroniou and Ross, "A comprehensive study of main-memory
    partitioning and its application to large-scale comparison- and radix-sort" (SIGMOD 2014).

    Examples
    --------
    >>> import numpy as np
    >>> import zuki
    >>> values = np.array([3.0, np.nan, 1.0, 2.0])
    >>> zuki.parallel_sort(values)
    >>> values
    array([ 1.,  2.,  3., nan])
    """
    if not isinstance(array, np.ndarray) or isinstance(array, np.ma.MaskedArray):
        raise TypeError(f"{_WHAT}, not a {type(array).__name__}")
    if not _is_sortable(array.dtype.kind, array.dtype.itemsize) or not array.dtype.isnative:
        raise TypeError(f"{_WHAT} in native byte order, not of {array.dtype!r}")
    if array.ndim != 1:
        raise ValueError(f"{_WHAT}, not one of {array.ndim} dimensions")
    if not array.flags.writeable:
        raise ValueError("zuki.parallel_sort sorts in place, and this array is read-only")
    plain = array if type(array) is np.ndarray else array.view(np.ndarray)
    is_whole = plain.flags.c_contiguous and plain.flags.aligned
    whole = plain if is_whole else plain.copy()
    base, below = _order_of(whole.dtype)
    words = whole.view(base.dtype)
    equal = ties.ties_of(whole, words) if stable and whole.dtype.kind == "f" else None
    if _has_vectors(words.dtype) and can_sort(words):
        sort_words, given = quicksort.sort_words, (words, base, below)
        is_small = words.nbytes <= 2 * quicksort.IN_CACHE
    else:
        sort_words, given = radix.sort_words, (words, np.empty_like(words), base, below)
        is_small = len(words) < _ALONE
    if is_small:
        sort_words(*given)
    else:
        run(sort_words, *given, executor=executor)
    if equal is not None:
        ties.restore(whole, *equal)
    if not is_whole:
        plain[:] = whole


def _is_sortable(kind: str, size: int) -> bool:
    return kind in "iub" or (kind == "f" and size in (4, 8))


def _has_vectors(dtype: np.dtype) -> bool:
    return lanes.ARE_HERE and dtype.itemsize in (4, 8)


@cache
def _order_of(dtype: np.dtype) -> tuple[np.unsignedinteger, np.unsignedinteger]:
    """Return what `key_of` and `flipped` take to make keys of words that are values of a dtype.

    The base of floats is the key of minus infinity, so that NaNs of either sign come last.
    """
    word = np.dtype(f"u{dtype.itemsize}")
    highest = 1 << 8 * dtype.itemsize - 1
    if dtype.kind == "f":
        return word.type(int(np.array(-np.inf, dtype).view(word)) ^ (highest - 1)), word.type(highest - 1)
    return word.type(highest if dtype.kind == "i" else 0), word.type(0)


@overload(parallel_sort)
def _parallel_sort_in_jitted_code(array, stable=False):
    if not isinstance(array, types.Array):
        raise errors.TypingError(f"{_WHAT}, not {array}")
    if isinstance(array.dtype, types.Integer | types.Float | types.Boolean):
        dtype = np.dtype(str(array.dtype).replace("boolean", "bool"))
    else:
        raise errors.TypingError(f"{_WHAT}, not of {array.dtype}")
    if not _is_sortable(dtype.kind, dtype.itemsize):
        raise errors.TypingError(f"{_WHAT}, not of {array.dtype}")
    if array.ndim != 1:
        raise errors.TypingError(f"{_WHAT}, not one of {array.ndim} dimensions")
    if not array.mutable:
        raise errors.TypingError("zuki.parallel_sort sorts in place, and this array is read-only")
    base, below = _order_of(dtype)
    word = type(base)
    is_whole = array.layout == "C" and array.aligned
    has_ties = dtype.kind == "f"
    sort_words, ties_of, restore = _sorter(_has_vectors(dtype)), ties.ties_of, ties.restore

    def sort(array, stable=False):
        whole = array if is_whole else array.copy()
        words = whole.view(word)
        if has_ties and stable:
            nans, zeros = ties_of(whole, words)
            sort_words(words, word(base), word(below))
            restore(whole, nans, zeros)
        else:
            sort_words(words, word(base), word(below))
        if not is_whole:
            array[:] = whole

    return sort


@cache
def _sorter(has_vectors: bool) -> Any:
    """Return what sorts words in jitted code."""
    in_radix = radix.sort_words

    @njit
    def by_radix(words, base, below):
        in_radix(words, np.empty_like(words), base, below)

    if not has_vectors:
        return by_radix
    in_place = quicksort.sort_words

    @njit
    def sort_words(words, base, below):
        if can_sort(words):
            in_place(words, base, below)
        else:
            by_radix(words, base, below)

    return sort_words
