"""The tasks that stand for a whole call of `parallel_for` and its kin."""

from functools import cache
from typing import Any

import numpy as np
from numba import types
from numba.np.numpy_support import as_dtype

from zuki.errors import TaskError
from zuki.spawning import loops, reductions
from zuki.spawning.pieces import after_comma, least_rounds, listed, make_task, names_of, result_of
from zuki.task.task import Task

Kinds = dict[str, tuple[tuple[types.Type, ...], ...]]
Functions = dict[str, list[Task]]

_INT = types.int64

_FOR = """
def piece(start, stop{arguments}{grain}):
{check}    pieces(start, stop, 0, {least}, {least}{arguments})
"""

_FOR_ROWS = """
def piece(first_row, first_column, stop_row, stop_column{arguments}{grain}):
{check}    rows, columns = stop_row - first_row, stop_column - first_column
    if rows > 0 and columns > 0:
        pieces(0, rows * columns, 0, {least}, {least}, first_row, first_column, columns{arguments})
"""

_STORE = """
def piece(index, values, results{arguments}):
    results[index] = function(values[index]{arguments})
"""

_MAP = """
def piece(values{arguments}{grain}):
{check}    results = empty(values.shape, dtype)
    pieces(0, values.size, 0, {least}, {least}, {flat_values}, {flat_results}{arguments})
    return results
"""

_REDUCE = """
def piece(start, stop{arguments}{initial}{grain}):
{check}    if stop <= start:
        {empty}
    rounds = stop - start
    size = max({least}, -(-rounds // MOST_LEAVES))
    total = pieces(0, -(-rounds // size), start, stop, size{arguments})
    return {result}
"""


def _parallel_for(functions: Functions, kinds: Kinds) -> Task:
    (body,), (start,), (stop,) = functions["body"], kinds["start"], kinds["stop"]
    arguments = _only(kinds.get("args", ()))
    if len(start) != len(stop) or len(start) not in (1, 2):
        raise TaskError("zuki.parallel_for: start and stop are both integers, or both tuples of two integers")
    _check_integers("parallel_for", start + stop + _only(kinds.get("grain", ())))
    pieces = (loops.indices if len(start) == 1 else loops.rows_and_columns)(body, arguments)
    return _for(pieces, _FOR if len(start) == 1 else _FOR_ROWS, arguments, 2 * len(start), "grain" in kinds)


def _parallel_for_range(functions: Functions, kinds: Kinds) -> Task:
    (body,), (start,), (stop,) = functions["body"], kinds["start"], kinds["stop"]
    arguments = _only(kinds.get("args", ()))
    if len(start) != 1 or len(stop) != 1:
        raise TaskError("zuki.parallel_for_range takes a range of one dimension: start and stop are integers")
    _check_integers("parallel_for_range", start + stop + _only(kinds.get("grain", ())))
    return _for(loops.ranges(body, arguments), _FOR, arguments, 2, "grain" in kinds)


@cache
def _for(pieces: Task, text: str, arguments: loops.Types, bounds: int, has_grain: bool) -> Task:
    title = pieces.__name__
    least, check = least_rounds(title.split()[0].removeprefix("zuki."), has_grain)
    names = after_comma(names_of(arguments))
    grain = ", grain" if has_grain else ""
    text = text.format(arguments=names, grain=grain, check=check, least=least)
    return make_task(title, text, {"pieces": pieces}, (*(_INT,) * bounds, *arguments, *(_INT,) * has_grain))


def _parallel_map(functions: Functions, kinds: Kinds) -> Task:
    (function,), ((values,),) = functions["function"], kinds["values"]
    if not isinstance(values, types.Array) or values.ndim == 0:
        raise TaskError(f"zuki.parallel_map goes over an array, not over a {values}")
    _check_integers("parallel_map", _only(kinds.get("grain", ())))
    return _map(function, values, _only(kinds.get("args", ())), "grain" in kinds)


@cache
def _map(function: Task, values: types.Array, arguments: loops.Types, has_grain: bool) -> Task:
    result = result_of(function, (values.dtype, *arguments))
    if not isinstance(result, types.Number | types.Boolean):
        raise TaskError(
            f"zuki.parallel_map: '{function.__name__}' returns a {result}, but an array is made of numbers"
        )
    title = f"zuki.parallel_map of {function.__name__}"
    names, is_flat = after_comma(names_of(arguments)), values.ndim == 1
    flat = (values if is_flat else types.Array(values.dtype, 1, "C"), types.Array(result, 1, "C"))
    store = make_task(
        title, _STORE.format(arguments=names), {"function": function}, (_INT, *flat, *arguments)
    )
    least, check = least_rounds("parallel_map", has_grain)
    text = _MAP.format(
        arguments=names,
        grain=", grain" if has_grain else "",
        check=check,
        least=least,
        flat_values="values" if is_flat else "ascontiguousarray(values).reshape(-1)",
        flat_results="results" if is_flat else "results.reshape(-1)",
    )
    known = {
        "pieces": loops.indices(store, (*flat, *arguments)),
        "empty": np.empty,
        "ascontiguousarray": np.ascontiguousarray,
        "dtype": as_dtype(result),
    }
    made = types.Array(result, values.ndim, "C")
    return make_task(title, text, known, (values, *arguments, *(_INT,) * has_grain), made)


