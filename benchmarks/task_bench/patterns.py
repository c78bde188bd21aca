"""Which points exist at each timestep, and which points of the step before they wait for.

A graph of Task Bench is a grid of timesteps and points. A point waits only for points of the timestep before
its own. What it waits for is a list of inclusive intervals that depends on the point and on the *dependence
set* of its timestep, of which there are few: one for most patterns, several for those that change from step
to step. Intervals may reach outside the step before; whoever uses them clips them to the points of that step.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

PATTERNS = (
    "trivial",
    "no_comm",
    "stencil_1d",
    "stencil_1d_periodic",
    "dom",
    "tree",
    "fft",
    "all_to_all",
    "nearest",
    "spread",
    "random_nearest",
)
_MASK = (1 << 64) - 1


def hash_of(*numbers):
    """Mix integers into 64 bits, the same on every machine (with the finaliser of SplitMix64)."""
    mixed = 0
    for number in numbers:
        mixed = (mixed + (int(number) & _MASK) + 0x9E3779B97F4A7C15) & _MASK
        mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & _MASK
        mixed ^= mixed >> 31
    return mixed


@dataclass(frozen=True)
class Grid:
    """One graph: a pattern over `width` points and `steps` timesteps.

    Parameters
    ----------
    pattern : str
        One of `PATTERNS`.
    width : int
        Points of the widest timestep.
    steps : int
        Timesteps.
    radix : int
        Dependencies of a point in the patterns that can choose: nearest, spread, random_nearest.
    period : int
        Dependence sets of spread and random_nearest; the sets follow each other in turn.
    fraction : float
        Part of its neighbours that a point of random_nearest waits for, beside itself.
    """

    pattern: str
    width: int
    steps: int
    radix: int = 3
    period: int = 3
    fraction: float = 0.25

    def __post_init__(self):
        if self.pattern not in PATTERNS:
            raise ValueError(f"unknown pattern {self.pattern!r}; choose from {', '.join(PATTERNS)}")
        if self.width < 1 or self.steps < 1 or self.period < 1 or self.radix < 0:
            raise ValueError("width, steps and period must be at least 1, and radix at least 0")
        if self.pattern == "stencil_1d_periodic" and self.width < 3:
            raise ValueError("stencil_1d_periodic needs width 3: narrower rings meet a neighbour twice")
        if self.pattern == "spread" and self.radix and self.period > -(-self.width // self.radix):
            raise ValueError("spread needs period <= width / radix, rounded up, or a dependency comes twice")

    @cached_property
    def offsets(self):
        """First point of each timestep; int64 array of shape (steps,)."""
        step = np.arange(self.steps)
        return np.maximum(0, step + self.width - self.steps) if self.pattern == "dom" else 0 * step

    @cached_property
    def widths(self):
        """Points of each timestep; int64 array of shape (steps,)."""
        step = np.arange(self.steps)
        if self.pattern == "dom":
            return np.minimum(self.width, np.minimum(step + 1, self.steps - step))
        if self.pattern == "tree":
            return np.minimum(self.width, 1 << np.minimum(step, 62))
        return np.full(self.steps, self.width)

    @cached_property
    def starts(self):
        """Number of the first node of each timestep, and of all nodes; they are numbered step by step."""
        return np.concatenate([[0], np.cumsum(self.widths)])

    @property
    def tasks(self):
        return int(self.starts[-1])

    @cached_property
    def nodes(self):
        """Timestep and point of each node: two int64 arrays of shape (tasks,)."""
        step = np.repeat(np.arange(self.steps), self.widths)
        return step, np.arange(self.tasks) - self.starts[step] + self.offsets[step]

    @property
    def dependence_sets(self):
        if self.pattern == "fft":
            return max(1, (self.width - 1).bit_length())
        return self.period if self.pattern in ("spread", "random_nearest") else 1

    def dependence_set(self, step):
        """Number of the dependence set of a timestep, or of an array of timesteps."""
        sets = self.dependence_sets
        return (step + sets - 1) % sets if self.pattern == "fft" else step % sets

    def dependencies(self, dependence_set, point):
        """Inclusive intervals of the points that `point` waits for, not clipped to those of a timestep."""
        last = self.width - 1
        match self.pattern:
            case "trivial":
                return []
            case "no_comm":
                return [(point, point)]
            case "stencil_1d":
                return [(max(0, point - 1), min(last, point + 1))]
            case "stencil_1d_periodic":
                return self._ring_interval(point)
            case "dom":
                return [(max(0, point - 1), point)]
            case "tree":
                return [(point // 2, point // 2)]
            case "fft":
                return self._butterfly(dependence_set, point)
            case "all_to_all":
                return [(0, last)]
            case "nearest":
                below, above = self.radix // 2, (self.radix - 1) // 2
                return [(max(0, point - below), min(last, point + above))] if self.radix else []
            case "spread":
                hops = (self._hop(dependence_set, k) for k in range(self.radix))
                return [(to, to) for to in ((point + hop) % self.width for hop in hops)]
            case "random_nearest":
                below, above = self.radix // 2, (self.radix - 1) // 2
                window = range(max(0, point - below), min(last, point + above) + 1) if self.radix else []
                return _runs(other for other in window if self._chosen(dependence_set, other, point))

    def reverse_dependencies(self, dependence_set, point):
        """Inclusive intervals of the points that wait for `point`; `dependence_set` is their step's."""
        last = self.width - 1
        match self.pattern:
            case "dom":
                return [(point, min(last, point + 1))]
            case "tree":
                return [(2 * point, min(last, 2 * point + 1))] if 2 * point <= last else []
            case "nearest":
                below, above = (self.radix - 1) // 2, self.radix // 2
                return [(max(0, point - below), min(last, point + above))] if self.radix else []
            case "spread":
                hops = (self._hop(dependence_set, k) for k in range(self.radix))
                return [(to, to) for to in ((point - hop) % self.width for hop in hops)]
            case "random_nearest":
                below, above = (self.radix - 1) // 2, self.radix // 2
                window = range(max(0, point - below), min(last, point + above) + 1) if self.radix else []
                return _runs(other for other in window if self._chosen(dependence_set, point, other))
        return self.dependencies(dependence_set, point)  # the other patterns are symmetric

    def clipped(self, step, point):
        """Inclusive intervals of the points that `point` waits for in the step before; none in the first."""
        if step == 0:
            return []
        first = int(self.offsets[step - 1])
        last = first + int(self.widths[step - 1]) - 1
        intervals = self.dependencies(self.dependence_set(step), point)
        inside = [(max(low, first), min(high, last)) for low, high in intervals]
        return [(low, high) for low, high in inside if low <= high]

    def edges(self):
        """All edges, as numbers of nodes: two int64 arrays, one of sources and one of destinations."""
        sources, destinations = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
        later = np.arange(1, self.steps)
        for dependence_set in range(self.dependence_sets):
            pairs = [
                (dependency, point)
                for point in range(self.width)
                for low, high in self.dependencies(dependence_set, point)
                for dependency in range(low, high + 1)
            ]
            dependency, point = np.array(pairs, np.int64).reshape(-1, 2).T
            step = later[self.dependence_set(later) == dependence_set][:, None]
            source, destination = dependency - self.offsets[step - 1], point - self.offsets[step]
            exists = (source >= 0) & (source < self.widths[step - 1])
            exists &= (destination >= 0) & (destination < self.widths[step])
            sources.append((self.starts[step - 1] + source)[exists])
            destinations.append((self.starts[step] + destination)[exists])
        return np.concatenate(sources), np.concatenate(destinations)

    def _ring_interval(self, point):
        last = self.width - 1
        if point == 0:
            return [(0, 1), (last, last)] if last > 2 else [(0, last)]
        if point == last:
            return [(0, 0), (last - 1, last)] if last > 2 else [(0, last)]
        return [(point - 1, point + 1)]

    def _butterfly(self, dependence_set, point):
        distance = 1 << dependence_set
        partners = (point - distance, point, point + distance)
        return [(partner, partner) for partner in partners if 0 <= partner < self.width]

    def _hop(self, dependence_set, k):
        return k * self.width // self.radix + (dependence_set if k else 0)

    def _chosen(self, dependence_set, source, destination):
        draw = hash_of(self.radix, dependence_set, source, destination) / 2.0**64
        return source == destination or draw < self.fraction


def _runs(points):
    """Inclusive intervals that cover rising `points` and nothing else."""
    intervals = []
    for point in points:
        if intervals and intervals[-1][1] == point - 1:
            intervals[-1] = (intervals[-1][0], point)
        else:
            intervals.append((point, point))
    return intervals
