"""Partition by vectors, by one worker and by all."""

import os
import subprocess
import sys

import numpy as np
import pytest
from numba import njit

import zuki
from zuki.spawning import halving, lanes, numpy_sorts, partition, quicksort
from zuki.spawning.sorting import _order_of

pytestmark = pytest.mark.skipif(not lanes.ARE_HERE, reason="this processor has no such vectors")

DTYPES = ["u4", "i4", "f4", "u8", "i8", "f8"]
SPECIAL = [(), (0.0,), (-0.0,), (0.0, -0.0), (np.nan,), (-np.nan, 0.0), (np.inf, -np.inf)]
LIMIT = 120  # seconds
STEP = 128  # words of 32 bits that are moved at once, and twice as many as of 64


def random_words(dtype, size):
    """Return words of a dtype, their keys, and what makes keys of them."""
    words = np.frombuffer(np.random.default_rng(size).bytes(size * np.dtype(dtype).itemsize), dtype).copy()
    words = words.view(f"u{words.itemsize}")
    base, below = _order_of(np.dtype(dtype))
    return words, keys_of(words, base, below), base, below


def keys_of(words, base, below):
    is_negative = words >> words.dtype.type(8 * words.itemsize - 1) == 1
    return np.where(is_negative, words ^ below, words) - base


