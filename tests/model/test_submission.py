"""Submitted calls under the model: each is run once, and its row is free when both sides have left it."""

import pytest

from zuki_kernels import submission

from .lives import add_relaxed
from .mount import Table, mount_all
from .mutants import assert_killed
from .scenario import Scenario, finders, named
from .worlds import load_plain, store_plain

STARTED, OVER, CANCELLED, LISTENED = (
    submission.STARTED,
    submission.OVER,
    submission.CANCELLED,
    submission.LISTENED,
)
FETCHED, PASSED, LEFT = submission.FETCHED, submission.PASSED, submission.LEFT
LIFE = 5

MUTANTS = [
    ("add", "cas_acq_rel", "cas_acquire"),
    ("add", "cas_acq_rel", "cas_release"),
    ("add", "if life_of(word) != life", "if False"),
    ("ask", "if word & OVER != 0", "if False"),
    ("begin", "before & STARTED == 0", "True"),
    ("finish", "if before & WAITED != 0", "if before & LISTENED != 0"),
    ("finish", "OVER | bits", "OVER"),
    ("sleep", "ask(calls, row, life, WAITED)", "0"),
    ("sleep", "word & OVER == 0", "True"),
    ("open_row", "+ 1", "+ 0"),
]
BEYOND_THE_MODEL = {}


def mounted(edit=lambda source, name: source):
    return mount_all(edit, ["submission"])


class Call:
    """One row, its frame (an argument, then a result), and what was done with them."""

    def __init__(self, kernels, bits=0):
        self.kernel = kernels.submission
        word = {(0, submission.WORD): LIFE << 8 | bits}
        self.calls = Table("calls", 1, submission.CALL_FIELDS, word)
        self.frame = Table("frame", 1, 2)
        self.counts = Table("counts", 1, 3)  # runs, times freed, times told

    def frozen(self):
        return "call"

    def run(self):
        yield from add_relaxed(self.counts, 0, 0, 1)
        argument = yield from load_plain(self.frame, 0, 0)
        yield from store_plain(self.frame, 0, 1, argument + 7)

    def free(self):
        """Use the row for the next call."""
        yield from store_plain(self.frame, 0, 0, 1)
        yield from store_plain(self.frame, 0, 1, 0)
        yield from add_relaxed(self.counts, 0, 1, 1)

    def worker(self):
        """Take the call from the queue; tell who listens."""
        if (yield from self.kernel.begin(self.calls, 0, LIFE)):
            yield from self.run()
            before = yield from self.kernel.finish(self.calls, 0, LIFE, PASSED)
            if before & LISTENED:
                yield from add_relaxed(self.counts, 0, 2, 1)
        elif (yield from self.kernel.add(self.calls, 0, LIFE, PASSED)) & LEFT:
            yield from self.free()

    def take(self):
        """Take the result of a call that is over, and leave the row; return the result, or None."""
        before = yield from self.kernel.add(self.calls, 0, LIFE, FETCHED)
        if before == submission.STALE or before & FETCHED:
            return None
        result = yield from load_plain(self.frame, 0, 1)
        if before & PASSED or (yield from self.kernel.add(self.calls, 0, LIFE, LEFT)) & PASSED:
            yield from self.free()
        return CANCELLED if before & CANCELLED else result

    def wait(self):
        while not (yield from self.kernel.sleep(self.calls, 0, LIFE, -1)):
            pass
        return (yield from self.take())

    def run_or_wait(self):
        if (yield from self.kernel.begin(self.calls, 0, LIFE)):
            yield from self.run()
            yield from self.kernel.finish(self.calls, 0, LIFE, 0)
            return (yield from self.take())
        return (yield from self.wait())

    def cancel(self):
        if (yield from self.kernel.begin(self.calls, 0, LIFE)):
            yield from self.kernel.finish(self.calls, 0, LIFE, CANCELLED)
            return (yield from self.take())
        return None

    def listen(self):
        """Ask to be told; return whether this is told at once."""
        before = yield from self.kernel.ask(self.calls, 0, LIFE, LISTENED)
        return before == submission.STALE or before & OVER != 0

    def counted(self, memory):
        return [memory.latest(self.counts, 0, field) for field in range(3)]


def waited_for(kernels, *waits):
    """A worker has the call, and threads wait, or run it, or cancel it: one has its result."""
    call = Call(kernels)
    threads = [call.worker, *(getattr(call, name) for name in waits)]

    def check(results, memory):
        runs, freed, _ = call.counted(memory)
        had = [found for found in results.values() if found is not None]
        was_cancelled = had == [CANCELLED]
        if had != [7] and not was_cancelled:
            return f"results: {results}"
        return (runs, freed) != (int(not was_cancelled), 1) and f"{runs} runs, freed {freed} times"

    return threads, check


def told(kernels):
    """Who listens is told once, at once or at the end."""
    call = Call(kernels)

    def check(results, memory):
        times = call.counted(memory)[2]
        is_promised = memory.latest(call.calls, 0, submission.WORD) & LISTENED != 0
        if times != is_promised:
            return f"told {times} times at the end, and the word says {is_promised}"
        return int(results[1]) + times != 1 and f"told {results[1]} at once and {times} times at the end"

    return [call.worker, call.listen], check


def late(kernels):
    """The row begins another life; who comes with the number of the old one changes nothing."""
    call = Call(kernels, STARTED)

    def worker():
        yield from call.run()
        yield from call.kernel.finish(call.calls, 0, LIFE, PASSED)

    def next_owner():
        yield from call.wait()
        return (yield from call.kernel.open_row(call.calls, 0))

    def straggler():
        return (yield from call.kernel.begin(call.calls, 0, LIFE))

    def check(results, memory):
        word = memory.latest(call.calls, 0, submission.WORD)
        return (results[1], results[2], word) != (
            LIFE + 1,
            False,
            LIFE + 1 << 8,
        ) and "the new life was touched"

    return [worker, next_owner, straggler], check


SCENARIOS = {
    "waited for": Scenario(lambda kernels: waited_for(kernels, "wait"), entry=mounted, timeouts=False),
    "waited for by two": Scenario(
        lambda kernels: waited_for(kernels, "wait", "wait"), entry=mounted, timeouts=False, preemptions=2
    ),
    "run by who waits": Scenario(
        lambda kernels: waited_for(kernels, "run_or_wait"), entry=mounted, timeouts=False
    ),
    "cancelled": Scenario(
        lambda kernels: waited_for(kernels, "wait", "cancel"), entry=mounted, timeouts=False, preemptions=2
    ),
    "told": Scenario(told, entry=mounted),
    "late": Scenario(late, entry=mounted, timeouts=False),
}


@named(SCENARIOS)
def test_a_call_is_run_once_and_its_row_is_freed_once(scenario):
    scenario.holds()


@pytest.mark.parametrize("mutant", MUTANTS)
def test_each_step_is_needed(mutant):
    assert_killed("submission", mutant, *finders(SCENARIOS), entry=mounted)
