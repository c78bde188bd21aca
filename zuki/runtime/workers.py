"""A pool's workers: threads that start when they are asked for and retire, and callers that sit down.

Each of them has a row of the tables while it is one.
"""

import threading
from heapq import heappop, heappush
from typing import TYPE_CHECKING

from zuki.errors import NO_THREAD
from zuki.platform.binding import unbind
from zuki.platform.slices import shorten
from zuki.runtime import hands, seat, worker
from zuki.runtime.places import Places
from zuki.runtime.tables import Tables
from zuki_kernels import current, notifier, pulse, reasons, search, seats, starting, steering, turn
from zuki_kernels._signals import held_back
from zuki_kernels.runs import NONE

if TYPE_CHECKING:
    from zuki.runtime.pool import Pool

_BEAT = 25_000_000  # nanoseconds between two looks at the signals
stack_lock = threading.RLock()  # the stack size of new threads is a setting of the whole process


class Workers:
    """Who works for a pool.

    Parameters
    ----------
    pool : Pool
        For whom they work.
    tables : Tables
        Whose rows they have.
    places : Places
        On which processors the threads run.
    """

    def __init__(self, pool: "Pool", tables: Tables, places: Places) -> None:
        self._pool, self._tables, self._places = pool, tables, places
        self._free_rows = list(range(tables.seats))  # a heap: low rows are looked at first
        self._threads: set[threading.Thread] = set()  # some of them may have ended
        self._seated_threads = 0  # those that have rows
        self._started_threads = self._retired_threads = 0  # all together
        self._owed_starts = 0  # threads that were asked for and found no row: who retires starts anew
        self.pulse: threading.Thread | None = None  # beats while anyone helps

    # ---- threads that start and retire -------------------------------------------------------------

    def start_thread(self) -> bool:
        """Start the thread that a kernel has asked for and counted; give it up, and say so, if that fails."""
        with self._pool.lock:  # also while it starts: `shut_down` joins no thread that has not started
            if not self._free_rows:  # threads that retire have not given theirs back: one of them stays
                self._owed_starts += 1
                return True
            row = self._take_row()
            self._places.take(row)
            try:
                self._tables.provide_arena(row)
                thread = threading.Thread(
                    target=self._be_a_thread, args=(row,), name=f"{self._pool.name}-{row}", daemon=True
                )
                with stack_lock:
                    before = threading.stack_size(self._pool.stack_size)
                    try:
                        thread.start()
                    finally:
                        threading.stack_size(before)
            except NO_THREAD:  # or the interpreter ends: those that run do the work
                self._places.give_back(row)
                heappush(self._free_rows, row)
                notifier.give_up_start(self._tables.pool, self._tables.workers)
                return False
            self._threads = {one for one in self._threads if one.is_alive()}
            self._threads.add(thread)
            self._seated_threads += 1
            self._started_threads += 1
            return True

    def _be_a_thread(self, row: int) -> None:
        self._places.settle(row)
        shorten()  # who calls it may go on: it is not to wait for the processor until then
        steering.enter(self._tables.workers, row, threading.get_native_id())
        self.take_seat(row)
        while worker.work(self._pool, row, NONE, turn.FRESH) == reasons.LEFT:
            if self._retire(row):
                return

    def _retire(self, row: int) -> bool:
        """Give back the row of a thread that is no worker any more; return False if it is wanted again."""
        with self._pool.lock:
            if self._owed_starts:
                self._owed_starts -= 1
                return False
            self._give_seat_back()
            steering.leave(self._tables.workers, row)
            self._tables.tidy_arena(row)
            self._places.give_back(row)
            heappush(self._free_rows, row)
            self._seated_threads -= 1
            self._retired_threads += 1
        return True

    def take_seat(self, row: int) -> None:
        """Let the calling thread be a worker: its jitted code spawns into the worker's hand."""
        main = seat.is_main_thread()
        before = seats.take_hand(self._tables.hands, row, *hands.stack_limits(), main)
        seat.seats.taken.append((self._pool, row, before))

    def _give_seat_back(self) -> None:
        _, _, before = seat.seats.taken.pop()
        current.hold(before)

    # ---- callers that sit down ---------------------------------------------------------------------

    def sit_down(self) -> int | None:
        """Make the calling thread a worker; return its row, or None if it cannot be one now."""
        row = seat.row_of_this_thread(self._pool)
        if row is not None:
            self.take_seat(row)
            return row
        main = seat.is_main_thread()
        with self._pool.lock:
            kept_for_threads = self._pool.most_threads - self._seated_threads
            if len(self._free_rows) <= kept_for_threads:
                return None
            row = self._free_rows[0]
            tables = self._tables
            try:
                tables.provide_arena(row)
            except OSError:
                return None
            before = seats.sit_down(
                tables.pool, tables.workers, tables.hands, row, *hands.stack_limits(), main
            )
            if before == seats.REFUSED:
                return None
            heappop(self._free_rows)
        self._places.settle_guest(row)
        seat.seats.taken.append((self._pool, row, before))
        if main:
            self.keep_pulse()
        return row

    def leave(self, row: int, held: held_back) -> None:
        """Let the calling thread be no worker any more, unless others need it: no thread can be started."""
        while not self._stand_up(row) and not held.errors:
            waiting = [
                slot for slot in list(self._pool.active) if not starting.is_over(self._tables.runs, slot)
            ]
            taken = self.sit_down() if waiting else None
            if taken is None:
                return
            row = taken
            worker.work(self._pool, row, waiting[0], NONE, lambda: bool(held.errors))

    def _stand_up(self, row: int) -> bool:
        """Give a seat back; return whether somebody is there to do what is left."""
        _, _, before = seat.seats.taken.pop()
        if seat.row_of_this_thread(self._pool) is not None:
            current.hold(before)
            return True
        given = self._tables
        given.tidy_arena(row)
        start, deserted = seats.stand_up(
            given.pool, given.workers, given.deques, given.queues, given.hands, row, before
        )
        with self._pool.lock:
            heappush(self._free_rows, row)
        return self.start_thread() or not notifier.is_deserted(given.pool) if start else not deserted

    def _take_row(self) -> int:
        row = heappop(self._free_rows)
        search.admit(self._tables.pool, row)
        return row

    # ---- the pulse --------------------------------------------------------------------------------

    def keep_pulse(self) -> None:
        """Let the pulse beat for as long as anyone helps: so the main thread looks at its signals."""
        with self._pool.lock:
            if self.pulse is None:
                self.pulse = threading.Thread(target=self._beat, name=f"{self._pool.name}-pulse", daemon=True)
                try:
                    self.pulse.start()
                except NO_THREAD:  # no more threads: Ctrl-C waits for the end of the run
                    self.pulse = None

    def _beat(self) -> None:
        unbind()
        while True:
            helped = pulse.beat(self._tables.pool, self._tables.hands, _BEAT)
            self._pool.fit()
            with self._pool.lock:
                if self._pool.is_closed or not (helped or pulse.helpers(self._tables.pool)):
                    self.pulse = None
                    return

    def count_threads(self) -> tuple[int, int, int]:
        """Return how many threads were started, have retired, and are there."""
        with self._pool.lock:
            alive = sum(thread.is_alive() for thread in self._threads)
            return self._started_threads, self._retired_threads, alive

    def threads(self) -> list[threading.Thread]:
        """Return the threads that there are; some may have ended."""
        return list(self._threads)

    def join(self, pulse: threading.Thread | None) -> None:
        """Wait until all threads have ended, also that of the pulse, which is forgotten before it ends."""
        while True:  # a worker may start another one before it ends
            with self._pool.lock:
                threads = [one for one in (*self._threads, pulse) if one is not None and one.is_alive()]
            if not threads:
                return
            for thread in threads:
                thread.join()
