"""`worker_id`, `num_workers` and `cancelled`: what a body may ask about where it runs."""

from numba.core import types
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import lower_builtin

from zuki.runtime.default import checked_executor
from zuki.runtime.executor import Executor
from zuki.runtime.seat import innermost_seat
from zuki.spawning.handles import JoinHandle, fields_of
from zuki.spawning.kernel_calls import call_kernel
from zuki_kernels import asking, groups, starting
from zuki_kernels.asking import NO_WORKER


def worker_id() -> int:
    """Return the number of the worker that runs the caller; from Python or in jitted code.

    Returns
    -------
    int
        At least 0 and less than `num_workers`, for what a worker has for itself, such as a row of
        an array; -1 outside of a pool. A body that joins may run others' tasks meanwhile.
    """
    seat = innermost_seat()
    return NO_WORKER if seat is None else seat[1]


def num_workers(executor: Executor | None = None) -> int:
    """Return how many numbers `worker_id` may give in a pool; from Python or in jitted code.

    Parameters
    ----------
    executor : Executor, optional
        Whose pool; from Python only. Default: that in which the caller runs; outside of all pools, that of
        `default_executor`.

    Returns
    -------
    int
        The executor's ``max_threads``, which is how many run at once, and more for callers that help. In
        jitted code that is called outside of a pool 1, for that runs alone.
    """
    seat = innermost_seat()
    if executor is None and seat is not None:
        return seat[0].tables.seats
    return checked_executor(executor)._pool.tables.seats


def cancelled() -> bool:
    """Tell whether the caller works for nothing; from Python or in jitted code.

    A body that runs for long may ask now and then, and return early: nobody will see its result.

    Returns
    -------
    bool
        Whether the run was stopped: by Ctrl-C, or by ``shutdown(cancel_futures=True)``. In jitted code
        also whether the task that has spawned this one has failed, or another one that it has spawned. A
        failure on another worker is heard of when the spawner waits in a join, and not while it runs
        others' tasks there. False outside of a pool.
    """
    seat = innermost_seat()
    if seat is None:
        return False
    pool, row, _ = seat
    run = pool.tables.run_of(row)
    return run >= 0 and starting.is_stopped(pool.tables.runs, run)


def stopped() -> bool:
    """Tell whether the run was stopped that the caller is a part of. Jitted code alone asks this."""
    raise NotImplementedError


def forsaken() -> bool:
    """Tell whether the caller's spawner has failed, so that nobody can see what it does. In jitted code."""
    raise NotImplementedError


def failed(handle: int) -> bool:
    """Tell whether a task has failed on another worker, by `block_of` its handle. In jitted code."""
    raise NotImplementedError


def block_of(handle: JoinHandle) -> int:
    """Return the number by which `failed` knows a task that is not joined yet. In jitted code."""
    raise NotImplementedError


def _answer(question, kernel, result, *parameters) -> None:
    """Let a function be a kernel in jitted code."""

    class Template(AbstractTemplate):
        def generic(self, args, kws):
            return None if args != parameters or kws else signature(result, *parameters)

    infer_global(question)(Template)

    @lower_builtin(question, *parameters)
    def lower(context, builder, chosen, args):
        return call_kernel(context, builder, kernel, *args)


_answer(worker_id, asking.worker_id, types.int64)
_answer(num_workers, asking.num_workers, types.int64)
_answer(cancelled, asking.is_cancelled, types.boolean)
_answer(stopped, asking.is_stopped, types.boolean)
_answer(forsaken, asking.is_forsaken, types.boolean)
_answer(failed, groups.has_failed, types.boolean, types.int64)


@infer_global(block_of)
class _BlockTemplate(AbstractTemplate):
    def generic(self, args, kws):
        return types.int64(*args) if not kws and len(args) == 1 and isinstance(args[0], JoinHandle) else None


@lower_builtin(block_of, JoinHandle)
def _lower_block_of(context, builder, chosen, args):
    return fields_of(context, builder, chosen.args[0], value=args[0]).block
