"""The tasks of `parallel_reduce` and `parallel_scan`.

What is combined with what depends on the range alone, so rounding does, too: a range is cut
into leaves of one size, a leaf is combined from its start to its end, and the leaves by halves.
"""

from functools import cache

import numpy as np
from numba import types
from numba.np.numpy_support import as_dtype

from zuki.errors import TaskError
from zuki.spawning import loops
from zuki.spawning.pieces import after_comma, least_rounds, make_task, names_of, result_of
from zuki.task.task import Task

_INT = types.int64
MOST_LEAVES = 2048  # of a reduction: the cheapest rounds, 1 ns each, make leaves of 500 ns of a million
_MOST_BLOCKS = 256  # of a scan
_LEAST_BLOCK = 2048  # items

_REDUCTION = """
def piece(low, high, start, stop, size{arguments}):
    if high - low == 1:
        if stopped() or forsaken():
            raise CancelledError("the run was stopped")
        first = start + low * size
        total = {as_total}(body(first{arguments}))
        if first >= 0:
            for offset in range(1, min(size, stop - first)):
                total = combine(total, body(first + offset{arguments}))
        else:
            for offset in range(1, min(size, stop - first)):
                total = combine(total, body(first + offset{arguments}))
        return total
    middle = (low + high) // 2
    if is_split_due():
        handle = spawn(piece, middle, high, start, stop, size{arguments})
        left = piece(low, middle, start, stop, size{arguments})
        return combine(left, join(handle))
    left = piece(low, middle, start, stop, size{arguments})
    return combine(left, piece(middle, high, start, stop, size{arguments}))
"""

_TOTAL_OF_BLOCK = """
def piece(block, size, values, totals):
    first = block * size
    total = {as_total}(values[first])
    for at in range(1, size):
        total = combine(total, values[first + at])
    totals[block] = total
"""

_RESULTS_OF_BLOCK = """
def piece(block, size, values, totals, results):
    first = block * size
    total = combine(totals[block - 1], values[first]) if block > 0 else {as_total}(values[first])
    results[first] = total
    for at in range(1, min(size, len(values) - first)):
        total = combine(total, values[first + at])
        results[first + at] = total
"""

_SCAN = """
def piece(values{grain}):
{check}    results = empty(len(values), dtype)
    if len(values) == 0:
        return results
    size = max({least}, LEAST_BLOCK, -(-len(values) // MOST_BLOCKS))
    blocks = -(-len(values) // size)
    totals = empty(blocks, dtype)
    find_totals(0, blocks - 1, 0, 1, 1, size, values, totals)
    for block in range(1, blocks - 1):
        totals[block] = combine(totals[block - 1], totals[block])
    find_results(0, blocks, 0, 1, 1, size, values, totals, results)
    return results
"""


@cache
def reduction(body: Task, combine: Task, total: types.Type, arguments: tuple[types.Type, ...]) -> Task:
    """Return a task ``(low, high, start, stop, size, *arguments)`` that combines some leaves of a range."""
    result = result_of(body, (_INT, *arguments))
    return make_task(
        f"zuki.parallel_reduce of {body.__name__}",
        _REDUCTION.format(arguments=after_comma(names_of(arguments)), as_total=_conversion(result, total)),
        {"body": body, "combine": combine, "as_total": total},
        (*(_INT,) * 5, *arguments),
        total,
    )


@cache
def scan(combine: Task, values: types.Type, has_grain: bool) -> Task:
    """Return a task ``(values)`` or ``(values, grain)`` that makes the array of a scan."""
    total = type_of_total("parallel_scan", combine, values.dtype)
    if not isinstance(total, types.Number | types.Boolean):
        raise TaskError(f"zuki.parallel_scan combines numbers, not items of type {total}")
    title = f"zuki.parallel_scan of {combine.__name__}"
    made = types.Array(total, 1, "C")
    names, as_total = {"combine": combine, "as_total": total}, _conversion(values.dtype, total)
    kinds = (_INT, values, made)
    totals = make_task(title, _TOTAL_OF_BLOCK.format(as_total=as_total), names, (_INT, *kinds))
    results = make_task(title, _RESULTS_OF_BLOCK.format(as_total=as_total), names, (_INT, *kinds, made))
    names |= {
        "LEAST_BLOCK": _LEAST_BLOCK,
        "MOST_BLOCKS": _MOST_BLOCKS,
        "dtype": as_dtype(total),
        "empty": np.empty,
        "find_results": loops.indices(results, (*kinds, made)),
        "find_totals": loops.indices(totals, kinds),
    }
    grain = ", grain" if has_grain else ""
    least, check = least_rounds("parallel_scan", has_grain)
    text = _SCAN.format(grain=grain, least=least, check=check)
    return make_task(title, text, names, (values, _INT) if has_grain else (values,), made)


def type_of_total(title: str, combine: Task, *parts: types.Type) -> types.Type:
    """Return the type that holds all parts, and what combining two of that type makes."""
    total = combine.typingctx.unify_types(*parts)
    for _ in range(4):  # int32 + int32 is int64, float32 * int64 is float64; then it is settled
        if total is None or total is types.none:
            break
        result = result_of(combine, (total, total))
        before, total = total, combine.typingctx.unify_types(total, result)
        if total == before:
            return total
    kinds = ", ".join(map(str, parts))
    raise TaskError(
        f"zuki.{title}: '{combine.__name__}' has to make of two values of one type ({kinds}) a third of it"
    )


def _conversion(have: types.Type, want: types.Type) -> str:
    """Return how a text converts a value: by the number type that it calls ``as_total``, if at all."""
    return "as_total" if have != want and isinstance(want, types.Number) else ""
