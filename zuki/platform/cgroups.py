"""How much processor time the control groups allow that this process is in.

A container is given, say, two processors' time by a quota: so many microseconds of each period. The
affinity mask says nothing of that, and threads beyond it do not run faster but are stopped for the rest of
the period. Version 2 has quota and period in one file, ``cpu.max``; version 1 has a file for each. A group
is bound by the quotas of those above it, too.
"""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path, PurePosixPath

_ROOT = Path("/")


def cpu_quota(root: Path = _ROOT) -> float | None:
    """Return how many processors' time this process may use.

    Parameters
    ----------
    root : Path
        Where the system's files are.

    Returns
    -------
    float or None
        Processors, for instance 1.5; None where nothing limits it, or where there are no control groups.
    """
    quotas = []
    for folder in _folders(root):
        with suppress(OSError, ValueError):
            quotas.append(_quota_of(folder))
    return min((quota for quota in quotas if quota is not None), default=None)


def _quota_of(folder: Path) -> float | None:
    if (folder / "cpu.max").exists():
        quota, period = (folder / "cpu.max").read_text().split()
        return None if quota == "max" else _processors(int(quota), int(period))
    quota_us = int((folder / "cpu.cfs_quota_us").read_text())
    return _processors(quota_us, int((folder / "cpu.cfs_period_us").read_text()))


def _processors(quota: int, period: int) -> float | None:
    return quota / period if quota > 0 and period > 0 else None


def _folders(root: Path) -> Iterator[Path]:
    """Yield the folders of this process's groups, and of those above them."""
    try:
        groups = (root / "proc/self/cgroup").read_text().splitlines()
        mounts = (root / "proc/self/mountinfo").read_text().splitlines()
    except OSError:
        return
    paths = {}  # of this process's group, by what the mount is told by
    for line in groups:
        _, controllers, path = line.split(":", 2)
        if not controllers:
            paths["cgroup2"] = path
        elif "cpu" in controllers.split(","):
            paths["cgroup"] = path
    for line in mounts:
        fields, _, rest = line.partition(" - ")
        kind, _, options = rest.partition(" ")
        is_of_processors = kind == "cgroup2" or "cpu" in options.split(" ")[-1].split(",")
        if kind in paths and is_of_processors:
            top, mounted = fields.split(" ")[3:5]
            yield from _upwards(root / mounted.lstrip("/"), _below(paths[kind], top))


def _below(path: str, top: str) -> PurePosixPath:
    """Return where a group lies below the group that is mounted; in a container that may not be told."""
    try:
        below = PurePosixPath(path).relative_to(top)
    except ValueError:
        return PurePosixPath()
    return PurePosixPath() if ".." in below.parts else below


def _upwards(mounted: Path, below: PurePosixPath) -> Iterator[Path]:
    for place in (below, *below.parents):
        yield mounted / place
