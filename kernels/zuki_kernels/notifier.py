"""Whom to wake, and how a worker goes to sleep.

The protocol, its race and its fences are in ``docs/parking.md``. In short: whoever adds
work then notifies; a worker that found no work waits; and `sync_state` is where the two
meet: a notification that came before the worker's announcement makes the announcement
fail, one that came after finds the worker idle and wakes it.
"""

from . import event, steering, sync_state, tracing
from ._jit import kernel
from ._types import Table
from .activity import PARKED, SEARCHING, turn_to
from .atomics import (
    cas_acq_rel,
    cas_relaxed,
    cas_release,
    fence_seq_cst,
    load_acquire,
    load_relaxed,
    store_relaxed,
)
from .blocks import is_done
from .clock import now, ticks
from .counters import LANE_DEPTH, PARKS, RETRIES, WAKES, count
from .groups import has_news
from .runs import DONE, NONE, QUEUED
from .solo import come
from .sync_state import SYNC
from .waiting import wait, wake

LIMIT = 16  # column of the pool's row: how many workers may be awake, for now
KEEP_ALIVE = 17  # column of the pool's row: nanoseconds after which an idle thread retires; 0 for never
LEAST = 18  # column of the pool's row: how many threads stay
MOST = 19  # column of the pool's row: how many workers may ever be awake
PULSE = 24  # column of the pool's row: grows while callers help, so that they look at their signals

POOL_FIELDS = 64

QUIET = 0  # verdict of notify: nobody was needed
WOKEN = 1  # verdict of notify: an idle worker was woken
START = 2  # verdict of notify: the caller must start a thread

AWAKE = 0  # verdict of wait_for_work: look for work again
DUTY = 1  # verdict of wait_for_work: look for work again, and wake the next worker if there is any
STOP = 2  # verdict of wait_for_work: the pool ends
OVER = 3  # verdict of wait_for_work: the run that was waited for has ended
BEAT = 4  # verdict of wait_for_work: the pulse has moved
RETIRE = 5  # verdict of wait_for_work: the thread is no worker any more


@kernel
def _wake_one(workers: Table, steers: bool) -> None:
    """Hand a token to a worker that waits; none is there if it has already noticed by itself.

    ``steers`` is whether it is to begin on another processor than the caller's.
    """
    fence_seq_cst()  # order: SYNC moved, then the look at EVENT; pairs with wait_for_work's, asleep before
    for worker in range(workers.shape[0]):
        if event.claim(workers, worker):
            if steers:
                steering.send_elsewhere(workers, worker)
            wake(workers, worker, event.EVENT, 1)
            return


@kernel
def notify(pool: Table, workers: Table, me: int, waking: bool) -> int:
    """Say that work was added; return `QUIET`, `WOKEN` or `START`.

    ``me`` is the caller's row or NONE. ``waking`` is True for a worker that has the duty of
    waking and has found work.
    """
    limit = load_relaxed(pool, 0, LIMIT)
    if me >= 0 and not waking and is_alone(pool):
        return QUIET  # the only worker that may be awake says it to itself
    fence_seq_cst()  # order: the work, then the look at SYNC; pairs with wait_for_work's fence
    while True:  # a failure means that another thread has moved the state
        sync = load_relaxed(pool, 0, SYNC)
        if sync_state.is_shut_down(sync):
            return QUIET
        if not waking and sync_state.is_taken_care_of(sync):
            return QUIET
        after = sync_state.notified(sync, limit, waking)
        if cas_relaxed(pool, 0, SYNC, sync, after):  # relaxed: this fence and `_wake_one`'s order it
            return _act(workers, me, sync, after)
        if me >= 0:
            count(workers, me, RETRIES, 1)


@kernel
def lay_down(pool: Table) -> bool:
    """Lay down the duty to wake, and see what was added before; return False if that was notified just now.

    Then the worker has its duty still.
    """
    while True:  # a failure means that another thread has moved the state
        sync = load_relaxed(pool, 0, SYNC)
        if sync_state.is_notified(sync):
            return False
        if cas_relaxed(pool, 0, SYNC, sync, sync_state.relieved(sync)):  # relaxed: the fence orders it
            fence_seq_cst()  # order: the duty laid down, then the look for work; pairs with notify's
            return True


