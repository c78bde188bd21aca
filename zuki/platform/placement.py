"""In which order threads that are bound to processors take them.

A machine is a tree: packages, NUMA nodes, the caches that several processors share from the largest on,
cores, and the threads of a core. ``"compact"`` walks through it from leaf to leaf, so that neighbours share
what they can. ``"scatter"`` takes each next processor from another branch, as far up as it can, so that each
thread has as much as it can for itself.
"""

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zuki.platform.topology import Cpu, Cpus

ORDERS = ("compact", "scatter")


def can_bind() -> bool:
    """Tell whether this system lets a thread be bound to processors."""
    return hasattr(os, "sched_setaffinity")


def places(cpus: "Cpus", affinity: str | tuple[int, ...]) -> tuple[int, ...]:
    """Return the usable processors in the order in which threads take them.

    Parameters
    ----------
    cpus : Cpus
        The machine.
    affinity : str or tuple of int
        ``"compact"``: the threads of a core, then the cores that share a cache, then those of a node.
        ``"scatter"``: another package or node each time, then another cache, then another core; the second
        thread of a core when all cores have one. Or the numbers of processors, in this order.

    Returns
    -------
    tuple of int
        Empty if the process may use none of those that were named.
    """
    if not isinstance(affinity, str):
        return tuple(cpu for cpu in affinity if cpu in cpus.usable)
    paths = _paths(cpus)
    if affinity == "compact":
        return tuple(path[-1] for path in sorted(paths))
    ranks = _ranks(paths)
    return tuple(path[-1] for path in sorted(paths, key=lambda path: ranks[path][::-1]))


def _paths(cpus: "Cpus") -> list[tuple[int, ...]]:
    """Return for each usable processor the branches that lead to it; the last is its number."""
    levels = sorted({cache.level for cache in cpus.caches}, reverse=True)
    group = {(cache.level, cpu): min(cache.cpus) for cache in cpus.caches for cpu in cache.cpus}

    def path(cpu: "Cpu") -> tuple[int, ...]:
        shared = (group.get((level, cpu.number), cpu.core) for level in levels)
        return cpu.package, cpu.numa_node, *shared, cpu.core, cpu.number

    return [path(cpu) for cpu in cpus.online if cpu.number in cpus.usable]


def _ranks(paths: Iterable[tuple[int, ...]]) -> dict[tuple[int, ...], tuple[int, ...]]:
    """Return for each path the places of its branches among their siblings."""
    branches: dict[tuple[int, ...], set[int]] = {}
    paths = list(paths)
    for path in paths:
        for depth, branch in enumerate(path):
            branches.setdefault(path[:depth], set()).add(branch)
    order = {trunk: sorted(found) for trunk, found in branches.items()}
    return {
        path: tuple(order[path[:depth]].index(branch) for depth, branch in enumerate(path)) for path in paths
    }
