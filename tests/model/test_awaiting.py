"""The end of a task under the model: told once, with its result; the row is let go by exactly one."""

import pytest

from zuki_kernels import task_life, task_state
from zuki_kernels.awaiting import TAKEN
from zuki_kernels.task_life import NOTHING, OVER

from .lives import OTHER, TASK, WAKER, Lives, wait, wake
from .mount import atomic
from .mutants import assert_killed
from .pct import pct
from .test_task_life import look, mounted
from .worlds import load_plain, plain, store_plain

MUTANTS = [
    ("read", "load_acquire", "load_relaxed"),
    ("wait_for", "cas_release", "cas_relaxed"),
    ("wait_for", "if has(word, COMPLETED)", "if False"),
    ("wait_for", "OVER if has(read(tasks, row), COMPLETED) else TAKEN", "NOTHING"),
    ("withdraw", "if has(word, COMPLETED)", "if False"),
    ("withdraw", "withdrawn(word)", "word"),
    ("told", "add_acq_rel", "add_release"),
    ("told", "FREE if is_free(word - AWAITED) else NOTHING", "FREE"),
    ("told", "FREE if is_free(word - AWAITED) else NOTHING", "NOTHING"),
    ("detach", "add_acq_rel", "add_acquire"),
    ("detach", "add_acq_rel", "add_release"),
    ("detach", "FREE if is_free(word - HELD) else NOTHING", "FREE"),
    ("detach", "FREE if is_free(word - HELD) else NOTHING", "NOTHING"),
]  # fmt: skip
BEYOND_THE_MODEL = {
    ("wait_for", "cas_acquire"): "the word's next exchange would have to run before one that ran earlier",
    ("told", "-AWAITED"): "its release: AWAITER's load would have to read a store of the row's next life",
    ("withdraw", "store_release"): "the store would have to run before the exchange above it",
}

FIRST, SECOND = 0, 1  # wakers that are no tasks: fields of the news


class Ends(Lives):
    """A task that is about to end, and who waits for it."""

    def run_last(self, row=TASK):
        """Run the last step; wake who is to be told; return that one."""
        began = yield from self.life.start(self.tasks, row)
        yield from self.step(row)
        return (yield from self.finish(row, began == task_life.CANCEL))

    def tell(self, waker):
        """Wake one that is no task; once."""
        if waker >= 0:
            if (yield from atomic("add_acq_rel")(self.news, 0, waker, 1)) != 0:
                raise AssertionError("told twice")
            yield from wake(self.news, 0, waker, 1)

    def be_told(self, waker):
        """Sleep until told."""
        while not (yield from atomic("load_acquire")(self.news, 0, waker)):
            yield from wait(self.news, 0, waker, 0, -1)

    def take(self, row=TASK):
        """Take the result of a task that is over, and let it go; return the result and how it ended."""
        word = yield from self.awaiting.read(self.tasks, row)
        if not word & task_state.COMPLETED:
            raise AssertionError("not over")
        result = yield from load_plain(self.objects, row, 0)
        yield from store_plain(self.objects, row, 0, 0)
        yield from self.detach(row)
        return result, word & task_state.CANCELLED > 0


def runner_of(world):
    def runner():
        yield from world.pop(TASK)
        waker = yield from world.run_last()
        yield from world.tell(waker)
        return waker

    return runner


def freed_once(world):
    """The check that one thread has recycled the task, and then nothing else happened to its row."""

    def check(results, memory):
        word = memory.latest(world.tasks, TASK, task_life.STATE)
        freed = memory.latest(world.freed, 0, 0)
        return (freed, word) != (1, plain(task_state.recycled)(0)) and f"freed {freed} times, left {word:x}"

    return check


def awaited(kernels, cancels=False):
    """The holder waits for a task that ends, and may be cancelled; it takes the result."""
    world = Ends(kernels, queued=True)
    freed = freed_once(world)

    def holder():
        answer = yield from world.awaiting.wait_for(world.tasks, TASK, FIRST)
        if answer == NOTHING:
            yield from world.be_told(FIRST)
        return answer, (yield from world.take())

    def canceller():
        return (yield from world.wake(WAKER, cancels=True))

    def check(results, memory):
        waker, (answer, (result, was_cancelled)) = results[0], results[1]
        if result != 1 or (answer == NOTHING) != (waker == FIRST):
            return "told wrongly"
        if was_cancelled and (not cancels or results[2] != NOTHING):
            return "cancelled by nobody"
        return freed(results, memory)

    return [runner_of(world), holder] + [canceller] * cancels, check, None


