"""What the machine offers.

`cpus` describes the processors; `Cpus`, `Cpu` and `Cache` are what it is made of.
"""

from typing import TYPE_CHECKING

from zuki.later import later

if TYPE_CHECKING:
    from zuki.platform.topology import Cache, Cpu, Cpus

_topology = later("zuki.platform.topology")

__all__ = ["Cache", "Cpu", "Cpus", "cpus"]


def cpus() -> "Cpus":
    """Describe the processors of this machine, and which of them this process may use, now.

    Returns
    -------
    Cpus
        Cores, caches and NUMA nodes as Linux tells them below ``/sys``. Where it does not, or on another
        system, each processor counts as a core of its own, and all as one node.

    Examples
    --------
    >>> import zuki
    >>> found = zuki.platform.cpus()
    >>> set(found.usable) <= {cpu.number for cpu in found.online}
    True
    """
    return _topology.read()  # type: ignore[no-any-return]


def __getattr__(name: str) -> object:
    if name in __all__:
        found = globals()[name] = getattr(_topology, name)
        return found
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
