"""Whom a worker wakes begins on another processor than that worker's.

The system may let a thread that was woken wait for the very processor on which it was woken, though others
are idle. Linux does in a virtual machine: a processor that has been idle for a while looks as if the host had
taken it away (``vcpu_is_preempted``). There the thread stays until who has woken it sleeps, or the system
balances the load, after a millisecond or more. So a worker, which goes on, takes its own processor away
from the thread before it wakes it. That thread takes it back when it is awake.

Who wakes from outside of the pool does not: it is likely to wait for the result, and an idle processor is
slow to begin, too.

    STEERED     FREE      the thread may use what others let it use
                HELD      somebody looks at what that is, or changes it
                NARROWED  one processor is taken away

    from        to        who, when
    FREE        HELD      the owner, before it sleeps, to write into USABLE what it may use
    FREE        HELD      who wakes it
    HELD        FREE      the same, when it has done so; or was refused
    HELD        NARROWED  who wakes it, when one is taken away
    NARROWED    FREE      the owner, awake, when it may use again what USABLE holds

Who finds another state than it needs does nothing. So it may be that who wakes takes the processor away when
the thread is awake for long: then it is without it until it has slept once more.

Roles: the owner of the row, a thread of the pool; any worker that wakes it.
At rest: FREE. THREAD is 0 in the row of a caller, who helps for a while, and where the system refuses.
"""

from . import processors
from ._jit import rare_kernel
from ._types import Table
from .atomics import cas_acquire, load_acquire, load_relaxed, store_relaxed, store_release
from .clock import give_way

STEERED = 2  # column of the table of workers, as are the next
THREAD = 3  # the number by which the system knows the owner
USABLE = 9  # a bit for each processor that the owner may use, in `processors.WORDS` columns

FREE = 0
HELD = 1
NARROWED = 2


@rare_kernel
def enter(workers: Table, me: int, thread: int) -> None:
    """Let worker ``me``, a thread of the pool, be steered from now on. The owner."""
    store_relaxed(workers, me, THREAD, thread)


@rare_kernel
def leave(workers: Table, me: int) -> None:
    """Let nobody steer the owner any more, which is about to end: its number may be another thread's soon."""
    # order: what others did with the number, before its end; pairs with send_elsewhere's stores
    while not cas_acquire(workers, me, STEERED, FREE, HELD):
        come_back(workers, me)
        give_way()  # whoever holds it is about to let go
    store_relaxed(workers, me, THREAD, 0)
    store_release(workers, me, STEERED, FREE)  # order: THREAD before; pairs with send_elsewhere's


@rare_kernel
def note(workers: Table, me: int) -> None:
    """Write down what the owner, which is about to sleep, may use."""
    if load_relaxed(workers, me, THREAD) == 0:
        return
    if cas_acquire(workers, me, STEERED, FREE, HELD):  # order: a change before; pairs with send_elsewhere's
        if processors.note(workers, me, USABLE) != 0:
            store_relaxed(workers, me, THREAD, 0)
        store_release(workers, me, STEERED, FREE)  # order: USABLE before; pairs with send_elsewhere's


@rare_kernel
def send_elsewhere(workers: Table, worker: int) -> None:
    """Take the caller's processor away from a worker that it is about to wake."""
    if load_relaxed(workers, worker, THREAD) == 0:
        return
    # order: THREAD and USABLE after; pairs with the owner's stores
    if not cas_acquire(workers, worker, STEERED, FREE, HELD):
        return
    thread = load_relaxed(workers, worker, THREAD)
    if thread != 0 and processors.use_others(workers, worker, USABLE, thread) == 0:
        store_release(workers, worker, STEERED, NARROWED)  # order: the change before; pairs with come_back's
    else:
        store_release(workers, worker, STEERED, FREE)  # order: the look at THREAD before; pairs with leave's


@rare_kernel
def come_back(workers: Table, me: int) -> None:
    """Let the owner, which is awake, use again what it could before."""
    # order: the change that it undoes; pairs with send_elsewhere's store
    if load_acquire(workers, me, STEERED) == NARROWED:
        processors.use(workers, me, USABLE)
        store_release(workers, me, STEERED, FREE)  # order: undone before a change; pairs with it
