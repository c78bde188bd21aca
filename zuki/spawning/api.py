"""`run`, `submit`, `map`, `spawn` and `join`, as Python sees them."""

from collections.abc import Iterator
from concurrent.futures import Future as BaseFuture
from types import CoroutineType
from typing import Any

from numba.core.dispatcher import Dispatcher

from zuki.errors import TaskError
from zuki.graph.call import run_task
from zuki.graph.checks import checked_task
from zuki.graph.graph import Graph
from zuki.lane.priority import NORMAL, Priority
from zuki.lane.wakers import here
from zuki.runtime.at_priority import checked_priority
from zuki.runtime.default import checked_executor
from zuki.runtime.entering import run_on
from zuki.runtime.executor import Executor
from zuki.runtime.kinds import submits
from zuki.spawning.submitting import submit_task
from zuki.task.task import Task

_USUAL = Priority.NORMAL


def spawn(
    what: Any,
    *args: Any,
    priority: Priority = _USUAL,
    name: str | None = None,
    executor: Executor | None = None,
) -> Any:
    """Let a coroutine run, or a task: on another worker, or on this one when it is joined.

    In jitted code only tasks can be spawned, and there is nothing to choose.

    Parameters
    ----------
    what : Task, or coroutine, awaitable, or object with a method poll
        What is to run.
    *args
        What a task takes, each in its place.
    priority : Priority
        How urgent a coroutine is.
    name : str, optional
        What a coroutine is called in messages.
    executor : Executor, optional
        Where it is to run; default: the one that runs the coroutine or the call that spawns it, else
        `default_executor`.

    Returns
    -------
    CoroutineTask, Future or handle
        What `join` takes, in jitted code once. In Python it is a future, which can be awaited. A task that
        nobody joins in jitted code has ended when its spawner has.

    Raises
    ------
    TypeError
        It is none of these.

    Notes
    -----
    In jitted code, what a task has spawned is a group. When one of it has failed, those that have not
    begun do not begin any more, unless they are joined by their handles after all; `cancelled` tells
    those that run. The exception is raised at the join, or, where nobody joins, at the end of the
    spawner. Of several the first one is raised, in the order of the joins; a note (`__notes__`) says how
    many others there were.
    """
    servant = here.servant
    if servant is not None and executor is None and type(what) is CoroutineType and not args:
        # as below, at half the cost; it may go on spawning after a shutdown that waits for it
        level = NORMAL if priority is _USUAL else checked_priority(priority).value
        return servant.spawn(what, level, name)
    chosen = checked_executor(executor)
    if isinstance(what, Task):
        return chosen.submit(what, *args)
    if args:
        raise TypeError("a coroutine takes its arguments when it is called, not from spawn")
    return chosen.spawn(what, priority=priority, name=name)


def join(handle: Any) -> Any:
    """Wait for what was spawned.

    Parameters
    ----------
    handle : handle or Future
        What `spawn` has returned.

    Returns
    -------
    object
        Its result; what it has raised is raised here.
    """
    if isinstance(handle, BaseFuture):
        return handle.result()
    raise TaskError(f"zuki.join takes what zuki.spawn returns, not {handle!r}")


def wake(number: int) -> bool:
    """Wake a coroutine, in jitted code.

    Parameters
    ----------
    number : int
        Of its waker: `Waker.number`. The coroutine runs on the executor that also runs the jitted code.

    Returns
    -------
    bool
        False if the code runs outside of a pool, where nobody can be woken.
    """
    raise TaskError("zuki.wake is for jitted code; from Python, Waker.wake wakes a coroutine")


def submit(what: Any, /, *args: Any, **kwargs: Any) -> Any:
    """Begin to run something, and return its future at once.

    It runs on the executor that runs the coroutine or the call that submits it, else on the default one.

    Parameters
    ----------
    what : callable, Task, Graph or coroutine
        What is to run; see `Executor.submit`.
    *args, **kwargs
        What it is called with.

    Returns
    -------
    Future
        Of what is returned.
    """
    return checked_executor(None).submit(what, *args, **kwargs)


def map(function: Any, /, *iterables: Any, timeout: float | None = None) -> Iterator[Any]:  # noqa: A001
    """Call a function for each item, as the built-in `map` would, where `submit` calls.

    Parameters
    ----------
    function : callable or Task
        What is called.
    *iterables
        Whose items it is called with; all calls are submitted at once.
    timeout : float, optional
        Seconds from now until the last result is there.

    Returns
    -------
    iterator
        The results, in the order of the items.
    """
    return checked_executor(None).map(function, *iterables, timeout=timeout)


def run(work: Any, *args: Any, executor: Any = None, **named: Any) -> Any:
    """Run a task inside the pool, with the tasks that it spawns; or a graph, or a coroutine.

    Parameters
    ----------
    work : Task, Numba function, Graph or coroutine
        What is to run.
    *args, **named
        What the task takes, in its place or by its name; a graph takes ``progress`` and ``measure``, as
        `Graph.run` does.
    executor : Executor, optional
        Where it is to run; default: `default_executor`.

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
        return run_on(work, executor, args, named)
    return checked_executor(executor).run(work, *args, **named)


@run_on.register
def _run_task(task: Dispatcher, executor: Any, arguments: tuple[Any, ...], named: dict[str, Any]) -> Any:
    made = checked_task(task)
    return run_task(made, made.in_order(arguments, named), executor)


def _submit_graph(
    executor: Executor, graph: Graph, args: tuple[Any, ...], options: dict[str, Any], level: int
) -> Any:
    return graph.submit(executor, *args, **options)


def _submit_coroutine(
    executor: Executor, coroutine: Any, args: tuple[Any, ...], options: dict[str, Any], level: int
) -> Any:
    if args or options:
        coroutine.close()
        raise TypeError("a coroutine takes its arguments when it is called, not from submit")
    return executor.spawn(coroutine, priority=Priority(level))


submits[CoroutineType] = _submit_coroutine
submits[Dispatcher] = submit_task
submits[Graph] = _submit_graph
