"""What a notebook shows of an executor. Nobody is stopped, and nothing is waited for."""

from typing import TYPE_CHECKING

from zuki.drawing.tables import table
from zuki.drawing.words import counted

if TYPE_CHECKING:
    from zuki.runtime.executor import Executor


def html_of(executor: "Executor") -> str:
    """Return a small table: what an executor was told, and what it is at.

    Parameters
    ----------
    executor : Executor
        What to show.

    Returns
    -------
    str
        HTML.
    """
    pool, told = executor._pool, executor.config
    alive = sum(thread.is_alive() for thread in pool.workers.threads())
    keep = "for ever" if told.keep_alive is None else f"for {told.keep_alive:g} s"
    rows = [
        ("threads", f"up to {told.max_threads:,}, {alive:,} there now"),
        (
            "idle threads stay",
            f"{keep}; the last {told.min_threads:,} for ever" if told.min_threads else keep,
        ),
        ("runs", f"{len(pool.active):,} under way"),
    ]
    lanes = pool.lanes
    if lanes is not None:
        ready = len(lanes.pending), sum(map(len, lanes.coroutines.ready))
        waits = ", ".join(counted(*each) for each in zip(ready, ("call", "coroutine"), strict=True))
        rows.append(("Python", f"{waits} ready to run"))
    if pool.is_closed:
        rows.append(("state", "shut down"))
    return table(f"zuki.{type(executor).__name__} {told.name!r}", rows)
