"""`spawn`, `join` and `run`, as Python sees them."""

from typing import Any

from zuki.errors import TaskError
from zuki.graph.graph import Graph
from zuki.task.task import Task


def spawn(task: Task, *args: Any) -> Any:
    """Let a task run on another worker, or on this one when it is joined."""
    raise NotImplementedError


def join(handle: Any) -> Any:
    """Wait for a spawned task, and return its result."""
    raise NotImplementedError


def run(task: Task, *args: Any, executor: Any = None) -> Any:
    """Run a task inside the pool, with the tasks that it spawns, and return its result."""
    if not isinstance(task, Task):
        raise TaskError(f"zuki.run takes a task, not {task!r}")
    graph = Graph(f"run of {task.__name__}")
    node = graph.add(task, *args)
    graph.run(executor)
    return node.result()
