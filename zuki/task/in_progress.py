"""Which tasks are being compiled: a task may be spawned by its own body, or by its callees'."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from numba import types
from numba.core import typeinfer

if TYPE_CHECKING:
    from zuki.task.task import Task


class Compilation:
    """One signature of a task that is being compiled."""

    def __init__(self, task: "Task", arguments: tuple[types.Type, ...]) -> None:
        self.task, self.arguments = task, arguments
        self.name: str | None = None  # of the body in machine code, as soon as that is written


_compilations: list[Compilation] = []


@contextmanager
def compiling(task: "Task", arguments: tuple[types.Type, ...]) -> Iterator[None]:
    """Note that a signature is being compiled."""
    _compilations.append(Compilation(task, arguments))
    try:
        yield
    finally:
        _compilations.pop()


def innermost() -> Compilation | None:
    """Return what is being compiled in the innermost place, or None."""
    return _compilations[-1] if _compilations else None


def compilation_of(task: "Task", arguments: tuple[types.Type, ...]) -> Compilation | None:
    """Return the compilation of a signature that has not come to its end, or None."""
    for one in _compilations:
        if one.task is task and one.arguments == arguments:
            return one
    return None


@contextmanager
def known_by_name(task: "Task") -> Iterator[None]:
    """Let the body of a task find the task by its name, before that is defined.

    Numba keeps one function for each bare name. A task that is compiled meanwhile may have the same name:
    when it is done, the name stands for this one again.
    """
    name = task.py_func.__name__
    before = typeinfer._temporary_dispatcher_map.get(name)
    try:
        with typeinfer.register_dispatcher(task):
            yield
    finally:
        if before is not None:
            typeinfer._temporary_dispatcher_map[name] = before
