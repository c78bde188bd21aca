"""From Python into a pool: one way for all that an executor can run.

Who knows a kind of work says how it is run: `zuki.graph` of graphs, `zuki.spawning` of tasks. So neither the
executor nor a task needs to know of graphs.
"""

from functools import singledispatch
from typing import Any

from zuki.errors import TaskError


@singledispatch
def run_on(work: Any, executor: Any, arguments: tuple[Any, ...], options: dict[str, Any]) -> Any:
    """Run something in a pool to its end, the calling thread helping.

    Parameters
    ----------
    work : Graph, Task or Numba function
        What to run.
    executor : Executor or None
        Where; None for the default one.
    arguments : tuple
        What a task takes.
    options : dict
        Those of `Graph.run` that were given.

    Returns
    -------
    object
        A graph's `Report`, a task's result.
    """
    raise TaskError(
        "what can be run is a graph, a zuki.task, a function that numba.njit has made, or a coroutine, "
        f"not {work!r}"
    )
