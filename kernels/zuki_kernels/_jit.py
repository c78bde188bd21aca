"""How a kernel is compiled and cached: the one decorator, and the honest cache stamp."""

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import ParamSpec, TypeVar

from numba import njit
from numba.core.caching import FunctionCache, IndexDataCacheFile

P = ParamSpec("P")
R = TypeVar("R")


def hash_of_sources(folder: Path) -> str:
    """Hash the text of every module in ``folder``."""
    return sha256(b"".join(path.read_bytes() for path in sorted(folder.glob("*.py")))).hexdigest()


KERNEL_SOURCES = hash_of_sources(Path(__file__).parent)


class StampedCache(FunctionCache):
    """Numba's on-disk cache, stamped with more than the function's own file.

    Numba stamps a function with its own file alone, but a function compiles in
    what it calls: without this, editing one file leaves the machine code of its
    callers in another file stale.

    Parameters
    ----------
    function : callable
        The Python function whose machine code is cached.
    stamp : object
        Whatever else the machine code was made from; equal stamps may share it.
    """

    def __init__(self, function: Callable[..., object], stamp: object) -> None:
        super().__init__(function)
        both = self._impl.locator.get_source_stamp(), stamp
        self._cache_file = IndexDataCacheFile(self._cache_path, self._impl.filename_base, both)


def kernel(function: Callable[P, R]) -> Callable[P, R]:
    """Compile ``function`` for any thread to run without the interpreter lock.

    Kernels are small and called from one another on the path of every task, so
    they are marked for inlining; the cost is code size in the few big callers.
    """
    dispatcher = njit(nogil=True, forceinline=True)(function)
    dispatcher._cache = StampedCache(function, KERNEL_SOURCES)  # type: ignore[attr-defined]  # enable_caching, with our stamp
    return dispatcher
