"""Scenarios of Python tasks that are woken, run, cancelled, awaited and recycled.

The queue is a count that relaxed operations move, so that nothing but the task's word orders
what a run sees. A task's object is plain: the model reports two that touch it at once, and a
step that does not see the one before.
"""

from zuki_kernels import task_life, task_state
from zuki_kernels.runs import NONE

from .mount import Table, atomic
from .mount import _operation as operation
from .worlds import load_plain, plain, store_plain

load_relaxed, store_relaxed, add_relaxed, cas_relaxed = map(
    atomic, ("load_relaxed", "store_relaxed", "add_relaxed", "cas_relaxed")
)
wait, wake = operation("wait", None), operation("wake", None)

TASK, OTHER = 0, 1  # rows
WAKER = plain(task_state.waker_of)(TASK, 0)


class Lives:
    """A table of tasks, their objects, a queue of rows, and news that tasks wait for.

    A task's object is a number: the steps that it has run, then its result.
    """

    def __init__(self, kernels, rows=1, news=2, initial=None, queued=False):
        self.life, self.awaiting = kernels.task_life, kernels.awaiting
        cells = {(row, task_life.AWAITER): NONE for row in range(rows)}
        cells[TASK, task_life.STATE] = task_state.SCHEDULED | task_state.HELD if queued else 0
        self.tasks = Table("tasks", rows, task_life.TASK_FIELDS, {**cells, **(initial or {})})
        self.objects = Table("objects", rows, 1)
        self.queue = Table("queue", rows, 1, {(TASK, 0): int(queued)})
        self.news = Table("news", 1, news)
        self.freed = Table("freed", 1, 1)

    def frozen(self):
        return "lives"

    def push(self, row):
        """Put a task into the queue, which must not have it."""
        if (yield from add_relaxed(self.queue, row, 0, 1)) != 0:
            raise AssertionError("a task is in the queue twice")
        yield from wake(self.queue, row, 0, 1)

    def pop(self, row):
        """Take a task from the queue; sleep while it is not there."""
        while not (yield from cas_relaxed(self.queue, row, 0, 1, 0)):
            yield from wait(self.queue, row, 0, 0, -1)

    def spawn(self, row, held=True):
        """Make an object, begin a life, push the task; return its waker."""
        yield from store_plain(self.objects, row, 0, 0)
        waker = yield from self.life.spawn(self.tasks, row, held)
        yield from self.push(row)
        return waker

    def wake(self, waker, cancels=False):
        """Use the right to wake a task, or to cancel it; return the verdict."""
        verb = self.life.cancel if cancels else self.life.wake
        answer = yield from verb(self.tasks, waker)
        if answer == task_life.PUSH:
            yield from self.push(plain(task_state.row_of)(waker))
        return answer

    def step(self, row):
        """Run a step of the task's object."""
        steps = (yield from load_plain(self.objects, row, 0)) + 1
        if steps > 6:
            raise AssertionError("a task runs on and on")
        yield from store_plain(self.objects, row, 0, steps)

    def pause(self, row):
        """Stop to run a task; push it if it was woken meanwhile."""
        if (yield from self.life.pause(self.tasks, row)) == task_life.AGAIN:
            yield from self.push(row)

    def finish(self, row, by_cancellation=False):
        """End a task, tell its awaiter, and recycle it if nobody else does."""
        answer = yield from self.life.finish(self.tasks, row, by_cancellation)
        if answer == task_life.TELL:
            waker = yield from self.awaiting.awaiter_of(self.tasks, row)
            answer = yield from self.awaiting.told(self.tasks, row)
            yield from self.recycle(row, answer)
            return waker
        yield from self.recycle(row, answer)
        return NONE

    def recycle(self, row, answer):
        """Take the object out and end the life, if the answer is that this thread is the last."""
        if answer == task_life.FREE:
            yield from load_plain(self.objects, row, 0)
            yield from store_plain(self.objects, row, 0, 0)
            yield from self.life.recycle(self.tasks, row)
            yield from add_relaxed(self.freed, 0, 0, 1)

    def detach(self, row):
        """Give up the result; recycle the task if nobody else does."""
        yield from self.recycle(row, (yield from self.awaiting.detach(self.tasks, row)))

    def bring(self, *news):
        """A thread that writes news and wakes the task."""

        def waker():
            for field in news:
                yield from store_relaxed(self.news, 0, field, 1)
            return (yield from self.wake(WAKER))

        return waker

    def runner(self, needed):
        """A thread that runs the task until it has found ``needed`` news, or a cancellation."""

        def run():
            while True:
                yield from self.pop(TASK)
                began = yield from self.life.start(self.tasks, TASK)
                yield from self.step(TASK)
                if began == task_life.CANCEL:
                    yield from self.finish(TASK, True)
                    return "cancelled"
                found = 0
                for field in range(needed):
                    found += yield from load_relaxed(self.news, 0, field)
                if found == needed:
                    yield from self.finish(TASK)
                    return "done"
                yield from self.pause(TASK)

        return run

    def is_quiet(self, memory):
        """Whether the task is over and in no queue."""
        word = memory.latest(self.tasks, TASK, task_life.STATE)
        return (
            word & (task_state.COMPLETED | task_state.RUNNING | task_state.SCHEDULED) == task_state.COMPLETED
            and memory.latest(self.queue, TASK, 0) == 0
        )
