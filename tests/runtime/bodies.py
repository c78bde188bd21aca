"""Bodies for the tests of this folder, in a file so that their machine code is cached."""

import time

import zuki


@zuki.task
def nothing():
    pass


@zuki.task
def increment(value):
    return value + 1


@zuki.task(writes=())
def mark(marks, index):
    marks[index] += 1


@zuki.task
def spin(rounds):
    x = 0.5
    for _ in range(rounds):
        x = 3.7 * x * (1.0 - x)
    return x


def milliseconds(number):
    """Return how many rounds of `spin` take about so long."""
    spin(1000)
    begun = time.perf_counter()
    spin(1_000_000)
    return max(int(number * 1e3 / (time.perf_counter() - begun)), 1)
