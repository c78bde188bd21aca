"""Drivers: what takes the steps of coroutines, and hears of their ends without an exception.

Who steps a coroutine by its method `send` hears of its end by `StopIteration`, and to raise and catch
that takes longer than most coroutines run. A generator that delegates to a coroutine is told of the end
by the interpreter itself. So a coroutine is run inside of such a generator, its driver: one that has
seen the end of a coroutine waits for the next one, and one in which a coroutine waits stays with it.

A driver belongs to who has taken it; it is given back when its coroutine has returned. If the
coroutine raises, the driver is at its end, too, and is dropped.
"""

from collections.abc import Generator
from types import coroutine
from typing import Any

MOST_IDLE = 256  # drivers that a lane keeps


class Driver:
    """Runs one coroutine after another.

    `send` takes the first step of a coroutine that it is given, and the next one if it is given None. It
    returns what the coroutine yields, or the driver itself if the coroutine has returned `value`.
    """

    __slots__ = ("send", "value")

    def __init__(self) -> None:
        steps = _drive(self)
        self.value: Any = None
        self.send = steps.send
        steps.send(None)  # up to where it waits for a coroutine

    def throw(self, error: BaseException) -> Any:
        """Let the coroutine's next step begin with an exception; return as `send` does."""
        return self.send.__self__.throw(error)  # type: ignore[attr-defined]


@coroutine  # else it could not delegate to coroutines
def _drive(driver: Driver) -> Generator[Any, Any, None]:
    while True:
        driver.value = yield from (yield driver)