def _parallel_reduce(functions: Functions, kinds: Kinds) -> Task:
    (body,), (combine,) = functions["body"], functions["combine"]
    start, stop = _only(kinds["start"]), _only(kinds["stop"])
    grain, initial = _only(kinds.get("grain", ())), _only(kinds.get("initial", ()))
    if len(start) != 1 or len(stop) != 1:
        raise TaskError("zuki.parallel_reduce takes a range of one dimension: start and stop are integers")
    _check_integers("parallel_reduce", start + stop + grain)
    return _reduce(body, combine, _only(kinds.get("args", ())), initial, bool(grain))


@cache
def _reduce(body: Task, combine: Task, arguments: loops.Types, initial: loops.Types, has_grain: bool) -> Task:
    value = result_of(body, (_INT, *arguments))
    total = reductions.type_of_total("parallel_reduce", combine, value, *initial)
    least, check = least_rounds("parallel_reduce", has_grain)
    text = _REDUCE.format(
        arguments=after_comma(names_of(arguments)),
        initial=", initial" if initial else "",
        grain=", grain" if has_grain else "",
        check=check,
        least=least,
        empty="return initial"
        if initial
        else 'raise ValueError("zuki.parallel_reduce: the range is empty, and there is no initial value")',
        result="combine(initial, total)" if initial else "total",
    )
    known = {
        "pieces": reductions.reduction(body, combine, total, arguments),
        "combine": combine,
        "MOST_LEAVES": reductions.MOST_LEAVES,
    }
    title = f"zuki.parallel_reduce of {body.__name__}"
    taken = (_INT, _INT, *arguments, *(total for _ in initial), *(_INT,) * has_grain)
    return make_task(title, text, known, taken, total)


def _parallel_scan(functions: Functions, kinds: Kinds) -> Task:
    (combine,), ((values,),) = functions["combine"], kinds["values"]
    if not isinstance(values, types.Array) or values.ndim != 1:
        raise TaskError(f"zuki.parallel_scan goes over an array of one dimension, not over a {values}")
    _check_integers("parallel_scan", _only(kinds.get("grain", ())))
    return reductions.scan(combine, values, "grain" in kinds)


def _parallel_invoke(functions: Functions, kinds: Kinds) -> Task:
    if not functions.get("calls"):
        raise TaskError("zuki.parallel_invoke: there is nothing to call")
    return _invoke(tuple(functions["calls"]), kinds["calls"])


@cache
def _invoke(functions: tuple[Task, ...], kinds: tuple[loops.Types, ...]) -> Task:
    """Spawn all calls but the first, the last of them first, so that each is the newest when it is joined."""
    names = names_of([kind for some in kinds for kind in some])
    given, at = [], 0
    for some in kinds:
        given.append(after_comma(names[at : at + len(some)]))
        at += len(some)
    known = {f"function_{index}": function for index, function in enumerate(functions)}
    lines = [f"def piece({listed(names)}):"]
    for index in range(len(functions) - 1, 0, -1):
        lines.append(f"    handle_{index} = spawn(function_{index}{given[index]})")
    lines.append(f"    result_0 = function_0({given[0].removeprefix(', ')})")
    for index in range(1, len(functions)):
        lines.append(f"    result_{index} = join(handle_{index})")
    lines.append("    return " + "".join(f"result_{index}, " for index in range(len(functions))))
    result = types.Tuple([result_of(function, some) for function, some in zip(functions, kinds, strict=True)])
    title = "zuki.parallel_invoke of " + ", ".join(function.__name__ for function in functions)
    taken = [kind for some in kinds for kind in some]
    return make_task(title, "\n".join(lines), known, taken, result)


def _only(group: Any) -> loops.Types:
    """Return the one item of each value."""
    return tuple(item for items in group for item in items)


def _check_integers(face: str, kinds: loops.Types) -> None:
    for kind in kinds:
        if not isinstance(kind, types.Integer):
            raise TaskError(f"zuki.{face}: start, stop and grain are integers, not {kind}")


ENTRIES = {
    "parallel_for": _parallel_for,
    "parallel_for_range": _parallel_for_range,
    "parallel_invoke": _parallel_invoke,
    "parallel_map": _parallel_map,
    "parallel_reduce": _parallel_reduce,
    "parallel_scan": _parallel_scan,
}
