"""Which workers are near: on the same NUMA node, so that what a thief takes from them is close to it.

A search goes round once where there is one node. Where there are several it makes two *laps*: past the
workers of its own node, then past all the others. So a worker is robbed from afar when no neighbour of the
thief has anything to take, and no worker is passed over twice.

Roles: the thread that takes a row calls `settle`, before it has work; thieves call the others.
"""

from ._jit import kernel, rare_kernel
from ._types import Table
from .atomics import load_relaxed, store_relaxed

# Column of the table of workers; on a cache line that is only written when a thread takes the row
NUMA_NODE = 8  # where the worker began, + 1
ANYWHERE = 0  # value of NUMA_NODE: there is one node, or the worker's is not known


@rare_kernel
def settle(workers: Table, me: int, numa_node: int) -> None:
    """Say on which node a worker is."""
    # relaxed: it is a hint. A thief that reads the former node in one lap and this one in the next may pass
    # the worker in both: as if it had looked before the worker had anything
    store_relaxed(workers, me, NUMA_NODE, numa_node)


@kernel
def steps(node: int, used: int) -> int:
    """Return how many looks a search needs, if a worker of this node goes past ``used`` workers."""
    return used if node == ANYWHERE else 2 * used


@kernel
def is_of_the_other_lap(workers: Table, node: int, victim: int, second: bool) -> bool:
    """Tell whether a search from a node comes past a victim in its other lap, not in this one."""
    return node != ANYWHERE and (load_relaxed(workers, victim, NUMA_NODE) == node) == second
