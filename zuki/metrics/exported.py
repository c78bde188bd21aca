"""Metrics as named numbers with labels, as systems that watch programs take them."""

from collections.abc import Iterator
from typing import NamedTuple

from zuki.metrics.histogram import Histogram
from zuki.metrics.metrics import Metrics

COUNTER, GAUGE = "counter", "gauge"


class Sample(NamedTuple):
    """One number.

    Parameters
    ----------
    name : str
        What it is called, without a unit's or a counter's ending.
    kind : str
        COUNTER for what only grows, else GAUGE.
    about : str
        What it is, in words.
    labels : dict of str to str
        What tells it from others of its name; each of a name has the same labels.
    value : float
        The number.
    """

    name: str
    kind: str
    about: str
    labels: dict[str, str]
    value: float


def samples_of(metrics: Metrics) -> Iterator[Sample]:
    """Yield all numbers of metrics, those of one name together.

    Parameters
    ----------
    metrics : Metrics
        As an executor has made it, not a difference.

    Yields
    ------
    Sample
        Each with the executor's name among its labels.
    """
    executor = {"executor": metrics.executor}
    kinds = metrics.tasks._asdict().items()
    for kind, counts in kinds:
        labels = {**executor, "kind": kind}
        yield Sample("zuki_tasks_spawned", COUNTER, "Tasks that were accepted", labels, counts.spawned)
    for kind, counts in kinds:
        for outcome in ("run", "failed", "cancelled"):
            labels = {**executor, "kind": kind, "outcome": outcome}
            yield Sample("zuki_tasks_ended", COUNTER, "Tasks that are over", labels, getattr(counts, outcome))
    for kind, counts in kinds:
        labels = {**executor, "kind": kind}
        yield Sample("zuki_tasks_queued", GAUGE, "Tasks that wait", labels, counts.queued)
    for outcome in ("tried", "won", "lost"):
        labels, value = {**executor, "outcome": outcome}, getattr(metrics.steals, outcome)
        yield Sample("zuki_steals", COUNTER, "Looks at other workers, and what came of them", labels, value)
    for victim, robbed in enumerate(metrics.steals.by_victim):
        labels = {**executor, "worker": str(victim)}
        yield Sample("zuki_thefts", COUNTER, "How often a worker was robbed", labels, robbed)
    for name, about in _PLAIN.items():
        yield Sample(f"zuki_{name}", COUNTER, about, executor, getattr(metrics, name))
    for place, waiting in metrics.queues._asdict().items():
        labels = {**executor, "place": place}
        yield Sample("zuki_waiting", GAUGE, "Tasks that wait, by the place", labels, waiting)
    threads = metrics.threads
    yield Sample("zuki_threads_started", COUNTER, "Threads of the pool", executor, threads.started)
    yield Sample(
        "zuki_threads_retired", COUNTER, "Threads that ended for want of work", executor, threads.retired
    )
    yield Sample("zuki_threads", GAUGE, "Threads that are there", executor, threads.now)
    for row, worker in enumerate(metrics.workers):
        for activity in ("running", "searching", "parked"):
            labels = {**executor, "worker": str(row), "activity": activity}
            about = "Seconds that a worker was at something"
            yield Sample("zuki_worker_seconds", COUNTER, about, labels, getattr(worker, activity))
    for row, worker in enumerate(metrics.workers):
        labels = {**executor, "worker": str(row)}
        yield Sample("zuki_worker_tasks", COUNTER, "Bodies that a worker has run", labels, worker.tasks)

    for name, (times, about) in _times(metrics).items():
        yield Sample(f"zuki_{name}_counted", COUNTER, f"{about}: how many", executor, times.count)
        yield Sample(f"zuki_{name}_seconds", COUNTER, f"{about}: all together", executor, times.total)
        for percent in _PERCENTILES:
            labels, value = {**executor, "quantile": f"{percent / 100:g}"}, times.percentile(percent)
            yield Sample(f"zuki_{name}_quantile_seconds", GAUGE, f"{about}: percentiles", labels, value)


def _times(metrics: Metrics) -> dict[str, tuple[Histogram, str]]:
    """Return what an executor has measured that was made to."""
    known = {
        "task_duration": (metrics.durations, "What tasks take"),
        "node_latency": (metrics.latencies, "What nodes wait for a worker"),
    }
    return {name: (times, about) for name, (times, about) in known.items() if times is not None}


_PERCENTILES = 50, 95, 99
_PLAIN = {
    "overflow": "Nodes that did not fit into a deque",
    "parks": "Sleeps of workers",
    "wakes": "Workers that were woken by others",
    "spurious_wakes": "Sleeps from which a worker was woken for nothing",
    "contention": "Compare-exchanges that failed",
}
