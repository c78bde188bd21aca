"""How long a worker that finds nothing goes on looking before it sleeps, and how many may do so at once.

Looking costs a processor; to be woken costs the one that wakes, and what is to be done waits meanwhile.
That is the ski-rental problem (Karlin, Li, Manasse and Owicki, Empirical studies of competitive spinning,
SOSP 1991): who looks for as long as a wake costs pays at most twice what was best. A worker does better
that remembers for how long it had nothing to do. If work came soon after it had gone to sleep, it looks
for twice as long from then on; if work came late, for an eighth less. So where tasks come each millisecond
it soon sleeps nearly at once, and where gaps are short its time comes to lie just above them.

How many may search is tuned by the same number: half of the workers where searches pay, one where they do
not. Each that searches in vain costs a processor; one is enough to find what is added, and wakes the next.

`next_linger` and `most_searchers` are pure: from what was counted to what is done.
"""

from . import search
from ._jit import kernel
from ._types import Table
from .atomics import load_relaxed, store_relaxed

LINGER = 21  # column of the table of workers: nanoseconds for which it looks; 0: not learnt yet
SOUGHT = 22  # column of the table of workers: when it last looked in vain and had done so for a while
STEADY = 20  # column of the pool's row: 1: nothing is learnt

# Waking a thread takes tens of microseconds, on a virtual machine a hundred, and stalls the one that wakes:
# a worker that finds nothing goes on looking for as long. With a tenth of it, two workers on bodies of 1.5 us
# were slower than one. More than 0, for finished nodes are reported after the first round that found nothing.
MOST_LINGER = 150_000  # nanoseconds; at first, too
LEAST_LINGER = 10_000
SHORT = 250_000  # nanoseconds: a gap that a search might have bridged; it holds the time of a wake
_STEP = 8  # a late end takes off one part in so many
_RECENT = 10_000  # nanoseconds: who has looked since searches


@kernel
def next_linger(linger: int, gap: int) -> int:
    """Return for how long to look from now on, after a search of ``linger`` ended in a sleep; nanoseconds.

    ``gap`` is how long it was from the begin of the search to the end of the sleep.
    """
    if gap <= SHORT and linger < MOST_LINGER:
        return min(2 * linger, MOST_LINGER)
    return max(linger - linger // _STEP, LEAST_LINGER)


@kernel
def most_searchers(workers: int, linger: int) -> int:
    """Return how many of so many workers may search for long, where one of them looks for ``linger``."""
    return max(workers * linger // (2 * MOST_LINGER), 1)


@kernel
def linger_of(workers: Table, me: int) -> int:
    """Return for how long worker ``me`` looks before it sleeps, in nanoseconds. The owner."""
    linger = load_relaxed(workers, me, LINGER)
    return linger if linger > 0 else MOST_LINGER


@kernel
def learn(pool: Table, workers: Table, me: int, gap: int) -> None:
    """Remember how long it was until there was work again, or what else has ended the sleep. The owner."""
    linger = linger_of(workers, me)
    following = next_linger(linger, gap)
    if following != linger and load_relaxed(pool, 0, STEADY) == 0:
        store_relaxed(workers, me, LINGER, following)


@kernel
def is_one_too_many(pool: Table, workers: Table, me: int, moment: int) -> bool:
    """Say that worker ``me`` searches; tell whether enough others do. ``moment`` is now.

    A hint: one of them may just have found something.
    """
    store_relaxed(workers, me, SOUGHT, moment)
    if load_relaxed(pool, 0, STEADY) != 0:
        return False
    used, searching = load_relaxed(pool, 0, search.USED_WORKERS), 0
    for other in range(used):
        sought = load_relaxed(workers, other, SOUGHT)
        if other != me and sought > 0 and moment - sought < _RECENT:
            searching += 1
    return searching >= most_searchers(used, linger_of(workers, me))
