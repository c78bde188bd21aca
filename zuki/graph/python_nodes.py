"""The nodes of a run that need the interpreter: their bodies, and how they went."""

import threading
import time
from contextvars import ContextVar
from functools import partial
from types import CoroutineType
from typing import Any

import numpy as np

from zuki.graph.node import Node
from zuki.graph.state import GraphState
from zuki.runtime.pool import Pool
from zuki.runtime.python_body import answer
from zuki_kernels import reasons
from zuki_kernels._signals import call_body
from zuki_kernels.runs import task_of

LONG = 200_000  # nanoseconds that a call is blocked for which others are not kept waiting
_MOSTLY = 4  # so many parts of the time of which it computes for less than one; the rest may be for the lock

_WAITS = -1  # in place of a time: the function waits for other work

_inside = threading.local()  # .graphs: the graphs whose Python nodes this thread is inside of


class _Node:
    """A node whose coroutine runs, for those who are called by it."""

    __slots__ = ("is_over", "state")

    def __init__(self, state: GraphState) -> None:
        self.state, self.is_over = state, False


_within: ContextVar[tuple[_Node, ...]] = ContextVar("zuki_nodes", default=())  # of a coroutine


class PythonNodes:
    """What a run asks of the interpreter.

    Functions are called where they are met, one at a time. But one that was blocked for long when it was last
    called is called in a lane of the pool's, as one that was submitted: others get the lane when it is stuck.
    Not one that computes, for then several would only compete for the interpreter, and keep threads from
    jitted work. Nor one that runs a graph itself, or waits for what the pool does: its thread does other work
    meanwhile, and that may not be what waits for that graph, too. A coroutine that a function returns is
    spawned, and its node ends when it does.

    Parameters
    ----------
    state : GraphState
        The graph's.
    pool : Pool
        Where it runs.
    durations : array or None
        Where to write how long bodies took, in nanoseconds, by the rows of nodes.
    """

    def __init__(self, state: GraphState, pool: Pool, durations: np.ndarray | None) -> None:
        self._state, self._pool, self._durations = state, pool, durations
        self._coroutines: dict[int, Any] = {}  # the futures of those that are not over, by nodes
        self._is_stopped = False

    def may_take_long(self, node: int) -> bool:
        """Tell whether a node's function is known to block for long, and not to wait for other work."""
        function, _ = self._state.calls[node]
        return self._state.blocked.get(id(function), 0) >= LONG

    def keep_in_place(self, node: int) -> None:
        """Call a node's function where it is met, always."""
        function, _ = self._state.calls[node]
        self._state.blocked[id(function)] = _WAITS

    def run(self, slot: int, row: int, node: int) -> int:
        """Call the function of a node, which is that row of a run; return how it went, as `turn` names it."""
        state = self._state
        entered = _inside.__dict__.setdefault("graphs", [])
        entered.append(state)
        begun, busy = time.perf_counter_ns(), time.thread_time_ns()
        function, arguments = state.calls[node]
        try:
            values = [value.result() if isinstance(value, Node) else value for value in arguments]
            returned = call_body(function, values)
            if type(returned) is CoroutineType:
                if self._pool.postpones:
                    self._spawn(slot, row, node, returned, begun)
                    return reasons.POSTPONED
                returned = self._pool.run_coroutine(returned)
            state.returned[node] = returned
        except BaseException as error:
            state.errors[node] = error
            return reasons.RAISED
        finally:
            entered.pop()
            took, busy = self._note_end(row, begun), time.thread_time_ns() - busy
            if state.blocked.get(id(function)) != _WAITS:
                state.blocked[id(function)] = took - busy if _MOSTLY * busy < took else 0
        return reasons.RETURNED

    def _note_end(self, row: int, begun: int) -> int:
        took = time.perf_counter_ns() - begun
        if self._durations is not None:
            self._durations[row] = took
        return took

    def _spawn(self, slot: int, row: int, node: int, coroutine: Any, begun: int) -> None:
        within = _Node(self._state)
        token = _within.set((*_within.get(), within))  # what is spawned takes it along
        try:
            task = self._pool.spawn(coroutine)
        finally:
            _within.reset(token)
        self._coroutines[node] = task
        task.add_done_callback(partial(self._hear, slot, row, node, begun, within))
        if self._is_stopped:  # meanwhile
            task.cancel()

    def _hear(self, slot: int, row: int, node: int, begun: int, within: _Node, task: Any) -> None:
        """Hear that a coroutine is over."""
        within.is_over = True
        self._note_end(row, begun)
        state, outcome = self._state, reasons.RETURNED
        try:
            state.returned[node] = task.result()
        except BaseException as error:
            state.errors[node] = error
            outcome = reasons.RAISED
        self._coroutines.pop(node, None)
        answer(self._pool, task_of(slot, row), outcome)

    def stop(self) -> None:
        """Let no coroutine wait any longer."""
        self._is_stopped = True
        for task in list(self._coroutines.values()):
            task.cancel()


def is_inside_of_any() -> bool:
    """Tell whether this thread is inside of a Python node."""
    return bool(getattr(_inside, "graphs", ()))


def is_inside(state: GraphState) -> bool:
    """Tell whether a Python node of a graph calls: this thread is inside of it, or of its coroutine."""
    entered, within = getattr(_inside, "graphs", ()), _within.get()
    return any(one is state for one in entered) or any(
        node.state is state and not node.is_over for node in within
    )