def assert_split(given, words, count, base, below, pivot):
    keys = keys_of(words, base, below)
    assert count == (keys_of(given, base, below) < pivot).sum()
    assert (keys[:count] < pivot).all()
    assert (keys[count:] >= pivot).all()
    assert np.array_equal(np.sort(words), np.sort(given))  # the very same words


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    "size", [0, 1, 15, STEP // 2, STEP - 1, STEP, STEP + 1, 2 * STEP, 3 * STEP, 3 * STEP + 5, 10_000]
)
def test_every_word_is_on_its_side(dtype, size):
    given, keys, base, below = random_words(dtype, size)
    most = keys.dtype.type(2 ** (8 * keys.itemsize) - 1)
    for pivot in (keys.dtype.type(0), most, *np.sort(keys)[:: size // 5 or 1]):
        words = given.copy()
        count = partition.split(words, base, below, pivot, partition.make_room(words))
        assert_split(given, words, count, base, below, pivot)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("steps", [1, 2, 3, 10])
@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.8, 1.0])
def test_pairs(dtype, steps, share):
    size = steps * (STEP if np.dtype(dtype).itemsize == 4 else STEP // 2)
    given, keys, base, below = random_words(dtype, 2 * size)
    pivot = np.sort(keys)[min(int(share * len(keys)), len(keys) - 1)]
    words = given.copy()
    some, others = words[:size], words[size:]
    count, others_count = partition.split_pair(some, others, base, below, pivot, partition.make_room(some))
    assert np.array_equal(np.sort(words), np.sort(given))
    for part, lesser in ((some, count), (others, others_count)):
        assert_split(part.copy(), part, lesser, base, below, pivot)
    assert min(size - count, others_count) <= 2 * STEP  # as many as were kept aside


def test_what_lies_around_is_left_alone():
    around = np.full(1000, 7, np.uint32)
    around[100:900] = np.random.default_rng(0).integers(0, 100, 800)
    zero = np.uint32(0)
    partition.split(around[100:900], zero, zero, np.uint32(50), partition.make_room(around))
    assert (around[:100] == 7).all()
    assert (around[900:] == 7).all()


BY_AVX2 = """
import numpy as np
from zuki.spawning import lanes, partition
assert lanes._BITS == 256, lanes._BITS
random = np.random.default_rng(0)
for kind in (np.uint32, np.uint64):
    for size in (0, 1, 7, 31, 32, 33, 63, 64, 65, 128, 1000, 5003):
        given = random.integers(0, 100, size).astype(kind) << kind(8 * kind().itemsize - 8)
        pivot = kind(70) << kind(8 * kind().itemsize - 8)
        words = given.copy()
        count = partition.split(words, kind(0), kind(0), pivot, partition.make_room(words))
        assert count == (given < pivot).sum() and (words[:count] < pivot).all()
        assert np.array_equal(np.sort(words), np.sort(given))
print("all split")
"""


@pytest.mark.skipif("+avx2" not in lanes._FEATURES, reason="this processor has no AVX2")
def test_shorter_vectors(tmp_path):
    features = "+sse2,+sse3,+ssse3,+sse4.1,+sse4.2,+popcnt,+avx,+avx2,+bmi,+bmi2,+lzcnt,+fma,+cx16"
    asked = {"NUMBA_CPU_NAME": "haswell", "NUMBA_CPU_FEATURES": features, "NUMBA_CACHE_DIR": str(tmp_path)}
    command = [sys.executable, "-c", BY_AVX2]
    done = subprocess.run(command, env=os.environ | asked, capture_output=True, text=True, timeout=LIMIT)
    assert done.stdout.split() == ["all", "split"], done.stderr


@njit
def split_together(words, base, below, pivot):
    return quicksort._split_together(words, base, below, pivot)


@zuki.task
def split_in_a_pool(words, base, below, pivot):
    return quicksort._split_together(words, base, below, pivot)


@pytest.mark.parametrize("dtype", ["i4", "f8"])
@pytest.mark.parametrize("share", [0.0, 0.001, 0.3, 0.5, 0.99, 1.0])
def test_blocks_are_one_partition(dtype, share):
    given, keys, base, below = random_words(dtype, 500_000)
    pivot = np.sort(keys)[min(int(share * len(keys)), len(keys) - 1)]
    words = given.copy()
    assert_split(given, words, split_together(words, base, below, pivot), base, below, pivot)
    with zuki.Executor(3) as executor:
        words = given.copy()
        count = zuki.run(split_in_a_pool, words, base, below, pivot, executor=executor)
    assert_split(given, words, count, base, below, pivot)


def test_the_hardest_blocks_of_all():
    # every block in one piece on the wrong side
    given = np.repeat(np.array([1, 0], np.uint32), 200_000)
    words, zero = given.copy(), np.uint32(0)
    assert_split(given, words, split_together(words, zero, zero, np.uint32(1)), zero, zero, np.uint32(1))


@pytest.mark.skipif(not numpy_sorts.addresses.all(), reason="this NumPy has no fast sorts")
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("special", SPECIAL)
def test_numpy_sorts_by_keys(dtype, special):
    values = (np.random.default_rng(0).random(300) * 1000 + 1).astype(dtype)
    if np.dtype(dtype).kind == "f":
        values[: 30 * len(special)] = np.repeat(special, 30)
    elif special:
        return
    words = values.view(f"u{values.itemsize}")
    base, below = _order_of(values.dtype)
    expected = np.sort(keys_of(words, base, below))
    halving.sort_in_cache(words, base, below, expected[0], expected[-1], partition.make_room(words))
    assert np.array_equal(keys_of(words, base, below), expected)


@pytest.mark.skipif(not numpy_sorts.addresses.all(), reason="this NumPy has no fast sorts")
def test_numpy_sorts_keys_that_are_far_apart():
    words = np.array([2**64 - 1, 0, 2**62, 2**63, 5] * 20, np.uint64)
    expected, zero = np.sort(words), np.uint64(0)
    halving.sort_in_cache(words, zero, zero, expected[0], expected[-1], partition.make_room(words))
    assert np.array_equal(words, expected)


def test_functions_of_another_interface_are_not_called(monkeypatch):
    monkeypatch.setattr(numpy_sorts, "_INTERFACE", 0)
    assert not any(numpy_sorts._find_addresses())


def test_functions_that_are_not_fast_are_not_called(monkeypatch):
    monkeypatch.setattr(numpy_sorts, "_seconds", lambda dtype, kind: 1.0)
    found = numpy_sorts._find_addresses()
    assert [which for which, address in enumerate(found) if address] == [numpy_sorts.LONG]
