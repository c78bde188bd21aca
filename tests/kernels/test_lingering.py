"""How long workers look for work: the decisions driven by made-up loads, and what a worker remembers."""

import random

import numpy as np
import pytest

from zuki.runtime.tables import Tables
from zuki_kernels import lingering, search
from zuki_kernels.lingering import LEAST_LINGER, MOST_LINGER, SHORT, most_searchers, next_linger

US = 1000
WAKE = 60 * US  # what a wake takes


def lingers_of(gaps, linger=MOST_LINGER):
    """Let a worker live through gaps without work, in nanoseconds; return for how long it looks then."""
    found = []
    for gap in gaps:
        if gap > linger:  # else it has found work while it looked, and learns nothing
            linger = next_linger(linger, gap + WAKE)
        found.append(linger)
    return np.array(found)


def cost_of(gaps, linger):
    """Return the processor time that looking costs, plus a wake for each sleep."""
    return sum(gap if gap <= linger else linger + WAKE for gap in gaps)


@pytest.mark.parametrize("first", [LEAST_LINGER, 40 * US, MOST_LINGER])
def test_where_work_comes_late_a_worker_sleeps_soon(first):
    lingers = lingers_of([1000 * US] * 100, first)
    assert (np.diff(lingers) <= 0).all()
    assert (lingers[25:] == LEAST_LINGER).all()


@pytest.mark.parametrize("first", [LEAST_LINGER, 40 * US, MOST_LINGER])
@pytest.mark.parametrize("gap", [2 * US, 30 * US, 70 * US, 140 * US])
def test_where_gaps_are_short_it_looks_for_longer_than_they_last_and_stays_at_that(first, gap):
    lingers = lingers_of([gap] * 100, first)
    assert (lingers[5:] >= gap).all()
    assert len(set(lingers[5:].tolist())) == 1


def test_long_pauses_between_short_gaps_let_it_be_wrong_now_and_then_only():
    gaps = ([50 * US] * 40 + [5000 * US]) * 200
    lingers = lingers_of(gaps)
    assert (lingers >= LEAST_LINGER).all()
    assert (lingers <= MOST_LINGER).all()
    missed = (lingers[:-1] < np.array(gaps)[1:]) & (np.array(gaps)[1:] < 100 * US)
    assert missed.sum() < len(gaps) / 100
    assert lingers[2000:].max() <= 2 * 50 * US * 8 / 7  # what was learnt and forgotten: no more than twice


def test_a_change_of_the_load_is_followed_in_both_directions():
    lingers = lingers_of([1000 * US] * 50 + [40 * US] * 50 + [1000 * US] * 50)
    assert lingers[49] == LEAST_LINGER
    assert 40 * US <= lingers[55] <= 80 * US
    assert lingers[-1] == LEAST_LINGER


@pytest.mark.parametrize("seed", range(5))
def test_on_gaps_of_all_kinds_it_costs_no_more_than_what_is_fixed(seed):
    rng = random.Random(seed)
    gaps = [int(rng.lognormvariate(rng.choice([3, 5, 7]), 1.5) * US) for _ in range(5000)]
    lingers = lingers_of(gaps)
    assert ((lingers >= LEAST_LINGER) & (lingers <= MOST_LINGER)).all()
    learnt = sum(cost_of([gap], linger) for gap, linger in zip(gaps[1:], lingers, strict=False))
    assert learnt < 1.02 * cost_of(gaps[1:], MOST_LINGER)


def test_bounds_of_one_step():
    rng = random.Random(7)
    for _ in range(1000):
        linger = rng.randint(LEAST_LINGER, MOST_LINGER)
        following = next_linger(linger, rng.choice([0, SHORT, SHORT + 1, 1 << 60]))
        assert max(LEAST_LINGER, linger * 7 // 8) <= following <= min(MOST_LINGER, 2 * linger)


def test_searchers_are_one_at_least_and_half_at_most():
    for workers in (1, 2, 3, 8, 64, 1000):
        counts = [most_searchers(workers, linger) for linger in range(LEAST_LINGER, MOST_LINGER + 1, 5000)]
        assert counts == sorted(counts)
        assert counts[0] == max(1, workers // 30)
        assert counts[-1] == max(1, workers // 2)


def test_of_many_that_search_in_vain_few_go_on():
    """All workers of a pool run out of work at once, again and again, and it comes late."""
    tables = Tables(16)
    tables.pool[0, search.USED_WORKERS] = 16
    going_on, moment = [], 1_000_000
    for _ in range(40):
        on = 0
        for me in range(16):
            moment += 100
            on += not lingering.is_one_too_many(tables.pool, tables.workers, me, moment)
            lingering.learn(tables.pool, tables.workers, me, 1000 * US)
        going_on.append(on)
        moment += 1000 * US
    assert going_on[0] == 8
    assert going_on[-1] == 1
    assert going_on == sorted(going_on, reverse=True)


def test_a_worker_remembers_and_begins_with_the_most():
    tables = Tables(2)
    assert lingering.linger_of(tables.workers, 0) == MOST_LINGER
    lingering.learn(tables.pool, tables.workers, 0, 1000 * US)
    assert lingering.linger_of(tables.workers, 0) == MOST_LINGER * 7 // 8
    assert lingering.linger_of(tables.workers, 1) == MOST_LINGER


def test_who_searched_long_ago_does_not_count():
    tables = Tables(4)
    tables.pool[0, search.USED_WORKERS] = 4
    assert not lingering.is_one_too_many(tables.pool, tables.workers, 0, 1_000_000)
    assert not lingering.is_one_too_many(tables.pool, tables.workers, 1, 1_000_100)
    assert lingering.is_one_too_many(tables.pool, tables.workers, 2, 1_000_200)
    assert not lingering.is_one_too_many(tables.pool, tables.workers, 3, 2_000_000)


def test_a_pool_that_does_not_adapt_learns_nothing():
    tables = Tables(4, steady=True)
    tables.pool[0, search.USED_WORKERS] = 4
    for me in range(4):
        assert not lingering.is_one_too_many(tables.pool, tables.workers, me, 1_000_000)
        lingering.learn(tables.pool, tables.workers, me, 1000 * US)
        assert lingering.linger_of(tables.workers, me) == MOST_LINGER
