"""From a call of `parallel_for` or its kin to the task that does it, and the arguments of that task.

A call is the same whether its arguments are Python values, Numba types, or values in code that
is being written: functions become part of the task, and of some tuples each item is an argument.
"""

import inspect
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from numba._dispatcher import Dispatcher as AnyDispatcher  # no abstract class: a look at it is cheap
from numba._dispatcher import compute_fingerprint
from numba.core.dispatcher import Dispatcher

from zuki.errors import TaskError
from zuki.spawning.entries import ENTRIES
from zuki.task.decorator import task_of
from zuki.task.specialisation import Specialisation
from zuki.task.task import Task

_FUNCTIONS = {"body", "combine", "function"}  # parameters that are functions
_TUPLES = {"start", "stop"}  # parameters whose tuples are taken apart

_signature = cache(inspect.signature)


@dataclass(frozen=True)
class Reading:
    """How arguments are read: what kind of thing stands for them.

    Parameters
    ----------
    function_of : callable
        Returns the function that Numba has made and that an argument is, or None.
    items_of : callable
        Returns the items of an argument that is a tuple, or None.
    type_of : callable
        Given a task that takes it, the parameter's name and the argument, returns its Numba type.
    """

    function_of: Callable[[Any], Dispatcher | None]
    items_of: Callable[[Any], Sequence[Any] | None]
    type_of: Callable[[Task, str, Any], Any]


@dataclass
class Call:
    """The arguments of a call, sorted by the parameters.

    Parameters
    ----------
    functions : dict
        Tasks by the name of the parameter.
    groups : dict
        Everything else: of each value its items. ``calls``: of each function its arguments.
    """

    functions: dict[str, list[Task]] = field(default_factory=dict)
    groups: dict[str, list[list[Any]]] = field(default_factory=dict)

    def leaves(self) -> list[Any]:
        """Return the arguments of the task that does the call."""
        return [item for group in self.groups.values() for items in group for item in items]


def read(
    face: Callable[..., Any], args: Sequence[Any], keywords: Mapping[str, Any], reading: Reading
) -> Call:
    """Sort the arguments of a call.

    Parameters
    ----------
    face : function
        Of `zuki.spawning.algorithms`.
    args, keywords
        What it was called with.
    reading : Reading
        How these are read.
    """
    call, parameters = Call(), _signature(face).parameters
    for name, value in _signature(face).bind(*args, **keywords).arguments.items():
        if name in _FUNCTIONS:
            call.functions[name] = [_task_of(face, name, reading.function_of(value))]
        elif name == "calls":
            _read_calls(face, call, value, reading)
        else:
            values = value if parameters[name].kind is inspect.Parameter.VAR_POSITIONAL else [value]
            call.groups[name] = [list((name in _TUPLES and reading.items_of(one)) or [one]) for one in values]
    return call


def _read_calls(face: Callable[..., Any], call: Call, values: Sequence[Any], reading: Reading) -> None:
    functions, groups = call.functions.setdefault("calls", []), call.groups.setdefault("calls", [])
    may_have_arguments = False
    for value in values:
        items = reading.items_of(value) if may_have_arguments else None
        if items is not None:
            groups[-1] = list(items)
        else:
            functions.append(_task_of(face, "what is called", reading.function_of(value)))
            groups.append([])
        may_have_arguments = items is None


def _task_of(face: Callable[..., Any], name: str, function: Dispatcher | None) -> Task:
    if function is None:
        raise TaskError(
            f"zuki.{face.__name__}: {name} has to be a task, or a function that numba.njit has made"
        )
    return task_of(function)


def plan(face: Callable[..., Any], call: Call, reading: Reading) -> Task:
    """Return the task that does a call."""
    first = next((tasks[0] for tasks in call.functions.values() if tasks), None)
    kinds = {
        name: tuple(tuple(reading.type_of(first, name, item) for item in items) for items in group)
        for name, group in call.groups.items()
    }
    return ENTRIES[face.__name__](call.functions, kinds)


_Place = tuple[int, int]  # of a value among what was given: its index, and its own in the tuple there, or -1
_Found = tuple[Task, Specialisation, list[_Place]]

# Plans of calls from Python by the functions and the types. A fingerprint tells types apart as types do,
# at a hundredth of the time.
_known: dict[tuple[Any, ...], _Found] = {}
_described: list[Any] = []  # structured dtypes, which fingerprints name by their addresses


def plan_of_values(
    face: Callable[..., Any], args: Sequence[Any], keywords: Mapping[str, Any]
) -> tuple[Task, Specialisation, tuple[Any, ...]]:
    """Return the task for a call from Python, its specialisation, and what it takes."""
    told = {name: value for name, value in keywords.items() if value is not None}
    given = (*args, *told.values())
    functions = tuple([value if isinstance(value, AnyDispatcher) else None for value in given])
    others = tuple([value for value in given if not isinstance(value, AnyDispatcher)])
    try:
        task, found, places = _known[face, functions, tuple(told), compute_fingerprint(others)]
    except (KeyError, NotImplementedError):  # the latter: a kind of value that Numba types the slow way
        task, places = _plan_of_places(face, given, list(told))
        found = task.specialise_for(_taken(given, places))
        with suppress(NotImplementedError):
            _known[face, functions, tuple(told), compute_fingerprint(others)] = task, found, places
            _described.extend(value.dtype for value in others if hasattr(value, "dtype"))
    return task, found, _taken(given, places)


def _taken(given: Sequence[Any], places: Sequence[_Place]) -> tuple[Any, ...]:
    return tuple([given[index] if item < 0 else given[index][item] for index, item in places])


def _plan_of_places(
    face: Callable[..., Any], given: Sequence[Any], names: Sequence[str]
) -> tuple[Task, list[_Place]]:
    """Return the task for a call, the last of whose arguments have these names, and where its own are."""

    def value_at(place: _Place) -> Any:
        index, item = place
        return given[index] if item < 0 else given[index][item]

    def function_of(place: _Place) -> Dispatcher | None:
        value = value_at(place)
        return value if isinstance(value, Dispatcher) else None

    def items_of(place: _Place) -> list[_Place] | None:
        value, (index, _) = value_at(place), place
        return [(index, item) for item in range(len(value))] if isinstance(value, tuple) else None

    reading = Reading(function_of, items_of, lambda task, name, place: task.type_of(value_at(place), name))
    places = [(index, -1) for index in range(len(given))]
    count = len(given) - len(names)
    call = read(face, places[:count], dict(zip(names, places[count:], strict=True)), reading)
    return plan(face, call, reading), call.leaves()
