"""METG: the smallest average granularity of tasks at which a run still reaches a given efficiency.

granularity = wall time * workers / tasks. efficiency = FLOP/s reached / (peak of one core * workers), where
the peak is measured with the same kernel in tasks so long that nothing else counts, by as many processors at
once as there are workers. The iterations of the
kernel are halved from run to run; the granularity at which the efficiency crosses the threshold is found by
linear interpolation in the efficiency.
"""

from dataclasses import dataclass

from .kernels import flops


@dataclass(frozen=True)
class Measurement:
    """One point of a sweep: so many tasks of so many iterations took so long."""

    iterations: int
    tasks: int
    workers: int
    seconds: float

    @property
    def granularity(self):
        """Seconds that a worker spends for a task, waiting included."""
        return self.seconds * self.workers / self.tasks

    def efficiency(self, peak):
        """Part of the peak reached, where `peak` is the FLOP/s of one core."""
        return flops(self.iterations) * self.tasks / self.seconds / (peak * self.workers)


def sweep(coarsest, finest=1):
    """Iterations from `coarsest` down to `finest`, halving."""
    iterations = []
    while coarsest >= finest:
        iterations.append(coarsest)
        coarsest //= 2
    return iterations


def crossing(measurements, peak, threshold=0.5):
    """Find where a sweep's efficiency falls through a threshold.

    Parameters
    ----------
    measurements : sequence of Measurement
        One for each number of iterations, in any order.
    peak : float
        FLOP/s of one core.
    threshold : float
        The efficiency asked for.

    Returns
    -------
    str
        "" if the crossing lies inside the sweep; ">" if even the coarsest tasks were not efficient enough;
        "<" if the finest were.
    float
        Seconds: the METG, or the bound for it.
    """
    ordered = sorted(measurements, key=lambda measurement: -measurement.iterations)
    efficiencies = [measurement.efficiency(peak) for measurement in ordered]
    if max(efficiencies) >= 1.5:
        raise ValueError("an efficiency of 1.5 or more: the peak was not measured rightly")
    enough = [at for at, efficiency in enumerate(efficiencies) if efficiency >= threshold]
    if not enough:
        return ">", ordered[0].granularity
    best = min(enough, key=lambda at: ordered[at].granularity)
    if best + 1 == len(ordered):
        return "<", ordered[best].granularity
    here, finer = ordered[best].granularity, ordered[best + 1].granularity
    if finer >= here:  # noise: the finer tasks took longer, and there is nothing between the two
        return "", here
    part = (efficiencies[best] - threshold) / (efficiencies[best] - efficiencies[best + 1])
    return "", here + part * (finer - here)
