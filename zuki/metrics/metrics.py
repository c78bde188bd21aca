"""`Metrics`: what an executor has counted, as one value."""

from dataclasses import dataclass, replace
from typing import Any

from zuki.metrics import shown
from zuki.metrics.counts import Queues, Steals, Tasks, Threads, Worker
from zuki.metrics.histogram import Histogram


@dataclass(frozen=True, slots=True)
class Metrics:
    """What an executor has counted since its pool began, or between two moments.

    Made by `Executor.metrics`; ``later - earlier`` is what was counted between the two. They are read while
    the workers go on: figures of an executor at work are near one another, those of one at rest are exact.

    Parameters
    ----------
    executor : str
        The executor's name.
    begun : float
        When its pool began, by `time.monotonic`.
    moment : float
        When they were read, by the same clock.
    seconds : float
        How long a time they are about.
    tasks : Tasks
        What became of tasks, by their kind.
    python_nodes : int
        Bodies of nodes, among those of ``tasks``, that Python ran.
    steals : Steals
        What workers took from one another.
    overflow : int
        Nodes that did not fit into a deque.
    parks : int
        How often workers have slept.
    wakes : int
        How often a worker has woken another one.
    spurious_wakes : int
        Sleeps from which a worker was woken and found no work.
    contention : int
        Compare-exchanges of the pool's word and of deques that failed, for another thread was faster.
    queues : Queues
        How many tasks wait where.
    threads : Threads
        The pool's threads.
    workers : tuple of Worker
        Each worker, by its row.
    durations : Histogram or None
        How often bodies of nodes, shared spawned tasks, calls and steps of coroutines took how long; of an
        executor that was made with ``measure=True``. Tasks that a task has run meanwhile count for both.
    latencies : Histogram or None
        Of such an executor: how often jitted nodes waited how long for a worker, once they were ready.

    Examples
    --------
    >>> import zuki
    >>> executor = zuki.SingleThreadedExecutor()
    >>> before = executor.metrics()
    >>> future = executor.submit(abs, -7)
    >>> (executor.metrics() - before).tasks.calls.run
    1
    """

    executor: str
    begun: float
    moment: float
    seconds: float
    tasks: Tasks
    python_nodes: int
    steals: Steals
    overflow: int
    parks: int
    wakes: int
    spurious_wakes: int
    contention: int
    queues: Queues
    threads: Threads
    workers: tuple[Worker, ...]
    durations: Histogram | None = None
    latencies: Histogram | None = None

    @property
    def tasks_per_steal(self) -> float:
        """How many tasks a theft brings; 0 if there was none."""
        return self.steals.tasks / self.steals.won if self.steals.won else 0.0

    @property
    def utilisation(self) -> float:
        """The part of all workers' time in which they ran; 0 if none was there."""
        running = sum(worker.running for worker in self.workers)
        there = sum(worker.running + worker.searching + worker.parked for worker in self.workers)
        return running / there if there > 0 else 0.0

    def __sub__(self, earlier: "Metrics") -> "Metrics":
        if not isinstance(earlier, Metrics):
            return NotImplemented
        if (self.executor, self.begun) != (earlier.executor, earlier.begun):
            raise ValueError(
                f"these are metrics of two executors, {self.executor!r} and {earlier.executor!r}, or of "
                "two processes: only those of one have a difference"
            )
        if self.moment < earlier.moment:
            raise ValueError("the metrics that are subtracted are the later ones")
        before = (*earlier.workers, *(Worker(),) * len(self.workers))
        return replace(
            self,
            seconds=self.moment - earlier.moment,
            tasks=self.tasks.since(earlier.tasks),
            python_nodes=self.python_nodes - earlier.python_nodes,
            steals=self.steals.since(earlier.steals),
            overflow=self.overflow - earlier.overflow,
            parks=self.parks - earlier.parks,
            wakes=self.wakes - earlier.wakes,
            spurious_wakes=self.spurious_wakes - earlier.spurious_wakes,
            contention=self.contention - earlier.contention,
            threads=self.threads.since(earlier.threads),
            workers=tuple(now.since(then) for now, then in zip(self.workers, before, strict=False)),
            durations=_between(self.durations, earlier.durations),
            latencies=_between(self.latencies, earlier.latencies),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return all as dictionaries, lists, numbers and strings, as JSON has them.

        Returns
        -------
        dict
            By the names of the fields.
        """
        return {name: _plain(getattr(self, name)) for name in self.__slots__}

    def __str__(self) -> str:
        return shown.as_text(self)

    def _repr_html_(self) -> str:
        return shown.as_html(self)


def _between(later: Histogram | None, earlier: Histogram | None) -> Histogram | None:
    return None if later is None or earlier is None else later - earlier


def _plain(value: Any) -> Any:
    if isinstance(value, Histogram):
        return value.to_dict()
    if hasattr(value, "_asdict"):
        return {name: _plain(held) for name, held in value._asdict().items()}
    return [_plain(held) for held in value] if isinstance(value, tuple) else value
