"""The book of what was searched: whoever shows figures opens it, and the searches write into it."""

from typing import NamedTuple


class Searched(NamedTuple):
    """A search that found nothing wrong."""

    threads: int
    operations: int  # of all threads together, in the longest run
    states: int  # in random runs, those they came through
    executions: int  # distinct ends; in random runs, the runs
    how: str


class Tried(NamedTuple):
    """A mutant, and whether a scenario found it."""

    kernel: str
    mutant: tuple
    killed: bool
    key: str = ""  # see `hints`
    place: int = 0  # of the scenario among those that were to find it


class Book:
    """What was searched and tried since the book was opened."""

    def __init__(self):
        self.searched, self.tried = [], []

    def opened(self):
        """Forget what was written so far."""
        self.searched, self.tried = [], []
        return self


BOOK = Book()
