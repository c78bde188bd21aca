"""What threads saw of queue and free list can be explained, one operation after another."""

import pytest

from tests.kernels.runs_of import Plan, Running
from zuki.runtime.tables import make_table
from zuki_kernels import free_list, queue
from zuki_kernels._jit import kernel
from zuki_kernels.atomics import add_acq_rel, load_acquire
from zuki_kernels.clock import give_way
from zuki_kernels.node import END, next_of, set_next

from .recording import TIMES, begin, check_rounds, draw, meet, note, record, write

EMPTY, LOST = queue.EMPTY, queue.LOST
QUEUE = 2  # row

# ---- queue: each kernel of the dialogue is an operation -------------------------------------------

QUEUE_NAMES = "push", "acquire", "more", "release"
ACQUIRE, MORE, RELEASE = 1, 2, 3


# Columns of the gate: tasks in the queue, few lest the search explodes; consumers that go on
BACKLOG, CONSUMERS = 1, 2
MOST_IN_QUEUE = 5


@kernel
def produce(gate, threads, queues, runs, log, seed, first, times):
    state, at, task = seed, 0, first
    meet(gate, threads)
    for _ in range(times):
        while load_acquire(gate, 0, BACKLOG) >= MOST_IN_QUEUE and load_acquire(gate, 0, CONSUMERS) > 0:
            give_way()
        if load_acquire(gate, 0, CONSUMERS) == 0:
            break
        state = draw(state)
        last = task + (state >> 16) % 3
        add_acq_rel(gate, 0, BACKLOG, last + 1 - task)
        for one in range(task, last):
            set_next(runs, one, one + 1)
        begun = begin()
        queue.push(queues, QUEUE, runs, task, last)
        at = write(log, at, begun, 0, 0, 0)
        for one in range(task, last + 1):
            note(log, at, one)
        task = last + 1
    return at


@kernel
def walk(gate, runs, log, at, task, most):
    """Note tasks of a list, ``most`` at most; return the one after them."""
    for _ in range(most):
        if task == END:
            break
        note(log, at, task)
        add_acq_rel(gate, 0, BACKLOG, -1)
        task = next_of(runs, task)
    return task


@kernel
def use_up(gate, threads, queues, runs, log, seed, times):
    state, at = seed, 0
    add_acq_rel(gate, 0, CONSUMERS, 1)
    meet(gate, threads)
    for _ in range(times):
        begun = begin()
        task = queue.acquire(queues, QUEUE)
        at = write(log, at, begun, ACQUIRE, 0, task)
        if task < 0:
            give_way()
            continue
        state = draw(state)
        rest = walk(gate, runs, log, at, task, 1 + (state >> 16) % 4)
        if rest == END:
            begun = begin()
            rest = queue.more(queues, QUEUE)
            at = write(log, at, begun, MORE, 0, rest)
            rest = walk(gate, runs, log, at, rest, 1 + (state >> 20) % 4)
        begun = begin()
        queue.release(queues, QUEUE, rest)
        at = write(log, at, begun, RELEASE, 0, rest)
    add_acq_rel(gate, 0, CONSUMERS, -1)
    return at


def of_queue(state, operation):
    """What is on the stack, what is in the cache, what the consumer has left, or None: tuples."""
    stack, cache, held = state
    answer, values = operation.answer
    if operation.name == "push":
        return values + stack, cache, held
    if operation.name == "acquire":
        if answer == LOST:
            return None if held is None else state
        if held is not None or answer == EMPTY:
            return state if not stack and not cache and held is None else None
        found, stack = (cache, stack) if cache else (stack, ())
        return (stack, (), found[len(values) :]) if values and found[: len(values)] == values else None
    if operation.name == "more":
        return ((), cache, stack[len(values) :]) if not held and stack[: len(values)] == values else None
    return (
        (stack, held, None) if held is not None and held[:1] == ((answer,) if answer != END else ()) else None
    )


def queue_history(seed, producers, consumers, times=TIMES):
    running = Running(Plan(producers * times * 3))
    threads = producers + consumers
    tables = running.queues, running.runs

    def producer(me):
        first = me * times * 3
        return lambda gate, log: produce(gate, threads, *tables, log, seed + me, first, times)

    def consumer(me):
        return lambda gate, log: use_up(gate, threads, *tables, log, seed + me, times)

    loops = [*map(producer, range(producers)), *map(consumer, range(consumers))]
    return record(QUEUE_NAMES, 3 * times, *loops)


@pytest.mark.parametrize(("producers", "consumers"), [(1, 1), (2, 1), (1, 2), (2, 2)])
def test_a_queue(producers, consumers):
    check_rounds(lambda seed: [(queue_history(seed, producers, consumers), of_queue, ((), (), None))])


# ---- free list ------------------------------------------------------------------------------------

LIST_NAMES = "claim", "give back"
ROWS = 5


@kernel
def claim_and_give_back(gate, threads, lists, lives, log, seed, times):
    held, count, state, at = [0] * 8, 0, seed, 0
    meet(gate, threads)
    for _ in range(times):
        state = draw(state)
        begun = begin()
        if count == 0 or (count < 8 and state >> 16 & 1):
            ticket = free_list.claim(lists, lives, 0)
            at = write(log, at, begun, 0, 0, ticket)
            if ticket >= 0:
                held[count] = ticket
                count += 1
        else:
            count -= 1
            answer = free_list.give_back(lists, lives, 0, held[count])
            at = write(log, at, begun, 1, held[count], answer)
    return at


def of_free_list(state, operation):
    """The tickets that come next, the first of all last, and how many rows were never claimed."""
    stack, fresh = state
    answer = operation.answer[0]
    if operation.name == "give back":
        return ((*stack, answer + (1 << free_list.ROW_BITS)), fresh) if answer == operation.given else None
    if stack:
        return (stack[:-1], fresh) if answer == stack[-1] else None
    if fresh == ROWS:
        return state if answer == EMPTY else None
    return (stack, fresh + 1) if answer == fresh else None


def test_a_free_list():
    def make(seed):
        lists, lives = make_table(1, free_list.FREE_LIST_FIELDS), make_table(ROWS, 1)
        threads = 2 + seed % 3

        def loop(me):
            return lambda gate, log: claim_and_give_back(
                gate, threads, lists, lives, log, seed * 8 + me, TIMES
            )

        yield record(LIST_NAMES, TIMES, *map(loop, range(threads))), of_free_list, ((), 0)

    check_rounds(make)
