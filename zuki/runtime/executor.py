"""The executor: what a user sees of a pool."""

from concurrent import futures
from types import CoroutineType
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn
from weakref import ref

from zuki.errors import ExecutorShutDownError
from zuki.lane.coroutines import spawn_on
from zuki.lane.lanes import Lanes
from zuki.lane.priority import NORMAL, Priority
from zuki.lane.slow_steps import WatchedServant
from zuki.later import later
from zuki.runtime.at_priority import AtPriority, checked_priority
from zuki.runtime.config import ExecutorConfig, config_of
from zuki.runtime.desk import Desk
from zuki.runtime.entering import run_on
from zuki.runtime.kinds import submit_of, submits
from zuki.runtime.pool import Pool

if TYPE_CHECKING:
    from zuki.metrics.dashboard import Dashboard
    from zuki.metrics.metrics import Metrics

dashboards, metering = later("zuki.metrics.dashboard"), later("zuki.runtime.metering")
shown = later("zuki.runtime.shown")
_USUAL = Priority.NORMAL


class Executor(futures.Executor):
    """Runs graphs, jitted tasks, Python callables and coroutines on a pool of threads that share their work.

    Threads start when there is work for them, and end when there is none for long. A thread
    that calls `Graph.run` helps, and counts as one of ``max_threads`` while it does.

    Parameters
    ----------
    config : ExecutorConfig or int, optional
        What it is told; a number is ``max_threads``. Default: what the environment says.
    **changes
        What is told otherwise, each by the name that it has in `ExecutorConfig`; those that a
        `concurrent.futures.ThreadPoolExecutor` knows are understood, too.

    Raises
    ------
    TypeError, ValueError
        A value is of another type, or out of range.

    Examples
    --------
    >>> import zuki
    >>> with zuki.Executor(max_threads=2) as executor:
    ...     executor
    <zuki.Executor 'zuki': up to 2 threads>
    >>> with zuki.Executor(max_threads=2) as executor:
    ...     executor.submit(pow, 2, 10).result()
    1024
    """

    _trace_of: ClassVar[Any] = None  # `zuki.tracing.trace` makes traces, and lies above
    _policies: ClassVar[dict[str, type["Executor"]]] = {}

    def __init_subclass__(cls, policy: str | None = None, **options: Any) -> None:
        super().__init_subclass__(**options)
        if policy is not None:
            Executor._policies[policy] = cls

    def __new__(cls, config: Any = None, /, **changes: Any) -> "Executor":
        """Make the executor that the configuration asks for."""
        told = config_of(config, changes)
        made = object.__new__(cls._policies[told.policy] if cls is Executor else cls)
        made._config = told
        return made

    def __init__(self, config: ExecutorConfig | int | None = None, /, **changes: Any) -> None:
        self._pool = self._make_pool()
        me, servant = ref(self), WatchedServant if self._config.debug else None

        def furnish(lanes: Lanes) -> None:
            lanes.owner, lanes.make_servant = me, servant

        self._pool.furnish = furnish

    def _make_pool(self) -> Pool:
        raise NotImplementedError

    # ---- what it was told --------------------------------------------------------------------------

    @property
    def config(self) -> ExecutorConfig:
        """What it was told."""
        return self._config

    @property
    def max_threads(self) -> int:
        """How many threads may run tasks at once, now."""
        return self._pool.max_threads

    @property
    def min_threads(self) -> int:
        """How many threads stay, however long they have nothing to do."""
        return self._config.min_threads

    @property
    def keep_alive(self) -> float | None:
        """Seconds without anything to do after which a thread ends; None for never."""
        return self._config.keep_alive

    @property
    def name(self) -> str:
        """What the threads' names begin with."""
        return self._config.name

    @property
    def _max_workers(self) -> int:  # Dask asks a pool for it
        return self._config.max_threads

    @property
    def trace(self) -> Any:
        """The `Trace` of all that it has done so far, if it was made with ``trace=True``; else an error."""
        return type(self)._trace_of(self)

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            f"executor {self.name!r} cannot be copied or pickled: it has threads; its config can be"
        )

    # ---- running -----------------------------------------------------------------------------------

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Any:
        """Begin to run something, and return its future at once.

        Parameters
        ----------
        fn : callable, Task, Graph or coroutine
            A Python callable or a jitted task, which is called with the arguments; or a graph; or a
            coroutine, which `spawn` takes as well.
        *args, **kwargs
            What it is called with.

        Returns
        -------
        Future
            Of what is returned; of the run's `Report`, for a graph.

        Raises
        ------
        ExecutorShutDownError
            The executor takes no more work.
        """
        try:
            submit = submits[type(fn)]
        except KeyError:
            submit = submit_of(fn)
        if submit is not None:
            return submit(self, fn, args, kwargs, NORMAL)
        return self._submit_call(fn, args, kwargs, NORMAL)

    def at(self, priority: Priority) -> "AtPriority":
        """Return what submits calls and spawns coroutines here, at a priority.

        Parameters
        ----------
        priority : Priority
            How urgent they are.

        Returns
        -------
        concurrent.futures.Executor
            Its `shutdown` does nothing: this one goes on.
        """
        return AtPriority(self, checked_priority(priority))

    def _submit_call(self, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any], level: int) -> Any:
        raise NotImplementedError

    def spawn(self, coroutine: Any, *args: Any, priority: Priority = _USUAL, name: str | None = None) -> Any:
        """Begin to run a coroutine, or a task, and return its future at once.

        Parameters
        ----------
        coroutine : coroutine, awaitable, or object with a method poll; or Task
            What is to run.
        *args
            What a task takes, each in its place.
        priority : Priority
            How urgent a coroutine is.
        name : str, optional
            For messages; default: the coroutine's own.

        Returns
        -------
        CoroutineTask or Future
            The future of what it returns.

        Raises
        ------
        TypeError
            It is no coroutine and no task, and cannot be awaited.
        ValueError
            There is no such priority.
        ExecutorShutDownError
            The executor takes no more work.
        """
        level = NORMAL if priority is _USUAL else checked_priority(priority).value
        if type(coroutine) is not CoroutineType and not hasattr(coroutine, "__await__"):
            submit = submit_of(coroutine)
            if submit is not None:  # a task
                return submit(self, coroutine, args, {}, level)
        if args:
            raise TypeError("a coroutine takes its arguments when it is called, not from spawn")
        pool = self._pool
        if pool.is_closed:
            if hasattr(coroutine, "close"):
                coroutine.close()
            self._refuse()
        lanes = pool.lanes or pool.open_lanes()
        task = spawn_on(lanes, coroutine, level, name)
        if pool.is_ended and lanes.take_back(lanes.coroutines, level, task):  # meanwhile
            self._refuse()
        return task

    def run(self, work: Any, /, *arguments: Any, **options: Any) -> Any:
        """Run a graph, a task and what it spawns, or a coroutine to its end; this thread helps.

        Parameters
        ----------
        work : Graph, Task, Numba function or coroutine
            What to run.
        *arguments
            What the task takes, each in its place; a graph and a coroutine take none.
        **options
            For a graph ``progress`` and ``measure``, as for `Graph.run`; others take none.

        Returns
        -------
        object
            The result, or the graph's `Report`.

        Raises
        ------
        ExecutorShutDownError
            The executor has been shut down.
        TaskError
            There is nothing of that kind to run, or the task cannot take these arguments.
        BaseException
            What a body has raised.
        """
        if run_on.dispatch(type(work)) is not run_on.dispatch(object):
            return run_on(work, self, arguments, options)
        if hasattr(work, "__await__") or hasattr(work, "poll"):
            if arguments or options:
                raise TypeError("a coroutine takes its arguments when it is called, not from run")
            return self._run_coroutine(work)
        return run_on(work, self, arguments, options)

    def _run_coroutine(self, coroutine: Any) -> Any:
        raise NotImplementedError

    def _open_desk(self) -> Desk | None:
        """Return where calls of jitted tasks are submitted to the pool; None if they are as other calls."""
        return None

    def _refuse(self) -> None:
        raise ExecutorShutDownError(
            f"executor {self.name!r} has been shut down: cannot schedule new futures after shutdown"
        )

    # ---- seeing it ---------------------------------------------------------------------------------

    def metrics(self) -> "Metrics":
        """Return what has been counted so far; nobody is stopped for it.

        Returns
        -------
        Metrics
            Since the executor was made, in a forked child since the fork.
        """
        made: Metrics = metering.metrics_of(self._pool)
        return made

    def dashboard(self) -> "Dashboard":
        """Show the metrics in a notebook, four times a second, until this executor or the view is shut down.

        Only counters are read. Needs ``zuki[notebook]``, which notebooks have.

        Returns
        -------
        Dashboard
            The view; its `close` ends it.

        Raises
        ------
        ImportError
            The package ipython is not installed.
        ExecutorShutDownError
            The executor has been shut down.
        """
        pool = self._pool
        if pool.is_closed:
            raise ExecutorShutDownError(f"executor {self.name!r} has been shut down: there is nothing to see")
        view: Dashboard = dashboards.Dashboard(
            lambda: metering.metrics_of(pool), lambda: pool.is_closed, self.name
        )
        return view

    # ---- end ---------------------------------------------------------------------------------------

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Take no more work, and end the threads when what was taken is done.

        Parameters
        ----------
        wait : bool
            Return only when the threads have ended.
        cancel_futures : bool
            Start no further body of the graphs that run, whose futures fail; cancel calls that have
            not begun, and coroutines.
        """
        self._pool.shut_down(wait, cancel_futures)

    def _repr_html_(self) -> str:
        return shown.html_of(self)

    def __repr__(self) -> str:
        plural = "s" if self.max_threads > 1 else ""
        ended = ", shut down" if self._pool.is_closed else ""
        return f"<zuki.Executor {self.name!r}: up to {self.max_threads} thread{plural}{ended}>"
