"""What a pool runs."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np

from zuki_kernels._types import Table


def _as_they_are(rows: np.ndarray) -> np.ndarray:
    return rows


@dataclass(frozen=True, slots=True)
class Outline:
    """What a run is made of, for a trace.

    Parameters
    ----------
    name : str
        Of the whole.
    nodes : int
        How many there are.
    bodies : callable
        Returns an array, the index of each node's body, and the bodies' names.
    name_of : callable
        Returns the name of a node.
    edges : callable
        Returns two arrays, the sources and the targets of the edges.
    nodes_at : callable
        Returns the nodes of some rows of the run's tables, which is how tasks name them.
    """

    name: str
    nodes: int
    bodies: Callable[[], tuple[np.ndarray, list[str]]]
    name_of: Callable[[int], str]
    edges: Callable[[], tuple[np.ndarray, np.ndarray]]
    nodes_at: Callable[[np.ndarray], np.ndarray] = _as_they_are


def no_bodies() -> tuple[np.ndarray, list[str]]:
    """Return the bodies of a run that has none."""
    return np.zeros(0, np.int64), []


def no_edges() -> tuple[np.ndarray, np.ndarray]:
    """Return the edges of a run that has none."""
    return np.zeros(0, np.int64), np.zeros(0, np.int64)


class Run(Protocol):
    """One execution of a graph, as it is handed to a pool.

    The pool knows a node by its row in the run's tables.
    """

    plan: Table  # one row: the fields NODES to LEVELS_USED of a run
    epoch: int  # of this run: see `zuki_kernels.dependencies`
    times: int  # address of a nanoseconds cell for each node, or 0
    batch: int  # after how many nodes a worker reports at the latest
    slot: int  # where the pool keeps it while it runs
    lost: int  # spawned tasks that have failed besides the one whose exception is raised
    answers: dict[int, int]  # how bodies of Python nodes went that were postponed, until the pool asks

    def may_take_long(self, row: int) -> bool:
        """Tell whether the body of a node that needs the interpreter may keep others waiting."""

    def run_python(self, row: int, stopped: bool) -> int:
        """Run the body of a node that needs the interpreter; return how it went, as `turn` names it.

        A body that goes on elsewhere is `POSTPONED`: `python_body.answer` is called when it has ended.
        """

    def fail(self, row: int, failure: int) -> int:
        """Hear what a task has raised that such a body has left behind; return how the node went."""

    def refuse(self, row: int, error: BaseException) -> int:
        """Hear why such a body cannot be run; return how the node went."""

    def hear_of_wait(self, row: int) -> None:
        """Hear that such a body has waited for other work of the pool, which its thread did meanwhile."""

    def hear_of_stop(self) -> None:
        """Hear that no further body begins: what waits need not go on waiting."""

    def outline(self) -> Outline:
        """Return what it is made of."""

    def end(self, failures: int, first_failed: int, stopped: bool) -> None:
        """Hear that the run has ended; called once, before anyone who waits goes on."""

    def kept(self) -> object:
        """Return what keeps alive all that its tasks have been given; asked for when it has ended."""


class RunWithoutPython:
    """What is common to all runs without a node that needs the interpreter."""

    answers: ClassVar[dict[int, int]] = {}

    def may_take_long(self, row: int) -> bool:
        """Not called: there are no such nodes."""
        raise NotImplementedError

    def run_python(self, row: int, stopped: bool) -> int:
        """Not called: there are no such nodes."""
        raise NotImplementedError

    def fail(self, row: int, failure: int) -> int:
        """Not called: there are no such nodes."""
        raise NotImplementedError

    def refuse(self, row: int, error: BaseException) -> int:
        """Not called: there are no such nodes."""
        raise NotImplementedError

    def hear_of_wait(self, row: int) -> None:
        """Not called: there are no such nodes."""
        raise NotImplementedError

    def hear_of_stop(self) -> None:
        """Do nothing: no body of a node begins or waits."""

    def kept(self) -> object:
        """Return the run: it keeps that alive itself."""
        return self
