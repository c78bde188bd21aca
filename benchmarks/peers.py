"""The Python systems, each running a graph of empty bodies in the way that costs it least.

Every one is a function of a graph and a number of workers that answers a function; calling that runs the
graph once and answers the seconds a task. What is built once for many runs (a task dictionary, lists of
neighbours) is built by the outer call; starting the threads is part of a run, a few ns a task at these sizes,
and leaves none behind.
"""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from benchmarks.graphs import Graph, shortened

try:
    import dask.threaded
    from dask._task_spec import Task, TaskRef
except ImportError:
    dask = None
try:
    import joblib
except ImportError:
    joblib = None

Run = Callable[[], float]


def empty(*_: object) -> None:
    """Do nothing, after whatever the arguments are the results of."""


def dask_threaded(graph: Graph, workers: int) -> Run:
    """Return a run on `dask.threaded.get`.

    The dictionary holds `Task` objects: tuples, the older form, are turned into them by each `get`, at up
    to 30 us a task.
    """
    keys = [f"task-{node}" for node in range(graph.n)]
    before, after = _neighbours(graph)
    tasks = {
        key: Task(key, empty, *(TaskRef(keys[node]) for node in before[i])) for i, key in enumerate(keys)
    }
    sinks = [keys[node] for node in range(graph.n) if not after[node]]

    def run() -> None:
        with ThreadPoolExecutor(workers) as pool:
            dask.threaded.get(tasks, sinks, pool=pool)

    return _timed(run, graph.n)


def thread_pool(graph: Graph, workers: int) -> Run:
    """Return a run on `concurrent.futures.ThreadPoolExecutor`, which knows no dependencies.

    Each task counts down those that wait for it and submits the ones it was the last to hold up: 4-12 us a
    task. The other way, submitting all in order and letting each wait for the futures before it, took 12-22.
    """
    before, after = _neighbours(graph)
    counts = [len(nodes) for nodes in before]

    def run() -> None:
        pending, left = counts.copy(), graph.n
        lock, done = threading.Lock(), threading.Event()

        def task(node: int) -> None:
            nonlocal left
            empty()
            ready = []
            with lock:
                left -= 1
                for waiting in after[node]:
                    pending[waiting] -= 1
                    if not pending[waiting]:
                        ready.append(waiting)
            for waiting in ready:
                pool.submit(task, waiting)
            if not left:
                done.set()

        with ThreadPoolExecutor(workers) as pool:
            for node in range(graph.n):
                if not counts[node]:
                    pool.submit(task, node)
            done.wait()

    return _timed(run, graph.n)


def joblib_threads(graph: Graph, workers: int) -> Run:
    """Return a run on joblib's threads, level by level; with one worker joblib calls in place, no thread.

    A level waits by sleeping 10 ms at a time, so a deep graph is shortened: 10,000 levels would take minutes.
    """
    graph = shortened(graph)
    before, _ = _neighbours(graph)
    level = [0] * graph.n
    for node, nodes in enumerate(before):
        level[node] = 1 + max((level[waited] for waited in nodes), default=-1)
    sizes = [0] * (1 + max(level))
    for at in level:
        sizes[at] += 1

    def run() -> None:
        with joblib.Parallel(n_jobs=workers, backend="threading", batch_size=1) as parallel:
            for size in sizes:
                parallel(joblib.delayed(empty)() for _ in range(size))

    return _timed(run, graph.n)


PEERS: dict[str, Callable[[Graph, int], Run]] = {"ThreadPoolExecutor": thread_pool}
ABSENT: list[str] = []
if joblib is not None:
    PEERS["joblib threads"] = joblib_threads
else:
    ABSENT.append("joblib skipped: it is not in this environment (pip install joblib)")
if dask is not None:
    PEERS["dask.threaded"] = dask_threaded
else:
    ABSENT.append("dask skipped: it is not in this environment (pip install dask)")


def _timed(run: Callable[[], None], tasks: int) -> Run:
    def timed() -> float:
        begin = time.perf_counter()
        run()
        return (time.perf_counter() - begin) / tasks

    return timed


def _neighbours(graph: Graph) -> tuple[list[list[int]], list[list[int]]]:
    """Return the nodes that each node waits for, and those that wait for it."""
    before: list[list[int]] = [[] for _ in range(graph.n)]
    after: list[list[int]] = [[] for _ in range(graph.n)]
    for src, dst in zip(graph.src.tolist(), graph.dst.tolist(), strict=True):
        before[dst].append(src)
        after[src].append(dst)
    return before, after
