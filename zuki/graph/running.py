"""One run of a graph: what the pool asks of it, and what comes of failures."""

import time
from concurrent.futures import CancelledError
from contextlib import suppress
from functools import partial
from operator import gt
from typing import TYPE_CHECKING, Any

import numpy as np

from zuki.errors import ExecutorShutDownError, GraphError, ZukiError
from zuki.graph.describe import describe_arguments
from zuki.graph.node import Node
from zuki.graph.python_nodes import PythonNodes, is_inside, is_inside_of_any
from zuki.graph.report import Report
from zuki.graph.state import GraphState
from zuki.lane.future import Future
from zuki.lane.reporting import report_lost
from zuki.later import later
from zuki.runtime.default import default_executor
from zuki.runtime.executor import Executor
from zuki.runtime.failures import exception_of
from zuki.runtime.pool import Pool
from zuki.runtime.run import Outline
from zuki_kernels import freeze, reasons
from zuki_kernels._signals import held_back

if TYPE_CHECKING:
    from zuki.runtime.recorder import Recorder
    from zuki.runtime.recording import Mark
    from zuki.tracing.strands import Strands

events = later("zuki.tracing.events")
strands = later("zuki.tracing.strands")

_MOST_FAILURES = 10_000  # exceptions that are kept
_AT_ONCE = 1000  # exceptions that are decoded in one go
EVERY_NODE = 1  # as a batch: workers report each node
_SELDOM = 1 << 40  # as a batch: they report when they find nothing more to do
_LOOK = 0.05  # seconds between two looks at the signals while a graph waits for its turn


class GraphRun:
    """What a pool runs: see `zuki.runtime.pool.Run`.

    Parameters
    ----------
    state : GraphState
        A frozen graph, whose turn it is.
    pool : Pool
        Where it is to run.
    watched : bool
        Somebody looks at how far it is: workers report each node.
    measured : bool
        The time of each body is taken.
    """

    def __init__(self, state: GraphState, pool: Pool, watched: bool, measured: bool) -> None:
        self._state, self.pool = state, pool
        self.plan, self._numbering = state.contents.plan, state.contents.numbering
        self.epoch = state.epoch
        self._durations = np.zeros(state.contents.count, np.int64) if measured else None
        self.times = 0 if self._durations is None else self._durations.ctypes.data
        self._python = PythonNodes(state, pool, self._durations)
        self.answers: dict[int, int] = {}
        self.batch = EVERY_NODE if watched else _SELDOM
        self.slot, self.lost = -1, 0
        self._left = state.contents.count
        self.future: Future[Report] | None = None
        self.ended = False
        self.error: BaseException | None = None
        self.report: Report | None = None
        self._counters = pool.counters()
        recorder = pool.recorder
        self._trace = (recorder, recorder.mark()) if recorder is not None and recorder.is_on else None
        self._begun = time.perf_counter()

    @property
    def name(self) -> str:
        """The graph's name."""
        return self._state.name

    @property
    def count(self) -> int:
        """How many nodes it has."""
        return self._state.contents.count

    def remaining(self) -> int:
        """Return how many nodes are not done; after a failure, how many were not when this was last asked."""
        if self.ended and self.error is None:
            return 0
        if not self.ended and self.slot >= 0:
            self._left = self.pool.remaining(self.slot)
        return self._left

    def look(self) -> tuple[int, int]:
        """Return how many nodes are done, and of how many."""
        return self.count - self.remaining(), self.count

    def may_take_long(self, row: int) -> bool:
        """Tell whether the function of a Python node is known to block for long."""
        return self._python.may_take_long(self._numbering.node_at(row))

    def run_python(self, row: int, stopped: bool) -> int:
        """Call the body of a node that needs the interpreter."""
        if stopped:
            return reasons.PASSED_OVER
        return self._python.run(self.slot, row, self._numbering.node_at(row))

    def fail(self, row: int, failure: int) -> int:
        """Keep the first that a Python node has raised: itself, or by a task that it has left behind."""
        return self.refuse(row, exception_of(failure))

    def refuse(self, row: int, error: BaseException) -> int:
        """Keep why a Python node has failed."""
        self._state.errors.setdefault(self._numbering.node_at(row), error)
        return reasons.RAISED

    def hear_of_wait(self, row: int) -> None:
        """Run that node's function where it is met, from now on."""
        self._python.keep_in_place(self._numbering.node_at(row))

    def hear_of_stop(self) -> None:
        """Let no coroutine of a node wait any longer."""
        self._python.stop()

    def outline(self) -> Outline:
        """Return what it is made of."""
        return self._state.outline()

    def end(self, failures: int, first_failed: int, stopped: bool) -> None:
        """Gather what failed, and let the next run of the graph begin."""
        try:
            self._conclude(failures, self._numbering.node_at(first_failed), stopped)
        except BaseException as error:  # no memory, for instance: who waits is told of that instead
            self.error = self.error or error
        self.ended = True
        self._state.turn.release()
        if self.future is None:
            return
        try:
            if self.error is not None:
                self.future.set_exception(self.error)
            else:
                self.future.set_result(self.report)
        except (
            BaseException
        ) as error:  # of a callback, such as SystemExit: this thread has others' work to do
            report_lost(error, "Exception ignored in a callback of", self.future)

    def kept(self) -> object:
        """Return this: it keeps the graph, which keeps what its tasks were given."""
        return self

    def _conclude(self, failures: int, first_failed: int, stopped: bool) -> None:
        """Make an error or a report of the run."""
        if self._durations is not None:
            self._durations = self._state.durations = self._numbering.by_node(self._durations)
        if failures or stopped:
            self.error = error_of(self._state, failures, first_failed, self.lost)
        else:
            self.report = self._make_report()

    def _make_report(self) -> Report:
        seconds = time.perf_counter() - self._begun
        (tasks, steals), (tasks_before, steals_before) = self.pool.counters(), self._counters
        work = span = made_of = None
        if self._trace is not None:
            made_of = partial(_traced_strands, *self._trace, self.slot)
        if self._durations is not None:
            durations = self._durations * 1e-9
            made_of = partial(_measured_strands, self._state, durations, seconds)
            work, span = float(durations.sum()), self._state.contents.span(durations)
        return Report(
            graph=self._state.name,
            nodes=self._state.contents.count,
            edges=self._state.contents.edge_count,
            seconds=seconds,
            workers=sum(map(gt, tasks, tasks_before)),
            steals=sum(steals) - sum(steals_before),
            work=work,
            span=span,
            strands=made_of,
        )


