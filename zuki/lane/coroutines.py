"""A coroutine that zuki runs: its steps, its end, and its cancellation."""

from collections.abc import Callable, Generator
from contextlib import suppress
from contextvars import Context, copy_context
from types import CoroutineType
from typing import Any, TypeVar

from zuki.errors import DeadlockError
from zuki.lane.driver import RETURNED, send
from zuki.lane.future import Future
from zuki.lane.lanes import Lanes
from zuki.lane.outcome import CANCELLED, DONE, FINISHED, PENDING
from zuki.lane.priority import NORMAL
from zuki.lane.reporting import report_lost
from zuki.lane.stillness import is_in_step
from zuki.lane.wakers import Waker, as_coroutine, cancelled_error, here, is_cancellation
from zuki.later import later
from zuki_kernels.runs import NONE
from zuki_kernels.task_state import ROW_MASK

shown = later("zuki.lane.shown")

T = TypeVar("T")


class CoroutineTask(Future[T]):
    """A coroutine that runs on an executor; the future of its result.

    Made by `zuki.spawn`. Await it, or wait for its `result` on another thread.
    """

    __slots__ = ("_context", "_coroutine", "_driver", "_lanes", "_level", "_number", "_waker", "_wish")

    _claims: list[Any] = []  # noqa: RUF012  (always empty: only its runner may finish it)
    _coroutine: Any
    _context: Context  # while it is not over, outside of its first step
    _driver: Generator[Any, Any, None] | None  # in which it is, once it has begun
    _lanes: Lanes
    _level: int
    _number: int  # of its waker, once it has one; else NONE
    _waker: Waker | None
    _wish: tuple[Any, ...] | None  # to cancel it: the reason
    _name: str | None = None
    _unheard: "_Unheard | None" = None
    _teller: object  # who has told it that all are to end, or None: it came later; see `cancelling.tell`

    @property
    def name(self) -> str:
        """What it is called in messages."""
        return self._name or getattr(self._coroutine, "__qualname__", None) or "coroutine"

    @property
    def waker(self) -> Waker:
        """What lets it run once more; for who makes it wait, which only itself does."""
        if self._waker is None:
            if self._number < 0:
                self._number = self._lanes.take_number(self)
            self._waker = Waker(self._number, self._lanes.wake)
        return self._waker

    @property
    def lanes(self) -> Lanes:
        """Where it runs; for `spawn_on`."""
        return self._lanes

    def cancel(self, reason: Any = None) -> bool:
        """Wish it to end: at its next await `asyncio.CancelledError` is raised in it.

        Parameters
        ----------
        reason : object, optional
            The exception's argument.

        Returns
        -------
        bool
            False if it is over already, and was not cancelled.
        """
        if self._state in DONE:
            return self.cancelled()
        self._wish = () if reason is None else (reason,)
        if self._number >= 0:  # else it has not waited yet: its next step looks
            self._lanes.wake(self._number)
        return True

    def _forsake(self) -> None:
        """Be cancelled, of a task that nobody will ever run."""
        self._coroutine.close()
        self._raise(cancelled_error())

    def set_result(self, result: T) -> None:
        """Raise: only the coroutine gives its result.

        Parameters
        ----------
        result : object
            Ignored.
        """
        raise RuntimeError("the result of a coroutine is not set by others")

    def set_exception(self, exception: BaseException | None) -> None:
        """Raise: only the coroutine fails.

        Parameters
        ----------
        exception : BaseException
            Ignored.
        """
        raise RuntimeError("a coroutine is not made to fail by others; cancel it")

    def _wait(self, timeout: float | None) -> None:
        if self._state not in DONE:
            self._lanes.home.wait_for(self, timeout)

    # ---- steps: its runner calls these -------------------------------------------------------------

    def _hear_of_deadlock(self, error: DeadlockError) -> None:
        """Fail at the await at which it is; if it is in none, who is in its step hears of it."""
        if self._state not in DONE and not is_in_step(self):
            self._wish = _ToFail((DeadlockError(*error.args),))  # others raise theirs
            if self._number >= 0:
                self._lanes.wake(self._number)

    def _step(self) -> Any:
        """Take the next step, or the first one; return what the driver yields."""
        driver = self._driver
        if self._wish is not None:
            wish, self._wish = self._wish, None
            return self._throw(wish[0] if type(wish) is _ToFail else cancelled_error(*wish))
        if driver is None:
            driver = self._driver = self._lanes.take_driver()
            return self._context.run(send, driver, self)
        return self._context.run(send, driver, None)

    def _throw(self, error: BaseException) -> Any:
        """Begin the next step with an exception, of a coroutine that has not begun before its first line."""
        into = self._coroutine if self._driver is None else self._driver
        return self._context.run(into.throw, error)

    def _return(self) -> None:
        """Be over with the result that the driver has set."""
        driver = self._driver
        self._coroutine = self._context = self._driver = None  # type: ignore[assignment]
        self._lanes.give_driver_back(driver)
        self._close(FINISHED)
        if self._number >= 0:
            self._give_number_back()

    def _give_number_back(self) -> None:
        self._lanes.outbox.append(~((self._number & ROW_MASK) << 1 | 1))  # see `exchange.ended`

    def _raise(self, error: BaseException) -> None:
        """Be over with an exception."""
        self._name = name = self.name
        self._coroutine = self._context = self._driver = None  # type: ignore[assignment]
        _drop_frames_of_runners(error)
        if type(error) is RuntimeError and error.args == _OF_ASYNCIO:
            error.add_note(_NOT_ASYNCIO)
        tally = self._lanes.coroutines.tally
        if is_cancellation(error):
            next(tally.cancelled)
            self._close(CANCELLED)
            self._notify_cancel()
        else:
            next(tally.failed)
            self._unheard = _Unheard(name, error)
            self._fail(error)
        if self._number >= 0:
            self._give_number_back()

    def _complain(self, yielded: Any) -> None:
        """Raise in the coroutine that it has yielded something strange; close it if it goes on."""
        error = TypeError(
            f"coroutine {self.name!r} awaits {yielded!r}, which zuki does not know: "
            "await zuki's own, or run it in an asyncio loop"
        )
        try:
            yielded = self._throw(error)
        except BaseException as raised:
            self._raise(raised)
        else:
            if yielded is RETURNED:
                next(self._lanes.coroutines.tally.run)
                self._return()
                return
            with suppress(RuntimeError):  # it goes on nevertheless
                self._coroutine.close()
            self._raise(error)

    def _hear(self) -> None:
        if self._unheard is not None:
            self._unheard.error = None

    def _repr_html_(self) -> str:
        return shown.html_of(self, f"zuki.CoroutineTask {self.name!r}")

    def __repr__(self) -> str:
        return f"<zuki.CoroutineTask {self.name!r}: {self._state.lower().replace('_', ' ')}>"


