"""Times in buckets that grow with the times: from nanoseconds to hours, each to an eighth of itself.

Buckets are log-linear, as those of HdrHistogram (Tene): eight of equal width between one power of two and
the next. So two histograms of the same kind add up, whatever was in them, and none is large.
"""

from collections.abc import Iterator

import numpy as np

from zuki.drawing.colours import LINE
from zuki.drawing.svg import document, number, text
from zuki.drawing.words import in_words, printable

_PARTS_BITS = 3  # eight parts of each power of two
_PARTS = 1 << _PARTS_BITS
_BAR = 40  # characters
_WIDTH, _HEIGHT, _LEFT, _TOP, _BOTTOM = 620.0, 210.0, 24.0, 46.0, 36.0
_COLOUR = "#2f7fd0"


def bucket_of(nanoseconds: np.ndarray) -> np.ndarray:
    """Return the number of the bucket of each of some times; those below 1 ns are in the first.

    Parameters
    ----------
    nanoseconds : ndarray of int
        Times.

    Returns
    -------
    ndarray of int64
        The first `_PARTS` buckets are one nanosecond wide.
    """
    values = np.maximum(np.asarray(nanoseconds, np.int64), 0)
    power = np.zeros(values.shape, np.int64)
    large = values >= _PARTS
    # below 2**53 the logarithm of a float of 64 bits is exact to its integer part, but just below a power
    power[large] = np.frexp(values[large].astype(np.float64))[1] - 1 - _PARTS_BITS
    return (power << _PARTS_BITS) + (values >> power)


def lower_bound(bucket: int) -> int:
    """Return the least time of a bucket, in nanoseconds."""
    if bucket < 2 * _PARTS:
        return bucket
    power = (bucket >> _PARTS_BITS) - 1
    return (bucket - (power << _PARTS_BITS)) << power