def given_up(kernels):
    """The holder waits, then withdraws, and lets the task go whether it is over or not."""
    world = Ends(kernels, queued=True)
    freed = freed_once(world)

    def holder():
        answer = yield from world.awaiting.wait_for(world.tasks, TASK, FIRST)
        if answer == NOTHING:
            answer = yield from world.awaiting.withdraw(world.tasks, TASK)
        if answer == OVER:
            return (yield from world.take())
        yield from world.detach(TASK)
        return None

    def check(results, memory):
        if results[0] == FIRST and results[1] is None:
            return "told after it withdrew"
        return freed(results, memory)

    return [runner_of(world), holder], check, None


def two_for_the_holder(kernels):
    """One waits and withdraws while another one tries to wait: that one is told, or knows that it is not."""
    world = Ends(kernels, queued=True)

    def impatient():
        answer = yield from world.awaiting.wait_for(world.tasks, TASK, FIRST)
        if answer != NOTHING:
            return answer, None
        return answer, (yield from world.awaiting.withdraw(world.tasks, TASK))

    def patient():
        answer = yield from world.awaiting.wait_for(world.tasks, TASK, SECOND)
        if answer == NOTHING:
            yield from world.be_told(SECOND)
        return answer

    def check(results, memory):
        waker, (first, withdrawn), second = results.values()
        if second == TAKEN and first != NOTHING and first != OVER:
            return "taken by nobody"
        expected = {NOTHING: waker == SECOND, OVER: waker != SECOND, TAKEN: waker != SECOND}[second]
        if withdrawn == NOTHING and waker == FIRST:
            return "told after it withdrew"
        return not expected and "told wrongly"

    return [runner_of(world), impatient, patient], check, None


def a_task_awaits(kernels, wishes=1):
    """A task waits for another one and may be cancelled meanwhile: it ends, and both rows are let go."""
    initial = {(OTHER, task_life.STATE): task_state.RUNNING}
    world = Ends(kernels, rows=2, queued=True, initial=initial)
    waker = plain(task_state.waker_of)(OTHER, 0)

    def runner():
        yield from world.pop(TASK)
        told = yield from world.run_last()
        if told >= 0:
            yield from world.wake(told)

    def other():
        yield from world.step(OTHER)
        answer = yield from world.awaiting.wait_for(world.tasks, TASK, waker)
        began = task_life.RUN
        while answer == NOTHING and began == task_life.RUN:
            if (yield from world.life.pause(world.tasks, OTHER)) == task_life.AGAIN:
                yield from world.push(OTHER)
            yield from world.pop(OTHER)
            began = yield from world.life.start(world.tasks, OTHER)
            yield from world.step(OTHER)
            if (yield from world.awaiting.read(world.tasks, TASK)) & task_state.COMPLETED:
                answer = OVER
        if answer == NOTHING:
            answer = yield from world.awaiting.withdraw(world.tasks, TASK)
        result = None
        if answer == OVER:
            result = yield from world.take()
        else:
            yield from world.detach(TASK)
        yield from world.finish(OTHER, began == task_life.CANCEL)
        return began, result

    def canceller():
        return (yield from world.wake(waker, cancels=True))

    def check(results, memory):
        began, result = results[1]
        if began == task_life.RUN and result != (1, False):
            return "no result"
        return memory.latest(world.freed, 0, 0) != 2 and "not both let go"

    return [runner, other] + [canceller] * wishes, check, None


SCENARIOS = [
    awaited,
    lambda kernels: awaited(kernels, True),
    given_up,
    two_for_the_holder,
    a_task_awaits,
]


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_the_end_is_told_once_and_the_row_let_go_once(scenario):
    look(scenario)(mounted())


def test_random_schedules_of_more_wishes():
    threads, check, _ = a_task_awaits(mounted(), wishes=3)
    pct(threads, check, runs=150)


@pytest.mark.parametrize("mutant", MUTANTS)
def test_each_ordering_is_needed(mutant):
    assert_killed("awaiting", mutant, *map(look, SCENARIOS), entry=mounted)
