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

from .book import BOOK, Tried
from .hints import in_order, key_of
from .memory import ORDERINGS
from .mount import mount
from .trace import BrokenRunError

FOLDER = Path(zuki_kernels.__file__).parent

_ATOMIC = rf"\b(?:{'|'.join(ORDERINGS)})_(?:relaxed|acquire|release|acq_rel|seq_cst)\b"


def pattern(code):
    """``code`` however it is laid out."""
    between = r"(?:\s|#[^\n]*\n)*"
    return re.compile(between.join(map(re.escape, re.findall(r"\w+|[^\w\s]", code))))


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
        body, replaced = pattern(old).subn(lambda found: new, body, count=1)
        assert replaced, f"{kernel}.{function} does not contain {old!r}"
        names = sorted(set(re.findall(_ATOMIC, new)))
        imports = f"\nfrom .atomics import {', '.join(names)}\n" if names else ""
        return "".join([*lines[:first], body, *lines[end:], imports])

    return edit


def assert_killed(kernel, mutant, *scenarios, entry=None):
    """Let at least one scenario find the mutant broken.

    A scenario is a function of what ``entry``, given the edit, mounts; default: the kernel's module.
    """
    edit = weaken(kernel, *mutant)
    assert_broken(kernel, mutant, entry(edit) if entry else mount(kernel, edit), scenarios)


def assert_broken(kernel, mutant, mounted, scenarios):
    """Let at least one scenario find what was mounted with a mutant broken."""
    key = key_of(kernel, mutant, scenarios)
    for place, scenario in in_order(kernel, mutant, scenarios):
        try:
            scenario(mounted)
        except BrokenRunError as broken:
            if broken.problem.startswith(("NameError", "AttributeError", "TypeError")):
                raise  # the mutant is no program
            BOOK.tried.append(Tried(kernel, mutant, True, key, place))
            return
    BOOK.tried.append(Tried(kernel, mutant, False, key, 0))
    raise AssertionError(f"the mutant {mutant} of {kernel} survives")


def _header(statement):
    """The lines of a statement, without the statements inside it."""
    inside = getattr(statement, "body", None)
    return range(statement.lineno, inside[0].lineno if inside else statement.end_lineno + 1)


def orderings(kernel):
    """Yield (function, lines of code) for each statement with an ``# order:`` comment on or above it."""
    source = (FOLDER / f"{kernel}.py").read_text()
    lines = source.splitlines()
    for function in ast.parse(source).body:
        if not isinstance(function, ast.FunctionDef):
            continue
        statements = [
            node for node in ast.walk(function) if isinstance(node, ast.stmt) and node is not function
        ]
        for number in range(function.lineno, function.end_lineno + 1):
            if "# order:" in lines[number - 1]:
                headers = [_header(statement) for statement in statements]
                found = [header for header in headers if number in header]
                yield function.name, (found or [min((h for h in headers if h.start > number), key=min)])[0]


def _named(kernel, function, old):
    """The lines of the code that a mutant replaces."""
    source = (FOLDER / f"{kernel}.py").read_text()
    first, end = _lines_of(source, function)
    lines = source.splitlines(keepends=True)
    found = pattern(old).search("".join(lines[first:end]))
    if not found:
        return range(0)
    before, within = found.string[: found.start()].count("\n"), found.group().count("\n")
    return range(first + 1 + before, first + 2 + before + within)


def uncovered(kernel, mutants, beyond):
    """Return the orderings that neither list names, and the entries of ``beyond`` that name no ordering."""
    present = list(orderings(kernel))
    named = [_named(kernel, function, old) for function, old, _ in mutants]
    excused = {key: _named(kernel, *key) for key in beyond}
    missing = [
        (function, code)
        for function, code in present
        if not any(set(code) & set(lines) for lines in [*named, *excused.values()])
    ]
    strangers = [
        key for key, lines in excused.items() if not any(set(code) & set(lines) for _, code in present)
    ]
    return missing, strangers
