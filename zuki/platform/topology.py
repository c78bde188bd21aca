"""How the processors of a machine hang together: cores, caches, NUMA nodes."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from zuki.later import later
from zuki.platform import sysfs
from zuki.platform.cgroups import cpu_quota
from zuki.platform.usable import affinity_mask

tables = later("zuki.drawing.tables")


@dataclass(frozen=True, slots=True)
class Cpu:
    """One processor, as the system counts them: a thread of a core, where a core has several.

    Parameters
    ----------
    number : int
        What the system calls it.
    core : int
        The lowest number among those that share its core.
    package : int
        Its socket.
    numa_node : int
        The NUMA node whose memory is near.
    """

    number: int
    core: int
    package: int = 0
    numa_node: int = 0


@dataclass(frozen=True, slots=True)
class Cache:
    """One cache.

    Parameters
    ----------
    level : int
        1 is the nearest.
    kind : str
        ``"data"``, ``"instruction"`` or ``"unified"``.
    size : int
        Bytes; 0 if that is not known.
    cpus : tuple of int
        The processors that share it.
    """

    level: int
    kind: str
    size: int
    cpus: tuple[int, ...]


@dataclass(frozen=True, slots=True, repr=False)
class Cpus:
    """The processors of a machine, and what of them a process may use.

    Parameters
    ----------
    online : tuple of Cpu
        All that are switched on, by number.
    usable : tuple of int
        The numbers of those that the process may run on.
    quota : float or None
        How many processors' time its control groups allow it; None for no limit.
    caches : tuple of Cache
        All caches, the nearest level first; empty if they are not known.
    """

    online: tuple[Cpu, ...]
    usable: tuple[int, ...]
    quota: float | None = None
    caches: tuple[Cache, ...] = ()

    @property
    def cores(self) -> dict[int, tuple[int, ...]]:
        """The processors of each core (SMT siblings), by the lowest."""
        return _grouped((cpu.core, cpu.number) for cpu in self.online)

    @property
    def packages(self) -> dict[int, tuple[int, ...]]:
        """The processors of each socket."""
        return _grouped((cpu.package, cpu.number) for cpu in self.online)

    @property
    def numa_nodes(self) -> dict[int, tuple[int, ...]]:
        """The processors of each NUMA node that has some."""
        return _grouped((cpu.numa_node, cpu.number) for cpu in self.online)

    def __repr__(self) -> str:
        told = [f"{len(self.usable)} usable of {len(self.online)}", _counted(len(self.cores), "core")]
        if len(self.packages) > 1:
            told.append(_counted(len(self.packages), "package"))
        told.append(_counted(len(self.numa_nodes), "NUMA node"))
        if self.quota is not None:
            told.append(f"quota {self.quota:g}")
        return f"<zuki.platform.Cpus: {', '.join(told)}>"

    def _repr_html_(self) -> str:
        rows = [
            ("usable", f"{len(self.usable)} of {len(self.online)}: {_ranges(self.usable)}"),
            ("quota", "none" if self.quota is None else f"{self.quota:g} processors' time"),
            ("cores", _sizes(self.cores.values())),
            ("packages", _named(self.packages)),
            ("NUMA nodes", _named(self.numa_nodes)),
        ]
        for level, kind in sorted({(cache.level, cache.kind) for cache in self.caches}):
            same = [cache for cache in self.caches if (cache.level, cache.kind) == (level, kind)]
            sizes = {_bytes(cache.size) for cache in same}
            shared = _sizes(cache.cpus for cache in same)
            rows.append((f"L{level} {kind}", f"{', '.join(sorted(sizes))} each; {shared}"))
        return tables.table("zuki.platform.cpus()", rows)  # type: ignore[no-any-return]


def read(root: Path = sysfs.ROOT, usable: Iterable[int] | None = None) -> Cpus:
    """Return what a system tells of its processors.

    Parameters
    ----------
    root : Path
        Where the system's files are.
    usable : iterable of int, optional
        The numbers of the processors that the process may use; default: those of this process.

    Returns
    -------
    Cpus
        Of what is not told: each processor is a core of its own, all are in one package and one node.
    """
    mask = tuple(sorted(affinity_mask() if usable is None else usable))
    numbers = sorted({*(sysfs.online(root) or range(os.cpu_count() or 1)), *mask})
    node_of = {cpu: node for node, cpus in sysfs.numa_nodes(root).items() for cpu in cpus}
    lowest = min(node_of.values(), default=0)
    online = tuple(
        Cpu(
            cpu,
            min(sysfs.siblings_of(root, cpu)),
            sysfs.package_of(root, cpu),
            node_of.get(cpu, lowest),
        )
        for cpu in numbers
    )
    found = {told for cpu in numbers for told in sysfs.caches_of(root, cpu)}
    caches = (Cache(*told) for told in sorted(found, key=lambda told: (told[0], told[1], told[3])))
    return Cpus(online, mask, cpu_quota(root), tuple(caches))


def _grouped(pairs: Iterable[tuple[int, int]]) -> dict[int, tuple[int, ...]]:
    groups: dict[int, list[int]] = {}
    for group, cpu in pairs:
        groups.setdefault(group, []).append(cpu)
    return {group: tuple(sorted(cpus)) for group, cpus in sorted(groups.items())}


def _counted(count: int, name: str) -> str:
    return f"{count} {name}" if count == 1 else f"{count} {name}s"


def _ranges(numbers: tuple[int, ...]) -> str:
    """Return numbers as the system's own files do: ``0-3,8``."""
    parts: list[list[int]] = []
    for one in numbers:
        if parts and parts[-1][-1] == one - 1:
            parts[-1][1:] = [one]
        else:
            parts.append([one])
    return ",".join("-".join(map(str, part)) for part in parts)


def _named(groups: dict[int, tuple[int, ...]]) -> str:
    return f"{len(groups)}: " + "; ".join(f"{name} has {_ranges(cpus)}" for name, cpus in groups.items())


def _sizes(groups: Iterable[tuple[int, ...]]) -> str:
    """Return how many groups there are of each size, such as ``4 of 2 processors``."""
    sizes = [len(cpus) for cpus in groups]
    return ", ".join(
        f"{sizes.count(size)} of {_counted(size, 'processor')}" for size in sorted(set(sizes), reverse=True)
    )


def _bytes(size: int) -> str:
    if size == 0:
        return "unknown size"
    return f"{size >> 20} MiB" if size % (1 << 20) == 0 else f"{size / 1024:g} KiB"
