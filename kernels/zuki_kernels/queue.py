"""The unbounded queue: any thread pushes a list of tasks, one thread at a time consumes.

King Protty's intrusive queue (zap, 2022): a stack of lists that a consumer takes whole,
and a cache of what it took and did not use. Nobody waits: a consumer that finds another
one at work is told `LOST`. Order is last list first, and first task of a list first.

Columns: STACK packs the newest task and two bits; CACHE belongs to the consumer.
Roles: producers `push`; a consumer calls `acquire`, then `more` whenever its list has
run out, then `release` with what it has not used.
At rest: CONSUMING is off, and HAS_CACHE says whether CACHE names a task.
"""

from ._jit import kernel
from ._types import Table
from .atomics import add_acq_rel, cas_acquire, cas_release, exchange_acquire, load_relaxed, store_relaxed
from .node import END, next_of, set_next

STACK = 0
CACHE = 8
QUEUE_FIELDS = 16

HAS_CACHE = 1  # bit of STACK: CACHE names the next task, or the consumer holds a list
CONSUMING = 2  # bit of STACK: someone consumes
_FLAGS = HAS_CACHE | CONSUMING
_SHIFT = 2

EMPTY = -1  # verdict: there is no task
LOST = -2  # verdict: another thread consumes


@kernel
def push(queues: Table, queue: int, runs: Table, first: int, last: int) -> None:
    """Add the list from ``first`` to ``last``, whose links are set but for the last one. Any thread."""
    while True:  # a failure means that another thread has succeeded
        stack = load_relaxed(queues, queue, STACK)
        set_next(runs, last, (stack >> _SHIFT) - 1)
        filled = (first + 1) << _SHIFT | stack & _FLAGS
        if cas_release(
            queues, queue, STACK, stack, filled
        ):  # order: the links before the list; pairs with acquire's and more's
            return


@kernel
def is_empty(queues: Table, queue: int) -> bool:
    """Tell whether there seems to be no task, or another thread is at them. Any thread."""
    stack = load_relaxed(queues, queue, STACK)
    return stack == 0 or stack & CONSUMING != 0


@kernel
def holds_any(queues: Table, queue: int) -> bool:
    """Tell whether there may be a task: there seems to be, or another thread is at them. Any thread."""
    return load_relaxed(queues, queue, STACK) != 0


@kernel
def holds_another(queues: Table, queue: int, runs: Table, task: int) -> bool:
    """Tell whether there seems to be another task than ``task``, and no thread is at them. Any thread."""
    stack = load_relaxed(queues, queue, STACK)
    if stack == 0 or stack & CONSUMING:
        return False
    newest = (stack >> _SHIFT) - 1
    if newest == END:
        newest = load_relaxed(queues, queue, CACHE)
    elif stack & HAS_CACHE:
        return True
    return newest != task or next_of(runs, task) != END


@kernel
def acquire(queues: Table, queue: int) -> int:
    """Become the consumer and return the first task; or return `EMPTY` or `LOST`."""
    while True:  # a failure means that another thread has succeeded
        stack = load_relaxed(queues, queue, STACK)
        if stack & CONSUMING:
            return LOST
        if stack == 0:
            return EMPTY
        if stack & HAS_CACHE:
            if cas_acquire(
                queues, queue, STACK, stack, stack | CONSUMING
            ):  # order: CACHE after the last release; pairs with release's
                return load_relaxed(queues, queue, CACHE)
        elif cas_acquire(
            queues, queue, STACK, stack, _FLAGS
        ):  # order: the list after its links; pairs with push's
            return (stack >> _SHIFT) - 1


@kernel
def more(queues: Table, queue: int) -> int:
    """Return the first task of what was pushed meanwhile, or `END`. The consumer."""
    if load_relaxed(queues, queue, STACK) == _FLAGS:
        return END
    stack = exchange_acquire(
        queues, queue, STACK, _FLAGS
    )  # order: the list after its links; pairs with push's
    return (stack >> _SHIFT) - 1


@kernel
def release(queues: Table, queue: int, rest: int) -> None:
    """Stop consuming; ``rest`` is the first task that was not used, or `END`. The consumer."""
    dropped = CONSUMING
    if rest == END:
        dropped |= HAS_CACHE
    else:
        store_relaxed(queues, queue, CACHE, rest)
    add_acq_rel(
        queues, queue, STACK, -dropped
    )  # order: CACHE before the consumer's leave; pairs with acquire's