def _measured_strands(state: GraphState, durations: np.ndarray, seconds: float) -> "Strands":
    """Return what a measured run was made of."""
    bodies = state.contents.bodies()[: len(durations)]
    titles = [body.name for body in state.bodies]
    edges = state.contents.all_edges()
    return strands.strands_of_nodes(state.name, durations, *edges, bodies, titles, seconds)


def _traced_strands(recorder: "Recorder", mark: "Mark", slot: int) -> "Strands":
    """Return what a run was made of that was traced since a mark."""
    noted = events.events_of([recorder.read(mark)])
    for run, one in enumerate(noted.runs):
        if one.slot == slot and one.begun >= mark.moment:
            return strands.strands_of(noted, run)
    raise ZukiError("this run is no longer in the trace: take its scaling before so many others have run")


def begin(
    graph: Any,
    state: GraphState,
    executor: Executor | None,
    watched: bool,
    measured: bool,
    held: held_back,
) -> GraphRun:
    """Return a run whose turn it is, with everything made ready for it.

    Parameters
    ----------
    graph : Graph
        The graph, for the nodes in errors.
    state : GraphState
        What it is made of.
    executor : Executor or None
        Where it is to run.
    watched, measured : bool
        See `GraphRun`.
    held : held_back
        The block that this is called in.

    Returns
    -------
    GraphRun
        What the executor's pool is to be given; `GraphState.turn` is held until it has ended.
    """
    pool = pool_of(executor)
    if state.is_spoilt:
        raise GraphError(f"graph {state.name!r} is not whole: there was no memory for one of its nodes")
    if is_inside(state):
        raise GraphError(f"graph {state.name!r} is running the node that wants to run it")
    _take_turn(state, held)
    try:
        state.contents.freeze(lambda node: Node(graph, node))
        state.begin_epoch()
        return GraphRun(state, pool, watched, measured)
    except BaseException:
        state.turn.release()
        raise


def pool_of(executor: Executor | None) -> Pool:
    """Return the pool of an executor, or of the default one."""
    chosen = default_executor() if executor is None else executor
    if not isinstance(chosen, Executor):
        raise TypeError(f"executor must be a zuki.Executor, not a {type(chosen).__name__}")
    if chosen._pool.is_closed:
        raise ExecutorShutDownError(f"executor {chosen.name!r} has been shut down")
    return chosen._pool


def error_of(state: GraphState, failures: int, first_failed: int, lost: int) -> BaseException:
    """Return what is to be raised after a run with failures, or one that was stopped."""
    if not failures and not state.errors:
        return CancelledError(f"graph {state.name!r} was stopped")
    _gather_failures(state)
    if first_failed not in state.errors:  # one of those that were not kept
        first_failed = next(iter(state.errors))
    error = state.errors[first_failed]
    with suppress(Exception):  # of the exception's own making, or for want of memory
        _add_notes(error, state, first_failed, failures, lost)
    return error


def _gather_failures(state: GraphState) -> None:
    """Decode what failing bodies left, which gives its memory back; keep not too many exceptions."""
    while True:
        found = freeze.failed(state.contents.nodes, state.contents.margins, _AT_ONCE)
        for row, failure in found.tolist():
            error = exception_of(failure)
            if len(state.errors) < _MOST_FAILURES:
                state.errors[state.contents.numbering.node_at(row)] = error
        if len(found) < _AT_ONCE:
            return


def _take_turn(state: GraphState, held: held_back) -> None:
    if state.turn.acquire(blocking=False):
        return
    if is_inside_of_any():
        raise GraphError(f"graph {state.name!r} is running, and a node cannot wait for its turn")
    while not state.turn.acquire(timeout=_LOOK):
        if held.errors:
            raise held.errors[0]


def _add_notes(error: BaseException, state: GraphState, node: int, failures: int, lost: int) -> None:
    """Tell where an exception comes from; bodies' exceptions may be of any class, some without notes."""
    if not hasattr(error, "add_note"):
        return
    called = describe_arguments(state, node)
    error.add_note(
        f"in node {state.name_of(node)!r} of graph {state.name!r}"
        + (f", called with {called}" if called else "")
    )
    if failures > 1:
        error.add_note(f"{failures - 1} more of its nodes failed")
    if lost:
        error.add_note(f"{lost} more of the tasks that were spawned failed")
