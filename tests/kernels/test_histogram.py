"""Counting times in buckets, compiled: the same buckets as those that are shown."""

import numpy as np
import pytest

from zuki.metrics.histogram import bucket_of, lower_bound
from zuki.runtime.tables import make_table
from zuki_kernels import bits, histogram
from zuki_kernels._jit import kernel


@kernel
def zeros_of(word: int) -> int:
    return bits.leading_zeros(word)


@pytest.mark.parametrize("word", [0, 1, 2, 3, 255, 256, (1 << 62) - 1, 1 << 62, (1 << 63) - 1, -1])
def test_leading_zeros(word):
    assert zeros_of(word) == (64 - word.bit_length() if word >= 0 else 0)


def test_buckets_are_those_that_are_shown():
    dice = np.random.default_rng(0)
    times = np.concatenate([np.arange(-3, 300), 2 ** dice.uniform(3, 52, 3000), 2 ** np.arange(52)]).astype(
        int
    )
    assert [histogram.bucket_of(time) for time in times.tolist()] == bucket_of(times).tolist()
    for power in range(53, 63):  # which NumPy's way does not tell apart from their neighbours
        for time in (1 << power, (1 << power) + 1, (1 << power) * 2 - 1):
            bucket = histogram.bucket_of(time)
            assert lower_bound(bucket) <= time < lower_bound(bucket + 1)
    assert histogram.bucket_of((1 << 63) - 1) == histogram.BUCKETS - 1


def test_a_time_is_added_to_its_row():
    table = make_table(3, histogram.HISTOGRAM_FIELDS)
    for time in (5, 1000, 1000, -7):
        histogram.add(table, 1, time)
    assert not table[0].any() | table[2].any()
    assert table[1, histogram.SUM] == 2005
    filled = {histogram.bucket_of(time): count for time, count in ((5, 1), (1000, 2), (0, 1))}
    assert {
        int(bucket): int(table[1, bucket]) for bucket in np.flatnonzero(table[1, : histogram.SUM])
    } == filled
