"""Drivers: what takes the steps of coroutines, and hears of their ends without an exception.

Who steps a coroutine by its method `send` hears of its end by `StopIteration`, and to raise and catch
that takes longer than most coroutines run. A generator that delegates to a coroutine is told of the end
by the interpreter itself. So a coroutine is run inside of such a generator, its driver: one that has
seen the end of a coroutine waits for the next one, and one in which a coroutine waits stays with it.

The first step of a coroutine is taken by sending its task to a driver, the next ones by sending None. The
driver yields what the coroutine yields, or `RETURNED`, when the task has its result.

A driver belongs to who has taken it; it is given back when its coroutine has returned. If the
coroutine raises, the driver is at its end, too, and is dropped.
"""

from collections.abc import Generator
from types import GeneratorType, coroutine
from typing import Any

MOST_IDLE = 256  # drivers that a lane keeps
RETURNED = object()

# A driver's own method would be one more object for each coroutine that waits, which the collector counts
send = GeneratorType.send


def make_driver() -> Generator[Any, Any, None]:
    """Return a driver that has no coroutine."""
    made = _drive()
    made.send(None)  # up to where it waits for a task
    return made


@coroutine  # else it could not delegate to coroutines
def _drive() -> Generator[Any, Any, None]:
    while True:
        task = yield RETURNED
        task._result = yield from task._coroutine
        task = None  # not to be kept alive
