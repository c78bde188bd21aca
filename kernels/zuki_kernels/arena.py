"""A worker's arena: the memory of the tasks that it has spawned, one block behind the other.

It is made of chunks, each aligned to its size. Those in use form a list, in the order in which
they were begun: what was spawned later lies in the same chunk behind, or in a later chunk. Behind
the chunk in which ARENA_TOP lies come spare ones. So memory is freed by setting ARENA_TOP back,
wherever that leads, and a spawn finds the end of its chunk without a look at memory.

Tasks that are joined in another order than last in, first out leave blocks behind that nobody has
(GONE) below others. Where a new chunk is wanted, chunks are searched in which all is gone; a search
is worth while when there are twice as many chunks as had to stay at the last one, as in a collector
of garbage. A chunk is *pinned* while a task runs above an address in it at which no block
tells of the task: what that spawns, and leaves, is looked for from there on. A body that is Python
pins nothing, for speed: below the innermost of these (PYTHON_FLOOR) no chunk is searched.

Roles: the owner of the hand calls everything here.
At rest: ARENA_TOP is at the beginning of the first block of the first chunk.
"""

from ._jit import kernel
from ._types import Table
from .atomics import load_relaxed, store_relaxed
from .blocks import GONE, KIND, KIND_FIELDS, SIZE, block_at, state_of
from .dispatch import table_at
from .hands import (
    ARENA_BEGIN,
    ARENA_END,
    ARENA_FRESH,
    ARENA_SEARCH,
    ARENA_TOP,
    CHUNK_BYTES,
    CHUNK_HEAD,
    PYTHON_FLOOR,
)

# Words of a chunk, at its beginning
NEXT = 0  # address of the chunk behind it in the list, or 0
BEFORE = 1  # address of the one before it, or 0
FILL = 2  # address behind its last block; while another chunk holds ARENA_TOP
PINS = 3  # tasks that run above an address in it
CHUNK_FIELDS = 4

_FEW = 4  # chunks that are begun without a search
_KEPT = 64  # chunks that an idle worker keeps


@kernel
def chunk_of(address: int) -> int:
    """Return the address of the chunk in which an address lies."""
    return address & ~(CHUNK_BYTES - 1)


@kernel
def chunk_at(address: int) -> Table:
    """View the words of a chunk."""
    return table_at(address, 1, CHUNK_FIELDS)


@kernel
def lay_out(hands: Table, me: int, begin: int, end: int) -> None:
    """Let a hand have memory for chunks; ``begin`` is aligned to a chunk's size."""
    store_relaxed(hands, me, ARENA_BEGIN, begin)
    store_relaxed(hands, me, ARENA_END, end)
    begin_again(hands, me)


@kernel
def begin_again(hands: Table, me: int) -> None:
    """Begin an arena anew, which is at rest."""
    begin = load_relaxed(hands, me, ARENA_BEGIN)
    for field in range(CHUNK_FIELDS):
        store_relaxed(chunk_at(begin), 0, field, 0)
    store_relaxed(hands, me, ARENA_TOP, begin + CHUNK_HEAD)
    store_relaxed(hands, me, ARENA_FRESH, begin + CHUNK_BYTES)
    store_relaxed(hands, me, ARENA_SEARCH, begin + _FEW * CHUNK_BYTES)


@kernel
def pin(hands: Table, me: int) -> int:
    """Pin the chunk of the next block; return where that block will lie, if it fits into the chunk."""
    floor = load_relaxed(hands, me, ARENA_TOP)
    chunk = chunk_at(chunk_of(floor))
    store_relaxed(chunk, 0, PINS, load_relaxed(chunk, 0, PINS) + 1)
    return floor


@kernel
def unpin(floor: int) -> None:
    """Take back what `pin` did."""
    chunk = chunk_at(chunk_of(floor))
    store_relaxed(chunk, 0, PINS, load_relaxed(chunk, 0, PINS) - 1)


@kernel
def onward(hands: Table, me: int, address: int) -> int:
    """Return where the block lies that follows on what ends at an address; ARENA_TOP if none does."""
    last = chunk_of(load_relaxed(hands, me, ARENA_TOP))
    while chunk_of(address) != last and address == load_relaxed(chunk_at(chunk_of(address)), 0, FILL):
        address = load_relaxed(chunk_at(chunk_of(address)), 0, NEXT) + CHUNK_HEAD
    return address


