"""`run`, `submit`, `map`, `spawn` and `join`, as Python sees them."""

from collections.abc import Iterator
from concurrent.futures import Future as BaseFuture
from typing import Any

from zuki.errors import TaskError
from zuki.graph.graph import Graph
from zuki.lane.lanes import Priority
from zuki.runtime.executor import Executor, default_executor
from zuki.runtime.kinds import Kind, kinds
from zuki.task.task import Task


def spawn(
    what: Any,
    *args: Any,
    priority: Priority = Priority.NORMAL,
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
        Where it is to run; default: `default_executor`.

    Returns
    -------
    CoroutineTask, Future or handle
        What `join` takes, in jitted code once. In Python it is a future, which can be awaited. A task that
        nobody joins in jitted code has ended when its spawner has.

    Raises
    ------
    TypeError
        It is none of these.
    """
    chosen = executor or default_executor()
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
    """Begin to run something on the default executor, and return its future at once.

    Parameters
    ----------
    what : callable, Task or Graph
        What is to run; see `Executor.submit`.
    *args, **kwargs
        What it is called with.

    Returns
    -------
    Future
        Of what is returned.
    """
    return default_executor().submit(what, *args, **kwargs)


def map(function: Any, /, *iterables: Any, timeout: float | None = None) -> Iterator[Any]:  # noqa: A001
    """Call a function for each item on the default executor, as the built-in `map` would.

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
    return default_executor().map(function, *iterables, timeout=timeout)


def run(what: Any, /, *args: Any, executor: Executor | None = None, **options: Any) -> Any:
    """Run something to its end, and return its result.

    Parameters
    ----------
    what : Task, coroutine, Graph or callable
        What is to run; a task with the tasks that it spawns.
    *args
        What a task or a callable takes, each in its place.
    executor : Executor, optional
        Where it is to run; default: `default_executor`.
    **options
        See `Executor.run`.

    Returns
    -------
    object
        The result.
    """
    return (executor or default_executor()).run(what, *args, **options)


def _run_task(executor: Executor, task: Task, args: tuple[Any, ...], options: dict[str, Any]) -> Any:
    if options:
        raise TaskError(f"zuki.run of a task has no option {', '.join(options)}")
    graph = Graph(f"run of {task.__name__}")
    node = graph.add(task, *args)
    graph.run(executor)
    return node.result()


def _submit_task(
    executor: Executor, task: Task, args: tuple[Any, ...], options: dict[str, Any], level: int
) -> Any:
    return executor._submit_call(task, args, options, level)


def _run_graph(executor: Executor, graph: Graph, args: tuple[Any, ...], options: dict[str, Any]) -> Any:
    return graph.run(executor, *args, **options)


def _submit_graph(
    executor: Executor, graph: Graph, args: tuple[Any, ...], options: dict[str, Any], level: int
) -> Any:
    return graph.submit(executor, *args, **options)


kinds[Task] = Kind(_run_task, _submit_task)
kinds[Graph] = Kind(_run_graph, _submit_graph)
