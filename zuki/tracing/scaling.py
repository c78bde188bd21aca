"""What more workers would give: predicted from what was measured of one run."""

from collections.abc import Iterable, Sequence
from html import escape

import numpy as np

from zuki.drawing.picture import Picture
from zuki.drawing.words import in_words
from zuki.runtime.config import MOST_THREADS, checked_count
from zuki.tracing.curve import curve_of
from zuki.tracing.simulate import USUAL_WAKE, Simulation
from zuki.tracing.strands import Strands

USUAL = 1, 2, 4, 8, 16, 32, 64  # workers, if nobody says
_GAIN = 1.1  # that twice as many workers have to bring
_NAMED = 3  # tasks on the longest way that are named


class Scaling:
    """What a run would take on other numbers of workers.

    A simulation runs the tasks as a pool would, each for as long as it took when it was measured. What tasks
    do to one another (memory that they share, processors that share a core) it knows only as it was then.

    Parameters
    ----------
    title : str
        What was run.
    workers : tuple of int
        Numbers of workers.
    seconds : tuple of float
        What the run takes on each.
    work, span, burdened_span : float
        Seconds of all tasks together; of the longest way; of the same if each task that could be was stolen.
    steal : float
        Seconds that a theft takes.
    tasks : int
        How many tasks there are.
    on_the_way : tuple of (str, float)
        Names of tasks on the longest way, and which part of it they take.
    """

    def __init__(
        self,
        title: str,
        workers: tuple[int, ...],
        seconds: tuple[float, ...],
        work: float,
        span: float,
        burdened_span: float,
        steal: float,
        tasks: int,
        on_the_way: tuple[tuple[str, float], ...],
    ) -> None:
        self.title, self.workers, self.seconds, self.tasks = title, workers, seconds, tasks
        self.work, self.span, self.burdened_span, self.steal = work, span, burdened_span, steal
        self.on_the_way = on_the_way

    @property
    def speedups(self) -> tuple[float, ...]:
        """How many times faster each number of workers is than one."""
        return tuple(self.work / took if took > 0 else 1.0 for took in self.seconds)

    @property
    def parallelism(self) -> float:
        """Work over span: no number of workers is more times faster than one."""
        return self.work / self.span if self.span > 0 else 1.0

    @property
    def stalls_at(self) -> int | None:
        """The number of workers, of those that were asked for, beyond which it is hardly faster; or None."""
        fast = self.speedups
        for at in range(len(fast) - 1):
            if fast[-1] < _GAIN * fast[at]:
                return self.workers[at]
        return None

    @property
    def reason(self) -> str:
        """Why it is not faster: what stands in the way of more workers."""
        if self.stalls_at is None:
            return f"it goes on growing up to {self.workers[-1]} workers"
        named = ", ".join(f"{name} {100 * share:.0f} %" for name, share in self.on_the_way)
        beyond = f"no more than {self.stalls_at} worker{'s are' if self.stalls_at > 1 else ' is'} of use"
        if max(self.speedups) >= 0.7 * self.parallelism:
            return f"{beyond}: the longest way takes {in_words(self.span)} ({named})"
        if self.steal * self.tasks > 0.3 * self.work:
            took, theft = in_words(self.work / max(self.tasks, 1)), in_words(self.steal)
            return f"{beyond}: a task takes {took}, and to take it from another worker {theft}"
        return f"{beyond}: too few tasks are ready at a time (longest way: {named})"

    def picture(self) -> Picture:
        """Draw the speed-ups over the numbers of workers.

        Returns
        -------
        Picture
            With the bounds that follow from work and span.
        """
        limits = (self.parallelism, self.work / self.burdened_span if self.burdened_span > 0 else 1.0)
        return curve_of(self.title, self.workers, self.speedups, *limits, self.reason)

    def _facts(self) -> list[tuple[str, str]]:
        return [
            ("work", in_words(self.work)),
            ("span", f"{in_words(self.span)}, with thefts {in_words(self.burdened_span)}"),
            ("parallelism", f"{self.parallelism:.1f}"),
            ("theft", in_words(self.steal)),
        ]

    def __str__(self) -> str:
        lines = [f"{self.title}: {self.tasks:,} tasks"]
        lines += [f"  {name:<12}{value}" for name, value in self._facts()]
        lines.append("  workers   seconds  speed-up  efficiency")
        for count, took, fast in zip(self.workers, self.seconds, self.speedups, strict=True):
            lines.append(f"  {count:>7}  {took:>8.4g}  {fast:>8.2f}  {100 * fast / count:>9.0f}%")
        lines.append(f"  {self.reason}")
        return "\n".join(lines)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        facts = "".join(
            f"<tr><th>{escape(name)}</th><td>{escape(value)}</td></tr>" for name, value in self._facts()
        )
        return f"<div>{self.picture()._repr_html_()}<table>{facts}</table></div>"


def scaling_of(strands: Strands, workers: Iterable[int] = USUAL, wake: float | None = None) -> Scaling:
    """Predict what a run takes on other numbers of workers.

    Parameters
    ----------
    strands : Strands
        What was measured.
    workers : iterable of int
        Numbers of workers.
    wake : float, optional
        Seconds until a worker that was woken goes on.

    Returns
    -------
    Scaling
        The prediction.
    """
    counts = _checked_workers(workers)
    simulation = Simulation(strands, USUAL_WAKE if wake is None else wake)
    seconds = tuple(simulation.seconds(count) for count in counts)
    way = simulation.way()
    by_name = np.bincount(strands.names[way], strands.durations[way], minlength=len(strands.titles))
    total = by_name.sum() or 1.0
    named = [
        (strands.titles[name], float(by_name[name] / total))
        for name in np.argsort(-by_name)[:_NAMED].tolist()
        if by_name[name] > 0
    ]
    return Scaling(
        strands.title, counts, seconds, simulation.work, simulation.span, simulation.burdened_span,
        strands.steal, strands.tasks, tuple(named),
    )  # fmt: skip


def _checked_workers(workers: Iterable[int]) -> tuple[int, ...]:
    if isinstance(workers, int):
        workers = [workers]
    counts: Sequence[int] = sorted({checked_count(count, "workers", 1, MOST_THREADS) for count in workers})
    if not counts:
        raise ValueError("workers must name at least one number of workers")
    return tuple(counts)
