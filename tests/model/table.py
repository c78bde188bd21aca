"""What the model's tests searched, as a table."""

import importlib
import io
from contextlib import redirect_stdout
from pathlib import Path
from time import perf_counter
from typing import NamedTuple

import pytest

from .book import BOOK

HEADINGS = "structure or scenario", "search", "threads", "operations", "states", "executions", "mutants", "s"
WIDTHS = 58, 16, 8, 11, 10, 11, 9, 8
FINE = pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED
LEGEND = """
threads, operations: of the largest scenario, in its longest run. states: without those that cannot be told
from others; in random runs, all that were passed. executions: runs with distinct ends; in random runs, the
runs. mutants: killed / listed.
"""


class Part(NamedTuple):
    """Tests of a file that are run together."""

    file: str
    slow: bool


class Row(NamedTuple):
    """A test, what it searched and which mutants it tried."""

    file: str
    name: str
    passed: bool
    searched: tuple
    tried: tuple
    seconds: float


class Ran(NamedTuple):
    """A part that was run."""

    part: Part
    rows: list
    listed: set
    status: int
    output: str


class _Clerk:
    """Copies from the book, test by test."""

    def __init__(self, file):
        self.file, self.rows = file, []

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item):
        """Run one test with an empty book."""
        BOOK.opened()
        begun, passed = perf_counter(), False
        try:
            answer = yield
            passed = True
            return answer
        finally:
            parameters = getattr(item, "callspec", None)
            name = item.originalname.removeprefix("test_").replace("_", " ")
            if parameters and "scenario" in parameters.params:
                name = parameters.id
            seconds = perf_counter() - begun
            self.rows.append(Row(self.file, name, passed, tuple(BOOK.searched), tuple(BOOK.tried), seconds))


def run(part):
    """Run the tests of a part in this process."""
    clerk, output = _Clerk(part.file), io.StringIO()
    path = Path(__file__).with_name(f"{part.file}.py")
    marks = "slow" if part.slow else "not slow"
    with redirect_stdout(output):
        status = pytest.main([str(path), "-q", "-m", marks, "-p", "no:cacheprovider"], plugins=[clerk])
    module = importlib.import_module(f"{__package__}.{part.file}")
    kernel = part.file.removeprefix("test_")
    listed = {(kernel, mutant) for mutant in getattr(module, "MUTANTS", ())}
    return Ran(part, clerk.rows, listed, int(status), output.getvalue())


def _line(name, searched, seconds, mutants=""):
    """One row of figures; where there are several searches, those of all together."""
    if not searched:
        return name, "", "", "", "", "", mutants, f"{seconds:.1f}"
    hows = {one.how for one in searched}
    return (
        name,
        hows.pop() if len(hows) == 1 else "",
        str(max(one.threads for one in searched)),
        str(max(one.operations for one in searched)),
        f"{sum(one.states for one in searched):,}",
        f"{sum(one.executions for one in searched):,}",
        mutants,
        f"{seconds:.1f}",
    )


def _print(cells):
    name, how, *figures = cells
    aligned = [figure.rjust(width) for figure, width in zip(figures, WIDTHS[2:], strict=True)]
    print(f"{name:<{WIDTHS[0]}}{how:<{WIDTHS[1]}}{''.join(aligned)}".rstrip())


def _count(rows, listed):
    """The mutants of a file: killed, and all there are."""
    tried = [one for row in rows for one in row.tried]
    killed = {(one.kernel, one.mutant) for one in tried if one.killed}
    return killed, listed | {(one.kernel, one.mutant) for one in tried}


def _section(file, rows, listed):
    """A structure and below it its scenarios; return the mutants killed, and all of them."""
    killed, every = _count(rows, listed)
    searched = [one for row in rows if not row.tried for one in row.searched]
    told = f"{len(killed)} / {len(every)}" if every else ""
    _print(_line(file.removeprefix("test_"), searched, sum(row.seconds for row in rows), told))
    lines = {}
    for row in rows:
        if row.searched and not row.tried:
            lines.setdefault(row.name, []).append(row)
    for name, together in lines.items():
        cells = _line(
            f"    {name}"[: WIDTHS[0] - 2],
            [one for row in together for one in row.searched],
            sum(row.seconds for row in together),
        )
        _print(cells)
    return killed, every


def show(ran, wall):
    """Print the table and what failed; return the exit status."""
    print()
    _print(HEADINGS)
    print("-" * sum(WIDTHS))
    killed, every, rows = set(), set(), [row for part in ran for row in part.rows]
    for file in sorted({part.part.file for part in ran}):
        own = [row for row in rows if row.file == file]
        if own:
            listed = set().union(*(part.listed for part in ran if part.part.file == file))
            one, other = _section(file, own, listed)
            killed |= one
            every |= other
    print("-" * sum(WIDTHS))
    searched = [one for row in rows if not row.tried for one in row.searched]
    work = sum(row.seconds for row in rows)
    _print(_line("all", searched, work, f"{len(killed)} / {len(every)}"))
    print(f"{LEGEND}\n{len(rows)} tests in {wall:.0f} s ({work:.0f} s of work)")
    failed = [
        part for part in ran if part.status not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED)
    ]
    for part in failed:
        print(f"\n{part.part.file} fails:\n{part.output}")
    for kernel, mutant in sorted(every - killed):
        print(f"survives: {kernel}: {mutant}")
    return int(bool(failed or every - killed))
