"""The executor without threads of its own."""

from typing import Any
from weakref import ref

from zuki.lane.calls import Call
from zuki.lane.coroutines import spawn_on
from zuki.lane.lanes import Lanes
from zuki.lane.parking import attend
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

    lanes: Lanes

    def call_servant(self) -> bool:
        """Do nothing: who waits next serves."""
        return True

    def wait_for(self, future: Any, timeout: float | None) -> None:
        """Wait for a future and serve meanwhile."""
        lanes = self.lanes
        attend((lanes.coroutines, lanes.calls), future, timeout)


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
        self._config = self._config.changed(max_threads=1, min_threads=0, python_lanes=1)
        self._home = _CallersHome()
        told = self._config
        kept = told.keep_alive_nanoseconds, told.stack_size
        return watch(Pool(1, 0, *kept, told.name, trace_events=told.trace_events))

    def _open_lanes(self) -> Lanes:
        warm_up_lanes()
        table = make_table(MOST_COROUTINES, task_life.TASK_FIELDS)
        self._pool.lanes = self._home.lanes = Lanes(self._home, self._pool.tables.pool, table, 1)
        self._pool.lanes.owner = ref(self)
        self._pool.tell_lanes(self._pool.lanes)
        return self._pool.lanes

    def _submit_call(self, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any], level: int) -> Any:
        if self._pool.is_closed:
            self._refuse()
        call: Call[Any] = Call(self._pool.lanes or self._open_lanes(), function, args, kwargs)
        call._run()
        return call

    def _run_coroutine(self, coroutine: Any) -> Any:
        if self._pool.is_closed:
            coroutine.close()
            self._refuse()
        with held_back() as held:
            task = spawn_on(self._pool.lanes or self._open_lanes(), coroutine)
            held.tell(task.cancel)
            self._home.wait_for(task, None)
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
        self._pool.is_closed = True
        lanes = self._pool.lanes
        if lanes is not None:
            if cancel_futures:
                lanes.cancel_all()
            if wait:
                for task in lanes.unfinished():
                    self._home.wait_for(task, None)
        self._pool.shut_down(wait, cancel_futures)
