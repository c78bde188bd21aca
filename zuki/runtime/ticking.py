"""How ticks, the clock of traces, and nanoseconds go together: by two looks at both clocks, far apart."""

from collections.abc import Callable

import numpy as np

from zuki_kernels import tracing

_TRIES = 8  # looks at both clocks at once
_APART = 2_000_000  # nanoseconds between two such looks that tell how fast the other clock runs

_first: list[tuple[int, int]] = []


def _both() -> tuple[int, int]:
    """Return ticks and nanoseconds of one moment: of several looks the one that took least."""
    looks = [tracing.clocks() for _ in range(_TRIES)]
    before, ticks, after = min(looks, key=lambda look: look[2] - look[0])
    return ticks, (before + after) // 2


def look() -> None:
    """Take the first look, if it was not taken."""
    if not _first:
        _first.append(_both())


def _now_and_rate() -> tuple[int, int, float]:
    ticks_then, then = _first[0]
    while True:
        ticks_now, now = _both()
        if now - then >= _APART:
            return ticks_now, now, (now - then) / (ticks_now - ticks_then)


def rate() -> float:
    """Return how many nanoseconds a tick is; takes some milliseconds after the first look."""
    look()
    return _now_and_rate()[2]


def conversion() -> Callable[[np.ndarray], np.ndarray]:
    """Return what makes nanoseconds of the monotonic clock of arrays of ticks; the first look was taken."""
    ticks_now, now, nanoseconds = _now_and_rate()
    return lambda ticks: now + np.rint((ticks - ticks_now) * nanoseconds).astype(np.int64)


def now() -> int:
    """Return the present moment in ticks."""
    return tracing.clocks()[1]
