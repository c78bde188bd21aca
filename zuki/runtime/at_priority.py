"""An executor at a priority: what is called and spawned there is more or less urgent."""

from concurrent import futures
from typing import TYPE_CHECKING, Any

from zuki.lane.coroutines import CoroutineTask
from zuki.lane.priority import Priority
from zuki.runtime.kinds import submit_of

if TYPE_CHECKING:
    from zuki.runtime.executor import Executor


class AtPriority(futures.Executor):
    """An executor whose calls and coroutines have a priority; see `Executor.at`.

    Parameters
    ----------
    executor : Executor
        Where they run.
    priority : Priority
        How urgent they are.
    """

    def __init__(self, executor: "Executor", priority: Priority) -> None:
        self._executor, self._priority = executor, priority

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Any:
        """Do as `Executor.submit`; the nodes of graphs have priorities of their own."""
        submit = submit_of(fn)
        if submit is not None:
            return submit(self._executor, fn, args, kwargs, self._priority.value)
        return self._executor._submit_call(fn, args, kwargs, self._priority.value)

    def spawn(self, coroutine: Any, *, name: str | None = None) -> CoroutineTask[Any]:
        """Do as `Executor.spawn`."""
        return self._executor.spawn(coroutine, priority=self._priority, name=name)


def checked_priority(value: object) -> Priority:
    """Return a priority; raise if there is none such."""
    try:
        return Priority(value)  # type: ignore[arg-type]
    except ValueError:
        raise ValueError(f"priority must be a zuki.Priority, not {value!r}") from None