@kernel
def advance(hands: Table, me: int) -> bool:
    """Let the next block lie in another chunk; return False if there is no memory for one."""
    top = load_relaxed(hands, me, ARENA_TOP)
    chunk = chunk_of(top)
    store_relaxed(chunk_at(chunk), 0, FILL, top)
    following = load_relaxed(chunk_at(chunk), 0, NEXT)
    if following == 0:
        following = _find_chunk(hands, me, chunk)
        if following == 0:
            return False
    store_relaxed(hands, me, ARENA_TOP, following + CHUNK_HEAD)
    return True


@kernel
def _find_chunk(hands: Table, me: int, chunk: int) -> int:
    """Put a chunk behind the last one; return its address, or 0 if there is none."""
    fresh, end = load_relaxed(hands, me, ARENA_FRESH), load_relaxed(hands, me, ARENA_END)
    if fresh >= load_relaxed(hands, me, ARENA_SEARCH) or fresh >= end:
        visited, found = _search(chunk, chunk_of(load_relaxed(hands, me, PYTHON_FLOOR)))
        if 2 * found < visited:
            store_relaxed(hands, me, ARENA_SEARCH, fresh + visited * CHUNK_BYTES)
        if found > 0:
            return load_relaxed(chunk_at(chunk), 0, NEXT)
    if fresh >= end:
        return 0
    _insert(chunk, fresh)
    store_relaxed(hands, me, ARENA_FRESH, fresh + CHUNK_BYTES)
    return fresh


@kernel
def _search(last: int, lowest: int) -> tuple[int, int]:
    """Put the chunks in which all is gone behind the last one; return the numbers of all and of those.

    ``lowest`` is not searched, nor what lies before it.
    """
    visited, found = 1, 0
    chunk = load_relaxed(chunk_at(last), 0, BEFORE)
    while chunk != 0 and chunk != lowest and last != lowest:
        before = load_relaxed(chunk_at(chunk), 0, BEFORE)
        visited += 1
        if _is_gone(chunk):
            following = load_relaxed(chunk_at(chunk), 0, NEXT)
            store_relaxed(chunk_at(following), 0, BEFORE, before)
            if before != 0:
                store_relaxed(chunk_at(before), 0, NEXT, following)
            _insert(last, chunk)
            found += 1
        chunk = before
    return visited, found


@kernel
def _insert(chunk: int, new: int) -> None:
    """Put a chunk behind another one in the list."""
    following = load_relaxed(chunk_at(chunk), 0, NEXT)
    store_relaxed(chunk_at(new), 0, NEXT, following)
    store_relaxed(chunk_at(new), 0, BEFORE, chunk)
    store_relaxed(chunk_at(chunk), 0, NEXT, new)
    if following != 0:
        store_relaxed(chunk_at(following), 0, BEFORE, new)


@kernel
def _is_gone(chunk: int) -> bool:
    """Tell whether a chunk that was left holds nothing that anybody has."""
    words = chunk_at(chunk)
    if load_relaxed(words, 0, PINS) != 0:
        return False
    block, fill = chunk + CHUNK_HEAD, load_relaxed(words, 0, FILL)
    while block != fill:
        if state_of(block) != GONE:
            return False
        kind = load_relaxed(block_at(block), 0, KIND)
        block += load_relaxed(table_at(kind, 1, KIND_FIELDS), 0, SIZE)
    return True


@kernel
def is_to_be_given_back(hands: Table, me: int) -> bool:
    """Tell whether an arena is at rest, and has taken much memory."""
    begin = load_relaxed(hands, me, ARENA_BEGIN)
    if load_relaxed(hands, me, ARENA_FRESH) - begin <= _KEPT * CHUNK_BYTES:
        return False
    first = chunk_at(begin)
    if load_relaxed(hands, me, ARENA_TOP) != begin + CHUNK_HEAD or load_relaxed(first, 0, BEFORE) != 0:
        return False
    if load_relaxed(hands, me, PYTHON_FLOOR) != 0:
        return False
    return load_relaxed(first, 0, PINS) == 0
