"""Run a few threads of traced kernels through every interleaving and every readable value.

Steps that commute are taken in one order only, and states that no thread can
tell apart are visited once. `explore` is exhaustive; with ``preemptions`` it is
exhaustive among runs that take a processor from a thread at most so often.

An exhaustive search also finds threads that can go on but never come to an end:
states from which no way leads to a state in which no thread can step.
"""

import gc
from contextlib import contextmanager
from random import Random
from typing import NamedTuple

from . import mount
from .book import BOOK, Searched
from .judge import Judge
from .machine import Machine
from .memory import RaceError
from .trace import BrokenRunError, describe


class Explored(NamedTuple):
    """How much was visited."""

    executions: int
    states: int
    operations: int


class _LongerViewsError(Exception):
    """A cell was met that the views do not know: begin again."""


def walk(machine, random, limit=3000):
    """One random run, to meet what the threads may touch; return its length."""
    state = machine.start()
    for length in range(limit):
        nodes = machine.nodes(state)
        able = machine.able(state, nodes)
        if not able or len(machine.memory.initial) > len(state[1]):
            return length
        try:
            _, state = machine.draw(state, random.choice(able), random)
        except RaceError:
            return length
    return limit


def become_familiar(machine, most=400):
    """Walk at random until the futures of the threads stop growing."""
    random, quiet = Random(1), 0
    for _ in range(most):
        walk(machine, random)
        quiet = 0 if machine.programs.grown else quiet + 1
        if quiet == 12:
            return


def explore(
    threads, check, *, invariant=None, quiescent=None, preemptions=None,
    timeouts=True, spurious=False, limit=2_000_000,
):  # fmt: skip
    """Call ``check(results)`` at the end of each distinct execution.

    Parameters
    ----------
    threads : sequence of generator functions
        The threads; their results are what they return, by place in the sequence.
    check : callable
        ``check(results)`` or ``check(results, memory)``: what is wrong, or a false value.
    invariant : callable, optional
        ``invariant(memory)``: what is wrong with the state after a step, or a false value.
    quiescent : callable, optional
        ``quiescent(results, memory)``: whether the threads without a result may sleep for ever.
    preemptions : int, optional
        How often a run may leave a thread that could go on; default: any number of times.
    timeouts, spurious : bool
        Whether waits may time out; whether they may end for no reason.
    limit : int
        The most states to visit before giving up.

    Returns
    -------
    Explored
        The numbers of distinct ends and of states, and how many steps the longest run took.
    """
    machine = Machine(threads, mount.__file__, timeouts, spurious, exchange=preemptions is None)
    judge = Judge(machine, threads, check, invariant, quiescent)
    become_familiar(machine)
    with no_collections():
        while True:
            try:
                explored = _Search(machine, judge, preemptions, limit).run()
            except _LongerViewsError:
                continue
            if not machine.programs.grown:  # else a future that was relied on has grown: once more
                break
    how = "all runs" if preemptions is None else f"preemptions: {preemptions}"
    BOOK.searched.append(
        Searched(len(threads), explored.operations, explored.states, explored.executions, how)
    )
    return explored


