"""Asynchronous generators that nobody goes on with are closed by a task of their own.

Python calls a hook of the thread that began a generator when it finds it forgotten, at any moment
and on any thread. Closing may await, so a task does it, which waits for its turn. Those that are
still held somewhere when all coroutines of an executor that ends are over are closed then.
"""

import sys
from contextlib import suppress
from typing import Any

from zuki.errors import ZukiError
from zuki.lane.coroutines import queue_on
from zuki.lane.lanes import Lanes
from zuki.lane.priority import NORMAL
from zuki.lane.wakers import as_coroutine


class closing_generators:  # noqa: N801  (used as a statement)
    """Let lanes close the generators that are begun in a ``with`` block, on this thread."""

    __slots__ = ("_before", "_lanes")

    def __init__(self, lanes: Lanes) -> None:
        self._lanes = lanes

    def __enter__(self) -> None:
        self._before = sys.get_asyncgen_hooks()
        sys.set_asyncgen_hooks(self._lanes.generators.add, self._close)

    def __exit__(self, *error: object) -> None:
        sys.set_asyncgen_hooks(*self._before)

    def _close(self, generator: Any) -> None:
        self._lanes.generators.discard(generator)
        _close_later(self._lanes, generator)


def close_generators(lanes: Lanes) -> bool:
    """Let all generators be closed that were begun and are not over; return whether there were any.

    No coroutine is left that could begin another one.
    """
    left = [generator for generator in lanes.generators if generator.ag_frame is not None]
    lanes.generators.clear()
    for generator in left:
        _close_later(lanes, generator)
    return bool(left)


def _close_later(lanes: Lanes, generator: Any) -> None:
    closing = as_coroutine(generator.aclose())
    with suppress(ZukiError):  # the executor is gone: nobody can close it
        queue_on(lanes, closing, NORMAL, f"aclose of {generator.__qualname__}")
