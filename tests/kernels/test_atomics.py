import pytest

from tests.kernels.threads_of import run_together
from zuki.runtime.tables import make_table
from zuki_kernels import atomics
from zuki_kernels._jit import kernel

MANY = 200_000
HERE = (1, 3)  # row and field of the cell that the tests use


@pytest.fixture
def table():
    return make_table(2, 16)


@kernel
def every_operation(table, found):
    atomics.store_relaxed(table, 1, 3, 5)
    found[0] = atomics.load_relaxed(table, 1, 3)
    atomics.store_release(table, 1, 3, -6)
    found[1] = atomics.load_acquire(table, 1, 3)
    found[2] = atomics.add_relaxed(table, 1, 3, 10)
    found[3] = atomics.add_acq_rel(table, 1, 3, -3)
    found[4] = atomics.or_acq_rel(table, 1, 3, 1 << 62)
    found[5] = atomics.exchange_acquire(table, 1, 3, 7)
    found[6] = atomics.exchange_acq_rel(table, 1, 3, 8)
    found[7] = atomics.exchange_release(table, 1, 3, 9)
    found[8] = atomics.load_relaxed(table, 1, 3)
    atomics.fence_acquire()
    atomics.fence_release()
    atomics.fence_seq_cst()


def test_each_operation_returns_what_was_there_and_touches_one_cell(table):
    found = make_table(1, 16).reshape(-1)
    every_operation(table, found)
    assert found[:9].tolist() == [5, -6, -6, 4, 1, 1 | 1 << 62, 7, 8, 9]
    assert table[HERE] == 9
    table[HERE] = 0
    assert not table.any()


@kernel
def every_cas(table, expected, desired, found):
    found[0] = atomics.cas_relaxed(table, 1, 3, expected, desired)
    found[1] = atomics.cas_acquire(table, 1, 3, expected + 1, desired + 1)
    found[2] = atomics.cas_release(table, 1, 3, expected + 2, desired + 2)
    found[3] = atomics.cas_acq_rel(table, 1, 3, expected + 3, desired + 3)


def test_compare_and_set_tells_whether_it_did(table):
    found = make_table(1, 16).reshape(-1)
    every_cas(table, 0, 1, found)
    assert found[:4].tolist() == [1, 1, 1, 1]
    assert table[HERE] == 4
    every_cas(table, 9, 1, found)
    assert found[:4].tolist() == [0, 0, 0, 0]
    assert table[HERE] == 4


@kernel
def add_many_relaxed(table, count):
    for _ in range(count):
        atomics.add_relaxed(table, 1, 3, 1)


@kernel
def add_many_acq_rel(table, count):
    for _ in range(count):
        atomics.add_acq_rel(table, 1, 3, 1)


@kernel
def increment_by_cas_relaxed(table, count):
    for _ in range(count):
        before = atomics.load_relaxed(table, 1, 3)
        while not atomics.cas_relaxed(table, 1, 3, before, before + 1):
            before = atomics.load_relaxed(table, 1, 3)


@kernel
def increment_by_cas_acq_rel(table, count):
    for _ in range(count):
        before = atomics.load_acquire(table, 1, 3)
        while not atomics.cas_acq_rel(table, 1, 3, before, before + 1):
            before = atomics.load_acquire(table, 1, 3)


@kernel
def increment_under_a_lock(table, count):
    """A lock of `cas_acquire` and `store_release` around an increment that is not atomic."""
    for _ in range(count):
        while not atomics.cas_acquire(table, 0, 0, 0, 1):
            pass
        atomics.store_relaxed(table, 1, 3, atomics.load_relaxed(table, 1, 3) + 1)
        atomics.store_release(table, 0, 0, 0)


@pytest.mark.parametrize(
    "increment",
    [add_many_relaxed, add_many_acq_rel, increment_by_cas_relaxed, increment_by_cas_acq_rel],
    ids=lambda function: function.__name__,
)
def test_no_increment_of_two_threads_is_lost(table, increment):
    increment(table, 0)  # compiles
    run_together(lambda: increment(table, MANY), lambda: increment(table, MANY))
    assert table[HERE] == 2 * MANY


def test_a_lock_keeps_others_out(table):
    increment_under_a_lock(table, 0)
    run_together(*[lambda: increment_under_a_lock(table, MANY // 20)] * 2)
    assert table[HERE] == MANY // 10


@kernel
def set_bits(table, first):
    """Set every other bit from ``first``; return how many were set before."""
    found = 0
    for bit in range(first, 62, 2):
        found += atomics.or_acq_rel(table, 1, 3, 1 << bit) >> bit & 1
    return found


def test_no_bit_of_two_threads_is_lost(table):
    set_bits(make_table(2, 16), 0)
    for _ in range(100):
        table[HERE] = 0
        assert run_together(lambda: set_bits(table, 0), lambda: set_bits(table, 1)) == [0, 0]
        assert table[HERE] == (1 << 62) - 1


@kernel
def pass_on(table, first, count):
    """Swap tokens through the cell; return the sum of those given less those received."""
    balance = 0
    for token in range(first, first + count):
        balance += token - atomics.exchange_acq_rel(table, 1, 3, token)
        balance += token - atomics.exchange_acquire(table, 1, 3, token)
    return balance


def test_no_token_of_two_threads_is_lost_or_doubled(table):
    pass_on(make_table(2, 16), 0, 0)
    left = run_together(lambda: pass_on(table, 1, MANY), lambda: pass_on(table, 10**9, MANY))
    assert sum(left) == table[HERE]


@kernel
def store_before_load(table, me, rounds, found):
    """Dekker: store to one's own cell, then read the other's, in step with another thread."""
    for turn in range(1, rounds + 1):
        while atomics.load_acquire(table, 0, 1 - me) < turn - 1:  # the other has ended the round before
            pass
        atomics.store_relaxed(table, 1, 8 * me, turn)
        atomics.fence_seq_cst()
        found[turn] = atomics.load_relaxed(table, 1, 8 * (1 - me)) >= turn
        atomics.store_release(table, 0, me, turn)


def test_of_two_threads_one_sees_the_store_of_the_other():
    rounds = 20_000
    table = make_table(2, 16)
    seen = make_table(2, rounds + 1)
    store_before_load(make_table(2, 16), 0, 0, seen[0])
    run_together(*(lambda me=me: store_before_load(table, me, rounds, seen[me]) for me in (0, 1)))
    assert (seen[0] | seen[1])[1:].all()


def test_interpreted_an_operation_raises():
    with pytest.raises(NotImplementedError):
        atomics.load_relaxed(make_table(1, 16), 0, 0)
