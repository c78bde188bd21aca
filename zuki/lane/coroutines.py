"""A coroutine that zuki runs: its steps, its end, and its cancellation."""

from collections.abc import Callable
from contextlib import suppress
from contextvars import Context, copy_context
from types import CoroutineType
from typing import Any, TypeVar

from zuki.lane.future import CANCELLED, DONE, Future
from zuki.lane.lanes import NORMAL, Lanes
from zuki.lane.reporting import report_lost
from zuki.lane.wakers import Waker, as_coroutine, cancelled_error, here, is_cancellation
from zuki_kernels.runs import NONE
from zuki_kernels.task_state import ROW_MASK

T = TypeVar("T")


class CoroutineTask(Future[T]):
    """A coroutine that runs on an executor; the future of its result.

    Made by `zuki.spawn`. Await it, or wait for its `result` on another thread.
    """

    _claims: list[Any] = []  # noqa: RUF012  (always empty: only its runner may finish it)
    _coroutine: Any = None
    _context: Context
    _lanes: Lanes
    _level = NORMAL
    _number = NONE  # of its waker, once it has one
    _wish: tuple[Any, ...] | None = None  # to cancel it: the reason
    _name: str | None = None
    _waker: Waker | None = None
    _unheard: "_Unheard | None" = None

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

    def _throw_wish(self) -> Any:
        """Raise the wish to end in the coroutine; return what it yields."""
        wish, self._wish = self._wish, None
        return self._context.run(self._coroutine.throw, cancelled_error(*wish))  # type: ignore[misc]

    def _return(self, value: Any) -> None:
        """Be over with a result."""
        self._coroutine = self._context = None  # type: ignore[assignment]
        next(self._lanes.coroutines.tally.run)
        self._succeed(value)
        if self._number >= 0:
            self._give_number_back()

    def _give_number_back(self) -> None:
        self._lanes.outbox.append(~((self._number & ROW_MASK) << 1 | 1))  # see `exchange.ended`

    def _raise(self, error: BaseException) -> None:
        """Be over with an exception."""
        self._name = name = self.name
        self._coroutine = self._context = None  # type: ignore[assignment]
        if error.__traceback__ is not None:  # the runner's frame would keep alive what it runs later
            error.__traceback__ = error.__traceback__.tb_next
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
            self._context.run(self._coroutine.throw, error)
        except StopIteration as stop:
            self._return(stop.value)
        except BaseException as raised:
            self._raise(raised)
        else:
            with suppress(RuntimeError):  # it goes on nevertheless
                self._coroutine.close()
            self._raise(error)

    def _hear(self) -> None:
        if self._unheard is not None:
            self._unheard.error = None

    def __repr__(self) -> str:
        return f"<zuki.CoroutineTask {self.name!r}: {self._state.lower().replace('_', ' ')}>"


class _Unheard:
    """Tells of an exception that nobody has asked for, when its task is gone."""

    __slots__ = ("error", "name")

    def __init__(self, name: str, error: BaseException | None) -> None:
        self.name, self.error = name, error

    def __del__(self) -> None:
        if self.error is not None:
            report_lost(self.error, "Exception was never retrieved of coroutine", self.name)


_new: Callable[[type], Any] = object.__new__


def spawn_on(
    lanes: Lanes, coroutine: Any, level: int = NORMAL, name: str | None = None
) -> CoroutineTask[Any]:
    """Let a coroutine run, and return its future.

    What a coroutine spawns begins in place: its first step is taken before this returns, for most that are
    spawned by the thousand end with it, and so never wait in a queue, which keeps the collector of
    garbage from going through all of them. Not so what is spawned in such a step, or is less urgent than
    its spawner, or what several threads may run at once.
    """
    if type(coroutine) is not CoroutineType:
        coroutine = as_coroutine(coroutine)
    task = _new(CoroutineTask)  # without a call of `__init__`, which takes as long as all below
    task._coroutine, task._context, task._lanes = coroutine, copy_context(), lanes
    if level != NORMAL:
        task._level = level
    if name is not None:
        task._name = name
    lane = lanes.coroutines
    servant = here.servant
    if (
        servant is not None
        and not servant.is_beginning
        and servant._lanes is lanes
        and level <= servant.current._level
    ):
        servant.begin(task)
        return task
    next(lane.tally.spawned)
    lane.ready[level].append(task)
    if not lane.is_awake and not lane.call():
        lanes.refuse(lane, level, task)
    return task
