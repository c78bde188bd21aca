"""`zuki.Graph`: a static graph of tasks."""

import ctypes
import os
import threading
import weakref
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import nullcontext
from typing import Any

from numba._dispatcher import compute_fingerprint
from numba.core.dispatcher import Dispatcher

from zuki.errors import GraphError, NodeNotRunError, TaskError
from zuki.graph import adding
from zuki.graph.arena import Arena
from zuki.graph.batch import add_batch
from zuki.graph.checks import checked_callable, checked_ids, checked_task
from zuki.graph.contents import Contents
from zuki.graph.extras import Names, checked_cost, checked_name, checked_priority
from zuki.graph.node import Node, Nodes
from zuki.graph.pictures import dot_of, html_of
from zuki.graph.progress import progress_bar
from zuki.graph.regions import Regions
from zuki.graph.report import Report
from zuki.graph.running import GraphRun, RunFuture, is_inside
from zuki.graph.waiting import checked, numbers_of, ranges_of
from zuki.runtime.executor import Executor, default_executor
from zuki.task.frames import ALIGNMENT
from zuki.task.specialisation import Specialisation
from zuki_kernels.dependencies import FAILED as NODE_FAILED
from zuki_kernels.dependencies import PASSED, epoch_of, reset
from zuki_kernels.freeze import state_of
from zuki_kernels.runs import NONE, NOTHING, PYTHON


class _OtherBody:
    """The body of nodes that no specialisation describes: Python callables, and joins."""

    def __init__(self, name: str) -> None:
        self.name = name


