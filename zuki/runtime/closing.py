"""How a pool ends: it takes no more work, does what it has accepted, and then its threads end."""

import threading
from typing import TYPE_CHECKING

from zuki.errors import DeadlockError
from zuki.lane.cancelling import cancel_all
from zuki.lane.generators import close_generators
from zuki.lane.lanes import Lanes
from zuki.lane.reporting import log
from zuki.lane.stillness import Patience, deadlock, resting
from zuki.lane.wakers import here
from zuki.runtime import seat
from zuki_kernels import notifier, pulse

if TYPE_CHECKING:
    from zuki.runtime.pool import Pool

_A_WHILE = 0.05  # seconds


class Closing:
    """The end of a pool: whoever has done the last of what was accepted ends it.

    Parameters
    ----------
    pool : Pool
        Which. That it ``is_closed`` and ``is_ended`` is noted there, for all that add work look at it.
    """

    def __init__(self, pool: "Pool") -> None:
        self._pool = pool

    def renew_lock(self) -> None:
        """Wait with the pool's lock: at first, and in a forked child, where it is another one."""
        self._nothing_active = threading.Condition(self._pool.lock)

    def shut_down(self, wait: bool, cancel: bool) -> None:
        """Take no more work; end the threads when what was taken is done."""
        pool = self._pool
        with pool.lock:
            pool.is_closed = True
            if not pool.is_used:
                return
            if cancel:
                for slot in pool.active:
                    pool.stop(slot)
        if cancel and pool.lanes is not None:
            cancel_all(pool.lanes)  # calls callbacks: not under the lock
        if cancel and pool.desk is not None:
            pool.desk.cancel_all()  # the same
        with pool.lock:
            self.end_if_empty()
            pulse_thread = pool.workers.pulse
        if wait and not self.is_awaited_here():
            patience = Patience()
            while not self._is_over():
                self.end_if_empty()
                if patience.is_in_vain() and pool.lanes is not None:
                    self._end_deadlock(pool.lanes, deadlock())
            pool.workers.join(pulse_thread)
            if pool.home is not None:
                pool.home.end_watch()

    def end_if_empty(self) -> None:
        """End the threads of a closed pool if nothing is left that was accepted."""
        pool = self._pool
        with pool.lock:
            if pool.is_closed and not pool.active:
                pool.is_ended = True  # before the look: who adds something looks after
                if self._is_without_python() and not self._closes_generators():
                    self._end_threads()
                    self._nothing_active.notify_all()
                else:
                    pool.is_ended = False

    def hear_of_no_run(self) -> None:
        """Hear that the last run has ended. Under the pool's lock."""
        if self._pool.is_closed:
            self._nothing_active.notify_all()
            self.end_if_empty()

    def is_awaited_here(self) -> bool:
        """Tell whether the calling thread is one whose end `shut_down` waits for."""
        lanes = self._pool.lanes
        serves = here.servant is not None and lanes is not None and here.servant.serves(lanes)
        return serves or seat.row_of_this_thread(self._pool) is not None

    def _is_over(self) -> bool:
        """Wait a moment for the end of all that was accepted; return whether it has come."""
        with resting(None), self._pool.lock:
            if self._pool.active or not self._is_without_python():
                self._nothing_active.wait(_A_WHILE)
            return not self._pool.active and self._is_without_python()

    def _is_without_python(self) -> bool:
        pool = self._pool
        if pool.desk is not None and not pool.desk.is_empty():
            return False
        return pool.home is None or pool.home.lanes.is_empty()

    def _closes_generators(self) -> bool:
        pool = self._pool
        return pool.closes_generators and pool.lanes is not None and close_generators(pool.lanes)

    def _end_deadlock(self, lanes: Lanes, error: DeadlockError) -> None:
        log.error("executor %r is shut down, but %s", self._pool.name, error)
        for task in lanes.waiting():
            task._hear_of_deadlock(error)

    def _end_threads(self) -> None:
        tables = self._pool.tables
        notifier.shut_down(tables.pool, tables.workers)
        pulse.end(tables.pool)