@kernel
def is_alone(pool: Table) -> bool:
    """Tell whether no second worker is ever awake: then the only one need not share its cells."""
    return load_relaxed(pool, 0, MOST) == 1


@kernel
def set_limit(pool: Table, workers: Table, limit: int) -> int:
    """Let ``limit`` workers be awake from now on, 1 to MOST; return what `notify` would. Any thread.

    Of more that are awake each goes on until it finds nothing to do. Who is told `START` starts a thread.
    """
    before = load_relaxed(pool, 0, LIMIT)
    store_relaxed(pool, 0, LIMIT, limit)  # relaxed: the fence of notify orders it
    if limit <= before:
        return QUIET
    return notify(pool, workers, NONE, False)  # somebody may have been kept from work


@kernel
def is_anyone_free(pool: Table) -> bool:
    """Tell whether one more worker seems to be wanted where there is work to share. A hint."""
    return sync_state.awake(load_relaxed(pool, 0, SYNC)) < load_relaxed(pool, 0, LIMIT)


@kernel
def _act(workers: Table, me: int, before: int, after: int) -> int:
    """Do what a notification asks for."""
    if sync_state.spawned(after) > sync_state.spawned(before):
        return START
    if sync_state.is_signaled(after) and not sync_state.is_signaled(before):
        _wake_one(workers, me >= 0)
        if me >= 0:
            count(workers, me, WAKES, 1)
            ring = load_relaxed(workers, me, tracing.RING)
            if ring != 0:
                moment = ticks()
                tracing.note(ring, moment, moment, 0, tracing.WOKEN)
        return WOKEN
    return QUIET


@kernel
def wait_for_work(
    pool: Table, workers: Table, runs: Table, me: int, waking: bool, until: int, pulse: int, timeout: int
) -> int:
    """Sleep until there may be work; return why the sleep ended.

    ``until`` is a run whose end ends the sleep, minus the address of a shared block whose end does,
    or NONE; a ``pulse`` >= 0 ends it when the pool's pulse differs. ``timeout`` bounds one sleep in
    nanoseconds; negative is none. The sleep of who waits for neither is its last if it lasts so long,
    unless work comes or too few threads would stay: it retires.
    """
    idle, overdue = False, False
    may_retire = until == NONE and pulse < 0 and timeout >= 0
    while True:
        sync = load_relaxed(pool, 0, SYNC)
        if sync_state.is_shut_down(sync):
            return STOP
        if sync_state.may_take(sync, idle, load_relaxed(pool, 0, LIMIT)):
            after = sync_state.taken(sync, idle, waking)
            if cas_relaxed(pool, 0, SYNC, sync, after):  # relaxed: the fence orders it
                fence_seq_cst()  # order: notification taken, then the look for work; pairs with notify's
                event.disarm(workers, me)
                return DUTY if waking or sync_state.is_signaled(sync) else AWAKE
        elif not idle:
            event.arm(workers, me)
            announced = sync_state.registered(sync, waking)
            if cas_acq_rel(
                pool, 0, SYNC, sync, announced
            ):  # order: armed before counted; pairs with _wake_one's fence
                idle, waking = True, False
        elif overdue:
            retired = sync_state.retired(sync, load_relaxed(pool, 0, LEAST))
            if retired == sync:  # too few: others have retired meanwhile
                event.arm(workers, me)
                fence_seq_cst()  # order: EVENT armed, then the look at SYNC; pairs with _wake_one's
                overdue = False
            elif cas_release(
                pool, 0, SYNC, sync, retired
            ):  # order: disarmed before not counted; pairs with _wake_one's fence
                return RETIRE
        elif (until >= 0 and load_acquire(runs, until, DONE)) or (
            until < NONE and (is_done(-until) or has_news(workers, me))
        ):  # order: results after the end; pairs with settle's
            if cas_acq_rel(pool, 0, SYNC, sync, sync_state.unregistered(sync)):
                event.disarm(workers, me)
                return OVER
        elif pulse >= 0 and load_relaxed(pool, 0, PULSE) != pulse:
            if cas_acq_rel(pool, 0, SYNC, sync, sync_state.unregistered(sync)):
                event.disarm(workers, me)
                return BEAT
        elif (
            until >= 0 and load_relaxed(workers, me, LANE_DEPTH) > 0 and load_relaxed(runs, until, QUEUED) > 0
        ):
            if cas_acq_rel(pool, 0, SYNC, sync, sync_state.unregistered(sync)):
                event.disarm(workers, me)
                return AWAKE  # inside of a Python body, it alone may run what waits for the interpreter
        else:
            count(workers, me, PARKS, 1)
            # as few as are to stay: no thread is started while one is idle, so this one need not look again
            stays = may_retire and sync_state.threads(sync) <= load_relaxed(pool, 0, LEAST)
            begun = now()
            turn_to(workers, me, PARKED, begun)
            steering.note(workers, me)
            wait(workers, me, event.EVENT, event.WAITING, -1 if stays else timeout)
            ended = now()
            steering.come_back(workers, me)
            turn_to(workers, me, SEARCHING, ended)
            if may_retire and not stays and ended - begun >= timeout:
                event.disarm(workers, me)  # before it goes: a token for who has gone wakes nobody
                overdue = True
                continue
            event.arm(workers, me)
            # the token may be an older one, that says nothing of the last notification
            fence_seq_cst()  # order: EVENT armed, then the look at SYNC; pairs with _wake_one's


