"""The executor that has threads."""

import logging
import threading
import weakref
from concurrent.futures.thread import BrokenThreadPool
from typing import Any

from zuki.lane.calls import Call
from zuki.lane.coroutines import spawn_on
from zuki.lane.lanes import Lanes
from zuki.runtime.desk import Desk
from zuki.runtime.executor import Executor
from zuki.runtime.lifecycle import watch
from zuki.runtime.pool import Pool
from zuki_kernels._signals import held_back

_log = logging.getLogger("concurrent.futures")  # as those who replace a ThreadPoolExecutor expect


class _Initializer(threading.local):
    """Calls a function once in each thread, before its first call."""

    def __init__(self, function: Any, arguments: tuple[Any, ...], broken: list[BaseException]) -> None:
        self._function, self._arguments, self._broken = function, arguments, broken
        self._is_done = False

    def __call__(self) -> bool:
        """Tell whether the thread may call what waits."""
        if not self._is_done and not self._broken:
            self._is_done = True
            try:
                self._function(*self._arguments)
            except BaseException as error:
                _log.critical("Exception in initializer:", exc_info=True)
                self._broken.append(error)
        return not self._broken


class MultiThreadedExecutor(Executor, policy="multi_threaded"):
    """Runs graphs, jitted tasks, Python callables and coroutines on threads that share their work.

    Parameters
    ----------
    config : ExecutorConfig or int, optional
        What it is told; a number is ``max_threads``. Default: what the environment says.
    **changes
        What is told otherwise, each by the name that it has in `ExecutorConfig`.
    """

    def _make_pool(self) -> Pool:
        told = self._config
        self._broken: list[BaseException] = []  # what an initializer has raised
        pool = Pool(
            told.max_threads,
            told.min_threads,
            told.keep_alive_nanoseconds,
            told.stack_size,
            told.name,
            told.python_lanes,
            trace_events=told.trace_events,
            follows_processors=told.follows_processors,
            steady=not told.adaptive_sizing,
            affinity=told.affinity,
            measures=told.measure,
        )
        if told.initializer is not None:
            prepare = _Initializer(told.initializer, told.initargs, self._broken)
            pool.prepare = lambda: prepare() or _fail_all(pool, self_broken)
            self_broken = self._broken
        weakref.finalize(self, pool.shut_down, False, False).atexit = False
        return watch(pool)

    def _open_desk(self) -> Desk | None:
        return self._pool.open_desk() if self._config.initializer is None else None

    def _submit_call(self, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any], level: int) -> Any:
        pool = self._pool
        lanes = pool.lanes or pool.open_lanes()
        if pool.is_closed:
            self._refuse()
        call: Call[Any] = Call(lanes, function, args, kwargs)
        lane = lanes.calls
        lane.ready[level].append(call)
        if not lane.is_awake and not lane.call():
            lanes.refuse(lane, level, call)
        if pool.is_ended or self._broken:  # meanwhile: nobody would ever call it
            self._take_back(lanes, level, call)
        return call

    def _take_back(self, lanes: Lanes, level: int, call: Call[Any]) -> None:
        if not lanes.take_back(lanes.calls, level, call):
            return
        if self._broken:
            raise BrokenThreadPool("a thread's initializer has failed: the pool takes no more calls")
        self._refuse()

    def _run_coroutine(self, coroutine: Any) -> Any:
        pool = self._pool
        with held_back() as held:
            if pool.is_closed:
                coroutine.close()
                self._refuse()
            task = spawn_on(pool.lanes or pool.open_lanes(), coroutine)
            held.tell(task.cancel)
            pool.wait_for(task, serves=True)
            held.tell(None)
        if pool.is_closed:
            pool.closing.end_if_empty()
        return task.result()


def _fail_all(pool: Pool, broken: list[BaseException]) -> bool:
    """Let all calls that wait fail: a thread could not be initialised."""
    if pool.lanes is not None:
        for call in pool.lanes.calls.take_all():
            error = BrokenThreadPool("a thread's initializer has failed")
            error.__cause__ = broken[0]
            call._break(error)
    return False
