"""Kernels made wrong on purpose, and the count of the orderings that such mutants have to cover.

Each ``tests/model/test_<kernel>.py`` declares

- ``MUTANTS``: ``(function, old, new)`` triples: in that function of ``<kernel>.py``, ``old`` becomes ``new``;
- ``BEYOND_THE_MODEL``: ``{(function, old): reason}`` for orderings the model cannot judge.

Together they name each line that has an ``# order:`` comment.
"""

import ast
import re
from pathlib import Path

import zuki_kernels

from .memory import ORDERINGS
from .mount import mount
from .trace import BrokenRunError

FOLDER = Path(zuki_kernels.__file__).parent

_ATOMIC = rf"\b(?:{'|'.join(ORDERINGS)})_(?:relaxed|acquire|release|acq_rel|seq_cst)\b"


def _lines_of(source, function):
    """The first line and the line after the last of a module-level function, decorators left out."""
    for statement in ast.parse(source).body:
        if isinstance(statement, ast.FunctionDef) and statement.name == function:
            return statement.lineno - 1, statement.end_lineno
    raise LookupError(f"no function {function}")


def weaken(kernel, function, old, new):
    """Return an edit for `mount` that replaces ``old``, once, in one function of one kernel file."""

    def edit(source, name):
        if name != kernel:
            return source
        lines = source.splitlines(keepends=True)
        first, end = _lines_of(source, function)
        body = "".join(lines[first:end])
        assert old in body, f"{kernel}.{function} does not contain {old!r}"
        names = sorted(set(re.findall(_ATOMIC, new)))
        imports = f"\nfrom .atomics import {', '.join(names)}\n" if names else ""
        return "".join([*lines[:first], body.replace(old, new, 1), *lines[end:], imports])

    return edit


def assert_killed(kernel, mutant, *scenarios, entry=None):
    """Let at least one scenario, a function of the mounted module ``entry``, find the mutant broken."""
    mounted = mount(entry or kernel, weaken(kernel, *mutant))
    for scenario in scenarios:
        try:
            scenario(mounted)
        except BrokenRunError as broken:
            assert not broken.problem.startswith(("NameError", "AttributeError")), broken.problem
            return
    raise AssertionError(f"the mutant {mutant} of {kernel} survives")


def orderings(kernel):
    """Yield (function, line of code) for each line of a kernel file with an ``# order:`` comment."""
    source = (FOLDER / f"{kernel}.py").read_text()
    lines = source.splitlines()
    for statement in ast.parse(source).body:
        if isinstance(statement, ast.FunctionDef):
            for line in lines[statement.lineno - 1 : statement.end_lineno]:
                if "# order:" in line:
                    yield statement.name, line.partition("# order:")[0].strip()


def uncovered(kernel, mutants, beyond):
    """Return the orderings that neither list names, and the entries that name no ordering."""
    named = [(function, old) for function, old, _ in mutants] + list(beyond)
    present = list(orderings(kernel))
    missing = [
        line for line in present if not any(line[0] == function and old in line[1] for function, old in named)
    ]
    strangers = [
        key for key in beyond if not any(key[0] == function and key[1] in line for function, line in present)
    ]
    return missing, strangers
