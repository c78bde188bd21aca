"""Run a few threads of traced kernels through random schedules, where all of them would be too many."""

from random import Random

from . import mount
from .book import BOOK, Searched
from .explore import no_collections, walk
from .judge import Judge
from .machine import Machine
from .memory import RaceError
from .trace import BrokenRunError, describe


def pct(
    threads, check, *, seed=0, depth=3, runs=1000, steps=2000, quiescent=None, timeouts=True, spurious=False
):  # fmt: skip
    """Run random schedules: priorities with ``depth - 1`` changes, after Burckhardt et al. (ASPLOS 2010).

    A thread that goes on for longer than whole runs take waits for another one: it becomes the last.

    Parameters
    ----------
    threads, check, quiescent, timeouts, spurious
        As of `explore`.
    seed : int
        What the schedules are drawn from; a failure tells the seed that repeats it alone, with ``runs=1``.
    depth : int
        How many ordering constraints a fault may need to be met with the probability of the paper.
    runs : int
        How many schedules.
    steps : int
        The most steps of a run; one that has not come to an end by then is a failure.

    Returns
    -------
    int
        How many of the runs came to an end.
    """
    machine = Machine(threads, mount.__file__, timeouts, spurious, exchange=False, alike=False)
    judge = Judge(machine, threads, check, None, quiescent)
    with no_collections():
        longest = max(_length(machine, Random(run), steps) for run in range(8))
        ended, lengths = 0, []
        for run in range(seed, seed + runs):
            drawn = None
            while drawn is None:  # it has met a cell that it did not know: the same again
                drawn = _draw(machine, judge, Random(run), depth, longest, steps, f"seed={run}")
            came_to_its_end, length = drawn
            if not came_to_its_end and not spurious:  # else threads may go on waking for no reason
                raise BrokenRunError(f"no end within {steps} steps", [], f"seed={run}")
            ended += came_to_its_end
            lengths.append(length)
    BOOK.searched.append(
        Searched(len(threads), max(lengths, default=0), sum(lengths), ended, f"random: {runs}")
    )
    return ended


def _length(machine, random, most):
    """How many steps a random walk takes; a cell that it is the first to meet makes it begin again."""
    while True:
        before = len(machine.memory.initial)
        length = walk(machine, random, most)
        if len(machine.memory.initial) == before:
            return length


def _draw(machine, judge, random, depth, longest, most, note):
    """One random run: whether it came to its end, and its steps; None if the views have to grow for it."""
    state, taken = machine.start(), []
    priority = [depth + place for place in range(len(state[0]))]
    random.shuffle(priority)
    changes = {random.randrange(longest + 1): below for below in range(1, depth)}
    last, alone = None, 0  # who went on, and for how many steps
    while True:
        nodes = machine.nodes(state)
        problem = judge.on_the_way(state, nodes)
        able = machine.able(state, nodes)
        if not able and not problem:
            problem = judge.at_the_end(state, nodes)
        if problem:
            raise BrokenRunError(problem, describe(machine, taken, judge.names), note)
        if not able or len(taken) == most:
            return not able, len(taken)
        slot = max(able, key=priority.__getitem__)
        if len(taken) in changes:
            priority[slot] = changes[len(taken)]
            slot = max(able, key=priority.__getitem__)
        alone = alone + 1 if slot == last else 0
        last = slot
        if alone > longest and len(able) > 1:
            priority[slot], alone = min(priority) - 1, 0
            continue
        try:
            choice, after = machine.draw(state, slot, random)
        except RaceError as race:
            lines = describe(machine, [*taken, (state, slot, None)], judge.names)
            raise BrokenRunError(f"race: {race}", lines, note) from None
        if len(machine.memory.initial) > len(state[1]):
            return None
        taken.append((state, slot, choice))
        state = after
