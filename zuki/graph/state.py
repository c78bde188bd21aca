"""What a graph is made of, for the modules of this package."""

import ctypes
import os
import threading
import weakref
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np

from zuki.errors import GraphError, NodeNotRunError
from zuki.graph.arena import Arena
from zuki.graph.contents import Contents
from zuki.graph.extras import Names
from zuki.graph.regions import Regions
from zuki.runtime.run import Outline
from zuki.task.frames import ALIGNMENT
from zuki.task.specialisation import Specialisation
from zuki_kernels.dependencies import FAILED, PASSED, epoch_of, next_epoch, reset
from zuki_kernels.freeze import outcomes, state_of
from zuki_kernels.runs import NOTHING


class OtherBody:
    """The body of nodes that no specialisation describes: Python callables, and joins.

    Parameters
    ----------
    name : str
        For messages and pictures.
    entry : int
        `PYTHON` or `NOTHING`.
    """

    def __init__(self, name: str, entry: int) -> None:
        self.name, self.node_entry = name, entry


class GraphState:
    """Nodes and edges, frames, and what came of the last run.

    Parameters
    ----------
    name : str
        The graph's name.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.contents = Contents()
        self.regions = Regions()
        self.arena = Arena()
        self.names = Names()
        self.bodies: list[Specialisation | OtherBody] = []
        self._index: dict[object, int] = {}  # of a body in the list
        self.calls: dict[int, tuple[Callable[..., Any], tuple[Any, ...]]] = {}  # of nodes that Python runs
        self.returned: dict[int, Any] = {}  # by nodes that Python ran
        self.errors: dict[int, BaseException] = {}
        self.blocked: dict[int, int] = {}  # nanoseconds in the last call of a function, by its id
        self.kept: list[Any] = []  # what frames point to
        self.holding: list[tuple[Specialisation, int]] = []  # frames that hold references
        self.epoch = 0  # of the last run; 0: there was none
        self.durations: np.ndarray | None = (
            None  # nanoseconds of each body, of the last run that was measured
        )
        self.turn = threading.Lock()  # held during a run
        self.is_spoilt = False  # memory ran out in the middle of an addition
        self._was_cut_off = False
        weakref.finalize(self, _release_all, self.holding).atexit = False
        _states.add(self)

    # ---- building ---------------------------------------------------------------------------------

    def refuse_while_running(self) -> None:
        """Raise if the graph is running."""
        if self.turn.locked():
            raise GraphError(f"graph {self.name!r} is running; add to it when the run has ended")

    def index_of(self, body: Specialisation | str, entry: int = NOTHING) -> int:
        """Return the index of a body, or of another one by its name, in the list of bodies."""
        index = self._index.get(body)
        if index is None:
            index = self._index[body] = len(self.bodies)
            self.bodies.append(body if isinstance(body, Specialisation) else OtherBody(body, entry))
            self.contents.entries.append(self.bodies[index].node_entry)
        return index

    def keep_words(self, words: list[int], target: int = 0) -> int:
        """Write words to memory that lives as long as the graph, or to ``target``; return their address."""
        address = target or self.arena.take(-(-8 * len(words) // ALIGNMENT) * ALIGNMENT)
        (ctypes.c_int64 * len(words)).from_address(address)[:] = words
        return address

    def describe(self, start: int, stop: int, name: str | None, priority: Any, cost: Any) -> None:
        """Note what was said of new nodes beside body and arguments."""
        if name is not None:
            self.names.add(start, stop, name)
        if priority is not None:
            self.contents.urgent.append((start, stop, priority))
        if cost is not None:
            self.contents.costly.append((start, stop, cost))

    # ---- looking ----------------------------------------------------------------------------------

    def body_of(self, node: int) -> Specialisation | OtherBody:
        """Return the body of a node."""
        return self.bodies[self.contents.frame_and_body(node)[1]]

    def frame_of(self, node: int) -> int:
        """Return the address of a node's frame."""
        return self.contents.frame_and_body(node)[0]

    def name_of(self, node: int) -> str:
        """Return the name that a node was given, else its body's name and its number."""
        return self.names.find(node) or f"{self.body_of(node).name}-{node}"

    def count_bodies(self) -> Counter[str]:
        """Return how many nodes each body has, by its name."""
        names: Counter[str] = Counter()
        for index, count in self.contents.count_bodies().items():
            names[self.bodies[index].name] += count
        return names

    def outline(self) -> Outline:
        """Return what the frozen graph is made of, for a trace."""
        contents, bodies = self.contents, self.bodies
        return Outline(
            self.name,
            contents.count,
            lambda: (contents.bodies(), [body.name for body in bodies]),
            self.name_of,
            contents.all_edges,
            contents.numbering.nodes_at,
        )

    # ---- running ----------------------------------------------------------------------------------

    def begin_epoch(self) -> None:
        """Get ready for a run."""
        if self._was_cut_off:
            reset(self.contents.nodes)
            self._was_cut_off = False
        self.epoch = next_epoch(self.epoch)
        self.errors.clear()

    def result_of(self, node: int) -> Any:
        """Return what the body of a node returned in the last run, or raise what it raised."""
        contents = self.contents
        state = state_of(contents.nodes, contents.numbering.row_of(node)) if node < contents.frozen else 0
        if self.epoch == 0 or epoch_of(state) != self.epoch or state & PASSED:
            why = ""
            if epoch_of(state) == self.epoch and self.errors:
                why = f": in the last run node {self.name_of(next(iter(self.errors)))!r} failed"
            raise NodeNotRunError(f"node {self.name_of(node)!r} of graph {self.name!r} has not run{why}")
        if state & FAILED:
            lost = f"node {self.name_of(node)!r} failed, as did too many others for its exception to be kept"
            raise self.errors.get(node) or NodeNotRunError(lost)
        frame, body = contents.frame_and_body(node)
        found = self.bodies[body]
        if isinstance(found, Specialisation):
            return found.unpack(frame) if found.layout.size else None
        return self.returned.get(node)

    def last_run(self) -> tuple[np.ndarray | None, np.ndarray, np.ndarray, np.ndarray]:
        """Tell what a picture shows of the last run.

        Returns
        -------
        seconds : ndarray of float64, shape (nodes,), or None
            Of each body, where the last run that was measured had the nodes that are there now.
        path : ndarray of int64
            The nodes on the longest way in that run, from its beginning; none if the last run failed.
        failed, not_run : ndarray of int64
            The nodes whose bodies raised in the last run, and those that were passed over; none while a run
            goes on.
        """
        contents, none = self.contents, np.empty(0, np.int64)
        if self.turn.locked() or not contents.is_frozen or not self.epoch:
            return None, none, none, none
        found = contents.numbering.by_node(outcomes(contents.nodes, self.epoch))
        failed, not_run = (np.flatnonzero(found & outcome) for outcome in (FAILED, PASSED))
        if self.durations is None or len(self.durations) != contents.count:
            return None, none, failed, not_run
        seconds = self.durations * 1e-9
        path = none if len(failed) or len(not_run) else contents.longest_way(seconds)
        return seconds, path, failed, not_run

    def be_cut_off(self) -> None:
        """Forget a run that goes on in another process."""
        if self.turn.locked():
            self.turn = threading.Lock()
            self._was_cut_off = True


_states: "weakref.WeakSet[GraphState]" = weakref.WeakSet()


def _release_all(holding: list[tuple[Specialisation, int]]) -> None:
    """Give back the references that frames hold, when their graph is gone."""
    for found, frame in holding:
        found.release(frame)


def _after_fork() -> None:
    """Let a forked child run the graphs that were running in its parent, from the start."""
    for state in list(_states):
        state.be_cut_off()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
