"""What Linux tells of processors below ``/sys/devices/system``, file by file.

Nothing here raises for a file that is not there, or that says something else than it should: containers,
virtual machines and old kernels tell less.
"""

from collections.abc import Iterator
from pathlib import Path

ROOT = Path("/")
_UNITS = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}
_MOST = 1 << 16  # numbers of processors are lower


def word(file: Path) -> str:
    """Return what a file says, or nothing."""
    try:
        return file.read_text().strip()
    except (OSError, UnicodeDecodeError):
        return ""


def number(file: Path, otherwise: int) -> int:
    """Return the number that a file says, if it says one that is not negative."""
    text = word(file)
    return int(text) if text.isdecimal() else otherwise


def numbers(text: str) -> tuple[int, ...]:
    """Return the numbers of a list such as ``0-3,8,10-11``; none if it is no such list."""
    found: set[int] = set()
    for part in text.split(","):
        first, dash, last = part.strip().partition("-")
        last = last if dash else first
        if not (first.isdecimal() and last.isdecimal() and int(last) < _MOST):
            return ()
        found.update(range(int(first), int(last) + 1))
    return tuple(sorted(found))


def size(text: str) -> int:
    """Return the bytes of a size such as ``32K``, or 0."""
    digits, unit = (text[:-1], _UNITS[text[-1]]) if text[-1:] in _UNITS else (text, 1)
    return int(digits) * unit if digits.isdecimal() else 0


def folder_of_cpu(root: Path, cpu: int) -> Path:
    """Return where the files of one processor are."""
    return root / f"sys/devices/system/cpu/cpu{cpu}"


def online(root: Path = ROOT) -> tuple[int, ...]:
    """Return the processors that are switched on; none if the system does not tell."""
    told = numbers(word(root / "sys/devices/system/cpu/online"))
    return told or tuple(cpu for cpu, _ in _numbered(root / "sys/devices/system/cpu", "cpu"))


def numa_nodes(root: Path = ROOT) -> dict[int, tuple[int, ...]]:
    """Return the processors of each NUMA node that has some; nothing if the system does not tell."""
    nodes = {
        node: numbers(word(folder / "cpulist"))
        for node, folder in _numbered(root / "sys/devices/system/node", "node")
    }
    return {node: cpus for node, cpus in nodes.items() if cpus}


def has_several_nodes(root: Path = ROOT) -> bool:
    """Tell whether there is more than one NUMA node: by one short file, for all pools ask."""
    return len(numbers(word(root / "sys/devices/system/node/online"))) > 1 and len(numa_nodes(root)) > 1


def caches_of(root: Path, cpu: int) -> Iterator[tuple[int, str, int, tuple[int, ...]]]:
    """Yield level, kind, bytes and processors of each cache that a processor uses."""
    for _, folder in _numbered(folder_of_cpu(root, cpu) / "cache", "index"):
        level = number(folder / "level", 0)
        if level > 0:
            shared_by = numbers(word(folder / "shared_cpu_list")) or (cpu,)
            yield level, word(folder / "type").lower() or "unified", size(word(folder / "size")), shared_by


def siblings_of(root: Path, cpu: int) -> tuple[int, ...]:
    """Return the processors that are threads of one core, this one among them."""
    folder = folder_of_cpu(root, cpu) / "topology"
    for name in ("core_cpus_list", "thread_siblings_list"):  # since Linux 5.3, and before
        told = numbers(word(folder / name))
        if cpu in told:
            return told
    return (cpu,)


def package_of(root: Path, cpu: int) -> int:
    """Return the socket that a processor is in; 0 if the system does not tell."""
    return number(folder_of_cpu(root, cpu) / "topology/physical_package_id", 0)


def _numbered(folder: Path, name: str) -> list[tuple[int, Path]]:
    """Return the entries of a folder that have this name and a number, by number."""
    try:
        entries = list(folder.iterdir())
    except OSError:
        return []
    ends = [(entry.name.removeprefix(name), entry) for entry in entries if entry.name.startswith(name)]
    return sorted((int(end), entry) for end, entry in ends if end.isdecimal())