@kernel
def join(pool: Table, workers: Table, me: int) -> bool:
    """Let the calling thread be worker ``me``, unless as many are awake as may be; return whether it is."""
    while True:  # a failure means that another thread has moved the state
        sync = load_relaxed(pool, 0, SYNC)
        after = sync_state.joined(sync, load_relaxed(pool, 0, LIMIT))
        if after == sync:
            return False
        if cas_relaxed(pool, 0, SYNC, sync, after):  # relaxed: the fence of come orders it
            come(pool, workers, me)
            return True


@kernel
def depart(pool: Table, workers: Table, me: int, waking: bool, leaves_work: bool) -> int:
    """Leave the pool, awake; return `START` if the caller must start a thread for what is left."""
    while True:  # a failure means that another thread has moved the state
        sync = load_relaxed(pool, 0, SYNC)
        after = sync_state.departed(sync, waking)
        nobody_looks = sync_state.is_notified(sync) and sync_state.awake(after) == 0
        if (leaves_work or nobody_looks) and not sync_state.is_shut_down(sync):
            after = sync_state.notified(after, load_relaxed(pool, 0, LIMIT), False)
        if cas_acq_rel(
            pool, 0, SYNC, sync, after
        ):  # order: the work left, then the word; pairs with wait_for_work's
            if sync_state.spawned(after) == sync_state.spawned(sync):
                return START
            return _act(workers, me, sync_state.departed(sync, waking), after)


@kernel
def is_deserted(pool: Table) -> bool:
    """Tell whether nobody is a worker, awake or asleep, and no thread is about to be."""
    return sync_state.spawned(load_relaxed(pool, 0, SYNC)) == 0


@kernel
def give_up_start(pool: Table, workers: Table) -> bool:
    """Undo a `START`: no thread could be started; return whether any worker is left for the work."""
    while True:  # a failure means that another thread has moved the state
        sync = load_relaxed(pool, 0, SYNC)
        after = sync_state.unsignaled(sync, load_relaxed(pool, 0, LIMIT))
        if cas_acq_rel(pool, 0, SYNC, sync, after):
            if sync_state.is_signaled(after):
                _wake_one(workers, False)
            return sync_state.spawned(after) > 0


@kernel
def shut_down(pool: Table, workers: Table) -> None:
    """Tell every worker to end, and wake those that sleep."""
    while True:  # a failure means that another thread has moved the state
        sync = load_relaxed(pool, 0, SYNC)
        if cas_relaxed(
            pool, 0, SYNC, sync, sync_state.shut_down(sync)
        ):  # relaxed: nobody reads what came before
            break
    for worker in range(workers.shape[0]):
        if event.shut_down(workers, worker):
            wake(workers, worker, event.EVENT, 1)
