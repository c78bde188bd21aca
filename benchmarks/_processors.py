"""Processors that are not equally fast: what one thread takes, at the mean of their speeds.

On a machine that others use, too, one processor may be half as fast as the next. Then what one thread takes
depends on where it runs, and so does every speed-up over it.
"""

import os
import statistics
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager


@contextmanager
def bound_to(processors: Collection[int]) -> Iterator[None]:
    """Let the calling thread and processes that it starts stay on some processors, if it is told any."""
    if not processors:
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, processors)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def each_of(count: int) -> list[set[int]]:
    """Return so many processors that may be used; an empty set where there are fewer or none to choose."""
    usable = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    return [{processor} for processor in usable[:count]] if len(usable) >= count > 1 else [set()]


def at_mean_speed(sample: Callable[[], float], count: int) -> Callable[[], float]:
    """Return what answers the seconds of a sample by the calling thread, at the mean speed of processors."""

    def mean() -> float:
        times = []
        for processor in each_of(count):
            with bound_to(processor):
                times.append(sample())
        return statistics.harmonic_mean(times)

    return mean
