"""What is asked of numbers that users give."""

import math
import operator
from typing import Any


def checked_seconds(what: str, seconds: Any) -> float:
    """Return a length of time; raise if it is none."""
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        try:
            seconds = float(seconds.__float__())
        except (AttributeError, TypeError):
            raise TypeError(f"{what} takes seconds, not {seconds!r}") from None
    if not seconds >= 0:  # NaN, too
        raise ValueError(f"{what} takes seconds that are not negative, not {seconds!r}")
    return float(min(seconds, 1e12)) if seconds < math.inf else math.inf


def checked_count(what: str, count: Any, least: int) -> int:
    """Return a number of things; raise if there cannot be so many."""
    try:
        number = operator.index(count)
    except TypeError:
        raise TypeError(f"{what} must be an integer, not {count!r}") from None
    if number < least:
        raise ValueError(f"{what} must be at least {least}, not {number}")
    return number
