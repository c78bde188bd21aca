"""What kernels are compiled for: the processor, the system, and the way threads wait there.

Lowerings ask for the target of the module that they write into, not for the machine that
they run on: so all targets can be compiled on one machine (``tests/kernels/test_targets.py``).
Only for the host, the way depends on more: what the system offers, and ``ZUKI_WAIT``.
"""

import ctypes
import os
from collections.abc import Callable, Sequence
from functools import cache
from typing import NamedTuple

from llvmlite import binding, ir

LINUX = "linux"
MACOS = "darwin"
WINDOWS = "windows"
OTHER = "other"

X86 = "x86_64"
ARM = "aarch64"

FUTEX = "futex"
OS_SYNC = "os_sync"
ULOCK = "ulock"
WAIT_ON_ADDRESS = "wait_on_address"
PORTABLE = "portable"

FUTEX_NUMBERS = {X86: 202, ARM: 98}  # of the system call; these processors keep a cell's low half first
BARRIER_NUMBERS = {X86: 324, ARM: 283}  # of the system call `membarrier`

# Ways of a system, the best first, with the functions they need. `OS_SYNC` came with macOS 14.4.
_NATIVE = {
    LINUX: {FUTEX: ("syscall",)},
    MACOS: {
        OS_SYNC: (
            "os_sync_wait_on_address",
            "os_sync_wait_on_address_with_timeout",
            "os_sync_wake_by_address_any",
            "os_sync_wake_by_address_all",
        ),
        ULOCK: ("__ulock_wait2", "__ulock_wake"),
    },
    WINDOWS: {WAIT_ON_ADDRESS: ("WaitOnAddress", "WakeByAddressSingle", "WakeByAddressAll")},
}


class Target(NamedTuple):
    """A processor and a system."""

    processor: str
    system: str


@cache
def target_named(triple: str) -> Target:
    """Return the target that LLVM names by a triple."""
    processor, _, rest = triple.partition("-")
    system = next((name for name in (LINUX, MACOS, WINDOWS) if name in rest), OTHER)
    return Target({"arm64": ARM, "amd64": X86}.get(processor, processor), system)


def target_of(builder: ir.IRBuilder) -> Target:
    """Return what the module that ``builder`` writes into is compiled for."""
    return target_named(builder.module.triple)


def choose_way(target: Target, wanted: str, is_there: Callable[[Sequence[str]], bool]) -> str:
    """Return the way that ``wanted`` names, else the best one whose functions are there.

    Raises
    ------
    ValueError
        The way that is wanted is not there.
    """
    ways = [way for way, names in _NATIVE.get(target.system, {}).items() if is_there(names)]
    if target.system == LINUX and target.processor not in FUTEX_NUMBERS:
        ways = []
    ways.append(PORTABLE)
    if wanted and wanted not in ways:
        raise ValueError(f"ZUKI_WAIT must be one of {', '.join(ways)} on this system, not {wanted!r}")
    return wanted or ways[0]


def are_here(names: Sequence[str]) -> bool:
    """Whether this process has functions; the linker of compiled code is told where they are.

    On Linux and macOS that linker asks `dlsym`, as ctypes does. On Windows it looks into the
    libraries that are loaded; naming the address makes sure, whichever library has them.
    """
    windows = target_named(binding.get_process_triple()).system == WINDOWS
    library = ctypes.CDLL("KernelBase.dll" if windows else None)
    if not all(hasattr(library, name) for name in names):
        return False
    if windows:
        for name in names:
            binding.add_symbol(name, ctypes.cast(getattr(library, name), ctypes.c_void_p).value)
    return True


HOST = binding.get_process_triple()

# How threads wait in this process. All must agree, so each way has a cache of its own (`_jit`).
WAY = choose_way(target_named(HOST), os.environ.get("ZUKI_WAIT", "").strip(), are_here)

WAYS = {HOST: WAY}  # by triple, where it is not the best one of the system


def way_of(builder: ir.IRBuilder) -> str:
    """Return how threads wait on what the module is compiled for."""
    triple = builder.module.triple
    return WAYS.get(triple) or choose_way(target_named(triple), "", lambda names: True)
