"""When a node may run, and how its run went: the word STATE.

    bits 0-27   predecessors that have not finished
    PASSED      the node was passed over
    FAILED      its body raised
    epoch       the run in which it finished, was passed over or failed: 22 bits, from 1
    HOME        1 + the worker that ran the predecessor whose heir the node is; 0: not known (yet)
    CONDEMNED   a predecessor was passed over or failed in the run that goes on

The count falls with each arrival and is set back when the node itself finishes, so that
a graph is ready for its next run without a pass over its nodes.

HOME comes into the word with the arrival of that predecessor, in the same addition, and goes when the
node finishes. It is a hint: what the node reads is probably in that worker's caches. A worker whose number
does not fit has none.

Roles: `arrive` is called once by the worker that finished each predecessor; the one
that is told that it was the last owns the node until it calls `finish`, as it has to.
At rest (no run): the count is the number of predecessors, and CONDEMNED is off.
"""

from ._jit import kernel
from ._types import Table
from .atomics import add_acq_rel, load_acquire, load_relaxed, or_acq_rel, store_relaxed
from .runs import SHAPE, STATE, predecessors_of

_COUNT_MASK = (1 << 28) - 1
PASSED = 1 << 28
FAILED = 1 << 29
_EPOCH_SHIFT = 30
_EPOCH_MASK = (1 << 22) - 1
_HOME_SHIFT = 52
_HOME = ((1 << 10) - 1) << _HOME_SHIFT
CONDEMNED = 1 << 62

WAITS = 0  # verdict: predecessors are missing
READY = 1  # verdict: the node is the caller's
ELSEWHERE = 2  # verdict: so it is, but its home is another worker


@kernel
def home_of(me: int) -> int:
    """Return what `arrive` adds for worker ``me``; 0 if its number does not fit."""
    return (me + 1) << _HOME_SHIFT if me + 1 <= _HOME >> _HOME_SHIFT else 0


@kernel
def arrive(nodes: Table, node: int, home: int, is_heir: bool) -> int:
    """Say that a predecessor of ``node`` has finished; return `WAITS`, or how it is if it was the last.

    ``home`` is `home_of` the caller, and ``is_heir`` whether the node is the predecessor's heir.
    """
    state = load_acquire(
        nodes, node, STATE
    )  # order: the node after the other predecessors; pairs with arrive's addition
    if state & _COUNT_MASK != 1:
        state = add_acq_rel(
            nodes, node, STATE, (home if is_heir else 0) - 1
        )  # order: this one, and others, before the node; pairs with arrive's
    if state & _COUNT_MASK != 1:
        return WAITS
    known = state & _HOME
    return READY if is_heir or known == 0 or known == home else ELSEWHERE


@kernel
def arrive_alone(nodes: Table, node: int) -> bool:
    """Do as `arrive` where only one worker may be awake: without an atomic addition."""
    state = load_relaxed(nodes, node, STATE)  # relaxed: `sync_state` hands the nodes from worker to worker
    if state & _COUNT_MASK == 1:
        return True
    store_relaxed(nodes, node, STATE, state - 1)
    return False


@kernel
def condemn(nodes: Table, node: int) -> None:
    """Let ``node`` be passed over in this run; a predecessor calls this before it arrives."""
    or_acq_rel(nodes, node, STATE, CONDEMNED)


@kernel
def is_condemned(nodes: Table, node: int) -> bool:
    """Tell whether the node is to be passed over. Its owner."""
    return load_relaxed(nodes, node, STATE) & CONDEMNED != 0


@kernel
def finish(nodes: Table, node: int, shape: int, epoch: int, outcome: int) -> None:
    """Say how the node's run went: ``outcome`` is 0, `PASSED` or `FAILED`. Its owner, with its SHAPE."""
    store_relaxed(nodes, node, STATE, epoch << _EPOCH_SHIFT | outcome | predecessors_of(shape))


@kernel
def epoch_of(state: int) -> int:
    """Return the run in which a node finished last, in whatever way."""
    return state >> _EPOCH_SHIFT & _EPOCH_MASK


@kernel
def next_epoch(epoch: int) -> int:
    """Return the epoch of the run after one; 0 is before the first. All nodes finish in each run."""
    return epoch + 1 if epoch < _EPOCH_MASK else 1


@kernel
def count_passed(nodes: Table, epoch: int) -> int:
    """Return how many nodes were passed over in a run. Any thread, while the run is not forgotten."""
    found = 0
    for node in range(nodes.shape[0]):
        state = load_relaxed(nodes, node, STATE)
        found += state & PASSED != 0 and epoch_of(state) == epoch
    return found


@kernel
def reset(nodes: Table) -> None:
    """Set every word back after a run that was cut off; nobody runs the graph."""
    for node in range(nodes.shape[0]):
        finish(nodes, node, load_relaxed(nodes, node, SHAPE), 0, 0)
