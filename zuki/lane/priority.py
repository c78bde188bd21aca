"""How urgent Python tasks are."""

from enum import IntEnum

NORMAL = 1  # as a level: where a task's deque is among those of its lane


class Priority(IntEnum):
    """How urgent a task is among those that wait for Python; even the least urgent gets its turn.

    Parameters
    ----------
    value : int
        The number of one of them.
    """

    HIGH = 0
    NORMAL = 1
    LOW = 2
