"""When a loop gives half of what is left of it away, and how much of it runs between two looks.

After Tzannes, Caragea, Barua and Vishkin, Lazy binary-splitting (PPoPP 2010): a loop splits only
while others would find nothing to take, so no size of a piece has to be tuned. They look after
as many rounds as the user says; here a chunk of rounds grows until it takes some microseconds,
beside which the look at the clock (23 ns) does not count.
"""

from ._jit import kernel
from .current import current_hand
from .dispatch import table_at
from .hands import HAND_FIELDS, is_share_due

QUICK = 5_000  # nanoseconds: a chunk that takes less is doubled
SLOW = 20_000  # one that takes more is cut to what would take QUICK
WORTHWHILE = 500  # nanoseconds of a chunk, below which a split costs more than it can save
LARGEST = 1 << 40  # rounds of a chunk


@kernel
def is_split_due() -> bool:
    """Tell whether other workers are awake and would find nothing of the calling thread's to take."""
    hand = current_hand()
    return hand != 0 and is_share_due(table_at(hand, 1, HAND_FIELDS), 0)


@kernel
def next_chunk(chunk: int, least: int, nanoseconds: int) -> int:
    """Return how many rounds to run next, after as many as ``chunk`` took so long."""
    if nanoseconds < QUICK:
        return chunk * 2 if chunk < LARGEST else chunk
    if nanoseconds > SLOW:
        return max(least, chunk * QUICK // nanoseconds)
    return chunk
