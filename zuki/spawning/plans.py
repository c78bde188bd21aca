"""From a call of `parallel_for` or its kin to the task that does it, and the arguments of that task.

A call is the same whether its arguments are Python values, Numba types, or values in code that
is being written: functions become part of the task, and of some tuples each item is an argument.
"""

import inspect
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

from numba import types
from numba.core.dispatcher import Dispatcher

from zuki.errors import TaskError
from zuki.spawning.entries import ENTRIES
from zuki.task.task import Task, task_of

Groups = dict[str, list[list[Any]]]  # the name of a parameter: of each value its items

_FUNCTIONS = {"body", "combine", "function"}  # parameters that are functions
_TUPLES = {"start", "stop", "calls"}  # parameters whose tuples are taken apart

_signature = cache(inspect.signature)


def groups_of(
    face: Callable[..., Any],
    args: Sequence[Any],
    keywords: Mapping[str, Any],
    items_of: Callable[[Any], list[Any]],
) -> Groups:
    """Sort the arguments of a call by the parameters of ``face``, without those that say nothing.

    Parameters
    ----------
    face : function
        Of `zuki.spawning.algorithms`.
    args, keywords
        What it was called with.
    items_of : callable
        Takes a tuple apart; makes a list of anything else.
    """
    groups: Groups = {}
    for name, value in _signature(face).bind(*args, **keywords).arguments.items():
        values = value if _signature(face).parameters[name].kind is inspect.Parameter.VAR_POSITIONAL else [value]
        groups[name] = [items_of(one) if name in _TUPLES else [one] for one in values]
    return groups


def leaves_of(groups: Groups) -> list[Any]:
    """Return the arguments of the task that does a call."""
    leaves = []
    for name, group in groups.items():
        if name not in _FUNCTIONS:
            for items in group:
                leaves += items[1:] if name == "calls" else items
    return leaves


def plan_of_values(
    face: Callable[..., Any], args: Sequence[Any], keywords: Mapping[str, Any]
) -> tuple[Task, list[Any]]:
    """Return the task for a call from Python, and what it takes."""
    keywords = {name: value for name, value in keywords.items() if value is not None}
    groups = groups_of(face, args, keywords, lambda value: list(value) if isinstance(value, tuple) else [value])
    return plan_of(face, groups, lambda function, name, value: function.type_of(value, name)), leaves_of(groups)


def plan_of(face: Callable[..., Any], groups: Groups, type_of: Callable[[Task, str, Any], types.Type]) -> Task:
    """Return the task for a call.

    Parameters
    ----------
    face : function
        Of `zuki.spawning.algorithms`.
    groups : dict
        The arguments, sorted.
    type_of : callable
        Given the first function of the call, a parameter and an argument, tells the argument's type.
    """
    functions: dict[str, list[Task]] = {}
    for name, group in groups.items():
        if name in _FUNCTIONS or name == "calls":
            functions[name] = [_function_of(face, name, items) for items in group]
    first = next((tasks[0] for tasks in functions.values() if tasks), None)
    kinds = {
        name: tuple(
            tuple(type_of(first, name, item) for item in (items[1:] if name == "calls" else items))
            for items in group
        )
        for name, group in groups.items()
        if name not in _FUNCTIONS
    }
    return ENTRIES[face.__name__](functions, kinds)


def _function_of(face: Callable[..., Any], name: str, items: list[Any]) -> Task:
    found = items[0] if items else None
    if isinstance(found, types.Dispatcher):
        found = found.dispatcher
    if not isinstance(found, Dispatcher):
        raise TaskError(
            f"zuki.{face.__name__}: {name} is to be a task or a function that numba.njit has made, not {found!r}"
        )
    return task_of(found)
