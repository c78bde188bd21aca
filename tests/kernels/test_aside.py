"""When a worker stands aside: decisions driven by made-up paces, and a worker with made-up company."""

import threading
import time

import numpy as np
import pytest

from tests.kernels.probes import now
from tests.kernels.runs_of import Plan, Running
from zuki.runtime.tables import Tables
from zuki_kernels import aside, reasons, search, starting, turn
from zuki_kernels.activity import RUNNING, SEARCHING, turn_to
from zuki_kernels.aside import LEAST_SHUN, LEAST_STAY, MOST_SHUN, MOST_STAY, SPAN, decide, is_better, pace_of
from zuki_kernels.counters import TASKS
from zuki_kernels.lingering import STEADY
from zuki_kernels.runs import NONE

US = 1000
MS = 1000 * US


@pytest.mark.parametrize(
    ("bodies", "nanoseconds", "pace"), [(0, 100, 0), (10, MS, 10), (1, 20, 50_000), (3, 0, 3 * MS)]
)
def test_a_pace_is_bodies_a_millisecond(bodies, nanoseconds, pace):
    assert pace_of(bodies, nanoseconds) == pace


@pytest.mark.parametrize(
    ("apart", "together", "better"),
    [(100, 50, True), (100, 100, True), (94, 100, True), (93, 100, False), (50, 100, False), (0, 0, True)],
)
def test_a_worker_is_not_missed_if_the_others_get_as_much_done(apart, together, better):
    assert is_better(apart, together) is better


def share_aside(apart, together, seconds=1.0):
    """Let a worker live in a world of two paces; return for what part of the time it stands aside."""
    moment, spent, stay, shun = 0, 0, 0, 0
    while moment < seconds * 1e9:
        stay, shun = decide(apart, together, stay, shun)
        spent += SPAN + stay
        moment += 2 * SPAN + stay + shun  # it measures, is on trial, and does as decided
    return spent / moment


def test_where_others_are_faster_alone_it_hardly_takes_part():
    assert share_aside(apart=40_000, together=20_000) > 0.97


def test_where_it_is_wanted_trials_cost_little():
    assert share_aside(apart=10_000, together=20_000) < 0.01


@pytest.mark.parametrize("together", [100, 1000])
def test_a_decision_holds_for_longer_each_time_and_not_for_ever(together):
    decisions, decision = [], (0, 0)
    for _ in range(20):
        decision = decide(500, together, *decision)
        decisions.append(decision)
    stays, shuns = np.array(decisions).T
    longer, other = (stays, shuns) if together < 500 else (shuns, stays)
    least, most = (LEAST_STAY, MOST_STAY) if together < 500 else (LEAST_SHUN, MOST_SHUN)
    assert not other.any()
    assert longer[0] == least
    assert longer[-1] == most
    assert (np.diff(longer) >= 0).all()


def test_a_change_of_mind_begins_with_the_shortest_time():
    assert decide(1, 2, MOST_STAY, 0) == (0, LEAST_SHUN)
    assert decide(2, 1, 0, MOST_SHUN) == (LEAST_STAY, 0)


class Company:
    """Four workers, of whom the second is looked at, and who runs."""

    ME = 1

    def __init__(self, running=(0,)):
        self.tables = Tables(4)
        self.tables.pool[0, search.USED_WORKERS] = 4
        for worker in running:
            turn_to(self.tables.workers, worker, RUNNING, 1)

    def ask(self):
        return aside.is_due(self.tables.pool, self.tables.workers, self.ME)

    def ask_after(self, passed, ran):
        """Ask when the second worker began to measure so long ago, and all have run so many bodies since."""
        row = self.tables.workers[self.ME]
        for _ in range(1000):  # until nothing has come between the two lines
            row[aside.NOT_BEFORE] = 0
            begun = now() - passed
            row[aside.BEGAN], row[aside.HAD] = begun, self.tables.workers[:, TASKS].sum() - ran
            answer = self.ask()
            if now() - begun < passed + SPAN // 2:
                return answer
        raise AssertionError("this machine is too slow to tell")


def test_it_measures_before_it_tries():
    company = Company()
    company.tables.workers[:4, TASKS] = 10, 20, 30, 40
    assert not company.ask()
    row = company.tables.workers[company.ME]
    assert 0 < row[aside.BEGAN] <= now()
    assert row[aside.HAD] == 100


def test_it_tries_when_tasks_are_short():
    assert Company().ask_after(SPAN + 1, 1000)


