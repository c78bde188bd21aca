"""The search itself: what it leaves out loses no outcome, and what it reports can be run again."""

from random import Random

import pytest

from .book import BOOK
from .explore import explore
from .memory import Memory
from .mount import Table, atomic
from .mount import _operation as operation
from .pct import pct
from .trace import BrokenRunError

CELLS = Table("cells", 1, 2)
KINDS = (
    "load_relaxed", "load_acquire", "store_relaxed", "store_release", "add_relaxed", "add_acq_rel",
    "cas_acq_rel", "exchange_acquire", "fence_seq_cst", "fence_release", "fence_acquire",
)  # fmt: skip


def random_thread(random, length):
    """A thread of random operations; what it stores, and whether it goes on, depends on what it read."""
    steps = tuple((random.choice(KINDS), random.randrange(2), random.randrange(1, 3)) for _ in range(length))

    def run():
        answers = ()
        for name, cell, value in steps:
            last = answers[-1] if answers else 0
            if name.startswith("fence"):
                yield from atomic(name)()
                continue
            operands = {"load": (), "cas": (last, value)}.get(name.split("_")[0], (last + value,))
            answer = yield from atomic(name)(CELLS, 0, cell, *operands)
            answers += () if answer is None else (int(answer),)
            if answer == 3:
                break
        return answers

    return run


def by_brute_force(threads):
    """All final results, from `Memory` alone: every path from its beginning, and nothing remembered."""
    found, open_paths = set(), [()]
    while open_paths:
        path = open_paths.pop()
        memory, fence = Memory(), 0
        for cell in range(2):
            memory.cell(cell, 0)
        memory.restart()
        written, views = list(memory.start()), [(0, 0, 0)] * len(threads)
        running, waiting, results = [start() for start in threads], {}, {}

        def go_on(slot, value, running=running, waiting=waiting, results=results):
            try:
                waiting[slot] = running[slot].send(value)
            except StopIteration as end:
                waiting.pop(slot, None)
                results[slot] = end.value

        for slot in range(len(threads)):
            go_on(slot, None)
        for slot, stamp in path:
            kind, order, _, _, cell, operands = waiting[slot]
            value = None
            if kind == "fence":
                views[slot], fence = memory.fence(views[slot], order, fence)
            elif kind == "load":
                value, _, views[slot] = memory.load(views[slot], written[cell], cell, order, stamp)
            elif kind == "store":
                _, written[cell], views[slot] = memory.store(
                    views[slot], written[cell], cell, order, *operands
                )
            else:
                value, written[cell], views[slot] = memory.modify(
                    views[slot], written[cell], cell, kind, order, operands
                )
            go_on(slot, value)
        if not waiting:
            cells = tuple(memory.lists[messages][-1][0] for messages in written)
            found.add((tuple(results[slot] for slot in range(len(threads))), cells))
        for slot, (kind, _, _, _, cell, _) in waiting.items():
            stamps = [None]
            if kind == "load":
                stamps = range(memory.stamps[views[slot][0]][cell], len(memory.lists[written[cell]]))
            open_paths += [(*path, (slot, stamp)) for stamp in stamps]
    return found


def by_search(threads, **options):
    found = set()

    def check(results, memory):
        cells = tuple(memory.latest(CELLS, 0, cell) for cell in range(2))
        found.add((tuple(results[slot] for slot in range(len(threads))), cells))

    explore(threads, check, **options)
    return found


@pytest.mark.parametrize("seed", range(30))
@pytest.mark.parametrize("lengths", [(4, 3), (2, 2, 2)])
def test_the_search_loses_no_outcome(seed, lengths):
    random = Random(seed)
    threads = [random_thread(random, length) for length in lengths]
    expected = by_brute_force(threads)
    assert by_search(threads) == expected
    assert by_search(threads, preemptions=9) == expected
    assert by_search(threads, invariant=lambda memory: None) == expected


@pytest.mark.parametrize("seed", range(10))
def test_equal_threads_may_be_exchanged(seed):
    thread = random_thread(Random(seed), 2)
    others = [thread, thread, random_thread(Random(seed + 100), 1)]

    def sorted_results(found):
        return {(tuple(sorted(results[:2])), results[2], cells) for results, cells in found}

    assert sorted_results(by_search(others)) == sorted_results(by_brute_force(others))


def test_fewer_preemptions_visit_a_part_of_the_outcomes():
    threads = [random_thread(Random(2), 4), random_thread(Random(3), 4)]
    few, all_of_them = by_search(threads, preemptions=0), by_search(threads)
    assert few <= all_of_them
    assert len(few) < len(all_of_them)


