"""What spawn and join cost, a task at every level: beside serial njit, oneTBB's task_group, OpenMP's tasks.

python -m benchmarks.bench_spawn [--quick] [--rounds N] [--json PATH]
"""

import statistics
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

if not __package__:  # run as a file: the folder above is not on the path
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from numba import njit

import zuki
from benchmarks import _report, omp, tbb
from benchmarks.native import AbsentError
from examples import fib, nqueens, tree_search

METHOD = (
    f"{_report.METHOD}; a sample is the median of 3 runs of fib, 9 of nqueens, 1 of the tree search; "
    "nothing is too small to be spawned; njit is the same body without spawn and join; "
    "OpenMP takes one turn alone, and is given up after a while"
)
OMP_LIMIT = 60  # seconds: libgomp took minutes where oneTBB takes seconds


@njit
def serial_fib(n):
    if n < 2:
        return n
    return serial_fib(n - 1) + serial_fib(n - 2)


@njit
def serial_place(free, columns, falling, rising, board):
    if free == 0:
        return 0
    queen = free & -free
    others = serial_place(free ^ queen, columns, falling, rising, board)
    if columns | queen == board:
        return others + 1
    taken, down, up = columns | queen, (falling | queen) << 1, (rising | queen) >> 1
    return others + serial_place(board & ~(taken | down | up), taken, down, up, board)


@njit
def serial_search(parent, depth, first, last):
    if last - first > 1:
        middle = (first + last) // 2
        left = serial_search(parent, depth, first, middle)
        right = serial_search(parent, depth, middle, last)
        return left[0] + right[0], max(left[1], right[1]), left[2] + right[2]
    state = tree_search.child_state(parent, first)
    children = tree_search.children_of(state, depth)
    if children == 0:
        return 1, depth, 1
    nodes, deepest, leaves = serial_search(state, depth + 1, 0, children)
    return 1 + nodes, deepest, leaves


@dataclass
class Problem:
    title: str
    unit: str
    scale: float  # from seconds to the unit
    repeats: int  # runs whose median is one sample
    expected: Any
    serial: Callable[[], Any]
    spawned: Callable[[zuki.Executor], Any]
    peer: tuple[str, int] | None  # what oneTBB's program takes


def fibonacci(n: int) -> Problem:
    calls = 2 * fib.fib_by_addition(n + 1) - 1
    return Problem(
        f"fib({n})",
        "ns a call",
        1e9 / calls,
        3,
        fib.fib_by_addition(n),
        lambda: serial_fib(n),
        lambda executor: zuki.run(fib.fib, n, executor=executor),
        ("fib", n),
    )


def queens(size: int) -> Problem:
    board = (1 << size) - 1
    return Problem(
        f"nqueens({size})",
        "ms",
        1e3,
        9,
        nqueens.WAYS[size],
        lambda: serial_place(board, 0, 0, 0, board),
        lambda executor: nqueens.count_ways(size, executor),
        ("queens", size),
    )


def tree(title: str, depth: int, expected: tuple[int, int, int] | None) -> Problem:
    """Return the search of the tree below the root, whose children count as if they were at ``depth``."""
    root = tree_search.root_of(tree_search.SEED)
    children = tree_search.children_of(root, depth - 1)

    def serial() -> tuple[int, int, int]:
        return serial_search(root, depth, 0, children)

    def spawned(executor: zuki.Executor) -> tuple[int, int, int]:
        return zuki.run(tree_search.search, root, depth, 0, children, executor=executor)

    return Problem(title, "ms", 1e3, 1, expected or serial(), serial, spawned, None)


def main(arguments: Sequence[str] | None = None) -> None:
    chosen = _report.options(__doc__.partition("\n")[0], arguments)
    rounds = chosen.rounds or (3 if chosen.quick else 9)
    _report.opening("Spawn and join", f"{METHOD}; {rounds} rounds")
    nodes, depth, leaves = tree_search.T1
    problems = [
        fibonacci(30 if chosen.quick else 35),
        queens(10 if chosen.quick else 12),
        tree("tree search T1", 1, (nodes - 1, depth, leaves)),
    ]
    limit = OMP_LIMIT / 10 if chosen.quick else OMP_LIMIT
    figures = compare(problems, rounds, *_natives(), sorted({1, min(2, _report.processors())}), limit)
    _report.save(chosen.json, figures)


