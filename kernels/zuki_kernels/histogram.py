"""How often which times were seen: buckets that grow with the times, from a nanosecond to centuries.

Buckets are log-linear, as those of HdrHistogram (Tene): eight of equal width between one power of two and
the next. So a time is known to an eighth of itself, and two histograms add up.

Roles: the owner of a row adds to it; any thread reads cell by cell, and may see a time in its bucket
that SUM does not have yet.
At rest: SUM is the sum of all times that the buckets count.
"""

from ._jit import kernel
from ._types import Table
from .atomics import load_relaxed, store_relaxed
from .bits import leading_zeros

PART_BITS = 3  # eight parts of each power of two
PARTS = 1 << PART_BITS
BUCKETS = 488  # up to 2**63: 16 of a nanosecond, and 8 for each of the 59 powers of two that follow

# Columns behind the buckets
SUM = 488  # nanoseconds of all times together
HISTOGRAM_FIELDS = 496

_TOP_BIT = 63


@kernel
def bucket_of(nanoseconds: int) -> int:
    """Return the number of the bucket of a time; the first are one nanosecond wide."""
    if nanoseconds < 2 * PARTS:
        return max(nanoseconds, 0)
    power = _TOP_BIT - PART_BITS - leading_zeros(nanoseconds)
    return (power << PART_BITS) + (nanoseconds >> power)


@kernel
def add(histograms: Table, row: int, nanoseconds: int) -> None:
    """Count a time. The owner of the row."""
    bucket = bucket_of(nanoseconds)
    store_relaxed(histograms, row, bucket, load_relaxed(histograms, row, bucket) + 1)
    store_relaxed(histograms, row, SUM, load_relaxed(histograms, row, SUM) + max(nanoseconds, 0))
