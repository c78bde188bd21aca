"""`zuki.Graph`: a static graph of tasks."""

from collections.abc import Callable, Generator
from contextlib import nullcontext
from typing import Any, NoReturn

from numba.core.dispatcher import Dispatcher

from zuki.errors import GraphError, TaskError
from zuki.graph import adding
from zuki.graph.batch import add_batch
from zuki.graph.checks import checked_ids, checked_task
from zuki.graph.drawable import Drawable
from zuki.graph.extras import checked_cost, checked_name, checked_priority
from zuki.graph.node import Node, Nodes
from zuki.graph.report import Report
from zuki.graph.run_future import RunFuture
from zuki.graph.running import begin
from zuki.graph.single import add_one
from zuki.graph.state import GraphState
from zuki.graph.waiting import ranges_of
from zuki.lane.future import Future
from zuki.runtime.entering import run_on
from zuki.runtime.executor import Executor
from zuki.runtime.progress import SampledBar, find_tqdm
from zuki.runtime.warm import warm_up
from zuki_kernels._signals import held_back
from zuki_kernels.runs import NONE


class Graph(Drawable):
    """Tasks, and what each waits for; runs on an executor, as often as wanted.

    Array arguments order the nodes that use them as sequential code would: a node that
    writes memory waits for the earlier nodes that read or write it, a node that reads it for those
    that write it. Which arguments a `task` writes is given to its decorator, or found in its body.

    Parameters
    ----------
    name : str, optional
        For messages and pictures.

    Raises
    ------
    GraphError
        The name is not a string.

    Examples
    --------
    >>> import numpy as np
    >>> import zuki
    >>> @zuki.task
    ... def double(values):
    ...     for i in range(len(values)):
    ...         values[i] *= 2
    >>> @zuki.task
    ... def total(values):
    ...     return values.sum()
    >>> values = np.arange(4.0)
    >>> graph = zuki.Graph("example")
    >>> doubled = graph.add(double, values)
    >>> summed = graph.add(total, values)  # waits for `double`, which writes what it reads
    >>> report = graph.run()
    >>> summed.result()
    12.0
    """

    def __init__(self, name: str = "graph") -> None:
        if not isinstance(name, str):
            raise GraphError(f"a graph's name must be a string, not a {type(name).__name__}")
        self._state = GraphState(name)

    @property
    def name(self) -> str:
        """For messages and pictures."""
        return self._state.name

    # ---- building ---------------------------------------------------------------------------------

    def add(
        self,
        body: Callable[..., Any],
        /,
        *arguments: Any,
        after: Any = None,
        name: str | None = None,
        priority: int | None = None,
        cost: float | None = None,
    ) -> Node:
        """Add a node that calls a body with arguments.

        Parameters
        ----------
        body : Task, jitted function or callable
            What the node runs. Python callables run with the interpreter's lock, one at a time, but one that
            was blocked for long when it was last called does not keep others waiting. If it returns a
            coroutine, the node ends when that does, and its result is the node's.
        *arguments
            What it is called with. A `Node` stands for its result, and is waited for.
        after : Node, Nodes or iterable of them, optional
            What else the node waits for.
        name : str, optional
            For messages and pictures.
        priority : int, optional
            Nodes that are ready are taken by priority, the greatest first (default 0), then by
            the length of the way from them to the end of the graph.
        cost : float, optional
            How long the body takes, in any unit, for the length of ways; default 1.

        Returns
        -------
        Node
            The new node.

        Raises
        ------
        TaskError
            The body does not compile for these arguments, or cannot take them.
        GraphError
            The graph is running, or another argument is not what it should be.
        """
        try:
            return Node(self, add_one(self._state, body, arguments, after, name, priority, cost))
        except MemoryError:
            self._state.is_spoilt = True
            raise

    def add_many(
        self,
        body: Callable[..., Any],
        /,
        *arguments: Any,
        count: int | None = None,
        after: Any = None,
        name: str | None = None,
        priority: Any = None,
        cost: Any = None,
    ) -> Nodes:
        """Add many nodes of one body, at the cost of a few nanoseconds each.

        The nodes do not wait for one another, not even where they write the same memory:
        they are meant to write different parts of it. They wait for earlier nodes, and later nodes
        for them, as with `add`.

        Parameters
        ----------
        body : Task or jitted function
            What the nodes run.
        *arguments
            What they are called with: the same for all, or wrapped in `each`.
        count : int, optional
            How many nodes, where no argument says it.
        after : Node, Nodes or iterable of them, optional
            What else all of them wait for.
        name : str, optional
            Of all; a node's place follows in brackets.
        priority, cost : number or array, optional
            As for `add`, one for all or one each.

        Returns
        -------
        Nodes
            The new nodes, with successive numbers.

        Raises
        ------
        TaskError
            The body does not compile for these arguments, or cannot take them.
        GraphError
            The lengths of arguments differ, the graph is running, or another argument is not
            what it should be.
        """
        if not isinstance(body, Dispatcher):
            raise TaskError(f"add_many needs a zuki.task or a jitted function, not {body!r}")
        task = checked_task(body)
        state = self._state
        state.refuse_while_running()
        arguments = task.complete(arguments)
        number = adding.count_of(task.__name__, arguments, count)
        ranges = ranges_of(state, after)
        name, priority, cost = (
            checked_name(name),
            checked_priority(priority, number),
            checked_cost(cost, number),
        )
        if number == 0:
            return Nodes(self, len(self), len(self))
        try:
            start = add_batch(state, task, arguments, number, ranges)
            state.describe(start, start + number, name, priority, cost)
        except MemoryError:
            state.is_spoilt = True
            raise
        return Nodes(self, start, start + number)

    def add_edges(self, sources: Any, targets: Any) -> None:
        """Let each node of ``targets`` wait for the node of ``sources`` at the same place.

        Parameters
        ----------
        sources, targets : array of int, Nodes, or sequence of Node
            Nodes or their numbers, as many of each.

        Raises
        ------
        GraphError
            They are neither nodes nor integers, not as many, or name no node of this graph; or it is running.
        """
        self._state.refuse_while_running()
        first, second = (
            checked_ids(self._state, "sources", sources),
            checked_ids(self._state, "targets", targets),
        )
        if len(first) != len(second):
            raise GraphError(f"add_edges: {len(first)} sources and {len(second)} targets")
        self._state.contents.add_edges(first, second)

    # ---- running ----------------------------------------------------------------------------------

    def run(
        self, executor: Executor | None = None, *, progress: bool = False, measure: bool = False
    ) -> Report:
        """Run all nodes, the calling thread helping, and return when all are done.

        Parameters
        ----------
        executor : Executor, optional
            Where to run; default: one for the whole process.
        progress : bool
            Show a progress bar, in a terminal or a notebook; needs tqdm. See `zuki.progress` for other work.
        measure : bool
            Take the time of each body, for the report's work and span.

        Returns
        -------
        Report
            What the run took.

        Raises
        ------
        GraphCycleError
            Nodes wait for one another in a circle.
        BaseException
            What the first body that failed raised, with a note that names the node. The nodes that
            wait for it are not run; all others are.
        KeyboardInterrupt
            After Ctrl-C; bodies that were running have ended, others have not begun.
        """
        bar = find_tqdm("progress=True") if progress else None
        warm_up()
        with held_back() as held:
            run = begin(self, self._state, executor, progress, measure, held)
            try:
                if len(self):
                    with SampledBar(bar, run.look, desc=self.name, unit="node") if bar else nullcontext():
                        run.pool.run(run, held)
                else:
                    run.end(0, NONE, False)
            except BaseException:
                if not run.ended:
                    self._state.turn.release()
                raise
        if run.error is not None:
            raise run.error
        return run.report

    def submit(self, executor: Executor | None = None, *, measure: bool = False) -> Future[Report]:
        """Begin to run all nodes, and return at once.

        Parameters
        ----------
        executor : Executor, optional
            Where to run; default: one for the whole process.
        measure : bool
            Take the time of each body, for the report's work and span.

        Returns
        -------
        Future
            Its result is the run's `Report`; its exception what `run` would have raised.

        Raises
        ------
        ZukiError
            The executor has no thread, and none can be started.
        """
        warm_up()
        with held_back() as held:
            run = begin(self, self._state, executor, False, measure, held)
            run.future = future = RunFuture(run)
            try:
                if len(self):
                    run.pool.submit(run, held)
                else:
                    run.end(0, NONE, False)
            except BaseException:
                if not run.ended:
                    self._state.turn.release()
                raise
        return future

    def __await__(self) -> Generator[Any, Any, Report]:
        return self.submit().__await__()

    # ---- looking ----------------------------------------------------------------------------------

    @property
    def nodes(self) -> Nodes:
        """All nodes, by number."""
        return Nodes(self, 0, len(self))

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            f"graph {self.name!r} cannot be copied or pickled: it holds addresses of machine code and of "
            "arrays; build it where it is to run"
        )

    def __len__(self) -> int:
        return self._state.contents.count

    def __bool__(self) -> bool:
        return True


@run_on.register
def _run_graph(
    graph: Graph, executor: Executor | None, arguments: tuple[Any, ...], options: dict[str, Any]
) -> Report:
    if arguments:
        raise GraphError(f"graph {graph.name!r} is run without arguments: its nodes have theirs")
    return graph.run(executor, **options)
