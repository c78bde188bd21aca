"""The parts of `zuki.Metrics`: tuples of numbers, each of which knows what a difference of two is."""

from collections.abc import Sequence
from typing import Any, NamedTuple


def minus(later: Any, earlier: Any, *levels: str) -> Any:
    """Return what was counted between two parts; fields that ``levels`` names are those of the later."""
    counted = {
        name: getattr(later, name) - getattr(earlier, name) for name in later._fields if name not in levels
    }
    return later._replace(**counted)


def plus(parts: Sequence[Any], kind: Any) -> Any:
    """Return the sum of parts, field by field."""
    return kind(*(sum(column) for column in zip(*parts, strict=True)))


class TaskCounts(NamedTuple):
    """What became of tasks of one kind.

    When nothing is under way, ``spawned`` is the sum of the others.

    Parameters
    ----------
    spawned : int
        Those that were accepted.
    run : int
        Those that have run and returned.
    failed : int
        Those that have raised an exception.
    cancelled : int
        Those that did not begin, because a run was stopped or what they wait for has failed, and Python
        tasks that were cancelled.
    queued : int
        Those that wait: for their turn, for others, or asleep. Of nodes, and of calls of jitted tasks: those
        that are not reported as done.
    """

    spawned: int = 0
    run: int = 0
    failed: int = 0
    cancelled: int = 0
    queued: int = 0

    @property
    def ended(self) -> int:
        """How many are over, in whatever way."""
        return self.run + self.failed + self.cancelled

    def since(self, earlier: "TaskCounts") -> "TaskCounts":
        """Return what was counted since.

        Parameters
        ----------
        earlier : TaskCounts
            Of the same executor.

        Returns
        -------
        TaskCounts
            Differences, but for ``queued``, which is what it is now.
        """
        made: TaskCounts = minus(self, earlier, "queued")
        return made


class Tasks(NamedTuple):
    """Tasks by their kind.

    Parameters
    ----------
    nodes : TaskCounts
        Nodes of graphs, and tasks that `run` was given.
    spawned : TaskCounts
        What `spawn` and ``parallel_*`` have spawned in jitted code. Those that their spawner keeps to itself,
        for it will run them, count as run.
    detached : TaskCounts
        Tasks that jitted code has detached.
    calls : TaskCounts
        Callables and tasks that `submit` or `map` was given.
    coroutines : TaskCounts
        Coroutines.
    """

    nodes: TaskCounts = TaskCounts()
    spawned: TaskCounts = TaskCounts()
    detached: TaskCounts = TaskCounts()
    calls: TaskCounts = TaskCounts()
    coroutines: TaskCounts = TaskCounts()

    @property
    def total(self) -> TaskCounts:
        """All kinds together."""
        made: TaskCounts = plus(self, TaskCounts)
        return made

    def since(self, earlier: "Tasks") -> "Tasks":
        """Return what was counted since.

        Parameters
        ----------
        earlier : Tasks
            Of the same executor.

        Returns
        -------
        Tasks
            See `TaskCounts.since`.
        """
        return Tasks(*(one.since(other) for one, other in zip(self, earlier, strict=True)))


class Steals(NamedTuple):
    """What workers took from one another.

    Parameters
    ----------
    tried : int
        Looks at another worker.
    won : int
        Those that brought something.
    lost : int
        Those in which a third worker, or the victim, was faster.
    tasks : int
        Tasks that they brought.
    by_victim : tuple of int
        How often each worker was robbed.
    """

    tried: int = 0
    won: int = 0
    lost: int = 0
    tasks: int = 0
    by_victim: tuple[int, ...] = ()

    def since(self, earlier: "Steals") -> "Steals":
        """Return what was counted since.

        Parameters
        ----------
        earlier : Steals
            Of the same executor.

        Returns
        -------
        Steals
            Differences.
        """
        before = (*earlier.by_victim, *(0,) * len(self.by_victim))
        robbed = tuple(now - then for now, then in zip(self.by_victim, before, strict=False))
        made: Steals = minus(self._replace(by_victim=0), earlier._replace(by_victim=0))  # type: ignore[arg-type]
        return made._replace(by_victim=robbed)


class Queues(NamedTuple):
    """How many tasks wait where, when the metrics were taken.

    Parameters
    ----------
    deques : int
        Nodes in workers' deques.
    shared : int
        Spawned tasks that lie where thieves find them.
    overflow : int
        Nodes that did not fit into deques.
    interpreter : int
        Nodes that wait for the interpreter.
    calls : int
        Calls that nobody has begun.
    coroutines : int
        Coroutines that are ready.
    asleep : int
        Coroutines that wait for something.
    """

    deques: int = 0
    shared: int = 0
    overflow: int = 0
    interpreter: int = 0
    calls: int = 0
    coroutines: int = 0
    asleep: int = 0


class Threads(NamedTuple):
    """Threads of the pool; callers that help are not among them.

    Parameters
    ----------
    started : int
        Since the pool began.
    retired : int
        Those that have ended for want of work.
    now : int
        Those that are there.
    """

    started: int = 0
    retired: int = 0
    now: int = 0

    def since(self, earlier: "Threads") -> "Threads":
        """Return what was counted since.

        Parameters
        ----------
        earlier : Threads
            Of the same executor.

        Returns
        -------
        Threads
            Differences, but for ``now``.
        """
        made: Threads = minus(self, earlier, "now")
        return made


class Worker(NamedTuple):
    """One worker: a thread of the pool, or the place of a caller that helps.

    Parameters
    ----------
    tasks : int
        Bodies it has run, Python calls and coroutines apart.
    steals : int
        Its thefts that brought something.
    parks, wakes : int
        How often it has slept; how often it has woken another worker.
    running, searching, parked : float
        Seconds that it ran tasks or Python, looked for work, and slept.
    queued : int
        Tasks in its deques.
    """

    tasks: int = 0
    steals: int = 0
    parks: int = 0
    wakes: int = 0
    running: float = 0.0
    searching: float = 0.0
    parked: float = 0.0
    queued: int = 0

    @property
    def utilisation(self) -> float:
        """The part of its time that it ran; 0 if it was never there."""
        there = self.running + self.searching + self.parked
        return self.running / there if there > 0 else 0.0

    def since(self, earlier: "Worker") -> "Worker":
        """Return what was counted since.

        Parameters
        ----------
        earlier : Worker
            The same one.

        Returns
        -------
        Worker
            Differences, but for ``queued``.
        """
        made: Worker = minus(self, earlier, "queued")
        return made
