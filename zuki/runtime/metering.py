"""Reading what a pool has counted, while its threads go on."""

import time
from typing import TYPE_CHECKING

import numpy as np

from zuki.lane.tallies import Counted
from zuki.metrics.counts import Queues, Steals, TaskCounts, Tasks, Threads, Worker
from zuki.metrics.metrics import Metrics
from zuki.runtime.warm import warm_up_metering
from zuki_kernels import activity, counters, detached, metering, starting

if TYPE_CHECKING:
    from zuki.runtime.pool import Pool

_NOTHING = Counted(0, 0, 0, 0, 0)


def metrics_of(pool: "Pool") -> Metrics:
    """Return what a pool has counted since it began.

    Parameters
    ----------
    pool : Pool
        Nobody in it is stopped.

    Returns
    -------
    Metrics
        A value of its own.
    """
    warm_up_metering()
    tables, lanes = pool.tables, pool.lanes
    calls = _NOTHING if lanes is None else lanes.count_calls()
    if pool.desk is not None:
        calls = Counted(*map(sum, zip(calls, pool.desk.count_calls(), strict=True)))
    coroutines = _NOTHING if lanes is None else lanes.count_coroutines()
    listed = detached.left(tables.pool)
    nodes = pool.slots.count_nodes()
    moment = time.monotonic_ns()
    copy = np.zeros((tables.seats, metering.COPY_FIELDS), np.int64)
    times = np.zeros((tables.seats, activity.ACTIVITIES), np.int64)
    used = metering.copy_counters(
        tables.pool, tables.workers, tables.deques, tables.hands, times, copy, moment
    )
    thefts = np.zeros((used, used), np.int64)
    metering.copy_thefts(tables.workers, used, thefts)
    copy = copy[:used]
    total = dict(enumerate(copy.sum(axis=0).tolist()))
    waiting = Queues(
        deques=total[metering.IN_DEQUES],
        shared=total[metering.WITH_THIEVES],
        overflow=max(total[counters.OVERFLOWS] - total[counters.RETRIEVED], 0),
        interpreter=max(sum(starting.queued(tables.runs, slot) for slot in list(pool.active)), 0),
        calls=calls.queued,
        coroutines=0 if lanes is None else lanes.coroutines.count_ready(),
        asleep=0 if lanes is None else lanes.asleep(),
    )
    measured = pool.traces.measured
    durations, latencies = (None, None) if measured is None else measured.read()
    return Metrics(
        executor=pool.name,
        begun=pool.begun,
        moment=moment * 1e-9,
        seconds=moment * 1e-9 - pool.begun,
        tasks=Tasks(
            nodes=_nodes(total, starting.accepted(tables.pool), *nodes),
            spawned=_spawned(total),
            detached=_detached(total, listed),
            calls=TaskCounts(*calls),
            coroutines=TaskCounts(*coroutines),
        ),
        python_nodes=total[counters.PYTHON_NODES],
        steals=Steals(
            tried=total[counters.TRIES],
            won=total[counters.STEALS],
            lost=total[counters.LOSSES],
            tasks=total[counters.LOOT],
            by_victim=tuple(thefts.sum(axis=0).tolist()),
        ),
        overflow=total[counters.OVERFLOWS],
        parks=total[counters.PARKS],
        wakes=total[counters.WAKES],
        spurious_wakes=total[counters.SPURIOUS],
        contention=total[counters.RETRIES] + total[counters.LOSSES],
        queues=waiting,
        threads=Threads(*pool.workers.count_threads()),
        workers=tuple(_worker(row) for row in copy.tolist()),
        durations=durations,
        latencies=latencies,
    )


def _nodes(total: dict[int, int], accepted: int, unfinished: int, failed: int, passed: int) -> TaskCounts:
    others = total[counters.SHARED_TASKS] + total[counters.DETACHED_TASKS] + total[counters.SUBMITTED_TASKS]
    return TaskCounts(
        spawned=accepted,
        run=max(total[counters.TASKS] - others - failed, 0),
        failed=failed,
        cancelled=passed,
        queued=unfinished,
    )


def _spawned(total: dict[int, int]) -> TaskCounts:
    spawned, waiting = total[metering.WERE_SPAWNED], total[metering.WITH_THIEVES]
    failed, cancelled = total[metering.HAVE_FAILED], total[metering.WERE_DROPPED]
    run = max(spawned - waiting - failed - cancelled, 0)
    return TaskCounts(spawned=spawned, run=run, failed=failed, cancelled=cancelled, queued=waiting)


def _detached(total: dict[int, int], listed: int) -> TaskCounts:
    failed = total[counters.DETACHED_FAILURES]
    return TaskCounts(
        spawned=total[counters.DETACHMENTS],
        run=max(total[counters.DETACHED_TASKS] - failed, 0),
        failed=failed,
        cancelled=total[counters.DETACHED_DROPS],
        queued=listed,
    )


def _worker(row: list[int]) -> Worker:
    return Worker(
        tasks=row[counters.TASKS],
        steals=row[counters.STEALS],
        parks=row[counters.PARKS],
        wakes=row[counters.WAKES],
        running=row[metering.RAN_FOR] * 1e-9,
        searching=row[metering.SEARCHED_FOR] * 1e-9,
        parked=row[metering.PARKED_FOR] * 1e-9,
        queued=row[metering.IN_DEQUES],
    )
