"""Tasks that are made of text: one for each body, kind of loop and types of arguments.

A piece of a loop calls its body by name and with its arguments spelt out, each of them a
variable: so LLVM puts the body into the loop and makes vectors of it, which it does not with
arguments that are taken out of a tuple in each round.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import uuid4

from numba import types

from zuki.errors import TaskError
from zuki.spawning.api import join, spawn
from zuki.task.task import Task, task
from zuki_kernels.clock import now
from zuki_kernels.splitting import WORTHWHILE, is_split_due, next_chunk

_NAMES = {
    "WORTHWHILE": WORTHWHILE,
    "is_split_due": is_split_due,
    "join": join,
    "next_chunk": next_chunk,
    "now": now,
    "spawn": spawn,
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
    # Numba knows types and code by names. This one is like no other, also not like one that a user's
    # function has brought along from another process, through Numba's cache.
    name = f"piece_{uuid4().hex}"
    space = {**_NAMES, **names, "__name__": __name__}
    exec(compile(re.sub(r"\bpiece\b", name, text), f"<{title}>", "exec"), space)
    made = task(result(*arguments), cache=False)(space[name])
    made.__name__ = title
    return made
