"""The pool's state in one word: how many workers there are, how many are idle, who wakes.

After kprotty's `Sync` (zap, 2022). The functions are pure: load, compute, one CAS, act on
what was before. This file alone knows where the bits are.

    idle      workers that have announced that they sleep
    spawned   workers there are: the pool's threads, and callers that help
    threads   those of them that are the pool's threads
    apart     workers that stand aside; to the others they are awake
    NOTIFIED  there is work that a worker must look for before it sleeps
    state     PENDING   nobody is being woken: the next notification may wake one
              SIGNALED  a worker has been woken, or started, and has not looked yet
              WAKING    one worker looks; when it finds work it wakes the next
              SHUTDOWN  for ever

Never: idle + apart > spawned; threads > spawned; more workers awake than the limit. SHUTDOWN is never left.
"""

from ._jit import kernel

SYNC = 0  # column of the pool's row

_COUNT = 14  # bits of a count
_MASK = (1 << _COUNT) - 1

ONE_IDLE = 1
ONE_SPAWNED = 1 << _COUNT
NOTIFIED = 1 << 2 * _COUNT
_STATE = 2 * _COUNT + 1
PENDING = 0
SIGNALED = 1 << _STATE
WAKING = 2 << _STATE
SHUTDOWN = 3 << _STATE
_STATES = 3 << _STATE
_THREADS = _STATE + 2
ONE_THREAD = ONE_SPAWNED + (1 << _THREADS)  # counts among the spawned, too
_APART = _THREADS + _COUNT
ONE_APART = 1 << _APART


@kernel
def idle(sync: int) -> int:
    """Return how many workers are idle."""
    return sync & _MASK


@kernel
def spawned(sync: int) -> int:
    """Return how many workers there are."""
    return sync >> _COUNT & _MASK


@kernel
def threads(sync: int) -> int:
    """Return how many of the workers are the pool's threads."""
    return sync >> _THREADS & _MASK


@kernel
def apart(sync: int) -> int:
    """Return how many of the workers stand aside."""
    return sync >> _APART & _MASK


@kernel
def is_solo(sync: int) -> bool:
    """Tell whether all workers but one are idle or stand aside, and that one is the caller."""
    return spawned(sync) - idle(sync) - apart(sync) == 1 and not is_shut_down(sync)


@kernel
def is_notified(sync: int) -> bool:
    """Tell whether work waits to be looked for."""
    return sync & NOTIFIED != 0


@kernel
def is_taken_care_of(sync: int) -> bool:
    """Tell whether work waits to be looked for and a worker is there, who will: one more need not be told."""
    return is_notified(sync) and spawned(sync) > 0


@kernel
def is_signaled(sync: int) -> bool:
    """Tell whether a worker has been woken that has not looked yet."""
    return sync & _STATES == SIGNALED


@kernel
def awake(sync: int) -> int:
    """Return how many workers are not idle, one that was woken and has not noticed included."""
    return spawned(sync) - idle(sync) + (1 if is_signaled(sync) and idle(sync) > 0 else 0)


@kernel
def may_take(sync: int, registered: bool, limit: int) -> bool:
    """Tell whether a worker may take the notification: it is awake, was woken, or one more may be awake."""
    return is_notified(sync) and (not registered or is_signaled(sync) or spawned(sync) - idle(sync) < limit)


@kernel
def is_shut_down(sync: int) -> bool:
    """Tell whether the pool has been told to end."""
    return sync & _STATES == SHUTDOWN


@kernel
def notified(sync: int, limit: int, waking: bool) -> int:
    """There is work: wake an idle worker, else start one, if nobody is being woken and ``limit`` allows.

    ``waking`` is True for the waking worker that has found work and passes its duty on.
    """
    after = sync | NOTIFIED
    if waking or sync & _STATES == PENDING:
        after &= ~_STATES
        if idle(sync) > 0 and spawned(sync) - idle(sync) < limit:
            after |= SIGNALED
        elif idle(sync) == 0 and spawned(sync) < limit:
            after = (after | SIGNALED) + ONE_THREAD
    return after


@kernel
def taken(sync: int, registered: bool, waking: bool) -> int:
    """Take the notification, and the duty of waking if the worker was signaled or has it already."""
    after = sync & ~NOTIFIED
    if registered:
        after -= ONE_IDLE
    if waking or is_signaled(sync):
        after = after & ~_STATES | WAKING
    return after


@kernel
def registered(sync: int, waking: bool) -> int:
    """Announce that a worker that found nothing sleeps, and gives the duty of waking up."""
    after = sync + ONE_IDLE
    if waking:
        after &= ~_STATES
    return after


@kernel
def relieved(sync: int) -> int:
    """Give the duty of waking up, awake: nobody is being woken."""
    return sync & ~_STATES


@kernel
def unregistered(sync: int) -> int:
    """Count a worker that was idle as awake."""
    return sync - ONE_IDLE


@kernel
def retired(sync: int, least: int) -> int:
    """Let a thread that was idle leave the pool; the same word if fewer than ``least`` threads would stay."""
    return sync - ONE_THREAD - ONE_IDLE if threads(sync) > least else sync


@kernel
def departed(sync: int, waking: bool) -> int:
    """Let a caller that was awake leave the pool, and give the duty of waking up."""
    after = sync - ONE_SPAWNED
    if waking and not is_shut_down(sync):
        after &= ~_STATES
    return after


@kernel
def unsignaled(sync: int, limit: int) -> int:
    """Forget a thread that was to be started and could not be.

    A notification that nobody awake can take any more is SIGNALED to an idle worker. If there is none it
    stays: only a worker that then searches may take it.
    """
    after = sync - ONE_THREAD
    if is_signaled(sync):
        after &= ~_STATES
    if is_notified(after) and awake(after) == 0 and idle(after) > 0 and not is_shut_down(after):
        after = notified(after, limit, False)
    return after


@kernel
def joined(sync: int, limit: int) -> int:
    """Let a caller be a worker; the same word if that would make too many."""
    if is_shut_down(sync) or awake(sync) >= limit:
        return sync
    return sync + ONE_SPAWNED


@kernel
def shut_down(sync: int) -> int:
    """Let the pool end."""
    return sync | SHUTDOWN | NOTIFIED
