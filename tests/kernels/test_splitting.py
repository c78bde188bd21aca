"""How a loop's chunk follows the clock, and that nobody is asked outside of a pool."""

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


def test_outside_of_a_pool_no_split_is_due():
    assert not is_split_due()
