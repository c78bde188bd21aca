"""Tasks that are made of text: one for each body, kind of loop and types of arguments.

A piece of a loop calls its body by name and with its arguments spelt out, each of them a
variable: so LLVM puts the body into the loop and makes vectors of it, which it does not with
arguments that are taken out of a tuple in each round.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import CancelledError
from types import FunctionType
from typing import Any
from uuid import uuid4

from numba import types
from numba.core import errors

from zuki.errors import TaskError
from zuki.spawning.api import join, spawn
from zuki.spawning.asking import block_of, failed, forsaken, stopped
from zuki.task.cache import PartCache, TaskCache, digest_of
from zuki.task.decorator import task
from zuki.task.task import Task
from zuki.task.titles import give_title
from zuki_kernels.clock import now
from zuki_kernels.splitting import WORTHWHILE, is_split_due, next_chunk

_NAMES = {
    "CancelledError": CancelledError,
    "WORTHWHILE": WORTHWHILE,
    "block_of": block_of,
    "forsaken": forsaken,
    "failed": failed,
    "is_split_due": is_split_due,
    "join": join,
    "next_chunk": next_chunk,
    "now": now,
    "spawn": spawn,
    "stopped": stopped,
}


def names_of(arguments: Sequence[Any]) -> list[str]:
    """Return a name for each argument."""
    return [f"argument_{index}" for index in range(len(arguments))]


def listed(*names: Iterable[str]) -> str:
    """Write names one after the other, as a call does."""
    return ", ".join(name for some in names for name in some)


def after_comma(names: Iterable[str]) -> str:
    """Write names behind others."""
    return "".join(f", {name}" for name in names)


def least_rounds(face: str, has_grain: bool) -> tuple[str, str]:
    """Return what a text takes for the least number of rounds of a piece, and lines that check it."""
    if not has_grain:
        return "1", ""
    return "grain", f'    if grain < 1:\n        raise ValueError("zuki.{face}: a grain is at least 1")\n'


def result_of(function: Task, arguments: Sequence[types.Type]) -> types.Type:
    """Return what a function returns for arguments of these types; raise if it does not take so many."""
    wanted = function.argument_names
    if len(wanted) != len(arguments):
        raise TaskError(
            f"task '{function.__name__}' takes {len(wanted)} arguments ({', '.join(wanted)}), "
            f"but is called with {len(arguments)} ({', '.join(map(str, arguments))})"
        )
    return function.specialise(tuple(arguments)).result_type


def make_task(
    title: str,
    text: str,
    names: Mapping[str, Any],
    arguments: Sequence[types.Type],
    result: types.Type = types.none,
) -> Task:
    """Compile the one function in a text.

    Parameters
    ----------
    title : str
        What the task is called in messages.
    text : str
        Defines a function ``piece``, which may call itself and spawn itself.
    names : mapping
        What the text names besides: bodies, other pieces, constants.
    arguments, result : numba types
        Its signature.
    """
    function = _define(title, text, "piece", names)
    name, cache = _name_and_cache(function, names)
    key = title, name, tuple(arguments), result
    if key in _made:  # one task, or what is made of it would be made of two, and not be kept
        return _made[key]
    made = task(cache=False)(_define(title, text, name, names))
    made.__name__ = title
    give_title(name, title)
    if cache is not None:
        made._cache = cache
    made.declared[tuple(arguments)] = result
    try:
        made.compile(result(*arguments))
    except errors.NumbaError as error:
        raise TaskError(f"task '{title}' does not compile: {error}") from error
    made.disable_compile()
    _made[key] = made
    return made


def _define(title: str, text: str, name: str, names: Mapping[str, Any]) -> FunctionType:
    """Return the function in a text under another name."""
    space = {**_NAMES, **names, "__name__": __name__}
    exec(compile(re.sub(r"\bpiece\b", name, text), f"<{title}>", "exec"), space)
    return space[name]


_tasks_of: dict[str, list[Task]] = {}  # what is in a piece, by its name
_made: dict[tuple[Any, ...], Task] = {}  # by title, name and types


def _name_and_cache(function: FunctionType, names: Mapping[str, Any]) -> tuple[str, PartCache | None]:
    """Return a name for a piece, and where its code is kept, unless that of the tasks in it is not kept.

    Numba knows types and code by names. So a name stands for all that the piece is made from: a user's
    function may bring the piece along from another process, through Numba's cache. Two tasks may
    differ and look the same, for instance in a value that one closes over: then the name is like no other.
    """
    tasks = [value for value in names.values() if isinstance(value, Task)]
    if all(isinstance(one._cache, TaskCache) for one in tasks):
        name = f"piece_{digest_of(function, names)}"
        if _tasks_of.setdefault(name, tasks) == tasks:
            return name, PartCache(tasks[0]._cache, name)
    return f"piece_{uuid4().hex}", None
