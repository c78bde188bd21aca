"""Threads that run jitted loops and write down each operation: when it began and ended, and what it answered.

A stamp lies outside of the operation for other processors too: a fence after the
first and before the second. Without the latter, a store could still wait in the
processor's buffer when the operation counts as ended.
"""

import numpy as np

from tests.kernels.threads_of import run_together
from zuki.runtime.tables import make_table
from zuki_kernels._jit import kernel
from zuki_kernels.atomics import add_acq_rel, fence_seq_cst, load_acquire
from zuki_kernels.clock import give_way, now, spin_hint

from .linearisable import Operation, linearise

# Columns of a log, of which each thread has its own; a row for each operation
BEGIN, END, NAME, GIVEN, ANSWER, COUNT, VALUES = range(7)
MOST_VALUES = 8
ROUNDS = 20  # histories of each kind that are wanted
MOST = 100  # that are recorded for it
FEW = 5  # that are checked in any case
TIMES = 250  # operations of a thread in each

BELOW = 0x7FFFFFFF


@kernel
def begin():
    """Return the moment at which an operation begins."""
    moment = now()
    fence_seq_cst()
    return moment


@kernel
def end():
    """Return the moment at which an operation has ended."""
    fence_seq_cst()
    return now()


@kernel
def write(log, at, begun, name, given, answer):
    """Write down an operation that has just been done, and return the row for the next."""
    log[at, END] = end()
    log[at, BEGIN], log[at, NAME], log[at, GIVEN], log[at, ANSWER] = begun, name, given, answer
    log[at, COUNT] = 0
    return at + 1


@kernel
def note(log, at, value):
    """Add a value to the operation that was written last."""
    log[at - 1, VALUES + log[at - 1, COUNT]] = value
    log[at - 1, COUNT] += 1


@kernel
def draw(state):
    """Return the next state of a random number; its upper bits are of use."""
    return (state * 1103515245 + 12345) & BELOW


@kernel
def meet(gate, threads):
    """Wait until so many threads are here; spin at first, so that all go on together."""
    add_acq_rel(gate, 0, 0, 1)
    spins = 0
    while load_acquire(gate, 0, 0) < threads:
        spins += 1
        if spins > 20_000:
            give_way()
        else:
            spin_hint()


def record(names, operations, *loops):
    """Let each loop run on a thread of its own; return their operations.

    A loop is a function of a gate, for `meet`, and a log; it returns how many rows it wrote.
    ``names`` says what the operations are called. What an operation was given and what it
    answered are numbers, ``answer`` in a pair with the noted values if there are any.
    """
    gate, width = make_table(1, 16), VALUES + MOST_VALUES
    logs = [np.zeros((operations, width), np.int64) for _ in loops]
    counts = run_together(
        *(lambda loop=loop, log=log: loop(gate, log) for loop, log in zip(loops, logs, strict=True))
    )
    history = []
    for thread, (log, count) in enumerate(zip(logs, counts, strict=True)):
        for row in log[:count].tolist():
            values = tuple(row[VALUES : VALUES + row[COUNT]])
            name, given, answer = names[row[NAME]], row[GIVEN], row[ANSWER]
            history.append(Operation(row[BEGIN], row[END], thread, name, given, (answer, values)))
    return history


def overlaps(history):
    """How many operations began while one of another thread was going on."""
    found, last = 0, None
    for operation in sorted(history):
        if last is not None and operation.begin <= last.end and operation.thread != last.thread:
            found += 1
        if last is None or operation.end > last.end:
            last = operation
    return found


def check_rounds(make):
    """Check histories: ``make(seed)`` yields history, model and first state of each part of one.

    Where processors are short, most are those of threads that ran one after another: these
    are recorded, and only a few are checked. Return how many others there were.
    """
    at_once = 0
    for seed in range(MOST):
        parts = list(make(seed))
        is_at_once = max(overlaps(history) for history, _, _ in parts) > 5
        at_once += is_at_once
        if is_at_once or seed < FEW:
            for history, model, state in parts:
                linearise(history, model, state)
        if at_once == ROUNDS:
            break
    return at_once
