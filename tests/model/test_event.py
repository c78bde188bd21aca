"""The event under the model: a token carries news, none is lost, and nothing follows SHUTDOWN."""

import pytest

from zuki_kernels.event import EMPTY, EVENT, NOTIFIED, SHUTDOWN, WAITING

from .explore import explore
from .mount import Table, atomic, mount, mount_all
from .mount import _operation as operation
from .mutants import assert_killed
from .scenario import Scenario, finders, named

MUTANTS = [
    ("_move", "cas_acquire", "cas_relaxed"),
    ("_move", "if before == SHUTDOWN", "if False"),
    ("post", "cas_release", "cas_relaxed"),
    ("post", "if before == SHUTDOWN", "if False"),
    ("post", "return before == WAITING", "return before == EMPTY"),
    ("claim", "cas_release", "cas_relaxed"),
    ("shut_down", "== WAITING", "== NOTIFIED"),
]
BEYOND_THE_MODEL = {}

wait, wake = operation("wait", None), operation("wake", None)


def news(kernels, how):
    """One thread leaves a token and news for a worker that goes to sleep."""
    event = kernels.event
    workers, paper = Table("workers", 1, 32), Table("news", 1, 1)

    def poster():
        yield from atomic("store_plain")(paper, 0, 0, 1)
        woken = yield from getattr(event, how)(workers, 0)
        if woken:
            yield from wake(workers, 0, EVENT, 1)
        return woken

    def worker():
        if (yield from event.arm(workers, 0)) != NOTIFIED:
            yield from wait(workers, 0, EVENT, WAITING, -1)
            if (yield from event.disarm(workers, 0)) != NOTIFIED:
                return "woken without a token"
        return (yield from atomic("load_plain")(paper, 0, 0))

    def check(results):
        return results[1] != 1 and "no news"

    def quiescent(results, memory):
        return how == "claim" and not results[0]  # a claim before the worker arms leaves nothing

    return [poster, worker], check, quiescent


def ends(kernels):
    """A worker sleeps and looks again until it is told to end; another thread posts to it."""
    event = kernels.event
    workers = Table("workers", 1, 32)

    def worker():
        while (yield from event.arm(workers, 0)) != SHUTDOWN:
            yield from wait(workers, 0, EVENT, WAITING, -1)
        return (yield from event.disarm(workers, 0))

    def poster():
        for how in (event.post, event.claim):
            if (yield from how(workers, 0)):
                yield from wake(workers, 0, EVENT, 1)

    def ender():
        if (yield from event.shut_down(workers, 0)):
            yield from wake(workers, 0, EVENT, 1)

    def check(results, memory):
        return (results[0], memory.latest(workers, 0, EVENT)) != (SHUTDOWN, SHUTDOWN) and "forgotten"

    return [worker, poster, ender], check


SCENARIOS = {
    "a post": Scenario(lambda kernels: news(kernels, "post")),
    "a claim": Scenario(lambda kernels: news(kernels, "claim")),
    "the end": Scenario(ends),
}


@named(SCENARIOS)
def test_tokens_are_neither_lost_nor_forgotten(scenario):
    scenario.holds()


def test_one_of_two_claims_wins():
    event = mount("event")
    workers = Table("workers", 1, 32, {(0, EVENT): WAITING})

    def claimer():
        return (yield from event.claim(workers, 0))

    explore([claimer, claimer], lambda results: sorted(results.values()) != [False, True] and "wrong")


def test_an_event_that_nobody_touched_is_empty():
    event = mount("event")
    workers = Table("workers", 1, 32)

    def worker():
        first = yield from event.disarm(workers, 0)
        return first, (yield from event.arm(workers, 0)), (yield from event.disarm(workers, 0))

    explore([worker], lambda results: results[0] != (EMPTY, EMPTY, WAITING) and "wrong")


@pytest.mark.parametrize("mutant", MUTANTS)
def test_each_ordering_is_needed(mutant):
    assert_killed("event", mutant, *finders(SCENARIOS), entry=mount_all)
