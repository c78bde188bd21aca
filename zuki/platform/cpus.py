"""How many processors this process may use."""

import math
import os

from zuki.platform.cgroups import cpu_quota


def usable_cpus() -> int:
    """Return the number of processors this process may use, now.

    Returns
    -------
    int
        The size of the affinity mask where the system has one, else of the machine; not more than the quota
        of its control groups, rounded up; at least 1.
    """
    mask = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else range(os.cpu_count() or 1)
    allowed = len(mask)
    quota = cpu_quota()
    return max(1, allowed if quota is None else min(allowed, math.ceil(quota)))
