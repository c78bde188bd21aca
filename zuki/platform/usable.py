"""Which processors this process may use, and how many at once."""

import math
import os

from zuki.platform.cgroups import cpu_quota


def affinity_mask() -> tuple[int, ...]:
    """Return the numbers of the processors that this process may use, now.

    Returns
    -------
    tuple of int
        Ascending. On Linux the mask of the main thread, for that of the caller may be narrower: a thread
        that ``affinity`` binds has one processor, and so have the threads that it starts. Where the system
        has no masks, all processors.
    """
    if hasattr(os, "sched_getaffinity"):
        return tuple(sorted(os.sched_getaffinity(os.getpid())))
    return tuple(range(os.cpu_count() or 1))


def usable_cpus() -> int:
    """Return the number of processors this process may use, now.

    Returns
    -------
    int
        The size of the affinity mask where the system has one, else of the machine; not more than the quota
        of its control groups, rounded up; at least 1.
    """
    allowed = len(affinity_mask())
    quota = cpu_quota()
    return max(1, allowed if quota is None else min(allowed, math.ceil(quota)))