def test_equal_places_with_unequal_operations_are_not_one_state():
    """The local variables are alike and the place is; only the operation that waits differs."""

    def chooser():
        picked = yield from atomic("load_relaxed")(CELLS, 0, 0)
        yield from atomic("store_relaxed")(CELLS, 0, 1, 5 + picked)

    def writer():
        yield from atomic("store_relaxed")(CELLS, 0, 0, 1)

    assert by_search([chooser, writer]) == {((None, None), (1, 5)), ((None, None), (1, 6))}


def test_a_loop_does_not_keep_the_others_waiting_for_ever():
    def waiter():
        while (yield from atomic("load_relaxed")(CELLS, 0, 0)) == 0:
            pass
        return (yield from atomic("load_relaxed")(CELLS, 0, 1))

    def writer():
        yield from atomic("store_relaxed")(CELLS, 0, 1, 1)
        yield from atomic("store_release")(CELLS, 0, 0, 1)

    assert by_search([waiter, writer]) == {((0, None), (1, 1)), ((1, None), (1, 1))}


def sleeper():
    yield from operation("wait", None)(CELLS, 0, 0, 0, -1)


def waker(store_first):
    def run():
        if store_first:
            yield from atomic("store_relaxed")(CELLS, 0, 0, 1)
        yield from operation("wake", None)(CELLS, 0, 0, 1)

    return run


def test_a_thread_that_nobody_wakes_is_found():
    with pytest.raises(BrokenRunError, match="lost wake-up: sleeper#0"):
        explore([sleeper, waker(store_first=False)], None)
    explore([sleeper, waker(store_first=True)], None)
    explore([sleeper], None, quiescent=lambda results, memory: True)
    explore([sleeper], None, spurious=True)


def test_an_invariant_is_checked_on_the_way():
    def both():
        for value in (1, 0):
            yield from atomic("store_relaxed")(CELLS, 0, 0, value)

    def never_one(memory):
        return memory.latest(CELLS, 0, 0) == 1 and "it is one"

    explore([both], lambda results, memory: never_one(memory))
    with pytest.raises(BrokenRunError, match="it is one"):
        explore([both], None, invariant=never_one)


def test_an_error_of_a_thread_is_reported_with_the_run():
    def fails():
        if (yield from atomic("load_relaxed")(CELLS, 0, 0)):
            raise ValueError("seen")

    with pytest.raises(BrokenRunError, match=r"(?s)ValueError: seen.*load_relaxed"):
        explore([fails, waker(store_first=True)], None)


def lost_update():
    held = yield from atomic("load_relaxed")(CELLS, 0, 0)
    yield from atomic("store_relaxed")(CELLS, 0, 0, held + 1)


def is_lost(results, memory):
    return memory.latest(CELLS, 0, 0) != 2 and "an update is lost"


def test_a_seed_repeats_a_random_run_alone():
    with pytest.raises(BrokenRunError, match="seed=") as first:
        pct([lost_update] * 2, is_lost, runs=100)
    seed = int(str(first.value).partition("seed=")[2].split()[0])
    with pytest.raises(BrokenRunError) as again:
        pct([lost_update] * 2, is_lost, seed=seed, runs=1)
    assert str(again.value) == str(first.value)


def waits_for(cell, tells):
    """A thread that spins until one cell is set; then it sets another."""

    def run():
        while (yield from atomic("load_relaxed")(CELLS, 0, cell)) == 0:
            pass
        yield from atomic("store_relaxed")(CELLS, 0, tells, 1)

    return run


def test_threads_that_wait_for_each_other_are_found():
    circle = [waits_for(0, tells=1), waits_for(1, tells=0)]
    with pytest.raises(BrokenRunError, match=r"no end: run#0, run#1 can go on"):
        explore(circle, None)
    with pytest.raises(BrokenRunError, match="no end within 2000 steps"):
        pct(circle, None, runs=1)
    explore([waits_for(0, tells=1), waits_for(1, tells=1), waker(store_first=True)], None)


def test_what_was_searched_is_in_the_book():
    BOOK.opened()
    explored = explore([lost_update] * 2, None)
    pct([lost_update] * 2, None, runs=7)
    one, other = BOOK.searched
    assert one == (2, 4, explored.states, explored.executions, "all runs")
    assert other == (2, 4, 28, 7, "random: 7")


def test_a_search_too_large_says_so():
    with pytest.raises(RuntimeError, match="smaller"):
        explore([random_thread(Random(1), 4)] * 2, None, limit=5)
