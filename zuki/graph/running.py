"""One run of a graph: what the pool asks of it, and what comes of failures."""

import threading
import time
from concurrent.futures import CancelledError, Future
from typing import TYPE_CHECKING

import numpy as np

from zuki.graph.describe import describe_arguments
from zuki.graph.node import Node
from zuki.graph.report import Report
from zuki.runtime.pool import Pool
from zuki.task.failures import exception_of
from zuki_kernels import freeze, turn
from zuki_kernels.counters import STEALS, TASKS

if TYPE_CHECKING:
    from zuki.graph.graph import Graph

_MOST_FAILURES = 1000  # exceptions that are kept
_EVERY_NODE = 1
_SELDOM = 1 << 40

_inside = threading.local()  # .graphs: the graphs whose Python nodes this thread is inside of


class GraphRun:
    """What a pool runs: see `zuki.runtime.pool.Run`.

    Parameters
    ----------
    graph : Graph
        A frozen graph, whose turn it is.
    pool : Pool
        Where it is to run.
    watched : bool
        Somebody looks at how far it is: workers report each node.
    measured : bool
        The time of each body is taken.
    """

    def __init__(self, graph: "Graph", pool: Pool, watched: bool, measured: bool) -> None:
        self._graph, self.pool = graph, pool
        self.plan = graph._contents.plan
        self.epoch = graph._epoch
        self._durations = np.zeros(len(graph), np.int64) if measured else None
        self.times = 0 if self._durations is None else self._durations.ctypes.data
        self.batch = _EVERY_NODE if watched else _SELDOM
        self.slot = -1
        self.future: Future[Report] | None = None
        self.ended = False
        self.error: BaseException | None = None
        self.report: Report | None = None
        self._counters = pool.counters()
        self._begun = time.perf_counter()

    def remaining(self) -> int:
        """Return how many nodes are not done."""
        if self.ended:
            return 0
        return len(self._graph) if self.slot < 0 else self.pool.remaining(self.slot)

    def run_python(self, node: int, stopped: bool) -> int:
        """Call the body of a node that needs the interpreter."""
        graph = self._graph
        if stopped:
            return turn.PASSED_OVER
        entered = _inside.__dict__.setdefault("graphs", [])
        entered.append(graph)
        try:
            function, arguments = graph._calls[node]
            values = (value.result() if isinstance(value, Node) else value for value in arguments)
            graph._returned[node] = function(*values)
        except BaseException as error:
            graph._errors[node] = error
            return turn.RAISED
        finally:
            entered.pop()
        return turn.RETURNED

    def end(self, failures: int, first_failed: int, stopped: bool) -> None:
        """Gather what failed, and let the next run of the graph begin."""
        graph = self._graph
        if failures:
            for node, failure in freeze.failed(graph._contents.nodes, graph._contents.margins, _MOST_FAILURES).tolist():
                graph._errors[node] = exception_of(failure)
            self.error = graph._errors.get(first_failed) or next(iter(graph._errors.values()))
            _add_notes(self.error, graph, first_failed, failures)
        elif stopped:
            self.error = CancelledError(f"graph {graph.name!r} was stopped")
        else:
            self.report = self._make_report()
        self.ended = True
        graph._turn.release()
        if self.future is None:
            return
        if self.error is not None:
            self.future.set_exception(self.error)
        else:
            self.future.set_result(self.report)

    def _make_report(self) -> Report:
        seconds = time.perf_counter() - self._begun
        change = self.pool.counters() - self._counters
        work = span = None
        if self._durations is not None:
            durations = self._durations * 1e-9
            work, span = float(durations.sum()), self._graph._contents.span(durations)
        return Report(
            graph=self._graph.name,
            nodes=len(self._graph),
            edges=self._graph._contents.edge_count,
            seconds=seconds,
            workers=int(np.count_nonzero(change[:, TASKS])),
            steals=int(change[:, STEALS].sum()),
            work=work,
            span=span,
        )


class RunFuture(Future["Report"]):
    """A run that has begun.

    Parameters
    ----------
    run : GraphRun
        The run.
    """

    def __init__(self, run: GraphRun) -> None:
        super().__init__()
        self._run = run
        self.set_running_or_notify_cancel()

    def result(self, timeout: float | None = None) -> Report:
        """Wait for the end of the run; a thread of the pool runs tasks meanwhile.

        Parameters
        ----------
        timeout : float, optional
            Seconds to wait at most.

        Returns
        -------
        Report
            What the run took.

        Raises
        ------
        TimeoutError
            The run has not ended in time; it goes on.
        BaseException
            What the first body that failed raised.
        """
        if timeout is None and not self.done():
            self._run.pool.help(self._run.slot)
        return super().result(timeout)


def is_inside(graph: "Graph") -> bool:
    """Tell whether this thread is inside of a Python node of a graph."""
    return any(entered is graph for entered in getattr(_inside, "graphs", ()))


def _add_notes(error: BaseException, graph: "Graph", node: int, failures: int) -> None:
    """Tell where an exception comes from; bodies' exceptions may be of any class, some without notes."""
    if not hasattr(error, "add_note"):
        return
    called = describe_arguments(graph, node)
    error.add_note(f"in node {graph._name_of(node)!r} of graph {graph.name!r}" + (f", called with {called}" if called else ""))
    if failures > 1:
        error.add_note(f"{failures - 1} more of its nodes failed")
