"""Spawned tasks that take arrays, by millions: none is lost, and none is used after it was freed.

python -m benchmarks.spawn_leaks [--spawns N] [--workers N]

Prints a row for each tenth of the spawns, and ends with 1 if a check fails: what Numba has allocated and not
freed, and the memory of the process, have to be the same in the end as after the first row; and each task has
to find in its array what its spawner wrote there. The spawner keeps no array longer than until it has spawned
the task, and makes others of the same size at once, which would lie where one was freed too early.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

if __package__ is None:  # run as a file: the folder above is not on the path
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import gc

import numpy as np
from numba.core.runtime import _nrt_python, rtsys

import zuki
from benchmarks.soak import memory

_ROUND = 6  # spawns of a round
_ROWS = 10
_HELD = 64  # allocations that the tables of threads may hold, which come and go
_SLACK = 8.0  # MiB
_LENGTH = 5


@zuki.task
def wrong_items(values, number):
    """Return how many items are not the number."""
    wrong = 0
    for item in values:
        wrong += item != number
    return wrong


@zuki.task
def copied(values):
    return values.copy()


@zuki.task
def fails_if_right(values, number):
    if wrong_items(values, number) == 0:
        raise ValueError("as told")
    return values


@zuki.task
def count_wrong(counts, values, number):
    """Do what nobody joins."""
    counts[0] += wrong_items(values, number)


@zuki.task
def one_round(counts, number):
    """Spawn six tasks; return how many of them went wrong."""
    for _ in range(_ROUND - 4):  # nobody joins these
        zuki.spawn(count_wrong, counts, np.full(_LENGTH, number), number)
    first = zuki.spawn(wrong_items, np.full(_LENGTH, number), number)
    second = zuki.spawn(copied, np.full(_LENGTH, number))
    third = zuki.spawn(wrong_items, np.full(_LENGTH, number + 1), number + 1)
    fourth = zuki.spawn(copied, np.full(_LENGTH, number + 1))
    others = np.full(_LENGTH, -1.0)
    wrong = zuki.join(first) + wrong_items(zuki.join(fourth), number + 1)  # not the newest; the newest
    wrong += zuki.join(third) + wrong_items(zuki.join(second), number)
    return wrong + wrong_items(others, -1.0)


@zuki.task
def rounds(count):
    wrong, counts = 0, np.zeros(1)
    for number in range(count):
        wrong += zuki.join(zuki.spawn(one_round, counts, float(number)))
    return wrong + counts[0]


@zuki.task
def failing_rounds(count):
    """Spawn three tasks in each round: the first fails and is caught, so do the others, which it spawned."""
    wrong = 0
    for number in range(count):
        first = zuki.spawn(fails_and_leaves, np.full(_LENGTH, float(number)), float(number))
        second = zuki.spawn(fails_if_right, np.full(_LENGTH, float(number)), float(number))
        wrong += 2
        try:
            zuki.join(first)
        except Exception:
            wrong -= 1
        try:
            zuki.join(second)
        except Exception:
            wrong -= 1
    return wrong


@zuki.task
def fails_and_leaves(values, number):
    """Fail while no array is in use: Numba itself loses those, in a function that an exception leaves."""
    wrong = wrong_items(values, number)
    zuki.spawn(fails_if_right, values, number)
    if wrong == 0:
        raise ValueError("as told")


def in_use() -> int:
    """Return how many allocations of jitted code are not freed."""
    gc.collect()  # graphs that have been run
    statistics = rtsys.get_allocation_stats()
    return statistics.alloc - statistics.free


def measure(run: Callable[[int], float], spawns: int, per_round: int) -> str:
    """Run in parts, printing a row for each; return what is wrong."""
    count = -(-spawns // (_ROWS * per_round))
    run(1)  # compiles
    allowed = 0, 0.0
    for row in range(1, _ROWS + 1):
        wrong = run(count)
        held, size = in_use(), memory()
        print(f"{row * count * per_round:12,} {held:12,} {size:10.1f}", flush=True)
        if wrong != 0:
            return f"{wrong} tasks found other arrays than they were given, or did not fail"
        if row == 1:
            allowed = held + _HELD, size + _SLACK
        elif held > allowed[0] or size > allowed[1]:
            return "memory has grown"
    return ""


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--spawns", type=int, default=10_000_000)
    parser.add_argument("--workers", type=int, default=2)
    chosen = parser.parse_args(arguments)
    counted = _nrt_python.memsys_stats_enabled()
    _nrt_python.memsys_enable_stats()
    with zuki.Executor(chosen.workers) as executor:
        print(f"{'spawns':>12} {'allocations':>12} {'MiB':>10}")
        wrong = measure(lambda count: zuki.run(rounds, count, executor=executor), chosen.spawns, _ROUND + 1)
        if not wrong:
            print(f"{'that fail':>12}")
            failing = chosen.spawns // 10
            wrong = measure(lambda count: zuki.run(failing_rounds, count, executor=executor), failing, 3)
    if not counted:
        _nrt_python.memsys_disable_stats()
    print(wrong or "nothing is lost")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
