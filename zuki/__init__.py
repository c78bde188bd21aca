"""Task graphs of jitted bodies on one work-stealing pool."""

from typing import TYPE_CHECKING as _TYPE_CHECKING

from zuki.errors import (
    ChannelClosedError,
    DeadlockError,
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
from zuki.lane.coroutines import CoroutineTask
from zuki.lane.future import Future
from zuki.lane.priority import Priority
from zuki.lane.wakers import (
    Poll,
    Waker,
    current_task,
    current_waker,
    park,
    until_ready,
    yield_now,
)
from zuki.later import later as _later
from zuki.runtime.config import ExecutorConfig
from zuki.runtime.default import default_executor, set_default_executor
from zuki.runtime.executor import Executor
from zuki.runtime.multi_threaded import MultiThreadedExecutor
from zuki.runtime.single_threaded import SingleThreadedExecutor
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
from zuki.spawning.api import join, map, run, spawn, submit, wake  # noqa: A004
from zuki.spawning.asking import cancelled, num_workers, worker_id
from zuki.spawning.detaching import spawn_detached
from zuki.spawning.sorting import parallel_sort
from zuki.task.decorator import task
from zuki.task.task import Task

if _TYPE_CHECKING:
    from zuki.aio.channel import Channel
    from zuki.aio.gathering import as_completed, gather, shield
    from zuki.aio.groups import TaskGroup
    from zuki.aio.locks import Event, Lock, Semaphore
    from zuki.aio.meetings import Barrier, Condition
    from zuki.aio.sleeping import move_on_after, sleep, timeout
    from zuki.aio.threads import to_thread
    from zuki.drawing.picture import Picture
    from zuki.metrics.metrics import Metrics
    from zuki.runtime.progress import progress
    from zuki.runtime.tuning import Suggestion, tune
    from zuki.tracing.slow import log_slow_tasks
    from zuki.tracing.trace import Trace, trace

__version__ = "0.1.0"

_LATER = {  # modules that are imported when one of these names is first asked for: see `zuki.later`
    "zuki.aio.channel": "Channel",
    "zuki.aio.gathering": "as_completed gather shield",
    "zuki.aio.groups": "TaskGroup",
    "zuki.aio.locks": "Event Lock Semaphore",
    "zuki.aio.meetings": "Barrier Condition",
    "zuki.aio.sleeping": "move_on_after sleep timeout",
    "zuki.aio.threads": "to_thread",
    "zuki.drawing.picture": "Picture",
    "zuki.metrics.metrics": "Metrics",
    "zuki.runtime.progress": "progress",
    "zuki.runtime.tuning": "Suggestion tune",
    "zuki.tracing.slow": "log_slow_tasks",
    "zuki.tracing.trace": "Trace trace",
}
_traces = _later("zuki.tracing.trace")
Executor._trace_of = staticmethod(lambda executor: _traces.trace_of(executor))


def __getattr__(name: str) -> object:
    for module, names in _LATER.items():
        if name in names.split():
            found = globals()[name] = getattr(_later(module), name)
            return found
    raise AttributeError(f"module 'zuki' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


__all__ = [
    "Barrier",
    "Channel",
    "ChannelClosedError",
    "Condition",
    "CoroutineTask",
    "DeadlockError",
    "Event",
    "Executor",
    "ExecutorConfig",
    "ExecutorShutDownError",
    "Future",
    "Graph",
    "GraphCycleError",
    "GraphError",
    "Lock",
    "Metrics",
    "MultiThreadedExecutor",
    "Node",
    "NodeNotRunError",
    "Nodes",
    "Picture",
    "Poll",
    "Priority",
    "Report",
    "Semaphore",
    "SingleThreadedExecutor",
    "Suggestion",
    "Task",
    "TaskError",
    "TaskGroup",
    "Trace",
    "Waker",
    "ZukiError",
    "as_completed",
    "cancelled",
    "current_task",
    "current_waker",
    "default_executor",
    "each",
    "gather",
    "join",
    "log_slow_tasks",
    "map",
    "move_on_after",
    "num_workers",
    "parallel_for",
    "parallel_for_range",
    "parallel_invoke",
    "parallel_map",
    "parallel_reduce",
    "parallel_scan",
    "parallel_sort",
    "park",
    "progress",
    "run",
    "set_default_executor",
    "shield",
    "sleep",
    "spawn",
    "spawn_detached",
    "submit",
    "task",
    "timeout",
    "to_thread",
    "trace",
    "tune",
    "until_ready",
    "wake",
    "worker_id",
    "yield_now",
]
