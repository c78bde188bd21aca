"""A schedule that never was: strands on as many workers as one likes, by the pool's own rules.

A worker goes on with the last of the strands that it has made ready, keeps the others in its deque, takes
the newest of those first, and the oldest of another worker's if it has none. A worker that finds nothing
goes on looking for a while before it sleeps; sleepers are woken one after another, and only while nobody
looks. What thefts and wake-ups cost was measured.
"""

import numpy as np
from numba import njit

from zuki.tracing.longest import longest_ways, successors_of
from zuki.tracing.strands import Strands

LINGER = 150e-6  # seconds for which a worker looks on before it sleeps, as in `zuki_kernels.turn`
USUAL_WAKE = 50e-6  # seconds until a worker that was woken goes on, where that was not measured
_IDLE, _COMES, _WAKES = -1, -2, -3  # what a worker does that runs no strand


@njit(cache=True, nogil=True)
def _push(older, newer, bottom, top, worker, strand):
    """Put a strand into a worker's deque."""
    older[strand], newer[strand] = bottom[worker], -1
    if bottom[worker] >= 0:
        newer[bottom[worker]] = strand
    else:
        top[worker] = strand
    bottom[worker] = strand


@njit(cache=True, nogil=True)
def _pop(older, newer, bottom, top, worker):
    """Take the newest strand out of a worker's deque; return it, or -1."""
    strand = bottom[worker]
    if strand >= 0:
        bottom[worker] = older[strand]
        if bottom[worker] < 0:
            top[worker] = -1
        else:
            newer[bottom[worker]] = -1
    return strand


@njit(cache=True, nogil=True)
def _steal(older, newer, bottom, top, worker, cursor):
    """Take the oldest strand of another worker, who comes after the last one that was robbed; or -1."""
    workers = len(bottom)
    for step in range(workers):
        victim = (cursor[worker] + step) % workers
        strand = top[victim]
        if strand >= 0:
            top[victim] = newer[strand]
            if top[victim] < 0:
                bottom[victim] = -1
            else:
                older[top[victim]] = -1
            cursor[worker] = victim
            return strand
    return -1


@njit(cache=True, nogil=True)
def _send(state, until, idle_since, now, steal, wake, linger):
    """Let a worker come that looks for work, or else wake one; return whether anybody comes."""
    sleeper, is_anyone_woken = -1, False
    for worker in range(len(state)):
        if state[worker] == _IDLE:
            if now - idle_since[worker] <= linger:
                state[worker], until[worker] = _COMES, now + steal
                return True
            if sleeper < 0:
                sleeper = worker
        elif state[worker] == _WAKES:
            is_anyone_woken = True
    if sleeper < 0 or is_anyone_woken:
        return False
    state[sleeper], until[sleeper] = _WAKES, now + wake
    return True


@njit(cache=True, nogil=True)
def simulate(first, successors, waits_for, durations, roots, workers, steal, wake, linger):
    """Run strands on some workers.

    Parameters
    ----------
    first, successors, waits_for : ndarray
        From `successors_of`.
    durations : ndarray of float64
        Seconds of each.
    roots : ndarray of int64
        Strands that wait for nobody, in the order in which they are taken.
    workers : int
        How many workers; all but the first are asleep at the begin.
    steal, wake, linger : float
        Seconds: of a theft; until who is woken comes; until who finds nothing sleeps.

    Returns
    -------
    seconds : float
        How long it takes.
    done : int
        How many strands have run: all, if no strands wait for one another.
    """
    count = len(durations)
    left, older, newer = waits_for.copy(), np.full(count, -1), np.full(count, -1)
    bottom, top, cursor = np.full(workers, -1), np.full(workers, -1), np.arange(workers)
    state, until = np.full(workers, _IDLE), np.zeros(workers)
    idle_since = np.full(workers, -2 * linger - 1)
    state[0] = _COMES
    next_root, now, done, ready, coming = 0, 0.0, 0, 0, 1
    while True:
        worker = -1
        for other in range(workers):
            if state[other] != _IDLE and (worker < 0 or until[other] < until[worker]):
                worker = other
        if worker < 0:
            return now, done
        now, following = until[worker], -1
        if state[worker] >= 0:  # a strand has ended
            strand = state[worker]
            done += 1
            for edge in range(first[strand], first[strand + 1]):
                successor = successors[edge]
                left[successor] -= 1
                if left[successor] == 0:
                    if following >= 0:
                        _push(older, newer, bottom, top, worker, following)
                        ready += 1
                    following = successor
            if following < 0:
                following = _pop(older, newer, bottom, top, worker)
                ready -= following >= 0
        else:
            coming -= 1
        if following < 0 and next_root < len(roots):
            following = roots[next_root]
            next_root += 1
        if following < 0 and state[worker] < 0:
            following = _steal(older, newer, bottom, top, worker, cursor)
            ready -= following >= 0
        if following >= 0:
            state[worker], until[worker] = following, now + durations[following]
        else:
            idle_since[worker], state[worker] = now, _IDLE
        while coming < ready + len(roots) - next_root and _send(
            state, until, idle_since, now, steal, wake, linger
        ):
            coming += 1


class Simulation:
    """Strands that can be run on any number of workers.

    Parameters
    ----------
    strands : Strands
        What is run.
    wake : float
        Seconds until a worker that was woken goes on.
    """

    def __init__(self, strands: Strands, wake: float = USUAL_WAKE) -> None:
        self.strands, self.wake = strands, wake
        count = len(strands.durations)
        self._edges = successors_of(strands.sources, strands.targets, count)
        self._ways, self._following = longest_ways(*self._edges, strands.durations)
        roots = np.flatnonzero(self._edges[2] == 0)
        self._roots = roots[np.argsort(-self._ways[roots], kind="stable")]

    @property
    def work(self) -> float:
        """Seconds of all strands together."""
        return float(self.strands.durations.sum())

    @property
    def span(self) -> float:
        """Seconds of the longest way."""
        return float(self._ways.max(initial=0.0))

    @property
    def burdened_span(self) -> float:
        """Seconds of the longest way if each strand on it that another worker could take was stolen."""
        first, successors, _ = self._edges
        degree = np.diff(first)
        burden = np.zeros(len(degree))
        burden[successors[np.repeat(degree > 1, degree)]] = self.strands.steal
        ways, _ = longest_ways(*self._edges, self.strands.durations + burden)
        return float(ways.max(initial=0.0))

    def way(self) -> np.ndarray:
        """Return the strands on the longest way."""
        if not len(self._ways):
            return np.zeros(0, np.int64)
        found = [int(self._ways.argmax())]
        while self._following[found[-1]] >= 0:
            found.append(int(self._following[found[-1]]))
        return np.array(found)

    def seconds(self, workers: int) -> float:
        """Return how long the strands take on so many workers."""
        costs = self.strands.steal, self.wake, LINGER
        took, done = simulate(*self._edges, self.strands.durations, self._roots, workers, *costs)
        assert done == len(self.strands.durations), "strands wait for one another in a circle"
        return float(took)