@contextmanager
def no_collections():
    """Keep the garbage collector from looking through millions of tuples: that is a third of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


class _Search:
    """Depth first, each state once."""

    def __init__(self, machine, judge, preemptions, limit):
        self.machine, self.judge, self.preemptions, self.limit = machine, judge, preemptions, limit
        root = machine.settle(machine.start()), None, 0  # state, thread that ran last, preemptions so far
        self.root = root
        # a state's number is its place; it is asked for once, for to hash a state takes long
        self.visited, self.open, self.taken = {root: 0}, {0}, []
        self.first, self.before = [None], [[]]  # how it was first reached; from which states it is
        self.ends, self.operations = [], 0

    def run(self):
        path = [(self.root, 0, iter(self.onward(self.root, 0)))]
        while path:
            here, number, steps = path[-1]
            step = next(steps, None)
            if step is None:
                path.pop()
                self.open.discard(number)
                if path:
                    self.taken.pop()
                continue
            slot, choice, reached, number = step
            self.taken.append((here[0], slot, choice))
            self.open.add(number)
            path.append((reached, number, iter(self.onward(reached, number))))
        # with few preemptions a thread that spins may not be left, which is no fault of its
        if self.preemptions is None and not self.machine.programs.grown:
            self.find_no_endless_run()
        return Explored(len(self.ends), len(self.visited), self.operations)

    def fail(self, problem, *last):
        raise BrokenRunError(
            problem, describe(self.machine, [*self.taken, *last], self.judge.names)
        ) from None

    def find_no_endless_run(self):
        """Go back from the ends: who is not met has no way to any."""
        met, work = bytearray(len(self.first)), list(self.ends)
        while work:
            number = work.pop()
            if not met[number]:
                met[number] = 1
                work += self.before[number]
        lost = met.find(0)
        if lost < 0:
            return
        states = list(self.visited)
        nodes = self.machine.nodes(states[lost][0])
        busy = ", ".join(
            f"{self.judge.names[at]}#{at}" for at, node in enumerate(nodes)
            if self.machine.enabled(node, states[lost][0][0][at][1])
        )  # fmt: skip
        self.taken = []
        while self.first[lost] is not None:
            lost, slot, choice = self.first[lost]
            self.taken.append((states[lost][0], slot, choice))
        self.taken.reverse()
        self.fail(f"no end: {busy} can go on and can never come to an end")

    def onward(self, here, number):
        """Judge a state; return the steps from it to states not seen before, with these and their numbers."""
        machine, state, visited = self.machine, here[0], self.visited
        nodes = machine.nodes(state)
        void = machine.programs.grown  # the views may lack what a thread turned out to ask for: repeat it all
        problem = None if void else self.judge.on_the_way(state, nodes)
        able = machine.able(state, nodes)
        if not able and not problem:
            self.ends.append(number)
            self.operations = max(self.operations, len(self.taken))
            problem = None if void else self.judge.at_the_end(state, nodes)
        if problem:
            self.fail(problem)
        turns = self.turns(here, nodes, able)
        steps = self.steps(here, turns, able)
        if len(turns) < len(able) and any(known in self.open for *_, known in steps):
            steps = self.steps(here, able, able)  # a loop must not keep the others waiting for ever
        fresh = []
        for slot, choice, reached, known in steps:
            if known is None:
                known = visited.setdefault(reached, len(self.first))  # two steps may lead to the same one
            if known == len(self.first):
                self.first.append((number, slot, choice))
                self.before.append([number])
                fresh.append((slot, choice, reached, known))
            else:
                self.before[known].append(number)
        if len(visited) > self.limit:
            raise RuntimeError(f"more than {self.limit} states: make the scenario smaller")
        return fresh

    def turns(self, here, nodes, able):
        """The threads whose next steps are to be tried."""
        state, last, used = here
        if self.preemptions is not None and used >= self.preemptions and last in able:
            return [last]
        if len(able) < 2 or self.judge.invariant is not None:
            return able
        needed = self.machine.needed(state, nodes, able)
        return needed if self.preemptions is None or needed == [last] else able

    def steps(self, here, turns, able):
        machine, (state, last, used) = self.machine, here
        found = []
        for slot in turns:
            try:
                steps = machine.steps(state, slot)
            except RaceError as race:
                if machine.programs.grown:
                    continue
                self.fail(f"race: {race}", (state, slot, None))
            if len(machine.memory.initial) > len(state[1]):
                raise _LongerViewsError
            for choice, _, after in steps:
                turn = (
                    (None, 0) if self.preemptions is None else (slot, used + (last in able and last != slot))
                )
                reached = machine.settle(after), *turn
                found.append((slot, choice, reached, self.visited.get(reached)))
        return found
