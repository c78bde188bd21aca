"""A chain runs what follows, and ends where something rarer is to be done."""

import numpy as np

from tests.kernels.runs_of import Plan, Running
from zuki_kernels import chain, search, starting
from zuki_kernels.chain import UNKNOWN
from zuki_kernels.dependencies import FAILED, PASSED
from zuki_kernels.notifier import PULSE
from zuki_kernels.runs import DONE, NONE, NOTHING, PYTHON, STATE
from zuki_kernels.solo import SHARED
from zuki_kernels.sync_state import ONE_IDLE, ONE_SPAWNED, SYNC

LINE = [(0, 1), (1, 2), (2, 3)]
NO_TIMES = np.empty((0, 1), np.int64)
ALL = 1 << 40


def run(running, node, *, outcome=UNKNOWN, most=ALL, pulse=NONE, other=NONE, roots=(0, 0), entry=NOTHING):
    plan = running.plans[0]
    *told, sole, moment = chain.run_chain(
        running.pool, running.workers, running.deques, running.rings, running.queues, running.runs,
        running.hands, plan.nodes, plan.edge_words, np.array([[entry]], np.int64), NO_TIMES,
        0, 0, node, outcome, 1, most, pulse, other, SHARED, *roots, 0,
    )  # fmt: skip
    assert (sole, moment) == (SHARED, 0)  # nobody is solo, nobody traces
    return tuple(told)


def test_it_runs_to_the_end_of_a_line():
    running = Running(Plan(4, LINE))
    assert run(running, 0) == (NONE, 0, 4, False, 0)
    assert (running.plans[0].nodes[:, STATE] >> 30 == 1).all()


def test_it_ends_after_so_many():
    assert run(Running(Plan(4, LINE)), 0, most=2) == (2, 0, 2, False, 0)


def test_it_ends_where_two_are_ready():
    running = Running(Plan(3, [(0, 1), (0, 2)]))
    assert run(running, 0) == (2, 1, 1, False, 0)
    assert search.pop(running.pool, running.deques, running.rings, 0) == 1


def test_it_leaves_python_bodies_to_others():
    assert run(Running(Plan(4, LINE)), 1, entry=PYTHON) == (1, 0, 0, True, 0)


def test_it_goes_on_from_a_body_that_python_ran():
    running = Running(Plan(4, LINE))
    assert run(running, 0, outcome=0, most=1) == (1, 0, 1, False, 0)
    running = Running(Plan(4, LINE))
    assert run(running, 0, outcome=FAILED) == (NONE, 0, 4, False, 0)
    assert (running.plans[0].nodes[1:, STATE] & PASSED).all()


def test_a_stopped_run_is_passed_over():
    running = Running(Plan(4, LINE))
    starting.stop(running.runs, 0)
    assert run(running, 0) == (NONE, 0, 4, False, 0)
    assert (running.plans[0].nodes[:, STATE] & PASSED).all()


def test_it_takes_roots_in_their_order_while_nobody_is_free():
    running = Running(Plan(6))
    running.pool[0, SYNC] = 2 * ONE_SPAWNED
    assert run(running, 2, roots=(3, 5)) == (NONE, 0, 3, False, 5)
    assert (running.plans[0].nodes[:, STATE] >> 30).tolist() == [0, 0, 1, 1, 1, 0]


def test_it_leaves_roots_to_whoever_is_free():
    running = Running(Plan(6))
    running.pool[0, SYNC] = 2 * ONE_SPAWNED + ONE_IDLE
    assert run(running, 2, roots=(3, 5)) == (NONE, 0, 1, False, 3)


def test_it_ends_when_the_pulse_moves_or_levels_are_used():
    running = Running(Plan(4, LINE))
    running.pool[0, PULSE] = 8
    assert run(running, 0, pulse=8) == (NONE, 0, 4, False, 0)
    running = Running(Plan(4, LINE))
    assert run(running, 0, pulse=8) == (1, 0, 1, False, 0)
    running.pool[0, search.USED_LEVELS] = 2
    assert run(running, 1) == (2, 0, 1, False, 0)


def test_it_ends_when_another_run_has_ended():
    running = Running(Plan(4, LINE), Plan(1))
    assert run(running, 0, other=1) == (NONE, 0, 4, False, 0)
    running = Running(Plan(4, LINE), Plan(1))
    running.runs[1, DONE] = 1
    assert run(running, 0, other=1) == (1, 0, 1, False, 0)
