"""The pieces of a loop: tasks that run a part of a range and give half of the rest away when it is wanted."""

from functools import cache
from textwrap import indent

from numba import types

from zuki.errors import TaskError
from zuki.spawning.pieces import after_comma, listed, make_task, names_of, result_of
from zuki.task.task import Task

_INT = types.int64
Types = tuple[types.Type, ...]

# A piece runs a chunk before it looks for the first time: a loop that takes less than a split is
# not split. The halves are halved in turn, so calls are nested as deep as a range has bits. A piece
# that is to stop raises, though nobody sees its results: who catches what another one raises might.
# ``older`` is the largest piece that one whose thread this runs on, or ran on, has given away and waits
# for behind this: when that has failed, what this leaves out is as if an exception had left it out.
_PIECE = """
def piece({parameters}):
    begin = now()
    while start < stop:
        end = start + min(chunk, stop - start)
{work}
        after = now()
        took, begin, start = after - begin, after, end
        if stopped() or forsaken():
            raise CancelledError("the run was stopped")
        if failed(older):
            return
        chunk = next_chunk(chunk, grain, took)
        if took >= WORTHWHILE and stop - start >= 2 * grain and is_split_due():
            middle = start + (stop - start) // 2
            handle = spawn(piece, middle, stop, older, {rest})
            piece(start, middle, older if older else block_of(handle), {rest})
            join(handle)
            return
"""

# LLVM makes vectors of a loop whose index it knows not to be negative: Numba counts negative ones
# from an array's end. It knows that of a sum of what was compared with 0 and what is counted from 0.
_ROUNDS = """
if {first} >= 0:
    for offset in range({count}):
        body({before}{first} + offset{arguments})
else:
    for offset in range({count}):
        body({before}{first} + offset{arguments})
"""

# A range of two dimensions is one of rows times columns rounds, row by row.
_ROWS = """
at = start
while at < end:
    row = at // columns
    column = first_column + at - row * columns
    count = min(first_column + columns - column, end - at)
    row += first_row
    if row >= 0:
{rounds}
    else:
{rounds}
    at += count
"""


@cache
def indices(body: Task, arguments: Types) -> Task:
    """Return a task ``(start, stop, 0, grain, chunk, *arguments)`` that calls a body with each index."""
    _check_returns_nothing("parallel_for", body, (_INT, *arguments))
    return _piece("parallel_for", body, _rounds("start", "end - start", "", arguments), (), arguments)


@cache
def ranges(body: Task, arguments: Types) -> Task:
    """Return a task ``(start, stop, 0, grain, chunk, *arguments)`` that calls a body with parts of it."""
    _check_returns_nothing("parallel_for_range", body, (_INT, _INT, *arguments))
    work = f"body(start, end{after_comma(names_of(arguments))})"
    return _piece("parallel_for_range", body, work, (), arguments)


@cache
def rows_and_columns(body: Task, arguments: Types) -> Task:
    """Return a task that calls a body with each row and column.

    It takes ``(start, stop, 0, grain, chunk, first_row, first_column, columns, *arguments)``, start and
    stop being numbers of rounds.
    """
    _check_returns_nothing("parallel_for", body, (_INT, _INT, *arguments))
    rounds = indent(_rounds("column", "count", "row, ", arguments), " " * 8)
    places = ("first_row", "first_column", "columns")
    return _piece("parallel_for", body, _ROWS.format(rounds=rounds), places, arguments)


def _piece(loop: str, body: Task, work: str, places: tuple[str, ...], arguments: Types) -> Task:
    rest = listed(("grain", "chunk"), places, names_of(arguments))
    text = _PIECE.format(parameters=f"start, stop, older, {rest}", rest=rest, work=indent(work, " " * 8))
    kinds = (*(_INT,) * (5 + len(places)), *arguments)
    return make_task(f"zuki.{loop} of {body.__name__}", text, {"body": body}, kinds)


def _rounds(first: str, count: str, before: str, arguments: Types) -> str:
    names = after_comma(names_of(arguments))
    return _ROUNDS.format(first=first, count=count, before=before, arguments=names)


def _check_returns_nothing(loop: str, body: Task, arguments: Types) -> None:
    result = result_of(body, arguments)
    if result is not types.none:
        raise TaskError(
            f"zuki.{loop}: the body '{body.__name__}' returns a value ({result}), which would be lost; "
            "parallel_map and parallel_reduce keep what a body returns"
        )
