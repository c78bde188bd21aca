"""One task run by itself: a graph of one node, kept for the next run of the same task.

To make such a graph, its tables and its frame takes longer than to run it; and what a graph's run
tells of itself, nobody asks here. A loop of some milliseconds that Python begins would feel
either: whatever Python does at its begin and end, all other workers wait for.
"""

import ctypes
from typing import Any

from zuki.graph.graph import Graph
from zuki.graph.running import EVERY_NODE, error_of, pool_of
from zuki.runtime.executor import Executor
from zuki.runtime.run import Outline, RunWithoutPython
from zuki.runtime.warm import warm_up
from zuki.task.specialisation import Specialisation
from zuki.task.task import Task
from zuki_kernels._signals import held_back

_MOST_KEPT = 8  # calls of one signature of a task: so many threads may run it at once without making any
_NODE = 0


def run_task(task: Task, arguments: tuple[Any, ...], executor: Executor | None) -> Any:
    """Run a task, and all that it spawns, to the end; return its result or raise what it raised.

    Parameters
    ----------
    task : Task
        What is to run.
    arguments : tuple
        What it takes; the defaults of the last ones may be left out.
    executor : Executor or None
        Where it is to run; None: on the default executor.

    Returns
    -------
    object
        What the task returns.
    """
    arguments = task.complete(arguments)
    return run_specialisation(task, task.specialise_for(arguments), arguments, executor)


def run_specialisation(
    task: Task, found: Specialisation, arguments: tuple[Any, ...], executor: Executor | None
) -> Any:
    """Do as `run_task` with all arguments, where the task's specialisation for them is known."""
    pool = pool_of(executor)
    warm_up()
    call = _call_of(task, found, arguments)
    call.arguments = arguments
    with held_back() as held:
        pool.run(call, held)
    if call.failures or call.is_stopped:  # then the call is dropped, with what its frame holds
        raise error_of(call.graph._state, call.failures, _NODE, call.lost)
    result = found.unpack(call.frame) if found.layout.size else None
    _keep(call, found)
    return result


class _Call(RunWithoutPython):
    """What a pool runs: see `zuki.runtime.run.Run`.

    Parameters
    ----------
    task : Task
        The body of the one node.
    arguments : tuple
        Its arguments; who runs it keeps them alive meanwhile, and lets this have them.
    """

    def __init__(self, task: Task, arguments: tuple[Any, ...]) -> None:
        self.graph = Graph(f"run of {task.__name__}")
        node = self.graph.add(task, *arguments)
        state = self.graph._state
        state.kept.clear()
        state.contents.freeze(lambda number: node)
        self.plan, self.frame = state.contents.plan, state.frame_of(_NODE)
        self.epoch, self.times, self.batch, self.slot, self.lost = 1, 0, EVERY_NODE, -1, 0
        self.failures, self.is_stopped = 0, False
        self.arguments: tuple[Any, ...] = ()

    def outline(self) -> Outline:
        """Return what it is made of."""
        return self.graph._state.outline()

    def end(self, failures: int, first_failed: int, stopped: bool) -> None:
        """Keep how the run went."""
        self.failures, self.is_stopped = failures, stopped

    def kept(self) -> object:
        """Return the arguments: the next run has others."""
        return self.arguments


def _call_of(task: Task, found: Specialisation, arguments: tuple[Any, ...]) -> _Call:
    """Return a call with these arguments, one that was kept if there is any."""
    try:
        call: _Call = found.idle_calls.pop()
    except IndexError:
        return _Call(task, arguments)
    call.lost = 0
    if found.layout.size:
        found.pack(call.frame, 0, *arguments)
    return call


def _keep(call: _Call, found: Specialisation) -> None:
    """Let go of what a call's frame holds, and keep the call for the next run."""
    call.arguments = ()
    if found.counts_references:
        found.release(call.frame)
        ctypes.memset(call.frame, 0, found.layout.size)
    if len(found.idle_calls) < _MOST_KEPT:
        found.idle_calls.append(call)
