"""`spawn`, `join` and `run`, as Python sees them."""

from typing import Any

from zuki.errors import TaskError
from zuki.graph.call import run_task
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


def run(task: Task, *args: Any, executor: Any = None) -> Any:
    """Run a task inside the pool, with the tasks that it spawns.

    Parameters
    ----------
    task : Task
        What is to run.
    *args
        What it takes, each in its place.
    executor : Executor, optional
        Where it is to run; default: `default_executor`.

    Returns
    -------
    object
        The task's result.
    """
    if not isinstance(task, Task):
        raise TaskError(f"zuki.run takes a task, not {task!r}")
    return run_task(task, args, executor)
