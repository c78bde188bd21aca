"""Task graphs of jitted bodies on one work-stealing pool."""

from zuki.errors import (
    ExecutorShutDownError,
    GraphCycleError,
    GraphError,
    NodeNotRunError,
    TaskError,
    ZukiError,
)
from zuki.graph.each import each
from zuki.graph.graph import Graph
from zuki.graph.node import Node, Nodes
from zuki.graph.report import Report
from zuki.runtime.executor import Executor, default_executor
from zuki.spawning import calls as _calls  # noqa: F401
from zuki.spawning import nopython as _nopython  # noqa: F401
from zuki.spawning.algorithms import (
    parallel_for,
    parallel_for_range,
    parallel_invoke,
    parallel_map,
    parallel_reduce,
    parallel_scan,
)
from zuki.spawning.api import join, run, spawn
from zuki.spawning.asking import cancelled, num_workers, worker_id
from zuki.spawning.detaching import spawn_detached
from zuki.spawning.sorting import parallel_sort
from zuki.task.task import Task, task

__version__ = "0.1.0"

__all__ = [
    "Executor",
    "ExecutorShutDownError",
    "Graph",
    "GraphCycleError",
    "GraphError",
    "Node",
    "NodeNotRunError",
    "Nodes",
    "Report",
    "Task",
    "TaskError",
    "ZukiError",
    "cancelled",
    "default_executor",
    "each",
    "join",
    "num_workers",
    "parallel_for",
    "parallel_for_range",
    "parallel_invoke",
    "parallel_map",
    "parallel_reduce",
    "parallel_scan",
    "parallel_sort",
    "run",
    "spawn",
    "spawn_detached",
    "task",
    "worker_id",
]
