"""A ring of events under the model: what a reader keeps was never written over while it read."""

import pytest

from .explore import explore
from .mount import Table, arena_address, mount
from .mutants import assert_killed
from .pct import pct
from .trace import BrokenRunError

MUTANTS = [
    ("note", "fence_release()", "pass"),
    ("note", "store_release(row, 0, HEAD, head + 1)", "store_relaxed(row, 0, HEAD, head + 1)"),
    ("copy", "load_acquire", "load_relaxed"),
    ("copy", "fence_acquire()", "pass"),
    # what is overwritten while it is read
    ("copy", "max(first, load_relaxed(row, 0, HEAD) - room + 1)", "first"),
    ("copy", "- room + 1", "- room"),
    # the count moves before the event is there
    ("note", "fence_release()", "store_relaxed(row, 0, HEAD, head + 1)"),
]
BEYOND_THE_MODEL = {
    ("trace_worker", "store_release(workers"): "the ring was made by Python, which the model does not see",
    ("trace_worker", "store_release(hands"): "the same",
}


def owner_and_reader(tracing, events, room, already=0, since=0, looks=1):
    """The owner notes events, the number of each in all of its words; the reader copies."""
    words = {(0, tracing.HEAD): already, (0, tracing.EVENTS): room}
    for number in range(max(0, already - room), already):
        at = tracing.RING_FIELDS + number % room * tracing.EVENT_FIELDS
        words.update({(0, at + field): 1 + number for field in range(tracing.EVENT_FIELDS)})
    ring = arena_address(Table("ring", 1, tracing.RING_FIELDS + tracing.EVENT_FIELDS * room, words))
    copied = Table("copied", room, tracing.EVENT_FIELDS)

    def owner():
        for number in range(already, already + events):
            yield from tracing.note(ring, *[1 + number] * tracing.EVENT_FIELDS)

    def reader():
        for _ in range(looks):
            first, last = yield from tracing.copy(ring, since, copied)
            if not since <= first <= last <= already + events or last < already:
                raise AssertionError(f"events {first} to {last}")
            if first > max(since, already + events - room + 1):
                raise AssertionError(f"events {first} to {last}: too few")
            for number in range(first, last):
                for field in range(tracing.EVENT_FIELDS):
                    found = yield from read(copied, number % room, field)
                    if found != 1 + number:
                        raise AssertionError(f"event {number} is {found - 1} in word {field}")
        return first, last

    return [owner, reader], lambda results, memory: None


def read(table, row, field):
    return (yield "load", "relaxed", table, row, field, ())


SCENARIOS = {
    "it fills": lambda tracing: owner_and_reader(tracing, 1, 2),
    "it is full": lambda tracing: owner_and_reader(tracing, 1, 2, already=2),
    "it goes round": lambda tracing: owner_and_reader(tracing, 2, 2, already=2),
    "only the newer ones": lambda tracing: owner_and_reader(tracing, 1, 2, already=3, since=2),
}


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_each_event_that_is_kept_is_whole(scenario):
    explore(*SCENARIOS[scenario](mount("tracing")))


def test_random_schedules_of_a_longer_trace():
    pct(*owner_and_reader(mount("tracing"), 6, 4, already=3, looks=2), seed=1, depth=4, runs=150)


@pytest.mark.parametrize("mutant", MUTANTS)
def test_each_ordering_is_needed(mutant):
    def finds(scenario):
        return lambda tracing: explore(*scenario(tracing))

    assert_killed("tracing", mutant, *map(finds, SCENARIOS.values()))


def test_a_reader_that_believes_the_first_look_is_found():
    from_the_start = lambda source, name: source.replace("load_relaxed(row, 0, HEAD) - room + 1", "first")  # noqa: E731
    with pytest.raises(BrokenRunError, match="is 2 in word"):
        explore(*SCENARIOS["it is full"](mount("tracing", from_the_start)))
