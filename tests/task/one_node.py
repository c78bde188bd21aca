"""A task run as a graph of one node, and what it leaves behind."""

import gc
import sys

import numpy as np
import pytest
from numba import typed
from numba.core.runtime import _nrt_python, rtsys

import zuki


@pytest.fixture(scope="module")
def executor():
    with zuki.Executor(max_threads=1) as made:
        yield made


def through_a_graph(executor, task, *arguments):
    """Return what a task returns as the one node of a graph."""
    graph = zuki.Graph()
    node = graph.add(task, *arguments)
    graph.run(executor)
    return node.result()


def outcome_of(function, *arguments):
    """Return the class and the arguments of what a call raises, else what it returns."""
    try:
        return "returned", function(*arguments)
    except Exception as error:
        return type(error), error.args


def same(left, right):
    """Tell whether two results are equal in value, type and layout."""
    if isinstance(left, np.ndarray):
        return (
            isinstance(right, np.ndarray)
            and (left.dtype, left.shape, left.strides) == (right.dtype, right.shape, right.strides)
            and left.flags.writeable == right.flags.writeable
            and left.tobytes() == right.tobytes()
        )
    if isinstance(left, tuple):
        return type(left) is type(right) and len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, np.void):
        return type(left) is type(right) and left.dtype == right.dtype and left.tobytes() == right.tobytes()
    if isinstance(left, typed.List):
        return type(left) is type(right) and len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, np.datetime64) and np.isnat(left):
        return left.dtype == right.dtype and np.isnat(right)
    return type(left) is type(right) and bool(left == right)


_FEW = 20  # allocations: threads of a pool hold their tables while they are inside of a kernel


class Balance:
    """A block of many repetitions that leaves nothing allocated, and no reference to some objects."""

    def __init__(self, *objects):
        self._objects = objects

    def _allocated(self):
        held = rtsys.get_allocation_stats()
        return held.alloc - held.free, held.mi_alloc - held.mi_free

    def _references(self):
        return [sys.getrefcount(item) for item in self._objects]

    def __enter__(self):
        _nrt_python.memsys_enable_stats()
        gc.collect()
        self._before = self._allocated(), self._references()

    def __exit__(self, kind, error, trace):
        if error is not None:
            return
        gc.collect()
        allocated, references = self._before
        grown = [now - before for now, before in zip(self._allocated(), allocated, strict=True)]
        assert max(map(abs, grown)) < _FEW, f"{grown} more are allocated"
        assert self._references() == references
