"""What a worker notes for a trace: a ring of events, of which the oldest are lost.

The owner writes an event over the oldest one, then counts it in HEAD. A reader copies events while
the owner goes on, and looks at HEAD again: what the owner may have begun to write over meanwhile it does not
keep. So the owner never waits, and never looks at who reads (a sequence lock, whose sequence is HEAD).

The moments are those of `clock.ticks`. One read of it takes longer than all else that a node costs: so a node
begins when the node before it has ended, if its worker has looked for nothing in between.

Roles: the owner notes; any thread copies and counts; Python fills the other columns, and lets hands and
workers have the address of a ring, or takes it away, at any time.
At rest: HEAD is how many events were noted; event i is at place i modulo EVENTS.
"""

from ._jit import kernel
from ._types import Table
from .atomics import (
    fence_acquire,
    fence_release,
    load_acquire,
    load_relaxed,
    store_relaxed,
    store_release,
)
from .clock import now, ticks
from .dispatch import table_at

RING = 23  # column of a worker's row: address of its ring of events, or 0: see also `hands.TRACE`

# Columns of a ring, before its events
HEAD = 0  # events noted so far
EVENTS = 1  # for how many there is room; a power of two
HISTOGRAMS = 2  # address of the owner's histograms, or 0: see `measuring`
RATE = 3  # nanoseconds of 2**20 ticks
RING_FIELDS = 16
_HEAD_BYTES = 8 * RING_FIELDS

# Words of an event
BEGUN = 0  # ticks
ENDED = 1  # ticks
WHAT = 2  # what it is about: see `zuki_kernels.tracing` in docs/tables.md
HOW = 3  # its kind, and of a spawned task more: see `how_spawned`
EVENT_FIELDS = 4
_EVENT_BYTES = 8 * EVENT_FIELDS

# Kinds of events
NODE = 1  # a graph's node has run; WHAT is its task
SPAWNED = 2  # a spawned task has run; WHAT is the address of its kind
STOLEN = 3  # something was found at another worker; WHAT is the worker
PARKED = 4  # the worker has slept
WOKEN = 5  # the worker has woken another one
JOINED = 6  # the worker has waited for a spawned task that another one had; WHAT is as in SPAWNED
KIND_BITS = 4
OWNER_BITS = 12
STAMP_BITS = 24
NEWEST_BITS = 23

_KIND_MASK = (1 << KIND_BITS) - 1
_STAMP_MASK = (1 << STAMP_BITS) - 1
_NEWEST_MASK = (1 << NEWEST_BITS) - 1


@kernel
def event_at(ring: int, number: int, events: int) -> Table:
    """View the place of an event in a ring that has room for ``events``."""
    return table_at(ring + _HEAD_BYTES + _EVENT_BYTES * (number & (events - 1)), 1, EVENT_FIELDS)


@kernel
def note(ring: int, begun: int, ended: int, what: int, how: int) -> None:
    """Note an event. The owner."""
    row = table_at(ring, 1, RING_FIELDS)
    head = load_relaxed(row, 0, HEAD)
    event = event_at(ring, head, load_relaxed(row, 0, EVENTS))
    fence_release()  # order: HEAD, which gave the place up, then what is written there; pairs with copy's
    store_relaxed(event, 0, BEGUN, begun)
    store_relaxed(event, 0, ENDED, ended)
    store_relaxed(event, 0, WHAT, what)
    store_relaxed(event, 0, HOW, how)
    store_release(row, 0, HEAD, head + 1)  # order: the event, then HEAD; pairs with copy's load


@kernel
def measures(ring: int) -> bool:
    """Tell whether the owner also counts what tasks take."""
    return load_relaxed(table_at(ring, 1, RING_FIELDS), 0, HISTOGRAMS) != 0


@kernel
def how_spawned(kind: int, owner: int, stamp: int, newest: int) -> int:
    """Pack what is to be known of a spawned task: who spawned it, as which of its tasks, and when it began.

    ``stamp`` is that of its block; ``newest`` is that of the last task that its worker had spawned when it
    began. Both are counted in blocks, and cut off. These tell where in its spawner's life it was spawned.
    """
    return (
        kind
        | (owner | (stamp & _STAMP_MASK | (newest & _NEWEST_MASK) << STAMP_BITS) << OWNER_BITS) << KIND_BITS
    )


@kernel
def counted(ring: int) -> int:
    """Return how many events were noted so far. Any thread."""
    return load_relaxed(table_at(ring, 1, RING_FIELDS), 0, HEAD)  # relaxed: `copy` looks itself


@kernel
def copy(ring: int, since: int, events: Table) -> tuple[int, int]:
    """Copy what is there of the events from number ``since`` on; event i to row i modulo the rows.

    ``events`` has as many rows as the ring has room. Returns the number of the first event that was
    copied whole, and one past that of the last. Any thread.
    """
    row, room = table_at(ring, 1, RING_FIELDS), events.shape[0]
    last = load_acquire(row, 0, HEAD)  # order: HEAD, then the events; pairs with note's store
    first = max(since, last - room)
    for number in range(first, last):
        event = event_at(ring, number, room)
        for field in range(EVENT_FIELDS):
            store_relaxed(events, number & (room - 1), field, load_relaxed(event, 0, field))
    fence_acquire()  # order: what was read, then the look at what is overwritten; pairs with note's fence
    return min(max(first, load_relaxed(row, 0, HEAD) - room + 1), last), last


@kernel
def trace_worker(workers: Table, hands: Table, field: int, me: int, ring: int) -> None:
    """Let worker ``me`` note events in a ring, or (0) none; ``field`` is `hands.TRACE`. Any thread."""
    # order: the ring is made, then told of; pairs with the owner's loads, which go on from its address
    store_release(workers, me, RING, ring)
    store_release(hands, me, field, ring)  # order: the same


@kernel
def clocks() -> tuple[int, int, int]:
    """Return nanoseconds of `clock.now`, ticks a moment later, and nanoseconds again."""
    return now(), ticks(), now()
