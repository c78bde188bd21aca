"""How a loop's chunk follows the clock, and that nobody is asked outside of a pool."""

import random

import pytest

from zuki_kernels.splitting import LARGEST, QUICK, SLOW, is_split_due, next_chunk


def test_a_quick_chunk_is_doubled_and_not_without_end():
    assert next_chunk(1, 1, 0) == 2
    assert next_chunk(64, 1, QUICK - 1) == 128
    assert next_chunk(LARGEST, 1, 0) == LARGEST


def test_a_chunk_that_takes_as_long_as_it_should_stays():
    assert next_chunk(64, 1, QUICK) == 64
    assert next_chunk(64, 1, SLOW) == 64


def test_a_slow_chunk_is_cut_to_its_share_and_not_below_the_grain():
    assert next_chunk(1000, 1, 10 * SLOW) == 1000 * QUICK // (10 * SLOW)
    assert next_chunk(1000, 300, 10 * SLOW) == 300
    assert next_chunk(2, 1, 1 << 40) == 1


def chunks_of(costs, least=1):
    """Run a loop whose rounds take so many nanoseconds each while a chunk runs; return chunks and times."""
    chunk, chunks, times = least, [], []
    for cost in costs:
        chunks.append(chunk)
        times.append(int(chunk * cost))
        chunk = next_chunk(chunk, least, times[-1])
    return chunks, times


@pytest.mark.parametrize("cost", [0.3, 2, 40, 900, 4_999])
def test_the_grain_follows_from_what_a_round_costs_and_stays(cost):
    chunks, times = chunks_of([cost] * 60)
    assert QUICK <= times[-1] <= SLOW
    settled = next(number for number, took in enumerate(times) if took >= QUICK)
    assert settled <= 15
    assert len(set(chunks[settled:])) == 1


@pytest.mark.parametrize("cost", [SLOW + 1, 1_000_000_000])
def test_rounds_that_are_slow_by_themselves_run_one_by_one(cost):
    assert set(chunks_of([cost] * 20)[0]) == {1}


@pytest.mark.parametrize(("before", "after"), [(1, 5000), (5000, 1), (10, 11), (0.5, 1_000_000)])
def test_a_loop_whose_rounds_change_is_followed_within_some_chunks(before, after):
    chunks, times = chunks_of([before] * 30 + [after] * 30)
    assert len(set(chunks[-15:])) == 1
    assert times[-1] >= QUICK
    assert times[-1] <= SLOW or chunks[-1] == 1


@pytest.mark.parametrize("seed", range(4))
def test_on_noise_a_chunk_takes_neither_long_nor_next_to_nothing(seed):
    rng = random.Random(seed)
    _, times = chunks_of([100 * rng.lognormvariate(0, 0.4) for _ in range(3000)])
    outside = [took for took in times[10:] if not QUICK / 3 <= took <= 3 * SLOW]
    assert len(outside) < len(times) / 40


def test_outside_of_a_pool_no_split_is_due():
    assert not is_split_due()
