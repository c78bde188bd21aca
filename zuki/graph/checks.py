"""Checks of what a user gives to a graph."""

from collections.abc import Callable
from typing import Any

import numba
import numpy as np
from numba.np.ufunc.parallel import _launch_threads

from zuki.errors import GraphError, TaskError
from zuki.task.task import Task, task_of


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


def checked_ids(name: str, ids: Any) -> np.ndarray:
    """Return numbers of nodes as an array; raise if they are not integers in one dimension."""
    array = np.asarray(ids)
    if array.size == 0 and array.ndim == 1:
        return np.empty(0, np.int64)
    if array.dtype.kind not in "iu" or array.ndim != 1:
        raise GraphError(
            f"add_edges: {name} must be a one-dimensional array of integers, "
            f"not {array.dtype}{list(array.shape)}"
        )
    if array.dtype not in (np.int64, np.int32):
        array = array.astype(np.int64)
    return np.ascontiguousarray(array)
