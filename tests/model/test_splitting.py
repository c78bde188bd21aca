"""A loop that gives half of its rest away while others have nothing, as `zuki.spawning.loops` makes it."""

import pytest

from zuki_kernels import blocks
from zuki_kernels import hands as columns

from .families import mount_spawning
from .mount import cell_address
from .mutants import assert_killed
from .scenario import Scenario, finders, named
from .spawners import Spawners
from .worlds import load_plain, store_plain

MUTANTS = [
    ("is_split_due", "hand != 0 and", "hand == 0 and"),
    ("is_split_due", "is_share_due(table_at(hand, 1, HAND_FIELDS), 0)", "True"),
    ("is_split_due", "is_share_due(table_at(hand, 1, HAND_FIELDS), 0)", "False"),
    ("next_chunk", "max(least, chunk * QUICK // nanoseconds)", "chunk"),
]
OF_A_HAND = [
    ("is_share_due", "load_relaxed(hands, me, SHARES) == 0", "False"),
    ("is_share_due", "load_relaxed(hands, me, TOP) >= load_relaxed(hands, me, BOTTOM)", "True"),
]
OF_A_BLOCK = [
    ("finish", "exchange_release", "exchange_relaxed"),
    ("is_done", "load_acquire", "load_relaxed"),
]
BEYOND_THE_MODEL = {}
_BASE = 1 << 8
_SLOW = 40_000  # nanoseconds that a chunk takes: of many rounds one is left


class Loop(Spawners):
    """A range; the argument of a task that is spawned says which part of it is to be run.

    The body of a round adds one to the row of `ran` with its number, a plain access.
    """

    def work(self, me, argument):
        yield from self.piece(me, *divmod(argument, _BASE), 4)
        return 0, 0

    def piece(self, me, start, stop, chunk):
        """Do what the code of a piece does that `zuki.spawning.loops` writes."""
        hand, splitting = cell_address(self.hands, me, 0), self.kernels.splitting
        while start < stop:
            chunk = yield from splitting.next_chunk(chunk, 1, _SLOW)
            for index in range(start, min(start + chunk, stop)):
                held = yield from load_plain(self.ran, 0, index)
                yield from store_plain(self.ran, 0, index, held + 1)
            start = min(start + chunk, stop)
            if stop - start >= 2 and (yield from splitting.is_split_due(hand)):
                middle = start + (stop - start) // 2
                handle = yield from self.spawn(me, middle * _BASE + stop)
                yield from self.piece(me, start, middle, chunk)
                yield from self.join(me, handle)
                return

    def run(self):
        """Run the whole loop as a worker's task does; return how often each round was run."""
        stop, times = self.ran.shape[1], ()
        floor = yield from self.kernels.arena.pin(self.hands, self.owns)
        yield from self.piece(self.owns, 0, stop, 4)
        yield from self.kernels.arena.unpin(floor)
        for index in range(stop):
            times += ((yield from load_plain(self.ran, 0, index)),)
        return times


def loop(rounds, *, thieves=(), splits=None, **options):
    """A scenario: how many rounds, how often each thief looks, how many splits there are if none steals."""

    def make(kernels):
        made = Loop(kernels, rounds, workers=len(thieves) + 1, **options)

        def check(results, memory):
            if results[0] != (1,) * rounds:
                return "rounds were lost, or run twice"
            spawned = memory.latest(made.hands, made.owns, columns.STAMP) // blocks.ONE_STAMP
            if splits is not None and spawned != splits:
                return f"the range was split {spawned} times"
            return made.wrong_in_hands(memory)

        return [made.run, *(made.thief(me, tries) for me, tries in enumerate(thieves))], check

    return make


def looping(make, **options):
    return Scenario(make, entry=mount_spawning, timeouts=False, **options)


SCENARIOS = {
    "alone, nobody else may be awake": looping(loop(6, splits=0, shares=False)),
    "alone, others may be awake": looping(loop(8, splits=2)),
    "a thief": looping(loop(4, thieves=(1,))),
    "a thief that looks twice": looping(loop(4, thieves=(2,)), preemptions=2, mutants=None),
    "two thieves": looping(loop(6, thieves=(1, 1)), random=40, mutants=None),
}


@named(SCENARIOS)
def test_each_round_is_run_once(scenario):
    scenario.holds()


@pytest.mark.parametrize("mutant", MUTANTS)
def test_each_step_is_needed(mutant):
    assert_killed("splitting", mutant, *finders(SCENARIOS), entry=mount_spawning)


@pytest.mark.parametrize("mutant", OF_A_BLOCK)
def test_each_ordering_of_a_block_is_needed(mutant):
    assert_killed("blocks", mutant, *finders(SCENARIOS), entry=mount_spawning)


@pytest.mark.parametrize("mutant", OF_A_HAND)
def test_each_step_of_a_hand_is_needed(mutant):
    assert_killed("hands", mutant, *finders(SCENARIOS), entry=mount_spawning)