def compare(
    problems: Sequence[Problem],
    rounds: int,
    native: Path | None,
    omp_program: Path | None,
    workers: Sequence[int],
    omp_limit: float,
) -> list[dict]:
    """Solve every problem in every way in each round; print a table and return the samples."""
    rows, figures = [], []
    with ExitStack() as open_pools:
        pools = {count: open_pools.enter_context(zuki.Executor(count)) for count in workers}
        for problem in problems:
            systems = {"njit": lambda problem=problem: _seconds(problem, problem.serial)}
            for count, pool in pools.items():
                systems[f"zuki {count}"] = lambda pool=pool, problem=problem: _seconds(
                    problem, lambda: problem.spawned(pool)
                )
                if native and problem.peer:
                    systems[f"oneTBB {count}"] = lambda count=count, problem=problem: _peer_seconds(
                        native, problem, count
                    )
            for system in systems.values():
                system()  # compiles, and starts the threads
            samples = _report.take_turns(systems, rounds)
            for count in workers:
                told = _omp_seconds(omp_program, problem, count, omp_limit)
                rows.append((*_row(problem, samples, count), told))
                samples[f"OpenMP {count}"] = [told] if isinstance(told, float) else []
            figures.append({"problem": problem.title, "seconds": samples})
    heads = (
        "problem",
        "unit",
        "workers",
        "njit",
        "zuki",
        "zuki / njit",
        "1 worker / zuki",
        "oneTBB",
        "oneTBB / zuki",
        "OpenMP",
    )
    print(_report.table(heads, rows), flush=True)
    return figures


def _row(problem: Problem, samples: dict[str, list[float]], workers: int) -> tuple[str | int | float, ...]:
    spawned, peer = samples[f"zuki {workers}"], samples.get(f"oneTBB {workers}")
    return (
        problem.title,
        problem.unit,
        workers,
        statistics.median(samples["njit"]) * problem.scale,
        statistics.median(spawned) * problem.scale,
        _report.ratio(spawned, samples["njit"]),
        _report.ratio(samples["zuki 1"], spawned),
        statistics.median(peer) * problem.scale if peer else "",
        _report.ratio(peer, spawned) if peer else "",
    )


def _seconds(problem: Problem, solve: Callable[[], Any]) -> float:
    seconds = []
    for _ in range(problem.repeats):
        begin = time.perf_counter()
        found = solve()
        seconds.append(time.perf_counter() - begin)
        if found != problem.expected:
            raise AssertionError(f"{found} is not {problem.expected}")
    return statistics.median(seconds)


def _peer_seconds(native: Path, problem: Problem, workers: int) -> float:
    answer = tbb.measure_tasks(native, *problem.peer, workers, problem.repeats)
    if answer["found"] != problem.expected:
        raise AssertionError(f"oneTBB found {answer['found']}, not {problem.expected}")
    return statistics.median(answer["runs"])


def _omp_seconds(program: Path | None, problem: Problem, workers: int, limit: float) -> float | str:
    if program is None or problem.peer is None:
        return ""
    answer = omp.measure_tasks(program, *problem.peer, workers, limit)
    if answer is None:
        return f"> {limit * problem.scale:,.0f}"
    if answer["found"] != problem.expected:
        raise AssertionError(f"OpenMP found {answer['found']}, not {problem.expected}")
    return answer["seconds"] * problem.scale


def _natives(may_compile: bool = True) -> tuple[Path | None, Path | None]:
    """Return the programs of oneTBB and of OpenMP."""
    found: list[Path | None] = []
    for make in (lambda: tbb.program(may_compile, tbb.TASKS), lambda: omp.program(may_compile)):
        try:
            found.append(make())
        except AbsentError as reason:
            print(reason)
            found.append(None)
    return found[0], found[1]


def test_quick_problems_are_solved_in_every_way(capsys):
    problems = [fibonacci(12), queens(5), tree("a small tree", tree_search.DEPTH - 2, None)]
    figures = compare(problems, 1, *_natives(may_compile=False), [1, 2], 60)
    assert [row["problem"] for row in figures] == ["fib(12)", "nqueens(5)", "a small tree"]
    assert all(sample > 0 for row in figures for samples in row["seconds"].values() for sample in samples)
    assert all(set(row["seconds"]) >= {"njit", "zuki 1", "zuki 2", "OpenMP 1", "OpenMP 2"} for row in figures)
    assert "a small tree" in capsys.readouterr().out


if __name__ == "__main__":
    main()
