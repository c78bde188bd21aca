"""The desk of a pool: where Python submits calls of jitted tasks, one kernel call each.

The tables are large, and the system gives memory where they are used.
"""

import threading
import weakref
from typing import TYPE_CHECKING, Any

from numba import types

from zuki.lane.compiling import compile_all
from zuki.lane.tallies import Counted
from zuki.later import later
from zuki.runtime.tables import make_table
from zuki_kernels import desk as kernels
from zuki_kernels import notifier, submitted
from zuki_kernels._jit import KERNEL_SOURCES, LazyCache, code_of, entry_of
from zuki_kernels._signals import held_back
from zuki_kernels.runs import MARGIN_FIELDS, NODE_FIELDS
from zuki_kernels.submission import CALL_FIELDS, FRAME_WORDS

if TYPE_CHECKING:
    from numba.core.ccallback import CFunc

    from zuki.runtime.pool import Pool
    from zuki.runtime.recorder import Recorder

callbacks = later("numba.core.ccallback")

MOST_CALLS = 1 << 17  # that are submitted and not over, or whose results nobody has asked for
_FRESH = 64  # rows that are made ready at once
_WORD = 8  # bytes
FRAME_AT = FRAME_WORDS * _WORD  # from a row's address to its frame's
FRAME_BYTES = (CALL_FIELDS - FRAME_WORDS) * _WORD  # what a row holds of arguments and result

_WANTED = (
    (submitted.open_desk, "ttiiiii"),
    (submitted.lay_out, "iii"),
    (submitted.offer, "iii"),
    (submitted.was_offered, "i"),
    (submitted.take_start, "i"),
    (submitted.attend, "iiii"),
    (submitted.take, "iii"),
    (submitted.taken, "iii"),
    (submitted.failure_of, "i"),
    (submitted.look, "ii"),
    (submitted.listen, "ii"),
    (submitted.leave, "ii"),
    (submitted.life_at, "i"),
    (submitted.cancel, "ii"),
    (submitted.cancel_all, "ii"),
    (submitted.take_finished, "i"),
    (submitted.take_freed, "i"),
    (submitted.next_of, "i"),
    (submitted.close_desk, "i"),
    (kernels.read, "t"),
    (kernels.is_quiet, "t"),
)

_lock = threading.Lock()
_compiled: "list[CFunc]" = []  # the body of all nodes
_desks: "weakref.WeakSet[Desk]" = weakref.WeakSet()


def begin_anew() -> None:
    """In a forked child, make the locks anew: another thread may have held them. Desks are out of use."""
    global _lock
    _lock = threading.Lock()
    for desk in list(_desks):
        desk.lock, desk.is_forsaken = threading.RLock(), True


def _enter(block):
    return submitted.enter(block)


def _address_of_enter() -> int:
    with _lock:
        if not _compiled:
            made = callbacks.CFunc(_enter, ((types.int64,), types.int64), locals={}, options={})
            made._cache = LazyCache(_enter, lambda: KERNEL_SOURCES)
            with held_back():
                made.compile()
            compile_all(_WANTED)
            _compiled.append(made)
        return _compiled[0].address