class _ToFail(tuple[BaseException]):
    """A wish that a task ends by an exception that is no cancellation."""

    __slots__ = ()


class _Unheard:
    """Tells of an exception that nobody has asked for, when its task is gone."""

    __slots__ = ("error", "name")

    def __init__(self, name: str, error: BaseException | None) -> None:
        self.name, self.error = name, error

    def __del__(self) -> None:
        if self.error is not None:
            report_lost(self.error, "Exception was never retrieved of coroutine", self.name)


_RUNNERS = frozenset(f"{__package__}.{name}" for name in ("serving", "coroutines", "driver"))


_OF_ASYNCIO = ("no running event loop",)
_NOT_ASYNCIO = (
    "zuki runs this coroutine, not asyncio: zuki.sleep, zuki.timeout, zuki.Event and the like take the place "
    "of asyncio's"
)


def _drop_frames_of_runners(error: BaseException) -> None:
    """Let a traceback begin in the coroutine: the frame of a runner keeps alive what it runs later."""
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_globals.get("__name__") in _RUNNERS:
        trace = trace.tb_next
    error.__traceback__ = trace


_new: Callable[[type], Any] = object.__new__


def new_task(lanes: Lanes, coroutine: Any, level: int) -> CoroutineTask[Any]:
    """Return a task that has not begun. Without a call of `__init__`, which takes as long as all this."""
    task = _new(CoroutineTask)
    task._state, task._result, task._exception, task._wakers = PENDING, None, None, None
    task._lanes, task._coroutine, task._driver, task._level = lanes, coroutine, None, level
    task._number, task._waker, task._wish = NONE, None, None
    return task


def spawn_on(
    lanes: Lanes, coroutine: Any, level: int = NORMAL, name: str | None = None
) -> CoroutineTask[Any]:
    """Let a coroutine run, and return its future; see `Servant.spawn` for what a coroutine spawns."""
    servant = here.servant
    if servant is not None and servant._lanes is lanes:
        return servant.spawn(coroutine, level, name)
    return queue_on(lanes, coroutine, level, name)


def queue_on(lanes: Lanes, coroutine: Any, level: int, name: str | None) -> CoroutineTask[Any]:
    """Let a coroutine run when its turn comes, and return its future. Also a finaliser may, anywhere."""
    if type(coroutine) is not CoroutineType:
        coroutine = as_coroutine(coroutine)
    task = new_task(lanes, coroutine, level)
    task._context = copy_context()
    if name is not None:
        task._name = name
    if lanes.is_ending:
        task._teller = None
    lane = lanes.coroutines
    next(lane.tally.spawned)
    lane.ready[level].append(task)
    if not lane.is_awake and not lane.call():
        lanes.refuse(lane, level, task)
    return task
