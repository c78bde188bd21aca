"""`parallel_sort`, against NumPy's sort."""

import numpy as np
import pytest
from numba import njit
from numba.core.errors import TypingError

import zuki
from zuki.spawning import buckets, lanes, numpy_sorts, quicksort, radix

LIMIT = 60  # seconds
DTYPES = ["?", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f4", "f8"]
SIZES = [0, 1, 2, 3, 41, 1000, radix.DIRECT, radix.DIRECT + 1, 300_000]
BY_NUMPY = numpy_sorts.addresses.copy()


@pytest.fixture(params=[1, 2, 4])
def executor(request):
    with zuki.Executor(request.param) as made:
        yield made


@pytest.fixture(params=["quicksort", "radix sort"], autouse=True)
def way(request):
    """Have words sorted in one of two ways, whichever this machine would take."""
    if request.param == "radix sort":
        numpy_sorts.addresses[:] = 0
    elif not (lanes.ARE_HERE and BY_NUMPY.all()):
        pytest.skip("this processor has no vectors for it, or this NumPy no fast sorts")
    yield request.param
    numpy_sorts.addresses[:] = BY_NUMPY


def random_values(dtype, size, seed=0):
    """Return values of the whole range of a dtype; of floats, all that is special as well."""
    random = np.random.default_rng([seed, size])
    values = np.frombuffer(random.bytes(size * np.dtype(dtype).itemsize), dtype).copy()
    if dtype == "?":
        return random.random(size) < 0.4
    if np.dtype(dtype).kind == "f":
        for special in (0.0, -0.0, np.inf, -np.inf, np.nan, -np.nan):
            values[random.integers(0, size, size // 20)] = special
    return values


def assert_sorts(given, **options):
    values = given.copy()
    zuki.parallel_sort(values, **options)
    np.testing.assert_array_equal(values, np.sort(given))
    assert np.array_equal(np.sort(words_of(values)), np.sort(words_of(given)))  # the very same values


def words_of(values):
    return values.view(f"u{values.itemsize}")


# ---- from Python ----------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("size", SIZES)
def test_random_values(dtype, size):
    assert_sorts(random_values(dtype, size))


def test_every_number_of_workers(executor):
    for dtype in ("i4", "f8"):
        assert_sorts(random_values(dtype, 600_000), executor=executor)


SHAPES = {
    "sorted": lambda random, size: np.arange(size),
    "reversed": lambda random, size: np.arange(size)[::-1],
    "all the same": lambda random, size: np.full(size, -7),
    "two values far apart": lambda random, size: random.choice([-(2**62), 2**62], size),
    "few values": lambda random, size: random.choice(random.integers(-(2**63), 2**63 - 1, 10), size),
    "a small range": lambda random, size: random.integers(-50, 50, size),
    "skewed": lambda random, size: np.minimum(random.zipf(1.3, size), 2**62),
    "each bit a level": lambda random, size: 2 ** random.integers(0, 63, size) + random.integers(0, 9, size),
    "one outlier": lambda random, size: np.append(random.integers(0, 2**20, size - 1), 2**62),
    "alike in their leading bits": lambda random, size: (
        random.integers(0, 4, size) * 2**60 + random.integers(0, 2**20, size)
    ),
    "last out of order": lambda random, size: np.append(np.arange(1, size), 0),
    "in order but for one place": lambda random, size: np.roll(np.arange(size), size // 3),
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("size", [500, radix.DIRECT, 150_000, 600_000])
@pytest.mark.parametrize("dtype", ["i8", "f4"])
def test_shapes(shape, size, dtype):
    values = np.ascontiguousarray(SHAPES[shape](np.random.default_rng(size), size), np.int64)
    assert_sorts(values.astype(dtype))


def test_an_insertion_sort_that_is_given_up_loses_nothing():
    # the leading bits tell only two groups apart, so the rest is all left to insertion
    words = np.random.default_rng(0).integers(0, 1 << 20, 5000).astype(np.uint64)
    words[::2] |= np.uint64(1 << 60)
    target = np.empty_like(words)
    assert not buckets._insert(words, target, np.uint64(0))
    assert np.array_equal(np.sort(target), np.sort(words))


def test_bad_pivots_leave_the_rest_to_numpy(way):
    if way == "quicksort":
        for dtype in (np.uint32, np.uint64):
            words = words_of(random_values(np.dtype(dtype), 400_000))
            expected = np.sort(words)
            quicksort._sort_range(
                words, dtype(0), dtype(0), dtype(0), dtype(2 ** (8 * words.itemsize) - 1), 1
            )
            assert np.array_equal(words, expected)


@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("size", [100, 100_000])
def test_stable_keeps_zeros_and_nans_in_their_order(dtype, size):
    values = random_values(dtype, size)
    expected = words_of(np.sort(values, kind="stable"))
    zuki.parallel_sort(values, stable=True)
    assert np.array_equal(words_of(values), expected)


def test_without_stable_negative_zeros_come_first():
    values = np.array([0.0, 1.0, -0.0, -1.0, 0.0, -0.0])
    zuki.parallel_sort(values)
    assert np.signbit(values).tolist() == [True, True, True, False, False, False]


@pytest.mark.parametrize("step", [3, -1, -2])
def test_not_contiguous(step):
    base = random_values("i4", 300_000)
    expected = base.copy()
    expected[::step] = np.sort(base[::step])
    zuki.parallel_sort(base[::step])
    assert np.array_equal(base, expected)


def test_memory_that_is_not_aligned():
    memory = np.zeros(8 * 1000 + 1, np.uint8)
    values = memory[1:].view(np.float64)
    values[:] = given = np.random.default_rng(0).random(1000)
    zuki.parallel_sort(values)
    assert np.array_equal(values, np.sort(given))


@pytest.mark.parametrize(
    ("wrong", "error", "message"),
    [
        ([3, 2, 1], TypeError, "not a list"),
        (np.array(["b", "a"]), TypeError, "U1"),
        (np.zeros(3, complex), TypeError, "complex128"),
        (np.zeros(3, "f2"), TypeError, "float16"),
        (np.zeros(3, np.dtype("i4").newbyteorder()), TypeError, "byte order"),
        (np.ma.array([2, 1], mask=[True, False]), TypeError, "MaskedArray"),
        (np.zeros((2, 2)), ValueError, "2 dimensions"),
        (np.array(1.0), ValueError, "0 dimensions"),
        (np.broadcast_to(1.0, 5), ValueError, "read-only"),
    ],
)
def test_what_it_cannot_sort(wrong, error, message):
    with pytest.raises(error, match=message):
        zuki.parallel_sort(wrong)


# ---- from jitted code -----------------------------------------------------------------------------


@zuki.task
def sort_in_a_task(values):
    zuki.parallel_sort(values)


@njit
def sort_stably(values):
    zuki.parallel_sort(values, stable=True)


@zuki.task
def sort_slices(values):
    first = zuki.spawn(sort_in_a_task, values[::2])
    second = zuki.spawn(sort_in_a_task, values[1::2])
    zuki.join(second)
    zuki.join(first)


def test_in_a_task(executor):
    given = random_values("i4", 200_000)
    values = given.copy()
    zuki.run(sort_in_a_task, values, executor=executor)
    assert np.array_equal(values, np.sort(given))


def test_spawned_sorts_of_two_slices(executor):
    given = random_values("i4", 200_000)
    values = given.copy()
    zuki.run(sort_slices, values, executor=executor)
    assert np.array_equal(values[::2], np.sort(given[::2]))
    assert np.array_equal(values[1::2], np.sort(given[1::2]))


def test_outside_of_a_pool():
    values = random_values("f8", 100_000)
    expected = words_of(np.sort(values, kind="stable"))
    sort_stably(values)
    assert np.array_equal(words_of(values), expected)


@pytest.mark.parametrize("size", [1000, 50_000, 100_000])
def test_in_a_python_node(executor, size):
    given = random_values("i4", size)
    values = given.copy()
    graph = zuki.Graph()
    graph.add(lambda: zuki.parallel_sort(values, executor=executor))
    graph.submit(executor).result(LIMIT)
    assert np.array_equal(values, np.sort(given))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (np.zeros(3, complex), "complex128"),
        (np.zeros((2, 2)), "2 dimensions"),
        (np.broadcast_to(1.0, 5), "read-only"),
        (1.0, "not float64"),
    ],
)
def test_what_it_cannot_sort_in_jitted_code(wrong, message):
    with pytest.raises(TypingError, match=message):
        njit(lambda values: zuki.parallel_sort(values))(wrong)
