"""`spawn`, `join` and `run`, as Python sees them."""

from typing import Any

from numba.core.dispatcher import Dispatcher

from zuki.errors import TaskError
from zuki.graph.call import run_task
from zuki.graph.checks import checked_task
from zuki.runtime.entering import run_on
from zuki.task.task import Task


def spawn(task: Task, *args: Any) -> Any:
    """Let a task run on another worker, or on this one when it is joined; in jitted code only.

    Parameters
    ----------
    task : Task
        What is to run.
    *args
        What it takes, each in its place.

    Returns
    -------
    handle
        What `join` takes, once. A task that nobody joins has ended when its spawner has.
    """
    raise TaskError("zuki.spawn is for jitted code; from Python, zuki.run runs a task that spawns others")


def join(handle: Any) -> Any:
    """Wait for a spawned task; in jitted code only.

    Parameters
    ----------
    handle : handle
        What `spawn` has returned.

    Returns
    -------
    object
        The task's result; what it has raised is raised here.
    """
    raise TaskError("zuki.join is for jitted code; from Python, zuki.run returns a task's result")


def run(work: Any, *args: Any, executor: Any = None) -> Any:
    """Run a task inside the pool, with the tasks that it spawns; or a graph.

    Parameters
    ----------
    work : Task, Numba function or Graph
        What is to run.
    *args
        What the task takes, each in its place.
    executor : Executor, optional
        Where it is to run; default: `default_executor`.

    Returns
    -------
    object
        The task's result, or the graph's `Report`.

    Raises
    ------
    ExecutorShutDownError
        The executor has been shut down.
    TaskError
        There is nothing of that kind to run, or the task cannot take these arguments.
    BaseException
        What a body has raised.
    """
    return run_on(work, executor, args, {})


@run_on.register
def _run_task(task: Dispatcher, executor: Any, arguments: tuple[Any, ...], options: dict[str, Any]) -> Any:
    if options:
        raise TypeError(f"task '{task.__name__}' is run without {', '.join(options)}: that is for graphs")
    return run_task(checked_task(task), arguments, executor)
