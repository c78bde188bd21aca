"""How many processors this process may use."""

import os


def usable_cpus() -> int:
    """Return the number of processors this process may use.

    Returns
    -------
    int
        The size of the affinity mask where the system has one, else of the machine; at least 1.
    """
    if hasattr(os, "sched_getaffinity"):
        return max(1, len(os.sched_getaffinity(0)))
    return max(1, os.cpu_count() or 1)
