"""Which configuration suits a program: measured in a few runs, and said why."""

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

from zuki.platform.usable import usable_cpus
from zuki.runtime.config import ExecutorConfig, checked_count
from zuki.runtime.default import set_default_executor
from zuki.runtime.executor import Executor
from zuki.runtime.sizing import MOST_THREADS

_WORTH = 0.95  # of the time that fewer threads take: what more of them have to get below
_BUSY = 0.5  # of a processor for each thread, below which threads mostly wait


@dataclass(frozen=True)
class Measured:
    """What runs with one number of threads have shown.

    Parameters
    ----------
    seconds : tuple of float
        How long each run took.
    processors : float
        Processor time over time: how many processors were busy, on the average.
    tasks, stolen : int
        Jitted bodies and nodes that all workers have run, and how many of them another one had before.
    """

    seconds: tuple[float, ...]
    processors: float
    tasks: int
    stolen: int

    @property
    def median(self) -> float:
        """The median of `seconds`."""
        return statistics.median(self.seconds)


@dataclass(frozen=True)
class Suggestion:
    """What `tune` suggests.

    Parameters
    ----------
    config : ExecutorConfig
        The configuration.
    reasons : tuple of str
        Why, a sentence each.
    measured : dict of int to Measured
        What was measured, by the number of threads.
    """

    config: ExecutorConfig
    reasons: tuple[str, ...]
    measured: Mapping[int, Measured]

    def __str__(self) -> str:
        rows = [
            f"{threads:7} {one.median * 1e3:11.3f} {one.processors:11.2f} {one.tasks:9} {one.stolen:9}"
            for threads, one in self.measured.items()
        ]
        head = f"{'threads':>7} {'ms':>11} {'processors':>11} {'tasks':>9} {'stolen':>9}"
        return "\n".join([f"max_threads={self.config.max_threads}", *self.reasons, "", head, *rows])


def tune(
    fn: Callable[[], Any], *, rounds: int = 3, max_threads: int | None = None, **told: Any
) -> Suggestion:
    """Run a program a few times with more and more threads, and suggest a configuration.

    The program uses the default executor, which is another one for each number of threads: it calls
    `zuki.run`, `Graph.run`, `zuki.parallel_for` and so on without an executor of its own. It is run once
    with each before it is measured.

    Parameters
    ----------
    fn : callable
        The program; called without arguments, and each time it has the same to do.
    rounds : int
        How often it is measured with each number of threads.
    max_threads : int, optional
        With how many at most; default: the processors this process may use.
    **told
        What the configuration says besides, each by the name that it has in `ExecutorConfig`.

    Returns
    -------
    Suggestion
        The configuration, why, and what was measured.

    Raises
    ------
    TypeError, ValueError
        A value is of another type, or out of range.
    BaseException
        What the program raises.

    Examples
    --------
    >>> import zuki
    >>> graph = zuki.Graph()
    >>> for _ in range(8):
    ...     node = graph.add(sum, range(100))
    >>> suggestion = zuki.tune(graph.run, max_threads=1)
    >>> suggestion.config.max_threads
    1
    """
    if not callable(fn):
        raise TypeError(f"zuki.tune: fn must be callable, not a {type(fn).__name__}")
    rounds = checked_count(rounds, "rounds", 1, 10_000)
    most = (
        usable_cpus() if max_threads is None else checked_count(max_threads, "max_threads", 1, MOST_THREADS)
    )
    measured = _measure(fn, rounds, _counts_up_to(most), told)
    threads, reasons = choose(measured)
    return Suggestion(ExecutorConfig(max_threads=threads, **told), reasons, measured)


def choose(measured: Mapping[int, Measured]) -> tuple[int, tuple[str, ...]]:
    """Return the number of threads that suits best, and why; a pure function of what was measured.

    More threads are taken only where they win a twentieth of the time, and more than runs differ.
    """
    counts = sorted(measured)
    chosen, reasons = counts[0], []
    for count in counts[1:]:
        fewer, more = measured[chosen], measured[count]
        if more.median <= _WORTH * fewer.median and min(fewer.seconds) > more.median:
            reasons.append(f"{count} threads take {more.median / fewer.median:.0%} of the time of {chosen}.")
            chosen = count
    for count in counts[counts.index(chosen) + 1 :]:
        ratio = measured[count].median / measured[chosen].median
        reasons.append(f"{count} take {ratio:.0%} of the time of {chosen}: not worth it.")
    best = measured[chosen]
    if not any(one.tasks for one in measured.values()):
        reasons.append("No jitted task ran here: Python bodies run one at a time where there is a lock.")
    if best.processors < _BUSY * chosen:
        reasons.append(
            f"Of {chosen} processors {best.processors:.1f} were busy: the program waits, or does little."
        )
    if len(counts) == 1:
        reasons.append(f"Nothing but {chosen} was tried: there is no more to be had here.")
    return chosen, tuple(reasons)


def _counts_up_to(most: int) -> list[int]:
    """Return the powers of two below a number, and the number."""
    return sorted({1 << power for power in range(most.bit_length())} | {most})


def _measure(
    fn: Callable[[], Any], rounds: int, counts: Sequence[int], told: dict[str, Any]
) -> dict[int, Measured]:
    seconds: dict[int, list[float]] = {count: [] for count in counts}
    busy: dict[int, list[float]] = {count: [] for count in counts}
    ran = {}
    with ExitStack() as opened:
        opened.callback(set_default_executor, set_default_executor(None))
        executors = {
            count: opened.enter_context(Executor(ExecutorConfig(max_threads=count, **told)))
            for count in counts
        }
        for number in range(rounds + 1):  # they take turns, so that all have the same share of what disturbs
            for count, executor in executors.items():
                set_default_executor(executor)
                begun, used = time.perf_counter(), time.process_time()
                fn()
                took = time.perf_counter() - begun
                if number > 0:
                    seconds[count].append(took)
                    busy[count].append((time.process_time() - used) / took if took > 0 else 0.0)
        for count, executor in executors.items():
            tasks, steals = executor._pool.counters()
            ran[count] = sum(tasks), sum(steals)
    return {
        count: Measured(tuple(seconds[count]), statistics.mean(busy[count]), *ran[count]) for count in counts
    }