class Graph:
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
        self.name = name
        self._contents = Contents()
        self._regions = Regions()
        self._arena = Arena()
        self._names = Names()
        self._bodies: list[Specialisation | _OtherBody] = []
        self._index: dict[object, int] = {}  # of a body in the list
        self._calls: dict[int, tuple[Callable[..., Any], tuple[Any, ...]]] = {}
        self._returned: dict[int, Any] = {}
        self._errors: dict[int, BaseException] = {}
        self._kept: list[Any] = []  # what frames point to
        self._holding: list[tuple[Specialisation, int]] = []  # frames that hold references
        self._epoch = 0
        self._was_cut_off = False
        self._turn = threading.Lock()  # held during a run
        weakref.finalize(self, _release_all, self._holding).atexit = False
        _graphs.add(self)

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
            What the node runs. A Python callable runs with the interpreter's lock, one at a time.
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
            found, nodes = body._by_fingerprint[compute_fingerprint(arguments)], _NO_NODES  # type: ignore[attr-defined]
        except (AttributeError, KeyError, NotImplementedError):
            if not isinstance(body, Dispatcher) or self._takes_untyped_results(arguments):
                return self._add_call(body, arguments, after, name, priority, cost)
            task = checked_task(body)
            arguments = task.complete(arguments)
            found, nodes = adding.resolve(self, task, arguments)
        if self._turn.locked():
            self._refuse_while_running()
        before = [] if after is None else numbers_of(self, after)
        if name is not None or priority is not None or cost is not None:
            name, priority, cost = checked_name(name), checked_priority(priority, 1), checked_cost(cost, 1)
        contents = self._contents
        node = contents.count
        frame = 0
        if found.layout.size:
            frame = adding.make_frame(self, found, arguments, nodes)
            if found.keeps_alive:
                self._kept.append(arguments)
            if found.accesses_memory:
                for key, writes in adding.keys_of(self, found, frame):
                    self._regions.access(node, key, writes, before)
            if found.counts_references:
                self._holding.append((found, frame))
        contents.add_segment(node + 1, frame, 0, self._index_of(found))
        if nodes:
            adding.link_results(self, found, frame, nodes)
            before += nodes.values()
        return self._finish(node, before, name, priority, cost)

    def _add_call(self, body: Any, arguments: tuple[Any, ...], after: Any, name: Any, priority: Any, cost: Any) -> Node:
        """Add a node that only the interpreter can run."""
        function = checked_callable(body)
        nodes = [checked(self, value) for value in arguments if isinstance(value, Node)]
        if self._turn.locked():
            self._refuse_while_running()
        before = numbers_of(self, after) + nodes
        name, priority, cost = checked_name(name), checked_priority(priority, 1), checked_cost(cost, 1)
        node = self._contents.count
        for key, writes in adding.keys_of_values(arguments):
            self._regions.access(node, key, writes, before)
        self._calls[node] = function, arguments
        title = getattr(function, "__name__", type(function).__name__)
        self._contents.add_segment(node + 1, 0, 0, self._index_of(title, PYTHON))
        return self._finish(node, before, name, priority, cost)

    def _finish(self, node: int, before: list[int], name: str | None, priority: Any, cost: Any) -> Node:
        if before:
            distinct = set(before) if len(before) > 1 else before
            self._contents.sources.extend(distinct)
            self._contents.targets.extend([node] * len(distinct))
        if name is not None or priority is not None or cost is not None:
            self._note(node, node + 1, name, priority, cost)
        return Node(self, node)

    def _note(self, start: int, stop: int, name: str | None, priority: Any, cost: Any) -> None:
        if name is not None:
            self._names.add(start, stop, name)
        if priority is not None:
            self._contents.urgent.append((start, stop, priority))
        if cost is not None:
            self._contents.costly.append((start, stop, cost))

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
        if self._turn.locked():
            self._refuse_while_running()
        arguments = task.complete(arguments)
        number = adding.count_of(task.__name__, arguments, count)
        ranges = ranges_of(self, after)
        name, priority, cost = checked_name(name), checked_priority(priority, number), checked_cost(cost, number)
        if number == 0:
            return Nodes(self, len(self), len(self))
        start = add_batch(self, task, arguments, number, ranges)
        self._note(start, start + number, name, priority, cost)
        return Nodes(self, start, start + number)

    def add_edges(self, sources: Any, targets: Any) -> None:
        """Let each node of ``targets`` wait for the node of ``sources`` at the same place.

        Parameters
        ----------
        sources, targets : array of int
            Numbers of nodes, as many of each.

        Raises
        ------
        GraphError
            The numbers are not integers, not as many, or name no node; or the graph is running.
        """
        if self._turn.locked():
            self._refuse_while_running()
        first, second = checked_ids("sources", sources), checked_ids("targets", targets)
        if len(first) != len(second):
            raise GraphError(f"add_edges: {len(first)} sources and {len(second)} targets")
        self._contents.add_edges(first, second)

    def _refuse_while_running(self) -> None:
        raise GraphError(f"graph {self.name!r} is running; add to it when the run has ended")

    def _takes_untyped_results(self, arguments: tuple[Any, ...]) -> bool:
        """Tell whether a node whose result's type is not known before it runs is among the arguments."""
        return any(
            isinstance(value, Node) and value.graph is self and isinstance(self._body_of(value.id), _OtherBody)
            for value in arguments
        )

    # ---- running ----------------------------------------------------------------------------------

    def run(self, executor: Executor | None = None, *, progress: bool = False, measure: bool = False) -> Report:
        """Run all nodes, the calling thread helping, and return when all are done.

        Parameters
        ----------
        executor : Executor, optional
            Where to run; default: one for the whole process.
        progress : bool
            Show a progress bar; needs tqdm.
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
        run = self._begin(executor, progress, measure)
        try:
            if len(self):
                with progress_bar(self.name, len(self), run.remaining) if progress else nullcontext():
                    run.pool.run(run)
            else:
                run.end(0, NONE, False)
        except BaseException:
            if not run.ended:
                self._turn.release()
            raise
        if run.error is not None:
            raise run.error
        return run.report

    def submit(self, executor: Executor | None = None, *, measure: bool = False) -> "Future[Report]":
        """Begin to run all nodes, and return at once.

        Parameters
        ----------
        executor : Executor, optional
            Where to run; default: one for the whole process.
        measure : bool
            Take the time of each body, for the report's work and span.

        Returns
        -------
        concurrent.futures.Future
            Its result is the run's `Report`; its exception what `run` would have raised.
        """
        run = self._begin(executor, False, measure)
        run.future = future = RunFuture(run)
        try:
            if len(self):
                run.pool.submit(run)
            else:
                run.end(0, NONE, False)
        except BaseException:
            self._turn.release()
            raise
        return future

    def _begin(self, executor: Executor | None, progress: bool, measure: bool) -> GraphRun:
        """Make everything ready for a run, whose turn it then is."""
        chosen = default_executor() if executor is None else executor
        if not isinstance(chosen, Executor):
            raise TypeError(f"executor must be a zuki.Executor, not a {type(chosen).__name__}")
        if is_inside(self):
            raise GraphError(f"graph {self.name!r} is running the node that wants to run it")
        self._turn.acquire()
        try:
            self._contents.freeze(lambda node: Node(self, node))
            if self._was_cut_off:
                reset(self._contents.nodes)
                self._was_cut_off = False
            self._epoch += 1
            self._errors.clear()
            return GraphRun(self, chosen._pool, progress, measure)
        except BaseException:
            self._turn.release()
            raise

    # ---- looking ----------------------------------------------------------------------------------

    @property
    def nodes(self) -> Nodes:
        """All nodes, by number."""
        return Nodes(self, 0, len(self))

    def __len__(self) -> int:
        return self._contents.count

    def __bool__(self) -> bool:
        return True

    def to_dot(self) -> str:
        """Return the graph in Graphviz's language.

        Returns
        -------
        str
            One line for each node and each edge.
        """
        return dot_of(self)

    def __repr__(self) -> str:
        return f"<zuki.Graph {self.name!r}: {len(self):,} nodes, {self._contents.edge_count:,} edges>"

    def _repr_html_(self) -> str:
        return html_of(self)

    # ---- for the modules of this package ------------------------------------------------------------

    def _index_of(self, body: Specialisation | str, entry: int = NOTHING) -> int:
        index = self._index.get(body)
        if index is None:
            index = self._index[body] = len(self._bodies)
            self._bodies.append(body if isinstance(body, Specialisation) else _OtherBody(body))
            self._contents.entries.append(body.entry if isinstance(body, Specialisation) else entry)
        return index

    def _body_of(self, node: int) -> Specialisation | _OtherBody:
        return self._bodies[self._contents.frame_and_body(node)[1]]

    def _frame_of(self, node: int) -> int:
        return self._contents.frame_and_body(node)[0]

    def _name_of(self, node: int) -> str:
        return self._names.find(node) or f"{self._body_of(node).name}-{node}"

    def _count_bodies(self) -> Counter[str]:
        names: Counter[str] = Counter()
        for index, count in self._contents.count_bodies().items():
            names[self._bodies[index].name] += count
        return names

    def _keep_words(self, words: list[int], target: int = 0) -> int:
        """Keep words in memory, at ``target`` if that is given; return their address."""
        address = target or self._arena.take(-(-8 * len(words) // ALIGNMENT) * ALIGNMENT)
        (ctypes.c_int64 * len(words)).from_address(address)[:] = words
        return address

    def _result_of(self, node: int) -> Any:
        contents = self._contents
        state = state_of(contents.nodes, node) if node < contents.frozen else 0
        if self._epoch == 0 or epoch_of(state) != self._epoch or state & PASSED:
            raise NodeNotRunError(f"node {self._name_of(node)!r} of graph {self.name!r} has not run")
        if state & NODE_FAILED:
            raise self._errors[node]
        frame, body = contents.frame_and_body(node)
        found = self._bodies[body]
        if isinstance(found, Specialisation):
            return found.unpack(frame) if found.layout.size else None
        return self._returned.get(node)


_NO_NODES: dict[int, int] = {}
_graphs: "weakref.WeakSet[Graph]" = weakref.WeakSet()


def _release_all(holding: list[tuple[Specialisation, int]]) -> None:
    """Give back the references that a graph's frames hold, when the graph is gone."""
    for found, frame in holding:
        found.release(frame)


def _after_fork() -> None:
    """Let a forked child run the graphs that were running in its parent, from the start."""
    for graph in list(_graphs):
        if graph._turn.locked():
            graph._turn = threading.Lock()
            graph._was_cut_off = True


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
