"""The cache of a task: as Numba's, but a change of anything it was compiled from is noticed.

Numba stamps a cached function with its own file. A task's machine code also holds zuki's
way to enter it, and the jitted functions that it calls, which may lie in other files.
"""

import hashlib
import inspect
from collections.abc import Iterator
from pathlib import Path
from types import FunctionType, ModuleType

from numba.core.dispatcher import Dispatcher

from zuki_kernels._jit import KERNEL_SOURCES, LazyCache, StampedCache, hash_of_sources

_TASK_SOURCES = hash_of_sources(Path(__file__).parent)


def task_cache(function: FunctionType) -> LazyCache:
    """Return the cache of a task; it is made at the first use, so that helpers defined below the task count.

    Parameters
    ----------
    function : function
        The body.

    Returns
    -------
    LazyCache
        What a dispatcher wants as its cache.
    """
    return LazyCache(function, lambda: (KERNEL_SOURCES, _TASK_SOURCES, _hash_of_callees(function)))


def can_be_cached(function: FunctionType) -> bool:
    """Tell whether Numba finds a place for the cache of ``function``; not for code typed at a prompt."""
    try:
        StampedCache(function, None)
    except RuntimeError:  # no locator available
        return False
    return True


def _hash_of_callees(function: FunctionType) -> str:
    """Hash the sources of all jitted functions that ``function`` may call, and of those that they may."""
    found: dict[str, FunctionType] = {}
    waiting = [function]
    while waiting:
        for callee in _jitted_names(waiting.pop()):
            name = f"{callee.__module__}.{callee.__qualname__}"
            if found.get(name) is not callee:
                found[name] = callee
                waiting.append(callee)
    digest = hashlib.sha256()
    for name in sorted(found):
        digest.update(name.encode())
        try:
            digest.update(inspect.getsource(found[name]).encode())
        except (OSError, TypeError):
            digest.update(found[name].__code__.co_code)
            digest.update(repr(found[name].__code__.co_consts).encode())
    return digest.hexdigest()


def _jitted_names(function: FunctionType) -> Iterator[FunctionType]:
    """Yield the Python functions of the jitted functions that a function names."""
    names = _all_names(function.__code__)
    values = [function.__globals__[name] for name in names if name in function.__globals__]
    values += [cell.cell_contents for cell in function.__closure__ or () if _is_filled(cell)]
    values += [
        vars(module)[name]
        for module in values
        if isinstance(module, ModuleType)
        for name in names
        if name in vars(module)
    ]
    for value in values:
        if isinstance(value, Dispatcher):
            yield value.py_func


def _all_names(code) -> set[str]:
    """Return the global names and attributes in a code object and in the functions inside of it."""
    names = set(code.co_names)
    for constant in code.co_consts:
        if hasattr(constant, "co_names"):
            names |= _all_names(constant)
    return names


def _is_filled(cell) -> bool:
    try:
        _ = cell.cell_contents
    except ValueError:
        return False
    return True