class Desk:
    """Where calls of jitted tasks are submitted to a pool.

    Parameters
    ----------
    pool : Pool
        Whose workers run them.
    slot : int
        Of the run that they are nodes of; never given back.
    """

    def __init__(self, pool: "Pool", slot: int) -> None:
        self.pool, self.slot = pool, slot
        self.recorder: Recorder | None = pool.recorder  # while somebody traces
        self._row = make_table(1, kernels.DESK_FIELDS)
        self._calls = make_table(MOST_CALLS, CALL_FIELDS)
        nodes, margins = make_table(MOST_CALLS, NODE_FIELDS), make_table(MOST_CALLS, MARGIN_FIELDS)
        bodies = make_table(1, 1)
        bodies[0, 0] = _address_of_enter()
        self._kept = nodes, margins, bodies
        self.address = self._row.ctypes.data
        self._blocks = self._calls.ctypes.data
        self._row[0, kernels.DIRECTORY] = pool.tables.directory.ctypes.data
        self._row[0, kernels.CALLS], self._row[0, kernels.CALL_ROWS] = self._blocks, MOST_CALLS
        tables = (table.ctypes.data for table in self._kept)
        submitted.open_desk(self._row, pool.tables.runs, slot, *tables, MOST_CALLS)
        self.offer_code = code_of(submitted.offer)  # for machine code that offers
        self.offer, self.attend = entry_of(submitted.offer), entry_of(submitted.attend)
        self.take, self._leave = entry_of(submitted.take), entry_of(submitted.leave)
        self._next_of = entry_of(submitted.next_of)
        self.free: list[int] = []  # addresses of rows
        self.kept: dict[int, Any] = {}  # by these: what the call's frame points to
        self._listeners: dict[tuple[int, int], Any] = {}  # by these and life: who is told when a call is over
        self._telling: list[None] = []  # one for each thread that is about to tell
        self._made = 0  # rows that were laid out
        self.lock = threading.RLock()  # a finaliser may come here again
        self.is_forsaken = False  # this is a forked child: who ran calls is in the parent
        _desks.add(self)

    def _block(self, row: int) -> int:
        return self._blocks + row * CALL_FIELDS * _WORD

    def take_block(self) -> int | None:
        """Return the address of a row that is free, for one call; None if there is no more."""
        with self.lock:
            top = submitted.take_freed(self.address)
            while top:
                block = self._block(top - 1)
                top = self._next_of(block)
                self.free.append(block)
            if not self.free:
                count = min(_FRESH, MOST_CALLS - self._made)
                submitted.lay_out(self.address, self._made, count)
                self.free.extend(map(self._block, range(self._made, self._made + count)))
                self._made += count
            try:
                return self.free.pop()
            except IndexError:
                return None

    def node_of(self, block: int) -> int:
        """Return which node of the desk's run a row is."""
        return (block - self._blocks) // (CALL_FIELDS * _WORD)

    def listen(self, block: int, life: int, listener: Any) -> bool:
        """Let the method ``hear`` of an object be called when a call is over; return False if it is.

        An interrupt may have broken off that this was asked for before: then this does what was left.
        """
        self._listeners[block, life] = listener  # first: it may be over at once
        if submitted.listen(block, life):
            return True
        self._listeners.pop((block, life), None)
        return False

    def hear(self) -> None:
        """Tell who listens of calls that are over. Any thread."""
        with held_back():  # whoever was taken from the stack is told
            self._telling.append(None)  # first: see `is_still`
            try:
                top = submitted.take_finished(self.address)
                while top:
                    block = self._block(top - 1)
                    top = submitted.next_of(block)  # before the row is another call's
                    self._listeners.pop((block, submitted.life_at(block))).hear()
            finally:
                self._telling.pop()

    def start_thread(self, block: int) -> bool:
        """Start the thread that `offer` has asked for, unless that was done; return whether there is any."""
        with held_back():  # a thread that the pool counts and that never comes keeps it from running anything
            is_started = submitted.take_start(block) and self.pool.workers.start_thread()
        return is_started or not notifier.is_deserted(self.pool.tables.pool)

    def let_go(self, block: int) -> None:
        """Let go of what a call's frame points to, unless tasks that it has detached may use it."""
        kept = self.kept.pop(block, None)
        if kept is not None:
            self.pool.slots.keep_for_detached(self.slot, kept)

    def tell_last(self) -> None:
        """Hear that a call that no worker has ended may have been the last."""
        if self.pool.is_closed:
            self.pool.closing.end_if_empty()

    def leave(self, block: int, life: int) -> None:
        """Let a row go, of a call whose result was taken."""
        if self._leave(block, life):
            self.free.append(block)

    def count_calls(self) -> Counted:
        """Return what became of the calls; those that run count as queued."""
        offered, ended, failed, cancelled = kernels.read(self._row)
        return Counted(offered, max(ended - failed - cancelled, 0), failed, cancelled, offered - ended)

    def cancel_all(self) -> None:
        """Cancel what nobody has begun."""
        submitted.cancel_all(self.address, self._made)
        self.hear()

    def is_still(self) -> bool:
        """Tell whether all calls are over, and all told who are to be."""
        return (
            kernels.is_quiet(self._row) and not self._telling
        )  # in this order: who takes the stack is there

    def is_empty(self) -> bool:
        """Tell whether all is over and told; if not, a servant is called when it is. Of a closed pool."""
        return submitted.close_desk(self.address)
