"""Quicksort: tasks that spawn the tasks of their two halves.

How deep it goes and how unequal the halves are depends on the numbers, so no graph could be built
and no loop be split beforehand. Every part is a task, down to those of at most 32 numbers, which an insertion
sort sorts: more than a million tasks, at almost no cost over plain calls. To sort numbers use
`zuki.parallel_sort`, which is several times faster.
"""

import time

import numpy as np

import zuki

LENGTH = 10_000_000  # numbers
FEW = 32  # numbers that are sorted by insertion


@zuki.task("int64(int32[::1], int64, int64)")
def partition(numbers, first, stop):
    """Move what is at most the last number to the front; return where that number then stands."""
    pivot = numbers[stop - 1]
    place = first
    for i in range(first, stop - 1):
        number = numbers[i]
        if number <= pivot:
            numbers[i], numbers[place] = numbers[place], number
            place += 1
    numbers[stop - 1], numbers[place] = numbers[place], pivot
    return place


@zuki.task("void(int32[::1], int64, int64)")
def insertion_sort(numbers, first, stop):
    """Sort a few numbers."""
    for i in range(first + 1, stop):
        number, place = numbers[i], i
        while place > first and numbers[place - 1] > number:
            numbers[place] = numbers[place - 1]
            place -= 1
        numbers[place] = number


@zuki.task("void(int32[::1], int64, int64)")
def quicksort(numbers, first, stop):
    """Sort ``numbers[first:stop]``, the two sides of the pivot at the same time."""
    if stop - first <= FEW:
        insertion_sort(numbers, first, stop)
        return
    middle = partition(numbers, first, stop)
    left = zuki.spawn(quicksort, numbers, first, middle)
    right = zuki.spawn(quicksort, numbers, middle + 1, stop)
    zuki.join(right)
    zuki.join(left)


@zuki.task("void(int32[::1], int64, int64)")
def serial_quicksort(numbers, first, stop):
    """Do the same without tasks, for comparison."""
    if stop - first <= FEW:
        insertion_sort(numbers, first, stop)
        return
    middle = partition(numbers, first, stop)
    serial_quicksort(numbers, first, middle)
    serial_quicksort(numbers, middle + 1, stop)


def main():
    """Sort a permutation in several ways."""
    shuffled = np.random.default_rng(0).permutation(np.arange(LENGTH, dtype=np.int32))
    expected = np.arange(LENGTH, dtype=np.int32)
    ways = {
        "serial": lambda numbers: serial_quicksort(numbers, 0, len(numbers)),
        "tasks": lambda numbers: zuki.run(quicksort, numbers, 0, len(numbers)),
        "parallel_sort": zuki.parallel_sort,
        "np.sort": np.ndarray.sort,
    }
    for name, sort in ways.items():
        numbers = shuffled.copy()
        begin = time.perf_counter()
        sort(numbers)
        print(f"{name:14}{time.perf_counter() - begin:6.3f} s")
        if not np.array_equal(numbers, expected):
            raise SystemExit(f"{name} did not sort")


if __name__ == "__main__":
    main()
