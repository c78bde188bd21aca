"""The desk under the model: no call on a stack is lost, and the end of the last one is told."""

import pytest

from zuki_kernels import desk, submission

from .lives import add_relaxed, wait, wake
from .mount import Table, mount_all
from .mutants import assert_killed
from .scenario import Scenario, finders, named
from .worlds import load_plain, store_plain

MUTANTS = [
    ("push", "cas_release", "cas_relaxed"),
    ("push", "store_relaxed(calls, row, LINK, under)", "pass"),
    (
        "take_all",
        "return exchange_acquire(desk, 0, stack, 0)",
        "taken = load_relaxed(desk, 0, stack)\n    store_relaxed(desk, 0, stack, 0)\n    return taken",
    ),
    ("take_all", "exchange_acquire", "exchange_relaxed"),
    ("count_out", "add_acq_rel", "add_relaxed"),
    ("count_out", "add_acq_rel", "add_acquire"),
    ("count_out", "before + 1 == CLOSING + load_relaxed(desk, 0, OFFERED)", "False"),
    ("close", "or_acq_rel", "or_relaxed"),
    ("close", "ended == load_relaxed(desk, 0, OFFERED)", "True"),
    ("close", "load_relaxed(desk, 0, TO_TELL) == 0", "True"),
    ("is_quiet", "load_acquire", "load_relaxed"),
    ("is_quiet", "ended == load_relaxed(desk, 0, OFFERED)", "True"),
    ("is_quiet", "load_relaxed(desk, 0, TO_TELL) == 0", "True"),
]
BEYOND_THE_MODEL = {}


def mounted(edit=lambda source, name: source):
    return mount_all(edit, ["desk"])


def ending(kernels, calls):
    """Calls end, each on the stack with its result; a closer ends the pool when all is over and heard."""
    kernel, rows = kernels.desk, range(calls)
    table = Table("desk", 1, desk.DESK_FIELDS, {(0, desk.OFFERED): calls})
    words, results = Table("calls", calls, submission.CALL_FIELDS), Table("results", calls, 1)
    told = Table("told", 1, 1)

    def runner(row):
        def run():
            yield from store_plain(results, row, 0, 7)
            yield from kernel.push(table, desk.TO_TELL, words, row, row)
            if (yield from kernel.count_out(table)):
                yield from add_relaxed(told, 0, 0, 1)
                yield from wake(told, 0, 0, 1)

        return run

    def hear():
        """Take the stack; return the rows on it, whose results can be read."""
        heard = ()
        top = yield from kernel.take_all(table, desk.TO_TELL)
        while top:
            if (yield from load_plain(results, top - 1, 0)) != 7:
                return "no result"
            heard += (top - 1,)
            top = yield from kernel.under(words, top - 1)
        return heard

    def closer():
        heard = ()
        while not (yield from kernel.close(table)):
            found = yield from hear()
            heard += found
            if not found:
                yield from wait(told, 0, 0, 0, -1)
        for row in rows:  # all is over: nothing is written any more
            yield from load_plain(results, row, 0)
        return tuple(sorted(heard))

    def check(results_of_threads, memory):
        return results_of_threads[calls] != tuple(rows) and f"heard {results_of_threads[calls]}"

    return [*map(runner, rows), closer], check


def looking(kernels, calls):
    """Calls end; who finds the desk quiet meanwhile finds nobody to tell after that."""
    kernel = kernels.desk
    table = Table("desk", 1, desk.DESK_FIELDS, {(0, desk.OFFERED): calls})
    words = Table("calls", calls, submission.CALL_FIELDS)

    def runner(row):
        def run():
            yield from kernel.push(table, desk.TO_TELL, words, row, row)
            yield from kernel.count_out(table)

        return run

    def looker():
        if (yield from kernel.is_quiet(table)):
            return (yield from kernel.take_all(table, desk.TO_TELL))
        return 0

    def check(results_of_threads, memory):
        return results_of_threads[calls] != 0 and "quiet, and somebody is to be told"

    return [*map(runner, range(calls)), looker], check


SCENARIOS = {
    "a look at one call": Scenario(lambda kernels: looking(kernels, 1), entry=mounted, timeouts=False),
    "a look at two calls": Scenario(lambda kernels: looking(kernels, 2), entry=mounted, timeouts=False),
    "one call": Scenario(lambda kernels: ending(kernels, 1), entry=mounted, timeouts=False),
    "two calls": Scenario(lambda kernels: ending(kernels, 2), entry=mounted, timeouts=False, preemptions=2),
}


@named(SCENARIOS)
def test_calls_are_heard_of_and_the_last_is_told(scenario):
    scenario.holds()


@pytest.mark.parametrize("mutant", MUTANTS)
def test_each_step_is_needed(mutant):
    assert_killed("desk", mutant, *finders(SCENARIOS), entry=mounted)
