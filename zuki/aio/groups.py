"""`TaskGroup`: coroutines that end before the block in which they were spawned."""

import threading
from types import TracebackType
from typing import Any

from zuki.aio.awaitables import close, level_of
from zuki.aio.scopes import Scope
from zuki.lane.coroutines import CoroutineTask, spawn_on
from zuki.lane.outcome import FINISHED
from zuki.lane.priority import NORMAL, Priority
from zuki.lane.wakers import current_task, here, is_cancellation, park

_NORMAL = Priority.NORMAL


class _End:
    """Tells a group of the end of a task."""

    __slots__ = ("_group", "_task")

    def __init__(self, group: "TaskGroup", task: CoroutineTask[Any]) -> None:
        self._group, self._task = group, task

    def wake(self) -> None:
        self._group._note_end(self._task)


class TaskGroup:
    """Wait at the end of a block for all coroutines that were spawned in it.

    If one fails the others are cancelled, and so is the block; all exceptions are raised together, as
    `asyncio.TaskGroup` does. If the coroutine of the block is cancelled, so are those of the group.

    Examples
    --------
    >>> import zuki
    >>> async def double(number):
    ...     return 2 * number
    >>> async def main():
    ...     async with zuki.TaskGroup() as group:
    ...         tasks = [group.spawn(double(number)) for number in range(3)]
    ...     return [task.result() for task in tasks]
    >>> zuki.run(main())
    [0, 2, 4]
    """

    def __init__(self) -> None:
        self._scope: Scope | None = None
        self._tasks: set[CoroutineTask[Any]] = set()
        self._errors: list[BaseException] = []
        self._lock = threading.RLock()  # a finaliser may come here again
        self._is_aborting = self._is_leaving = False
        self._refuses: str | None = "was not entered"  # why nothing can be spawned, if so

    def spawn(
        self, coroutine: Any, *, priority: Priority = _NORMAL, name: str | None = None
    ) -> CoroutineTask[Any]:
        """Let a coroutine run in the group, where its spawner runs.

        Parameters
        ----------
        coroutine : coroutine, awaitable, or object with a method poll
            What is to run.
        priority : Priority
            How urgent it is.
        name : str, optional
            What it is called in messages.

        Returns
        -------
        CoroutineTask
            The future of what it returns.

        Raises
        ------
        RuntimeError
            The group was not entered, is over, or is being cancelled.
        """
        if self._refuses is not None:
            close(coroutine)
            raise RuntimeError(f"nothing can be spawned in a TaskGroup that {self._refuses}")
        servant = here.servant
        if priority is _NORMAL and servant is not None and servant.current is not None:
            task = servant.spawn(coroutine, NORMAL, name)  # as below, at two thirds of the cost
        else:
            task = spawn_on(current_task().lanes, coroutine, level_of(priority), name)
        if task._state == FINISHED and task._exception is None:  # with its first step, as most
            return task
        with self._lock:
            self._tasks.add(task)
            is_late = self._is_aborting
        task._add_waker(_End(self, task))
        if is_late:  # another one has failed meanwhile
            task.cancel()
        return task

    create_task = spawn  # as asyncio calls it

    def _note_end(self, task: CoroutineTask[Any]) -> None:
        """Hear that a task is over. Any thread."""
        with self._lock:
            if task not in self._tasks:
                return  # this was told twice
            self._tasks.remove(task)
            error = task._exception
            if error is not None:
                task._hear()
                self._errors.append(error)
            is_last = not self._tasks
            abort, leaving = error is not None and not self._is_aborting, self._is_leaving
        if abort:
            self._abort()
            if not leaving:
                self._scope.cancel()  # type: ignore[union-attr]
        if is_last:
            self._scope.task.waker.wake()  # type: ignore[union-attr]

    def _abort(self) -> None:
        with self._lock:
            self._is_aborting, self._refuses = True, "is cancelled"
            tasks = list(self._tasks)
        for task in tasks:
            task.cancel()

    async def __aenter__(self) -> "TaskGroup":
        if self._scope is not None:
            raise RuntimeError("a TaskGroup is for one block, and this one was entered before")
        self._scope, self._refuses = Scope(), None
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        scope = self._scope
        assert scope is not None
        with self._lock:
            self._is_leaving = True
        scope.close()
        cancelled = None  # by others: it goes on its way
        if error is not None:
            if is_cancellation(error) and not scope.is_all_of(error):
                cancelled = error
            self._abort()
        while self._tasks:
            try:
                await park()
            except BaseException as interruption:
                if isinstance(interruption, GeneratorExit):  # nobody runs this any more
                    self._abort()
                    raise
                cancelled = interruption
                self._abort()
        self._refuses = "is over"
        try:
            self._raise(error, cancelled)
        finally:
            self._errors = []
            error = cancelled = None  # the traceback holds this frame

    def _raise(self, error: BaseException | None, cancelled: BaseException | None) -> None:
        errors = self._errors
        if error is not None and not is_cancellation(error):
            if isinstance(error, GeneratorExit):
                return
            errors = [*errors, error]
        for one in errors:
            if isinstance(one, SystemExit | KeyboardInterrupt):
                raise one
        if errors:
            raise BaseExceptionGroup("unhandled errors in a TaskGroup", errors) from None
        if cancelled is not None and cancelled is not error:
            raise cancelled
