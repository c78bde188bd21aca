"""The cache of a task: as Numba's, but a change of anything it was compiled from is noticed.

Numba stamps a cached function with its own file. A task's machine code also holds zuki's
way to enter it, the functions that it calls, and the constants that it reads, which may lie
in other files. They are known by what is in memory: a file may change after its import.
"""

import hashlib
import sys
from collections.abc import Iterator, Mapping
from enum import Enum
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

import numpy as np
from numba import types

from zuki.task.spawners import LATER
from zuki_kernels._jit import KERNEL_SOURCES, StampedCache, hash_of_sources

_TASK_SOURCES = hash_of_sources(Path(__file__).parent) + hash_of_sources(
    Path(__file__).parent.parent / "spawning"
)
_LIBRARIES = {*sys.stdlib_module_names, "numba", "numpy", "scipy"}  # not looked into
_CONSTANTS = (bool, int, float, complex, str, bytes, type(None), np.generic, np.dtype, Enum, types.Type)


class _VariantCache(StampedCache):
    """A cache whose keys tell apart tasks that share a line: lambdas, or one body with several options."""

    def __init__(self, function: FunctionType, stamp: object, variant: str) -> None:
        super().__init__(function, stamp)
        self._variant = variant

    def _index_key(self, sig, codegen):
        return *super()._index_key(sig, codegen), self._variant


class TaskCache:
    """Numba's cache, made when it is first asked, so that helpers defined below the task count.

    Parameters
    ----------
    function : function
        The body.
    options : mapping
        What it is jitted with.

    Raises
    ------
    RuntimeError
        Numba finds no place for it.
    """

    def __init__(self, function: FunctionType, options: Mapping[str, Any]) -> None:
        self._function = function
        self._own_stamp = StampedCache(function, None)._impl.locator.get_source_stamp()
        self._variant = f"{_text_of(function.__code__)} {_text_of_options(options)}"
        self._made: StampedCache | None = None

    def _cache(self) -> StampedCache:
        if self._made is None:
            stamp = self._own_stamp, KERNEL_SOURCES, _TASK_SOURCES, _hash_of_used(self._function)
            self._made = _VariantCache(self._function, stamp, self._variant)
        return self._made

    def save_overload(self, sig, data) -> None:
        """Save a compilation; not one of tasks that spawn one another, which only this process can link."""
        library = data.library._final_module
        if not any(one.name.startswith(LATER) for one in library.global_variables):
            self._cache().save_overload(sig, data)

    def __getattr__(self, name: str) -> object:
        return getattr(self._cache(), name)


class PartCache(TaskCache):
    """The cache of code that is made of a task: among the task's own files, under a name of its own.

    Parameters
    ----------
    whole : TaskCache
        The task's.
    name : str
        What tells the code from all other that is made of the task; see `digest_of`.
    """

    def __init__(self, whole: TaskCache, name: str) -> None:
        super().__init__(whole._function, {})
        self._variant = name


def digest_of(function: FunctionType, others: Mapping[str, Any]) -> str:
    """Return text that differs where functions of one name differ in what they are compiled from.

    Parameters
    ----------
    function : function
        With all that it uses.
    others : mapping
        What its global names stand for: tasks have options, too.
    """
    digest = hashlib.sha256(_text_of(function.__code__).encode())
    digest.update(_hash_of_used(function).encode())
    for name, value in sorted(others.items()):
        if hasattr(value, "targetoptions"):
            options = _text_of_options({**value.targetoptions, "locals": value.locals})
            digest.update(f"{name} {options} ".encode())
    return digest.hexdigest()


def _text_of_options(options: Mapping[str, Any]) -> str:
    """Write options so that equal ones read the same in every process."""
    texts = (
        f"{name}={sorted(map(str, value)) if isinstance(value, set) else value}"
        for name, value in sorted(options.items())
        if not callable(value)  # a cost model of ``inline``: it acts where the task is called
    )
    return ", ".join(texts)


def _hash_of_used(function: FunctionType) -> str:
    """Hash what ``function`` may call or read by a global name, and what those may."""
    digest = hashlib.sha256()
    waiting, known = [function], {function}
    while waiting:
        for name, value in _used_by(waiting.pop()):
            digest.update(f"{name} ".encode())
            callee = _function_of(value)
            if callee is not None:
                digest.update(_text_of(callee.__code__).encode())
                if callee not in known:
                    known.add(callee)
                    waiting.append(callee)
            else:
                digest.update(_text_of_constant(value).encode())
    return digest.hexdigest()


def _used_by(function: FunctionType) -> Iterator[tuple[str, Any]]:
    """Yield what the names in a function stand for, also behind modules, always in the same order."""
    names = sorted(_all_names(function.__code__))
    cells = zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
    spaces = [{name: cell.cell_contents for name, cell in cells if is_filled(cell)}, function.__globals__]
    modules = set()
    for space in spaces:
        for name in sorted(space) if space is spaces[0] else names:
            value = space.get(name)
            if isinstance(value, ModuleType):
                if value.__name__.partition(".")[0] not in _LIBRARIES and value not in modules:
                    modules.add(value)
                    spaces.append(vars(value))
            elif name in space:
                yield name, value


def _function_of(value: Any) -> FunctionType | None:
    """Return the Python function that a value would be compiled from, unless a library brings it."""
    dispatcher = getattr(value, "_dispatcher", value)  # of a function made by `numba.vectorize`
    function = getattr(dispatcher, "py_func", value)
    if not isinstance(function, FunctionType):
        return None
    package = (function.__module__ or "").partition(".")[0]  # code that is executed may have none
    return None if package in _LIBRARIES else function


def _text_of_constant(value: Any) -> str:
    """Return text that differs where constants of compiled code do; of other values, their type's name."""
    if isinstance(value, tuple | frozenset):
        items = map(_text_of_constant, value)
        return f"({', '.join(items if isinstance(value, tuple) else sorted(items))})"
    if isinstance(value, CodeType):
        return _text_of(value)
    if isinstance(value, np.ndarray):
        return f"{value.dtype} {value.shape} {value.tobytes()!r}"
    if isinstance(value, type):
        return f"{value.__module__}.{value.__qualname__}"
    return f"{type(value).__name__} {value!r}" if isinstance(value, _CONSTANTS) else type(value).__name__


def _text_of(code: CodeType) -> str:
    """Return text that differs where code does: its instructions, names, constants and lines."""
    lines = code.co_firstlineno, code.co_linetable.hex()
    return f"{code.co_code.hex()} {code.co_names} {_text_of_constant(code.co_consts)} {lines}"


def _all_names(code: CodeType) -> set[str]:
    """Return the global names and attributes in a code object and in the functions inside of it."""
    names = set(code.co_names)
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            names |= _all_names(constant)
    return names


def is_filled(cell) -> bool:
    """Tell whether what a cell of a closure stands for is there."""
    try:
        _ = cell.cell_contents
    except ValueError:
        return False
    return True