class Histogram:
    """How often which times were seen.

    Parameters
    ----------
    title : str
        What was measured.
    nanoseconds : ndarray of int
        The times; none below 0 counts as more than 0.

    Examples
    --------
    >>> import numpy as np
    >>> from zuki.metrics.histogram import Histogram
    >>> times = Histogram("bodies", np.array([100, 110, 120, 5000]))
    >>> times.count, times.percentile(50) < 150e-9
    (4, True)
    """

    def __init__(self, title: str, nanoseconds: np.ndarray) -> None:
        self.title = title
        self.count = len(nanoseconds)
        self.total = float(np.maximum(nanoseconds, 0).sum()) * 1e-9 if self.count else 0.0
        self._counts = np.bincount(bucket_of(nanoseconds)) if self.count else np.zeros(0, np.int64)

    @classmethod
    def counted(cls, title: str, counts: np.ndarray, total: int) -> "Histogram":
        """Return the histogram of times that were counted.

        Parameters
        ----------
        title : str
            What was measured.
        counts : ndarray of int
            How many are in each bucket.
        total : int
            Their sum in nanoseconds.

        Returns
        -------
        Histogram
            Of these.
        """
        made = cls(title, np.zeros(0, np.int64))
        filled = np.flatnonzero(counts)
        made._counts = np.array(counts[: filled[-1] + 1 if len(filled) else 0], np.int64)
        made.count, made.total = int(made._counts.sum()), total * 1e-9
        return made

    def __sub__(self, earlier: "Histogram") -> "Histogram":
        if not isinstance(earlier, Histogram):
            return NotImplemented
        before = np.zeros(max(len(self._counts), len(earlier._counts)), np.int64)
        before[: len(earlier._counts)] = earlier._counts
        after = np.zeros_like(before)
        after[: len(self._counts)] = self._counts
        if (after < before).any():
            raise ValueError("the histogram that is subtracted is the later one")
        return Histogram.counted(self.title, after - before, round((self.total - earlier.total) * 1e9))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Histogram):
            return NotImplemented
        return self._told() == other._told() and np.array_equal(self._counts, other._counts)

    def __hash__(self) -> int:
        return hash(self._told())

    def _told(self) -> tuple[str, int, float]:
        return self.title, self.count, self.total

    def __iter__(self) -> Iterator[tuple[float, float, int]]:
        """Yield the bounds of each bucket that is not empty, in seconds, and how many times are in it."""
        for bucket in np.flatnonzero(self._counts):
            yield (
                lower_bound(int(bucket)) * 1e-9,
                lower_bound(int(bucket) + 1) * 1e-9,
                int(self._counts[bucket]),
            )

    def __len__(self) -> int:
        return int(np.count_nonzero(self._counts))

    @property
    def mean(self) -> float:
        """The mean, in seconds; 0 of nothing."""
        return self.total / self.count if self.count else 0.0

    def percentile(self, percent: float) -> float:
        """Return a time that so many percent do not exceed: the upper bound of its bucket.

        Parameters
        ----------
        percent : float
            0 to 100.

        Returns
        -------
        float
            Seconds, up to an eighth too much; 0 of nothing.

        Raises
        ------
        ValueError
            It is not between 0 and 100.
        """
        if not 0 <= percent <= 100:
            raise ValueError(f"a percentile is between 0 and 100, not {percent}")
        if not self.count:
            return 0.0
        wanted = max(int(np.ceil(self.count * percent / 100)), 1)
        bucket = int(np.searchsorted(np.cumsum(self._counts), wanted))
        return lower_bound(bucket + 1) * 1e-9

    def to_dict(self) -> dict[str, object]:
        """Return all of it as plain values; times in seconds.

        Returns
        -------
        dict
            ``title``, ``count``, ``mean``, ``p50``, ``p95``, ``p99`` and ``buckets``: (from, to, count) each.
        """
        points = {f"p{percent}": self.percentile(percent) for percent in (50, 95, 99)}
        return {
            "title": self.title,
            "count": self.count,
            "mean": self.mean,
            **points,
            "buckets": list(self),
        }

    def __repr__(self) -> str:
        return f"<zuki histogram of {self.title}: {self.summary()}>"

    def __str__(self) -> str:
        doubled = self._doubled()
        most = max((count for _, count in doubled), default=1)
        lines = [f"{self.title}: {self.summary()}"]
        for power, count in doubled:
            bar = "#" * -(-_BAR * count // most)
            lines.append(f"{in_words(2**power * 1e-9):>7} {count:>11,} {bar}".rstrip())
        return "\n".join(lines)

    def summary(self) -> str:
        """Return how many times there are, their mean and percentiles, in a line."""
        if not self.count:
            return "nothing"
        points = ", ".join(f"p{percent} {in_words(self.percentile(percent))}" for percent in (50, 95, 99))
        return f"{self.count:,}, mean {in_words(self.mean)}, {points}"

    def _doubled(self) -> list[tuple[int, int]]:
        """Return how many times begin with each power of two, from the first to the last."""
        powers = [(max(lower_bound(int(bucket)), 1).bit_length() - 1) for bucket in range(len(self._counts))]
        sums = np.bincount(powers, self._counts).astype(int) if powers else np.zeros(0, int)
        there = np.flatnonzero(sums)
        return [(power, int(sums[power])) for power in range(there[0], there[-1] + 1)] if len(there) else []

    def _repr_html_(self) -> str:
        drawn = [text(14, 24, printable(f"{self.title}: {self.summary()}", 84), is_title=True)]
        doubled = self._doubled()
        floor = _HEIGHT - _BOTTOM
        most = max((count for _, count in doubled), default=1)
        broad = min((_WIDTH - 2 * _LEFT) / max(len(doubled), 1), 60.0)
        for index, (power, count) in enumerate(doubled):
            x, high = _LEFT + index * broad, (floor - _TOP) * count / most
            words = f"{count:,} from {in_words(2**power * 1e-9)} to {in_words(2 ** (power + 1) * 1e-9)}"
            drawn.append(
                f'<rect x="{number(x + 1)}" y="{number(floor - high)}" width="{number(broad - 2)}" '
                f'height="{number(high)}" fill="{_COLOUR}"><title>{words}</title></rect>'
            )
            if index % (1 if broad >= 50 else 2 if broad >= 25 else 4) == 0:
                drawn.append(text(x, floor + 16, in_words(2**power * 1e-9), is_small=True))
        right = _LEFT + broad * max(len(doubled), 1)
        drawn.append(f'<path d="M{number(_LEFT)} {number(floor)}H{number(right)}" stroke="{LINE}"/>')
        return document(_WIDTH, _HEIGHT, drawn, f"histogram of {self.title}")
