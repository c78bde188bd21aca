"""What threads saw of deques and buffers can be explained, one operation after another."""

import pytest

from tests.kernels.runs_of import Plan, Running
from zuki.runtime.tables import make_table
from zuki_kernels import buffer, deque, stealing_buffer
from zuki_kernels._jit import kernel
from zuki_kernels.atomics import load_relaxed
from zuki_kernels.buffer import HEAD, TAIL

from .linearisable import NotLinearisableError, linearise
from .recording import TIMES, begin, check_rounds, draw, meet, note, record, write

EMPTY, LOST, FULL, OVERFLOWED = deque.EMPTY, deque.LOST, deque.FULL, stealing_buffer.OVERFLOWED
QUEUE = 2  # row

# ---- deque and buffer: rings that one owns and others rob -----------------------------------------

RING_NAMES = "push", "pop", "steal"
PUSH, POP, STEAL = range(3)
CAPACITY = 4


def ring(takes_newest):
    """A bounded deque, or a bounded queue: its state is a tuple, the oldest first."""

    def model(state, operation):
        answer = operation.answer[0]
        if operation.name == "push":
            room = len(state) < CAPACITY
            return (
                (*state, answer)
                if room and answer != FULL
                else state
                if answer == FULL and not room
                else None
            )
        if answer == EMPTY or not state:
            return state if answer == EMPTY and not state else None
        if operation.name == "pop" and takes_newest:
            return state[:-1] if state[-1] == answer else None
        return state[1:] if state[0] == answer else None

    return model


def loops_of(module):
    """The owner's and a thief's loop on a ring of this module."""
    add, take, rob = module.push, module.pop, module.steal

    @kernel
    def own(gate, threads, table, rings, log, seed, times):
        state, at = seed, 0
        meet(gate, threads)
        for task in range(times):
            state = draw(state)
            begun = begin()
            if state >> 16 & 1:
                at = write(log, at, begun, PUSH, task, add(table, rings, 0, task))
            else:
                at = write(log, at, begun, POP, 0, take(table, rings, 0))
        return at

    @kernel
    def robber(gate, threads, table, rings, log, times):
        at = 0
        meet(gate, threads)
        for _ in range(times):
            begun = begin()
            task = rob(table, rings, 0)
            if task != LOST:
                at = write(log, at, begun, STEAL, 0, task)
        return at

    return own, robber


RINGS = {"deque": (loops_of(deque), ring(True)), "buffer": (loops_of(buffer), ring(False))}


def ring_history(name, seed, thieves=2, times=TIMES):
    own, robber = RINGS[name][0]
    table, rings, threads = make_table(1, 32), make_table(1, CAPACITY), thieves + 1
    return record(
        RING_NAMES,
        times,
        lambda gate, log: own(gate, threads, table, rings, log, seed + 1, times),
        *[lambda gate, log: robber(gate, threads, table, rings, log, times)] * thieves,
    )


@pytest.mark.parametrize("name", RINGS)
def test_a_ring(name):
    check_rounds(lambda seed: [(ring_history(name, seed, 1 + seed % 3), RINGS[name][1], ())])


@pytest.mark.parametrize(("name", "other"), [("deque", "buffer"), ("buffer", "deque")])
def test_a_ring_is_not_taken_for_another(name, other):
    alone = ring_history(name, 7, thieves=0)
    linearise(alone, RINGS[name][1], ())
    with pytest.raises(NotLinearisableError):
        linearise(alone, RINGS[other][1], ())


# ---- workers with stealing buffers: each ring by itself, and what is in the queue ------------------

WORKER_NAMES = "push", "pop", "steal", "consume"
CONSUME = 3


@kernel
def work(gate, workers, buffers, rings, queues, runs, me, log, seed, first, times):
    """Push, pop, steal and consume at random; note which tasks one's own ring got, or lost to the queue."""
    state, at, task = seed, 0, first
    meet(gate, workers)
    for _ in range(times):
        state = draw(state)
        choice = state >> 16 & 7
        tail = load_relaxed(buffers, me, TAIL)
        begun = begin()
        if choice < 4:
            answer = stealing_buffer.push(buffers, rings, queues, QUEUE, runs, me, task)
            at = write(log, at, begun, PUSH, task, answer)
            if answer == OVERFLOWED:
                for index in range(tail - CAPACITY, tail - CAPACITY // 2):
                    note(log, at, rings[me, index & CAPACITY - 1])
            task += 1
        elif choice == 4:
            at = write(log, at, begun, POP, 0, buffer.pop(buffers, rings, me))
        elif choice == 5:
            answer = stealing_buffer.consume(queues, QUEUE, buffers, rings, runs, me)
            if answer != LOST:
                at = write(log, at, begun, CONSUME, 0, answer)
        else:
            victim = (me + 1 + (state >> 20) % (workers - 1)) % workers
            answer = stealing_buffer.steal(buffers, rings, me, victim)
            if answer != LOST:
                at = write(log, at, begun, STEAL, victim, answer)
        if choice > 4:
            for index in range(tail, load_relaxed(buffers, me, TAIL)):
                note(log, at, rings[me, index & CAPACITY - 1])
    return at


def of_ring(worker):
    """What operations do to the ring of a worker, whose state is a tuple, the oldest first."""

    def model(state, operation):
        answer, values = operation.answer
        if operation.thread != worker:  # a thief
            taken = (answer, *values) if answer != EMPTY else ()
            fits = len(taken) <= (len(state) + 1) // 2 and bool(taken) == bool(state)
            return state[len(taken) :] if fits and state[: len(taken)] == taken else None
        if operation.name == "pop":
            taken = (answer,) if answer != EMPTY else ()
            return state[1:] if state[:1] == taken else None
        if operation.name == "push" and answer == OVERFLOWED:
            moved = CAPACITY // 2
            return state[moved:] if len(state) == CAPACITY and state[:moved] == values else None
        state += (answer,) if operation.name == "push" else values
        return state if len(state) <= CAPACITY else None

    return model


def of_bag(state, operation):
    """What operations do to the queue, of which a consumer may take any tasks: its state is a set."""
    answer, values = operation.answer
    if operation.name == "push":
        return state | {operation.given, *values}
    if answer == EMPTY:
        return None if state else state
    return state - {answer, *values} if {answer, *values} <= state else None


def worker_parts(seed, workers=3, times=TIMES):
    running = Running(Plan(workers * times))
    buffers, rings = make_table(workers, buffer.BUFFER_FIELDS), make_table(workers, CAPACITY)

    def loop(me):
        return lambda gate, log: work(
            gate,
            workers,
            buffers,
            rings,
            running.queues,
            running.runs,
            me,
            log,
            seed * 8 + me,
            me * times,
            times,
        )

    history = record(WORKER_NAMES, times, *map(loop, range(workers)))
    for worker in range(workers):
        touching = [
            one for one in history if one.thread == worker or (one.name == "steal" and one.given == worker)
        ]
        yield touching, of_ring(worker), ()
    moving = [one for one in history if one.name == "consume" or one.answer[0] == OVERFLOWED]
    yield moving, of_bag, frozenset()
    left = sum(buffers[:, TAIL] - buffers[:, HEAD])
    assert left <= workers * CAPACITY


def test_stealing_buffers():
    check_rounds(lambda seed: worker_parts(seed, 2 + seed % 3))