@pytest.mark.parametrize(
    ("running", "passed", "ran"),
    [
        ((0,), SPAN // 8, 1000),
        ((0,), 3 * SPAN, 1000),
        ((0,), SPAN + 1, 20),
        ((), SPAN + 1, 1000),
        ((0, 2), SPAN + 1, 1000),
    ],
    ids=["too early", "too late", "long tasks", "it is the first", "it is not the last"],
)
def test_it_does_not_try_if(running, passed, ran):
    assert not Company(running).ask_after(passed, ran)


def test_it_does_not_try_where_nothing_is_to_be_adapted():
    company = Company()
    company.tables.pool[0, STEADY] = 1
    assert not company.ask_after(SPAN + 1, 1000)


def test_after_a_no_it_asks_nothing_for_a_while():
    company = Company()
    assert not company.ask_after(SPAN + 1, 20)
    row = company.tables.workers[company.ME]
    assert row[aside.NOT_BEFORE] > 0
    row[aside.NOT_BEFORE] = now() + 1000 * MS
    assert not company.ask()
    assert row[aside.BEGAN] == 0


class Pair:
    """A run that the second worker of two works on; the first is made up: it runs, and counts bodies."""

    def __init__(self, nodes=1):
        self.running = Running(Plan(nodes), max_threads=2, waiter=NONE)
        self.running.pool[0, search.USED_WORKERS] = 2
        turn_to(self.running.workers, 0, RUNNING, 1)
        self.row = self.running.workers[1]
        self.stop = threading.Event()

    def run_bodies(self):
        """Be the first worker: run bodies that are not there, until told to stop."""
        while not self.stop.is_set():
            self.running.workers[0, TASKS] += 1000

    def stand_aside(self):
        it = self.running
        return aside.stand_aside(it.pool, it.workers, it.queues, it.runs, it.hands, 1, NONE, NONE, False)

    def work(self):
        """Take a turn as the second worker, until the run is over."""
        it = self.running
        reason, *_ = turn.turn(
            1, 0, NONE, reasons.RETURNED, NONE,
            it.pool, it.workers, it.deques, it.rings, it.queues, it.runs, it.hands, it.hand_rings,
        )  # fmt: skip
        assert reason == reasons.RUN_OVER
        assert starting.is_over(it.runs, 0)


def test_it_comes_back_from_a_trial_in_which_less_is_done():
    pair = Pair()
    pair.row[aside.TOGETHER] = 1000
    assert pair.stand_aside() == (reasons.GO_ON, NONE)
    assert (pair.row[aside.APART], pair.row[aside.STAY], pair.row[aside.SHUN]) == (0, 0, LEAST_SHUN)
    assert pair.row[aside.NOT_BEFORE] > now() - 1000 * MS
    assert not aside.goes_on(pair.running.pool, pair.running.workers, 1)


def test_it_stays_away_while_others_keep_their_pace_and_no_longer():
    pair = Pair()
    pair.row[aside.TOGETHER] = 1
    other = threading.Thread(target=pair.run_bodies)
    other.start()
    try:
        assert pair.stand_aside() == (reasons.GO_ON, NONE)
        assert pair.row[aside.STAY] in (0, LEAST_STAY)  # 0: the other was kept from running for a while
        assert pair.row[aside.APART] > 0 or pair.row[aside.STAY] == 0
    finally:
        pair.stop.set()
        other.join()
    pair.row[aside.UNTIL], pair.row[aside.APART] = now() + 60_000 * MS, 1000  # it may have been 0
    begun = time.monotonic()
    assert aside.goes_on(pair.running.pool, pair.running.workers, 1)
    assert pair.stand_aside() == (reasons.GO_ON, NONE)  # nothing is run any more
    assert time.monotonic() - begun < 30
    assert pair.row[aside.UNTIL] == 0


def test_it_comes_back_if_nobody_runs_or_python_needs_a_worker():
    pair = Pair()
    pair.row[aside.UNTIL] = now() + 60_000 * MS
    turn_to(pair.running.workers, 0, SEARCHING, 2)
    assert pair.stand_aside() == (reasons.GO_ON, NONE)
    assert not aside.goes_on(pair.running.pool, pair.running.workers, 1)
    turn_to(pair.running.workers, 0, RUNNING, 3)
    pair.running.pool[0, aside.service.SUMMONS] = 1
    assert pair.stand_aside() == (reasons.GO_ON, NONE)
    assert not aside.goes_on(pair.running.pool, pair.running.workers, 1)


def test_a_worker_that_is_missed_runs_a_graph_of_short_tasks_to_its_end():
    pair = Pair(nodes=300_000)
    pair.work()
    assert pair.row[TASKS] == 300_000
    assert pair.row[aside.SHUN] >= LEAST_SHUN  # it has tried


def test_a_worker_that_was_to_stay_aside_runs_what_nobody_else_runs():
    pair = Pair(nodes=1000)
    pair.row[aside.UNTIL], pair.row[aside.APART] = now() + 60_000 * MS, 1000
    pair.work()
    assert pair.row[TASKS] == 1000
    assert pair.row[aside.UNTIL] == 0
