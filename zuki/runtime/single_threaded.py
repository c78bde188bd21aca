"""The executor without threads of its own."""

from typing import Any

from zuki.lane.calls import Call
from zuki.lane.cancelling import cancel_all
from zuki.lane.coroutines import spawn_on
from zuki.lane.generators import close_generators
from zuki.lane.lanes import Lanes
from zuki.lane.parking import attend
from zuki.lane.reporting import log
from zuki.runtime.executor import Executor
from zuki.runtime.home import MOST_COROUTINES
from zuki.runtime.lifecycle import watch
from zuki.runtime.pool import Pool
from zuki.runtime.tables import make_table
from zuki.runtime.warm import warm_up_lanes
from zuki_kernels import task_life
from zuki_kernels._signals import held_back


class _CallersHome:
    """Where lanes are at home that only threads serve which wait: see `zuki.lane.lanes.Home`."""

    def __init__(self, pool: "_CallersPool") -> None:
        self._pool = pool  # for as long as there are tasks: the interpreter's end looks for pools

    def call_servant(self) -> bool:
        """Do nothing: who waits next serves."""
        return True

    def wait_for(self, future: Any, timeout: float | None) -> None:
        """Wait for a future and serve meanwhile."""
        lanes = self._pool.lanes
        assert lanes is not None
        attend((lanes.coroutines, lanes.calls), future, timeout)


class _CallersPool(Pool):
    """A pool without threads, whose coroutines run while somebody waits for them."""

    postpones = closes_generators = False  # `_run_all` closes them, where somebody waits

    def open_lanes(self) -> Lanes:
        """Return the lanes, made when they are first wanted."""
        warm_up_lanes()
        with self.lock:
            if self.lanes is None:
                table = make_table(MOST_COROUTINES, task_life.TASK_FIELDS)
                self.lanes = Lanes(_CallersHome(self), self.tables.pool, table, 1)
                self.lanes.only_callers_serve = True
                self.furnish(self.lanes)
                self.lanes.recorder = self.recorder
        return self.lanes

    def wait_for(self, future: Any, serves: bool = False) -> None:
        """Wait for what the lanes run, and run it."""
        assert self.lanes is not None
        self.lanes.home.wait_for(future, None)

    def cancel_coroutines(self) -> None:
        """Wish every coroutine to end, which nobody has waited for: the interpreter ends."""
        if self.lanes is not None:
            for task in self.lanes.unfinished():
                log.warning("%r is cancelled: nobody has waited for it, and the interpreter ends", task)
        super().cancel_coroutines()

    def shut_down(self, wait: bool, cancel: bool) -> None:
        """Take no more work; run what was taken to its end, if that is wanted."""
        self.is_closed = True
        if self.lanes is not None:
            if cancel:
                cancel_all(self.lanes)
            if wait and not self.closing.is_awaited_here():
                self._run_all(self.lanes)
        super().shut_down(wait, cancel)

    def _run_all(self, lanes: Lanes) -> None:
        while True:
            for task in lanes.unfinished():
                lanes.home.wait_for(task, None)
            if not lanes.unfinished() and not close_generators(lanes):
                return


class SingleThreadedExecutor(Executor, policy="single_threaded"):
    """Runs everything on the threads that ask for it, in an order that is the same each time.

    A callable is called by `submit`, at once. Coroutines run while somebody waits for one of them, in
    the order in which they became ready; those of a higher priority first. A graph is run by who
    runs or submits it.

    Parameters
    ----------
    config : ExecutorConfig, optional
        What it is told. Default: what the environment says.
    **changes
        What is told otherwise, each by the name that it has in `ExecutorConfig`.

    Examples
    --------
    >>> import zuki
    >>> seen = []
    >>> async def note(what):
    ...     seen.append(what)
    ...     await zuki.yield_now()
    ...     seen.append(what)
    >>> async def both():
    ...     first, second = zuki.spawn(note("a")), zuki.spawn(note("b"))
    ...     await first
    ...     await second
    >>> with zuki.SingleThreadedExecutor() as executor:
    ...     executor.run(both())
    >>> seen
    ['a', 'b', 'a', 'b']
    """

    def _make_pool(self) -> Pool:
        self._config = told = self._config.changed(max_threads=1, min_threads=0, python_lanes=1)
        kept = told.keep_alive_nanoseconds, told.stack_size
        return watch(
            _CallersPool(1, 0, *kept, told.name, trace_events=told.trace_events, measures=told.measure)
        )

    def _submit_call(self, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any], level: int) -> Any:
        if self._pool.is_closed:
            self._refuse()
        call: Call[Any] = Call(self._pool.lanes or self._pool.open_lanes(), function, args, kwargs)
        call._run()
        return call

    def _run_coroutine(self, coroutine: Any) -> Any:
        if self._pool.is_closed:
            coroutine.close()
            self._refuse()
        with held_back() as held:
            task = spawn_on(self._pool.lanes or self._pool.open_lanes(), coroutine)
            held.tell(task.cancel)
            self._pool.wait_for(task)
            held.tell(None)
        return task.result()

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Take no more work.

        Parameters
        ----------
        wait : bool
            Run all coroutines to their ends.
        cancel_futures : bool
            Cancel them.
        """
        self._pool.shut_down(wait, cancel_futures)
