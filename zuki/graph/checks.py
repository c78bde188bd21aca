"""Checks of what a user gives to a graph."""

from collections.abc import Callable
from typing import Any

import numba
import numpy as np
from numba.np.ufunc.parallel import _launch_threads

from zuki.errors import GraphError, TaskError
from zuki.graph.node import Node, Nodes
from zuki.graph.state import GraphState
from zuki.graph.waiting import checked, ranges_of
from zuki.task.decorator import task_of
from zuki.task.task import Task


def checked_task(body: Any) -> Task:
    """Return the task of a jitted function; raise if to run it on several threads aborts the process."""
    task = task_of(body)
    if task.targetoptions.get("parallel"):
        _launch_threads()
        if numba.threading_layer() == "workqueue":
            raise TaskError(
                f"task '{task.__name__}' has parallel=True, and Numba's workqueue threading layer aborts the "
                "process when two threads use it: install tbb, or set NUMBA_THREADING_LAYER=omp"
            )
    return task


def checked_callable(body: Any) -> Callable[..., Any]:
    """Return a Python callable that can be a node; raise if it cannot."""
    if not callable(body):
        raise TaskError(f"a node's body must be a zuki.task or a callable, not a {type(body).__name__}")
    return body  # type: ignore[no-any-return]


def checked_ids(state: GraphState, name: str, ids: Any) -> np.ndarray:
    """Return nodes, or numbers of nodes, as an array of numbers; raise if they are neither."""
    if isinstance(ids, Nodes):
        return np.arange(*ranges_of(state, ids)[0])
    if isinstance(ids, list | tuple) and ids and isinstance(ids[0], Node):
        if not all(isinstance(item, Node) for item in ids):
            raise GraphError(f"add_edges: {name} must hold nodes alone, or numbers alone")
        return np.array([checked(state, item) for item in ids])
    array = np.asarray(ids)
    if array.size == 0 and array.ndim == 1:
        return np.empty(0, np.int64)
    if array.dtype.kind not in "iu" or array.ndim != 1:
        raise GraphError(
            f"add_edges: {name} must be nodes, or a one-dimensional array of their numbers, "
            f"not {array.dtype}{list(array.shape)}"
        )
    if array.dtype not in (np.int64, np.int32):
        array = array.astype(np.int64)
    return np.ascontiguousarray(array)
